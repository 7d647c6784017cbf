"""What is pasted on a real terminal is never read as keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from app_on_pty import AppOnPty, the_run

PASTED = "\x1b[200~\x1b[31mred\x1b[0m s]\x1b]0;title\x07e s\x1bs s\x1b[201~"
"""Colours, a title, an Alt key; every `s` would save, every `]` and `e` also be a command."""


def test_escape_sequences_in_a_paste_are_no_keys(open_app: Callable[..., AppOnPty], tmp_path: Path) -> None:
    app = open_app("train", "100000")
    app.wait_for_text("●")
    inbox = the_run(tmp_path / "runs") / "inbox.jsonl"
    app.type("s")
    app.wait_for(lambda: inbox.exists() and inbox.read_text())
    for char in PASTED:  # as a slow line brings it, mark by mark in parts
        app.type(char)
    app.type(PASTED + "e")
    app.wait_for(lambda: "evaluate" in inbox.read_text())
    assert [json.loads(line)["command"] for line in inbox.read_text().splitlines()] == ["save", "evaluate"]
