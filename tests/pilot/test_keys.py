"""The table of keys: what it promises is there, wherever it is read."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.pilot.driving import text, until_shown
from tests.pilot.recorded import trained
from tui import keys
from tui.app import FinetuiApp
from tui.screens.help import HelpScreen


def _owner(where: keys.Where) -> type:
    if where == "app":
        return FinetuiApp
    module = importlib.import_module(f"tui.screens.{where}")
    owner: type = getattr(module, f"{where.title()}Screen")
    return owner


@pytest.mark.parametrize("key", keys.TABLE, ids=lambda key: f"{key.where}-{key.key}-{key.action}")
def test_every_key_does_something(key: keys.Key) -> None:
    name = key.action.partition("(")[0]
    assert callable(getattr(_owner(key.where), f"action_{name}", None))


@pytest.mark.parametrize("where", keys.TITLES)
def test_every_screen_binds_its_part_of_the_table(where: keys.Where) -> None:
    assert keys.bindings(where) == _owner(where).BINDINGS  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("f1", "F1"),
        ("question_mark", "?"),
        ("ctrl+p", "Ctrl+P"),
        ("escape", "Esc"),
        ("left_square_bracket", "["),
        ("space", "Space"),
        ("delete,D", "Del D"),
        ("x", "x"),
    ],
)
def test_keys_are_written_as_people_write_them(name: str, written: str) -> None:
    assert keys.Key("app", name, "help", "", "").display == written


def test_markdown_has_a_row_for_every_sentence_of_help() -> None:
    table = keys.markdown()
    assert all(key.help in table and key.display in table for key in keys.TABLE)
    assert len({line.count("|") for line in table.splitlines()}) == 1


async def test_help_lists_every_key_and_closes(tmp_path: Path) -> None:
    async with FinetuiApp(runs=tmp_path / "runs").run_test(size=(100, 200)) as pilot:
        await pilot.press("f1")
        await until_shown(pilot, "Everywhere", *(key.help for key in keys.TABLE))
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, HelpScreen)


async def test_question_mark_lists_the_keys_of_the_screen(tmp_path: Path) -> None:
    async with FinetuiApp(runs=tmp_path / "runs").run_test(size=(100, 50)) as pilot:
        await pilot.press("question_mark")
        await until_shown(pilot, *(key.help for key in keys.of("runs")))
        assert not any(key.help in text(pilot) for key in keys.of("monitor") if key.help not in _helps("runs"))


async def test_bottom_line_keeps_the_way_to_all_keys_when_it_is_full(tmp_path: Path) -> None:
    run = trained(tmp_path / "runs")
    async with FinetuiApp(runs=tmp_path / "runs", open_run=run.path).run_test(size=(60, 24)) as pilot:
        await until_shown(pilot, "Space pause")
        line = text(pilot).splitlines()[-1]
        assert line.endswith("? keys")
        assert len(line) <= 60
        assert "output" not in line


def _helps(where: keys.Where) -> set[str]:
    return {key.help for key in keys.of(where)}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_screen_keys(snap_compare: Any, size: tuple[int, int]) -> None:
    async def wait(pilot: Pilot[None]) -> None:
        await until_shown(pilot, "No runs yet")
        await pilot.press("question_mark")
        await until_shown(pilot, "Everywhere")

    assert snap_compare(FinetuiApp(runs=Path("/nowhere/runs")), terminal_size=size, run_before=wait)
