"""Every argument of the task's class is found by its name, and gets a line; what does not fit says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.training.arguments import options_of
from tests.pilot.driving import driven, text, type_in, until, until_shown
from tests.pilot.test_configure import SIZES, form_of, go_to
from tui.app import FinetuiApp

NEFTUNE = ("training", "neftune_noise_alpha")


@pytest.fixture(autouse=True, scope="module")
def libraries() -> None:
    """transformers is imported, as it is in the app some seconds after its start."""
    options_of("sequence-classification")


async def find(pilot: Pilot[int], words: str, path: tuple[str, ...]) -> None:
    """Look for an option and go to its line."""
    await pilot.press("ctrl+g")
    await until_shown(pilot, "Find an option")
    await type_in(pilot, words, "enter")
    screen: Any = pilot.app.screen_stack[0] if len(pilot.app.screen_stack) == 1 else pilot.app.screen
    await until(pilot, lambda: (row := screen.form.form.row(path)) is not None and row.has_focus_within)


async def test_an_argument_gets_a_line_with_its_help(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        screen: Any = await form_of(pilot)
        await go_to(pilot, "training", "*")
        await type_in(pilot, "optim: sgd\nneftune_noise_alpha: 3")
        await pilot.press("ctrl+g")
        await until_shown(pilot, "Find an option")
        await type_in(pilot, "noise embeddings")  # words of its help
        await until_shown(pilot, "training.neftune_noise_alpha", "If not None, activates NEFTune")
        await pilot.press("enter")
        await until(pilot, lambda: (row := screen.form.form.row(NEFTUNE)) is not None and row.has_focus_within)
        await until_shown(pilot, "» neftune_noise_alpha         3")
        await type_in(pilot, ".5")
        assert screen.form.draft.data()["training"]["neftune_noise_alpha"] == 3.5
        assert screen.form.draft.texts["training", "*"] == "optim: sgd"
        await pilot.press("down", "down", "up", "up")  # through the free field and back
        await until_shown(pilot, "» neftune_noise_alpha         3.5")


async def test_what_stands_in_a_field_is_listed_with_it(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        screen: Any = await form_of(pilot)
        await screen.form.replace({"task": "token-classification", "training": {"seed": 7}})
        await pilot.press("ctrl+g")
        await until_shown(pilot, "Find an option")
        await type_in(pilot, "task")
        await until_shown(pilot, f"{'task':42} token-classification")
        await pilot.press(*["backspace"] * 4)
        await type_in(pilot, "seed")
        await until_shown(pilot, f"{'training.seed':42} 7", f"{'training.data_seed':42}")


async def test_an_old_name_finds_the_new_one(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        await form_of(pilot)
        await find(pilot, "evaluation_strategy", ("training", "eval_strategy"))
        await find(pilot, "max_seq", ("data", "max_length"))
        await find(pilot, "gradient_checkpointing", ("training", "activation_checkpointing"))


async def test_a_field_of_another_task_says_whose_it_is(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3", size=(120, 60)) as pilot:
        screen: Any = await form_of(pilot)
        await find(pilot, "quantization", ("model", "quantization"))
        await until_shown(pilot, "none of them fits here", "off here: it is for a frozen base under an adapter")
        await screen.form.replace({"task": "causal-lm", "data": {"packing": True}})
        await until_shown(pilot, "packing")
        assert "causal-lm: empty" not in text(pilot)
        await screen.form.replace({"task": "chat", "data": {"packing": True}})
        await until_shown(pilot, "it is for causal-lm and masked-lm: empty it")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_finding(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f3")
        await form_of(pilot)
        await pilot.press("ctrl+g")
        await until_shown(pilot, "Find an option")
        await type_in(pilot, "grad")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)
