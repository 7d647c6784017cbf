"""Long lines of the shell on a narrow terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from core import events
from tests.pilot.recorded import trained
from tui.figures import number
from tui.fold import folded
from tui.shell.display import LiveBar, PlainLines
from tui.shell.show import show
from tui.shell.streams import Streams
from tui.text import without_escapes

ADVICE = "the training loss fell by 13 %, from 0.658 to 0.576; little has changed since step 240, so far as one can see"


class FakeTerminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")


def test_lines_go_on_below_and_words_stay_whole() -> None:
    path = "/" + 80 * "x"
    text = folded(f"short\n  try: {ADVICE}\n{path}", FakeTerminal())
    lines = text.split("\n")
    assert lines[0] == "short"
    assert lines[-1] == path, "a path is copied whole"
    assert all(len(line) <= 60 for line in lines[:-1])
    assert all(line.startswith("    ") for line in lines[2:-1])
    assert " ".join(text.split()) == f"short try: {ADVICE} {path}"


def test_a_pipe_gets_its_lines_as_they_are() -> None:
    assert folded(ADVICE, io.StringIO()) == ADVICE


@pytest.mark.parametrize("kind", [PlainLines, LiveBar])
def test_what_train_says_breaks_between_words(kind: type[PlainLines] | type[LiveBar]) -> None:
    terminal = FakeTerminal()
    display = kind(Streams(io.StringIO(), terminal))
    display.note(ADVICE)
    display.close()
    lines = without_escapes(terminal.getvalue()).replace("\r", "\n").split("\n")
    (first,) = (at for at, line in enumerate(lines) if "fell" in line)
    assert len(lines[first]) <= 60
    assert ADVICE in " ".join(" ".join(lines[first : first + 3]).split())


def test_what_show_says_breaks_between_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(tmp_path)
    run.folder.emit(events.Advice(kind="other", message=ADVICE, hint="go on", **run.at))
    terminal = FakeTerminal()
    monkeypatch.setattr("sys.stdout", terminal)
    show(run.path.name, run.path.parent, json=False)
    lines = terminal.getvalue().split("\n")
    (first,) = (at for at, line in enumerate(lines) if "the training loss fell by 13 %" in line)
    assert len(lines[first]) <= 60
    assert " ".join(" ".join(lines[first : first + 3]).split()).startswith(f"step 200: {ADVICE}")


def test_huge_figures_are_short() -> None:
    assert number(3.41666e14) == "3.417e+14"
    assert number(18_208.4) == "18,208"
    assert number(3_000_000_000) == "3,000,000,000"


def test_a_score_of_zero_has_the_digits_of_those_beside_it() -> None:
    assert [number(score) for score in (0.835, 0.0, -0.0, 1.0)] == ["0.8350", "0.0000", "0.0000", "1.0000"]
    assert [number(figure) for figure in (0, 2e-5, 0.001)] == ["0", "2e-05", "0.0010"]
