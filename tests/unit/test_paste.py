"""The parser of what a terminal sends: pastes and keys."""

from __future__ import annotations

import pytest
from textual.events import Key, Paste

from tui import paste
from tui.paste import END, START, PasteParser


def heard(parser: PasteParser, *parts: str) -> list[str]:
    """What comes of these parts: keys by name, pastes in quotation marks."""
    return [_name(message) for part in parts for message in parser.feed(part)]


def _name(message: object) -> str:
    return repr(message.text) if isinstance(message, Paste) else message.key if isinstance(message, Key) else "?"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("plain\n\tlines", "plain\n\tlines"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x1bs\x1b", "as"),
        ("\x1b[200~nested", "nested"),
        ("\x1b[A\x1b[<0;1;1M\x00\x07", ""),
        ("nai\u0308ve 👩\u200d🔬", "nai\u0308ve 👩\u200d🔬"),
    ],
)
def test_a_paste_is_one_text_however_it_comes(body: str, text: str) -> None:
    whole = f"x{START}{body}{END}y"
    assert heard(PasteParser(), whole) == ["x", repr(text), "y"]
    assert heard(PasteParser(), *whole) == ["x", repr(text), "y"]


def test_keys_around_a_paste_are_keys() -> None:
    assert heard(PasteParser(), "\x1b[A", f"{START}a{END}{START}b{END}", "\x1b[B") == ["up", "'a'", "'b'", "down"]


def test_a_paste_that_never_ends_gives_the_keyboard_back(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = PasteParser()
    assert heard(parser, f"{START}s]\x1b[31m") == []
    assert list(parser.tick()) == []
    monkeypatch.setattr(paste, "SILENCE", -1.0)
    assert [_name(message) for message in parser.tick()] == ["'s]'"]
    assert heard(parser, "q") == ["q"]
