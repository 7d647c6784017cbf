"""What the bars of a card stand for is said where somebody looks, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pilot.driving import driven, text, until, until_shown
from tests.pilot.recorded import trained

RANGES = {"train loss": "0.3303\N{EN DASH}0.7175", "eval loss": "0.4600\N{EN DASH}0.6100"}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    trained(tmp_path)
    return tmp_path


async def test_the_card_with_the_focus_says_its_range(runs: Path) -> None:
    async with driven(runs, "f4") as pilot:
        await until_shown(pilot, "0.3738")
        assert not any(each in text(pilot) for each in RANGES.values())
        await pilot.press("tab")
        await until_shown(pilot, RANGES["train loss"])
        await pilot.press("right")
        await until_shown(pilot, RANGES["eval loss"])
        await until(pilot, lambda: RANGES["train loss"] not in text(pilot))
