"""What the shell draws of a run, and how it reports a failure."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from core import config_file, events
from core.errors import FinetuiError
from core.runs.folder import RunFolder
from core.runs.state import RunState
from tui.shell.display import JsonLines, LiveBar, PlainLines
from tui.shell.errors import located, report
from tui.shell.streams import Streams
from tui.shell.summary import print_metrics, print_table
from tui.shell.train import asked_with

HOSTILE = "[bold]x[/bold] \x1b[31mred\x07\nnext"


def progress(done: int, total: int = 100) -> events.Progress:
    return events.Progress(t=1.0, phase="training", done=done, total=total, rate=4.0, eta=2.0)


def drawn_by(kind: type[PlainLines] | type[LiveBar], given: list[events.Event]) -> str:
    """What a display writes to stderr for events that come one at a time."""
    streams = Streams(io.StringIO(), io.StringIO())
    display, state = kind(streams), RunState()
    for event in given:
        state.apply(event)
        display.show([event], state)
    display.close()
    assert isinstance(streams.err, io.StringIO)
    return streams.err.getvalue()


def test_plain_lines_draw_a_bar_once_for_each_tenth() -> None:
    text = drawn_by(PlainLines, [progress(done) for done in range(101)])
    assert text.count("training [") == 11
    assert text.splitlines()[5] == "training [##########..........]  50 %  50/100 steps  4.0 steps/s  2.0 s left"


def test_replayed_lines_have_the_losses_of_their_time() -> None:
    """The state is that of the end already: a display is shown a finished run in one go."""
    streams, state = Streams(io.StringIO(), io.StringIO()), RunState()
    logged = [events.StepLogged(t=0.0, step=done, metrics={"loss": 1 / done}) for done in (10, 20, 50)]
    replayed = [progress(0), progress(10), logged[0], progress(15), logged[1], progress(30), progress(50), logged[2]]
    for event in replayed:
        state.apply(event)
    display = PlainLines(streams)
    display.show(replayed, state)
    display.close()
    assert isinstance(streams.err, io.StringIO)
    lines = streams.err.getvalue().splitlines()
    assert [line.partition("loss ")[2] for line in lines] == ["", "0.1000", "0.0500", "0.0200"]


def test_a_line_has_the_loss_of_its_own_step() -> None:
    """The loss of a step is written after its progress."""
    given: list[events.Event] = []
    for done in range(1, 11):
        given += [progress(done, 10), events.StepLogged(t=0.0, step=done, metrics={"loss": done / 10})]
    lines = drawn_by(PlainLines, given).splitlines()
    assert [line.partition("loss ")[2] for line in lines] == [f"{done / 10:.4f}" for done in range(1, 11)]
    skipped = [progress(5, 10), events.StepLogged(t=0.0, step=9, metrics={"loss": 0.9})]
    assert "loss" not in drawn_by(PlainLines, [*skipped])


@pytest.mark.parametrize("kind", [PlainLines, LiveBar])
def test_text_of_others_is_neither_markup_nor_escape(kind: type[PlainLines] | type[LiveBar]) -> None:
    names = {"run": "r", "name": HOSTILE, "task": "causal-lm", "model": HOSTILE}
    given: list[events.Event] = [
        events.RunStarted(t=1.0, method="full", engine="trainer", **names),
        events.Notice(t=1.0, message=HOSTILE, level="warning"),
        events.Advice(t=1.0, kind="nan", message=HOSTILE, hint=HOSTILE),
        events.PhaseChanged(t=1.0, phase="loading", detail=HOSTILE),
    ]
    text = drawn_by(kind, given)
    assert "\x1b[31m" not in text
    assert "\x07" not in text
    assert "[bold]x[/bold]" in text


def test_events_go_on_where_their_reader_has_left() -> None:
    read, write = os.pipe()
    os.close(read)
    streams = Streams(os.fdopen(write, "w"), io.StringIO())
    display, state = JsonLines(streams), RunState()
    display.show([progress(1)], state)
    display.show([progress(2)], state)
    assert os.fstat(streams.out.fileno()).st_rdev == Path(os.devnull).stat().st_rdev


def test_a_failure_is_at_most_three_lines() -> None:
    stream = io.StringIO()
    report(FinetuiError(f"what {HOSTILE}", "where\nand where", "what to do"), stream)
    what, where, hint = stream.getvalue().splitlines()
    assert what.startswith("error: what [bold]x[/bold]")
    assert where == "  where and where"
    assert hint == "  what to do"


def test_a_failure_in_a_config_key_names_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("model: {id: a/b}\ndata: {id: c/d}\ntraining:\n  learning_rate: 1e-3\n")
    loaded = config_file.load(file, ["training.seed=1"])
    rate = FinetuiError("t", "training.learning_rate; it is high", "h", key="training.learning_rate")
    assert located(rate, loaded).detail == f"{file}:4: it is high"
    assert located(FinetuiError("t", "", "h", key="training.seed"), loaded).detail == "--set training.seed=1"
    assert located(FinetuiError("t", "as it was", "h"), loaded).detail == "as it was"


def test_baselines_stand_beside_the_runs_own_metrics() -> None:
    stream = io.StringIO()
    print_metrics(stream, {"eval_loss": 1.8135, "eval_accuracy": 0.63}, {"majority class": {"eval_accuracy": 0.37}})
    header, _, loss, accuracy = stream.getvalue().splitlines()
    assert header.split("  ")[0] == "metric"
    assert loss.split() == ["loss", "1.8135"]
    assert accuracy.split() == ["accuracy", "0.6300", "0.3700"]


def test_a_narrow_table_cuts_only_what_may_be_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    stream = io.StringIO()
    print_table(stream, ["run", "note"], [["a-name-of-20-letters", "x" * 40]], cut=["note"])
    *_, row = stream.getvalue().splitlines()
    assert row.startswith("a-name-of-20-letters   xxx")
    assert row.rstrip().endswith("…")
    assert len(row) == 30


@pytest.mark.parametrize(
    ("task", "columns", "expected"),
    [
        ("sequence-classification", {"text": "a"}, "TEXT"),
        ("question-answering", {"question": "q", "context": "c", "answers": "a"}, r"$'QUESTION\tCONTEXT'"),
    ],
)
def test_how_to_ask_a_model_names_all_that_it_takes(
    task: str, columns: dict[str, str], expected: str, tmp_path: Path
) -> None:
    config = config_file.validate({"task": task, "model": {"id": "m"}, "data": {"id": "d", "columns": columns}})
    folder = RunFolder.create(tmp_path, config)
    folder.close()
    assert asked_with(folder.path) == expected
