"""The colours. Few, and each with a meaning that a word or sign beside it also carries."""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

DARK = Theme(
    name="finetui-dark",
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
    dark=True,
    variables={
        "text-muted": "#8f969d",
        "text-disabled": "#6b7178",
        "block-cursor-background": "#1f4b7a",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#2c3238",
        "scrollbar": "#3a4047",
        "scrollbar-hover": "#4b525a",
        "scrollbar-active": "#58a6ff",
        "scrollbar-background": "#101214",
        "scrollbar-background-hover": "#101214",
        "scrollbar-background-active": "#101214",
        "scrollbar-corner-color": "#101214",
        "border": "#58a6ff",
        "border-blurred": "#3a4047",
    },
)


LIGHT = Theme(
    name="finetui-light",
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
    dark=False,
    variables={
        "surface-lighten-2": "#d9dee3",
        "surface-lighten-3": "#bfc6cd",
        "text-muted": "#57606a",
        "text-disabled": "#7d868f",
        "block-cursor-background": "#cfe3fb",
        "block-cursor-foreground": "#0b1f36",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#e4e8ec",
        "scrollbar": "#bfc6cd",
        "scrollbar-hover": "#9aa3ac",
        "scrollbar-active": "#0860ca",
        "scrollbar-background": "#ffffff",
        "scrollbar-background-hover": "#ffffff",
        "scrollbar-background-active": "#ffffff",
        "scrollbar-corner-color": "#ffffff",
        "border": "#0860ca",
        "border-blurred": "#bfc6cd",
    },
)

# Only the sixteen colours themselves, as Rich knows them: what is sent is then what is meant, not the nearest to it.
SIXTEEN = Theme(
    name="finetui-16",
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
    dark=True,
    variables={
        "surface-lighten-2": "#555555",
        "surface-lighten-3": "#555555",
        "text-muted": "#aaaaaa",
        "text-disabled": "#aaaaaa",
        "block-cursor-background": "#00aaaa",
        "block-cursor-foreground": "#000000",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#0000aa",
        "scrollbar": "#555555",
        "scrollbar-hover": "#aaaaaa",
        "scrollbar-active": "#55ffff",
        "scrollbar-background": "#000000",
        "scrollbar-background-hover": "#000000",
        "scrollbar-background-active": "#000000",
        "scrollbar-corner-color": "#000000",
        "border": "#55ffff",
        "border-blurred": "#555555",
    },
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
