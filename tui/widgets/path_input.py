"""A line for a path or a Hub id: Tab completes what stands on this machine."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.widgets.cut_input import CutInput

MOST = 200
"""Candidates that are looked at: a folder of a million files must not stall the line."""


class PathInput(CutInput):
    """Tab completes as far as the candidates agree, then lists them; else it goes on to the next field."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", show=False)]

    class Candidates(Message):
        """What the text could become, as names; empty once it stands."""

        def __init__(self, input: PathInput, names: list[str]) -> None:
            super().__init__()
            self.input = input
            self.names = names

        @property
        def control(self) -> PathInput:
            return self.input

    _listed_for: str | None = None

    async def action_complete(self) -> None:
        text = self.value
        found = await asyncio.to_thread(candidates, text)
        if self.value != text:
            return
        longer = os.path.commonprefix(found)  # noqa: RUF071 - characters, as they are typed
        if len(longer) > len(text):
            self.value = longer
            self.cursor_position = len(longer)
            self.post_message(self.Candidates(self, []))
        elif len(found) > 1 and self._listed_for != text:
            self._listed_for = text
            self.post_message(self.Candidates(self, [_name(path) for path in found]))
        else:
            self._listed_for = None
            self.post_message(self.Candidates(self, []))
            self.screen.focus_next()


def candidates(text: str) -> list[str]:
    """The paths that begin with `text`, folders with a slash at their end; `~` is kept as it was typed.

    An empty text has none.
    """
    if not text.strip():
        return []
    folder, _, beginning = text.rpartition("/")
    place = Path(folder + "/" if "/" in text else ".").expanduser()
    found = []
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name.startswith(beginning) and (beginning.startswith(".") or not entry.name.startswith(".")):
                    found.append(text[: len(text) - len(beginning)] + entry.name + ("/" if entry.is_dir() else ""))
                    if len(found) == MOST:
                        break
    except OSError:
        return []
    return sorted(found)


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] + ("/" if path.endswith("/") else "")
