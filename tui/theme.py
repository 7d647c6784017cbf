"""The colours. Few, and each with a meaning that a word or sign beside it also carries."""

from __future__ import annotations

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
