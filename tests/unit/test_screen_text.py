"""Foreign words on the screen, and figures in lines of fixed width."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.output_tail import OutputTail
from tui.text import both_ends, fitted, one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred", "␛[31mred"),
        ("a\x7fb", "a␡b"),
        ("right\u202eleft", "right<U+202E>left"),
        ("nobreak\u00a0space", "nobreak space"),
        ("\x9b2J", "<U+009B>2J"),
        ("日本語 😀", "日本語 😀"),
    ],
)
def test_controls_become_pictures(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_what_is_shown_is_printable(text: str) -> None:
    assert one_line(text).isprintable()


@given(st.text(), st.integers(1, 40))
def test_cut_line_is_not_longer(text: str, width: int) -> None:
    assert len(one_line(text, width)) <= width


def test_output_is_read_as_it_grows(tmp_path: Path) -> None:
    file = tmp_path / "output.log"
    tail = OutputTail(file)
    assert tail.read() == ""
    file.write_bytes(b"one\ntwo\nthr")
    assert tail.read() == "one\ntwo"
    assert tail.read() == ""
    with file.open("ab") as stream:
        stream.write("ee \xe9\n".encode("latin-1"))
    assert tail.read() == "three \ufffd"


def test_output_that_was_begun_anew_is_read_from_its_start(tmp_path: Path) -> None:
    file = tmp_path / "output.log"
    file.write_text("a long first life\n")
    tail = OutputTail(file)
    tail.read()
    file.write_text("second\n")
    assert tail.read() == "second"


def test_output_tail_says_when_it_passes_over_lines(tmp_path: Path) -> None:
    file = tmp_path / "output.log"
    tail = OutputTail(file)
    assert tail.begins_anew(), "nothing was read yet"
    file.write_text("first\n")
    assert tail.read() == "first"
    assert not tail.begins_anew()
    with file.open("a") as stream:
        stream.writelines(f"line {number:6}\n" for number in range(40_000))
    assert tail.begins_anew()
    assert tail.read().endswith("line  39999")
    assert not tail.begins_anew()


def test_a_text_is_fitted_between_its_words() -> None:
    assert fitted("one two three", 20, 2) == "one two three"
    assert fitted("one two three", 8, 2) == "one two\nthree"
    assert fitted("one two three four five", 9, 2) == "one two\nthree …"
    assert fitted("one two three\noff: a, b, c, d", 10, 2) == "one two …\noff: a, …"
    assert fitted("one two three\nrest", 8, 3) == "one two\nthree\nrest"
    assert fitted("a\nb\nc", 8, 2) == "a\nb"
    assert fitted("averylongword", 8, 1) == "averylo…"
    assert fitted("日本語日本語", 8, 1) == "日本語…"
    assert fitted("", 8, 2) == ""


def test_a_long_name_keeps_both_its_ends() -> None:
    assert both_ends("bert-tiny-uncased-multi30k_en_de", 19) == "bert-tiny…30k_en_de"
    assert len(both_ends("bert-tiny-uncased-multi30k", 18)) == 18
    assert both_ends("short", 18) == "short"
