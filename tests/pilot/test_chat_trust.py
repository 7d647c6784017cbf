"""Chat asks before a model's own Python code runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import NeedsTrust
from tests.pilot.driving import driven, type_in, until, until_shown


async def test_it_is_asked_and_no_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def load(ref: str, trust: bool) -> Any:
        asked.append(trust)
        raise NeedsTrust(f"{ref} brings Python code of its own", "/a/folder", "read that code")

    monkeypatch.setattr("core.inference.load", load)
    async with driven(tmp_path / "runs", "f5") as pilot:
        await until_shown(pilot, "No run has a model yet")
        await type_in(pilot, "odd", "enter")
        await until_shown(pilot, "odd brings Python code of its own. Run it?", "/a/folder")
        await pilot.press("enter")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1 or "Run it?" not in str(pilot.app.screen))
        assert asked == [False]
        await type_in(pilot, "", "enter")
        await until_shown(pilot, "Run it?")
        await pilot.press("left", "enter")
        await until(pilot, lambda: asked == [False, False, True])
