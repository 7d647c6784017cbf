"""Several models in one chat: namesakes are told apart, and the history says which one answered."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.pilot.driving import driven, text, type_in, until_shown
from tests.pilot.test_chat import cities  # noqa: F401


async def test_namesakes_are_told_apart_and_the_history_says_who_answers(cities: Path, tmp_path: Path) -> None:  # noqa: F811
    (one,) = cities.iterdir()
    runs = tmp_path / "runs"
    for letters in ("aaaa", "bbbb"):
        shutil.copytree(one, runs / f"{one.name[:-4]}{letters}")
    async with driven(runs, "f5") as pilot:
        await until_shown(pilot, " aaaa  ", " bbbb  ")
        listed = [line for line in text(pilot).splitlines() if "completed" in line]
        first, second = ("aaaa", "bbbb") if "aaaa" in listed[0] else ("bbbb", "aaaa")
        assert first in listed[0]
        assert second in listed[1]
        await pilot.press("enter")
        await until_shown(pilot, f"{first} · sequence-classification", "try: Toulouse")
        for city in ("Lima", "Oslo"):
            await type_in(pilot, city, "enter")
            await until_shown(pilot, f"» {city}", " %")
        assert "──" not in text(pilot).partition("╭")[0]  # one model, which the line on top names
        await pilot.press("ctrl+o")
        await until_shown(pilot, "or the model of a run:")
        await pilot.press("down", "enter")
        await until_shown(pilot, f"{second} · sequence-classification", "» Oslo")
        await type_in(pilot, "Rome", "enter")
        await until_shown(pilot, "» Rome")
        above, _, below = text(pilot).partition("── from here on: cities")
        assert f"{first} · sequence-classification" in above.partition("── above: cities")[2]
        assert f"{second} · sequence-classification" in below.partition("» Rome")[0]
        await pilot.press("ctrl+l")
        await type_in(pilot, "Bonn", "enter")
        await until_shown(pilot, "» Bonn")
        assert "── above" not in text(pilot)
