"""The colours. Few, and each with a meaning that a word or sign beside it also carries."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="finetui-dark",
    primary="#6cb6ff",
    secondary="#b392f0",
    accent="#f0c674",
    success="#8ddb8c",
    warning="#e3b341",
    error="#f47067",
    foreground="#d1d7e0",
    background="#0f1318",
    surface="#151b23",
    panel="#1c232c",
    dark=True,
    variables={
        "text-muted": "#8b949e",
        "text-disabled": "#6e7681",
        "block-cursor-background": "#2d4a6b",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#212b36",
        "border": "#6cb6ff",
        "border-blurred": "#303a46",
    },
)
