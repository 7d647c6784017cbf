"""The colours: what a terminal gets, that a choice is kept, and that everything can be read in each theme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.color import ColorSystem
from textual.color import Color
from textual.geometry import Region
from textual.pilot import Pilot

from tests.pilot.driving import driven, until_shown
from tests.pilot.recorded import trained
from tui import theme_choice
from tui.app import FinetuiApp
from tui.theme import DARK, LIGHT, SIXTEEN, THEMES, fitting

LEAST_CONTRAST = 3.0
"""What WCAG asks of large text and signs; the quietest grey of a theme has to have it, too."""


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"COLORTERM": "truecolor", "TERM": "xterm"}, "finetui-dark"),
        ({"TERM": "xterm-256color"}, "finetui-dark"),
        ({"TERM": "xterm-256color", "COLORFGBG": "0;15"}, "finetui-light"),
        ({"TERM": "xterm-256color", "COLORFGBG": "15;0"}, "finetui-dark"),
        ({"TERM": "xterm-256color", "COLORFGBG": "15;default;0"}, "finetui-dark"),
        ({"TERM": "linux"}, "finetui-16"),
        ({"TERM": "xterm", "COLORFGBG": "0;15"}, "finetui-16"),
        ({}, "finetui-16"),
    ],
)
def test_theme_fits_the_terminal(environment: Mapping[str, str], name: str) -> None:
    assert fitting(environment).name == name


async def test_choice_is_kept_for_the_next_start(runs: Path) -> None:
    async with driven(runs, "ctrl+p") as pilot:
        await pilot.press(*"light")
        await until_shown(pilot, "colours: light")
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.theme == LIGHT.name
    assert FinetuiApp(runs=runs).theme == LIGHT.name


def test_damaged_choice_is_no_choice(tmp_path: Path) -> None:
    file = tmp_path / "state" / "finetui" / "theme"
    file.parent.mkdir(parents=True)
    for damaged in (b"purple\n", b"\xff\xfe", b""):
        file.write_bytes(damaged)
        assert theme_choice.load() is DARK


@pytest.mark.parametrize("word", THEMES)
@pytest.mark.parametrize("keys", [("f4",), ("f6",), ("f3",), ("f5",), ("f2",), ("f1",), ("ctrl+p",)], ids="+".join)
async def test_all_text_can_be_read(runs: Path, word: str, keys: tuple[str, ...]) -> None:
    theme_choice.remember(word)
    trained(runs)
    async with driven(runs, *keys) as pilot:
        if keys == ("f4",):
            await until_shown(pilot, "40 %")
        elif keys == ("f3",):
            await until_shown(pilot, "what the model learns to do")
        elif keys in (("f5",), ("f6",)):
            await until_shown(pilot, "mrpc-tiny")
        await pilot.pause(0.1)
        parts = list(_text_of(pilot))
        assert len(parts) > 5
        for text, front, back in parts:
            if THEMES[word] is SIXTEEN:
                assert _sixteen(front) != _sixteen(back), f"{text!r}: {front} on {back}"
            else:
                assert _contrast(front, back) >= LEAST_CONTRAST, f"{text!r}: {front} on {back}"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("word", ["light", "16 colours"])
def test_monitor(snap_compare: Any, runs: Path, word: str, size: tuple[int, int]) -> None:
    theme_choice.remember(word)
    run = trained(runs)

    async def shown(pilot: Pilot[int]) -> None:
        await until_shown(pilot, "40 %")

    assert snap_compare(FinetuiApp(runs=runs, open_run=run.path), terminal_size=size, run_before=shown)


def _text_of(pilot: Pilot[int]) -> Iterator[tuple[str, Color, Color]]:
    """Every piece of text on the screen that is more than lines and blocks, with its two colours.

    Of what stands behind a dialog, dimmed on purpose, none.
    """
    screen = pilot.app.screen
    drawn = [widget.region for widget in (screen.children if screen.is_modal else [screen]) if widget.region]
    # The palette lies over the whole width, and what holds it has no place of its own.
    part = drawn[0] if drawn else Region.from_union([w.region for w in screen.walk_children() if w.region])
    for strip in screen._compositor.render_strips()[part.y : part.bottom]:
        for text, style, _ in strip.crop(part.x, part.right):
            if not any(char.isalnum() for char in text) or style is None:
                continue
            front, back = (Color.from_rich_color(color) for color in (style.color, style.bgcolor))
            yield text, *((back, front) if style.reverse else (front, back))


def _sixteen(color: Color) -> int | None:
    """Which of the sixteen colours Rich sends for it."""
    return color.rich_color.downgrade(ColorSystem.STANDARD).number


def _contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2: 1 for the same colour, 21 for black on white."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return sum(part * weight for part, weight in zip(parts, (0.2126, 0.7152, 0.0722), strict=True))
