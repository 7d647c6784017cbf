"""The colours. Few, and each with a meaning that a word or sign beside it also carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.theme import Theme


def _theme(
    name: str,
    *,
    dark: bool,
    background: str,
    primary: str,
    cursor: str,
    on_cursor: str,
    blurred: str,
    bar: str,
    bar_hover: str,
    muted: str,
    disabled: str,
    more: Mapping[str, str] | None = None,
    **colors: Any,
) -> Theme:
    """A theme whose bars, cursors and borders follow from a few colours.

    Args:
        cursor, on_cursor: behind and of the text that the keys are on; `blurred`: behind it while they are elsewhere.
        bar, bar_hover: the handle of a scroll bar; the first also draws the borders that the keys are not in.
        more: other CSS variables. `colors` are those of a Theme.
    """
    backs = ("scrollbar-background", "scrollbar-background-hover", "scrollbar-background-active")
    variables = {
        "text-muted": muted,
        "text-disabled": disabled,
        "block-cursor-background": cursor,
        "block-cursor-foreground": on_cursor,
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": blurred,
        "scrollbar": bar,
        "scrollbar-hover": bar_hover,
        "scrollbar-active": primary,
        **dict.fromkeys((*backs, "scrollbar-corner-color"), background),
        "border": primary,
        "border-blurred": bar,
        **(more or {}),
    }
    return Theme(name, dark=dark, background=background, primary=primary, variables=variables, **colors)


DARK = _theme(
    "finetui-dark",
    dark=True,
    primary="#58a6ff",
    secondary="#b392f0",
    accent="#f0c674",
    success="#56d364",
    warning="#e3b341",
    error="#f47067",
    foreground="#d1d5da",
    # Nearly neutral greys: a terminal of 256 colours still tells them apart.
    background="#101214",
    surface="#1a1d20",
    panel="#262b30",
    muted="#8f969d",
    disabled="#6b7178",
    cursor="#1f4b7a",
    on_cursor="#ffffff",
    blurred="#2c3238",
    bar="#3a4047",
    bar_hover="#4b525a",
)

LIGHT = _theme(
    "finetui-light",
    dark=False,
    primary="#0860ca",
    secondary="#7a3fc4",
    accent="#8a5a00",
    success="#167233",
    warning="#8a5a00",
    error="#c21f2b",
    foreground="#1f2328",
    background="#ffffff",
    surface="#f3f5f7",
    panel="#e4e8ec",
    muted="#57606a",
    disabled="#7d868f",
    cursor="#cfe3fb",
    on_cursor="#0b1f36",
    blurred="#e4e8ec",
    bar="#bfc6cd",
    bar_hover="#9aa3ac",
    more={"surface-lighten-2": "#d9dee3", "surface-lighten-3": "#bfc6cd"},
)

# Only the sixteen colours themselves, as Rich knows them: what is sent is then what is meant, not the nearest to it.
SIXTEEN = _theme(
    "finetui-16",
    dark=True,
    primary="#55ffff",
    secondary="#ff55ff",
    accent="#ffff55",
    success="#55ff55",
    warning="#ffff55",
    error="#ff5555",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#0000aa",
    muted="#aaaaaa",
    disabled="#aaaaaa",
    cursor="#00aaaa",
    on_cursor="#000000",
    blurred="#0000aa",
    bar="#555555",
    bar_hover="#aaaaaa",
    more={"surface-lighten-2": "#555555", "surface-lighten-3": "#555555"},
)

THEMES: dict[str, Theme] = {"dark": DARK, "light": LIGHT, "16 colours": SIXTEEN}
"""By the word that a person chooses."""


def fitting(environment: Mapping[str, str]) -> Theme:
    """The theme for a terminal that describes itself so, where nobody has chosen.

    COLORFGBG is `foreground;background` in numbers of the sixteen colours; 7 and 15 are light backgrounds.
    """
    if colours(environment) == 16:
        return SIXTEEN
    return LIGHT if environment.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15") else DARK


def colours(environment: Mapping[str, str]) -> int:
    """How many colours the terminal shows, by the rules that Rich goes by when it writes them."""
    if environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return 2**24
    return 256 if environment.get("TERM", "").strip().lower().rpartition("-")[2] in ("256color", "kitty") else 16
