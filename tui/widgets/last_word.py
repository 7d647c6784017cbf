"""Completes the last of several words."""

from __future__ import annotations

from collections.abc import Sequence

from textual.suggester import Suggester


class SuggestLast(Suggester):
    """Of a list `a, b, c` the last one is completed from these words."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(use_cache=False)
        self._words = words

    async def get_suggestion(self, value: str) -> str | None:
        before, comma, last = value.rpartition(",")
        typed = last.lstrip()
        blank = last[: len(last) - len(typed)]
        found = next((word for word in self._words if typed and word.startswith(typed)), None)
        return f"{before}{comma}{blank}{found}" if found is not None else None
