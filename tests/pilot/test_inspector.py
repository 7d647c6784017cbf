"""The inspector, driven by keys: real tokenizers, real rows, real batches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from core import config_file
from tests.pilot.driving import driven, text, type_in, until, until_shown
from tests.pilot.test_datasets import opened
from tui import token_reader
from tui.app import FinetuiApp
from tui.screens.inspector import InspectorScreen
from tui.token_reader import TokenReader
from tui.widgets.row_table import RowTable
from tui.widgets.text_pane import TextPane
from tui.widgets.token_strip import TokenStrip

SIZES = [(80, 24), (120, 40)]
Show = Callable[[Pilot[int], TokenReader], Any]


def reader(shared: Path, model: str, data: dict[str, Any], task: str = "sequence-classification") -> TokenReader:
    plain = {"task": task, "model": {"id": str(shared / "models" / model)}, "data": data}
    return token_reader.of_run(config_file.validate(plain))


@pytest.fixture(scope="module")
def mrpc(shared: Path) -> TokenReader:
    files = {split: str(shared / f"data/mrpc/{split}.jsonl") for split in ("train", "validation")}
    return reader(shared, "bert-tiny-uncased", {"files": files, "limit": {"train": 200}, "max_length": 48})


@pytest.fixture(scope="module")
def sums(shared: Path) -> TokenReader:
    return reader(shared, "stories260K", {"id": str(shared / "data/gsm8k")}, "causal-lm")


@pytest.fixture(scope="module")
def japanese(shared: Path) -> TokenReader:
    return reader(shared, "minimind2-small", {"id": str(shared / "data/jglue/jnli-valid-v1.3.json")})


async def inspecting(pilot: Pilot[int], found: TokenReader, row: int = 0) -> InspectorScreen:
    screen = InspectorScreen("datasets", found, found.train, row)
    await pilot.app.push_screen(screen)
    await until(pilot, lambda: screen.view is not None)
    return screen


async def test_a_pair_from_the_datasets_screen(tmp_path: Path, shared: Path) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        table = await opened(pilot, str(shared / "data" / "mrpc"))
        await pilot.press("t")
        await type_in(pilot, str(shared / "models" / "bert-tiny-uncased"), "enter")
        await until_shown(
            pilot, "⟨[CLS]⟩", "101", "train row 0 of 3,668 · label 1", "sequence-classification (guessed)"
        )
        assert "text = sentence1, text_pair = sentence2, label = label" in text(pilot)
        await pilot.press("n", "n", "p")
        await until_shown(pilot, "train row 1 of 3,668")
        await pilot.press("3")
        await until_shown(pilot, "kind", "segment", "mask", "special")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.focused is table and table.cursor_row == 1)


async def test_the_run_of_the_form(tmp_path: Path, shared: Path, own_place: Path) -> None:
    (own_place / "run.yaml").write_text(
        f"task: causal-lm\nmodel: {{id: {shared}/models/stories260K}}\n"
        f"data: {{id: {shared}/data/gsm8k, limit: {{train: 9}}}}\n"
    )
    async with driven(tmp_path / "runs", "f3") as pilot:
        await until_shown(pilot, "sequence-classification")
        await pilot.press("ctrl+o")
        await type_in(pilot, "run.yaml", "enter")
        await until_shown(pilot, "causal-lm", "run.yaml")
        await pilot.press("ctrl+t")
        await until_shown(pilot, "train row 0 of 9", "prompt = question, completion = answer")
        assert "guessed" not in text(pilot)
        await pilot.press("2")
        await until_shown(
            pilot, "positions in the loss", "the end is learned (</s>): the model learns to stop", "part prompt"
        )


async def test_token_and_text_light_each_other_up(tmp_path: Path, mrpc: TokenReader) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        screen = await inspecting(pilot, mrpc)
        pane, strip = screen.query_one(TextPane), screen.query_one("#first", TokenStrip)
        await pilot.press("right", "right")
        await until_shown(pilot, "2: ##ro · id 3217 · chars 2-4 of text 1 “ro”", "word 0 · segment 0 · mask 1")
        assert pane.selected_text == "ro"
        await pilot.press("shift+tab", "home", *["right"] * 7)
        await until(pilot, lambda: pilot.app.focused is pane and strip.current == 4)
        await until_shown(pilot, "4: accused", "chars 7-14")
        await pilot.press("down", "down", "home")  # the second text
        await until_shown(pilot, "of text 2 “Referring”", "segment 1")


async def test_typed_text_is_tokenized_at_each_key(tmp_path: Path, mrpc: TokenReader) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        screen = await inspecting(pilot, mrpc)
        await pilot.press("e")
        await until_shown(pilot, "typed text")
        await pilot.press("f7", "backspace", *"hi n")  # letters that are keys of the screen, too
        await until_shown(pilot, "typed text", "· 4 tokens ·", "⟨[CLS]⟩│hi", "type here · 4 characters")
        screen.query_one(TextPane).post_message(Paste("\x1b[2J\x07[red]日"))
        await until_shown(pilot, "[red]日", "␛[2J␇")
        assert "\x1b" not in text(pilot)
        await pilot.press("escape")
        await until_shown(pilot, "train row 0 of 200")


async def test_a_batch_and_its_tensors(tmp_path: Path, mrpc: TokenReader) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        await inspecting(pilot, mrpc)
        await pilot.press("4")
        await until_shown(pilot, "batch 0 of 25 per epoch", "shuffled with seed 42", "▸ input_ids · int64 · 8×")
        await until_shown(pilot, "padding over the epoch", "which saves")
        await pilot.press("n")
        await until_shown(pilot, "batch 1 of 25 per epoch")
        await pilot.press("t")
        await until_shown(pilot, "▸ token_type_ids")
        await pilot.press("end")
        await until_shown(pilot, "padding", "attention_mask 0")
        await pilot.press("g")
        await type_in(pilot, "24", "enter")
        await until_shown(pilot, "batch 24 of 25 per epoch")


async def test_data_without_a_task_is_shown_as_text(tmp_path: Path, shared: Path, own_place: Path) -> None:
    (own_place / "notes.jsonl").write_text('{"remark": "plain words"}\n')
    async with driven(tmp_path / "runs", "f2") as pilot:
        await opened(pilot, "notes.jsonl")
        await pilot.press("t")
        await type_in(pilot, str(shared / "models" / "stories260K"), "enter")
        await until_shown(pilot, "plain words", "the first text of a row")
        assert isinstance(pilot.app.screen, InspectorScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.focused, RowTable))


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_pair(snap_compare: Any, tmp_path: Path, mrpc: TokenReader, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f2")
        await inspecting(pilot, mrpc)
        await pilot.press("right", "right")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_labels_of_a_completion(snap_compare: Any, tmp_path: Path, sums: TokenReader, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f2")
        screen = await inspecting(pilot, sums, 2)
        await pilot.press("2")
        strip = screen.query_one("#first", TokenStrip)
        assert screen.view is not None
        strip.current = screen.view.loss.parts.index("completion")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_japanese(snap_compare: Any, tmp_path: Path, japanese: TokenReader, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f2")
        await inspecting(pilot, japanese)
        await pilot.press("down")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_two_tokenizers(
    snap_compare: Any, tmp_path: Path, shared: Path, mrpc: TokenReader, size: tuple[int, int]
) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f2")
        screen = await inspecting(pilot, mrpc)
        await pilot.press("c")
        await type_in(pilot, str(shared / "models/stories260K"), "enter")
        await until(pilot, lambda: screen.query_one("#second-pane").display)
        await pilot.press("right", "right")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_batch(snap_compare: Any, tmp_path: Path, mrpc: TokenReader, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f2")
        await inspecting(pilot, mrpc)
        await pilot.press("4")
        await until_shown(pilot, "which saves")
        await pilot.press("right", "down")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)


RUNS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "tags": ("token-classification", "bert-tiny-uncased", {"files": {"train": "wnut17/train.jsonl"}}, {}),
    "answer": (
        "question-answering",
        "bert-tiny-uncased",
        {"files": {"train": "squad_v1_dev/squad_v1_dev.jsonl"}, "max_length": 128, "stride": 32},
        {},
    ),
    "turns": ("chat", "minimind2-small", {"id": "llama_factory_demo/identity.json"}, {}),
    "chosen": ("preference", "minimind2-small", {"id": "llama_factory_demo/dpo_en_demo.json"}, {}),
}
"""What is shown -> task, model, data of a run."""


def run_of(shared: Path, name: str) -> TokenReader:
    task, model, data, more = RUNS[name]
    data = {**data, "limit": {"train": 20}}
    if "id" in data:
        data["id"] = str(shared / "data" / data["id"])
    if "files" in data:
        data["files"] = {split: str(shared / "data" / file) for split, file in data["files"].items()}
    plain = {"task": task, "model": {"id": str(shared / "models" / model), **more}, "data": data}
    return token_reader.of_run(config_file.validate(plain))


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", RUNS)
def test_labels(snap_compare: Any, tmp_path: Path, shared: Path, name: str, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f2")
        screen = await inspecting(pilot, run_of(shared, name))
        await pilot.press("2")
        assert screen.view is not None
        strip = screen.query_one("#first", TokenStrip)
        view = screen.view
        strip.current = next(
            (index for index in range(len(view.ids)) if view.answer(index) not in (None, "O")),
            int(view.extra.get("start_positions", 0)),
        )
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_rejected(snap_compare: Any, tmp_path: Path, shared: Path, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f2")
        screen = await inspecting(pilot, run_of(shared, "chosen"))
        await pilot.press("2", "w")
        assert screen.view is not None
        screen.query_one("#first", TokenStrip).current = screen.view.loss.parts.index("rejected")
        await pilot.pause()
        shown = text(pilot)
        assert "rejected 2 of 2" in shown
        assert "shall not be" in shown

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_typed_bytes(snap_compare: Any, tmp_path: Path, japanese: TokenReader, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f2")
        screen = await inspecting(pilot, japanese)
        await pilot.press("e")
        pane = screen.query_one(TextPane)
        pane.load_text("")
        pilot.app.post_message(Paste("Fine 🙂👩‍👩‍👧 日本語の猫 naïve \ufffd e\u0301 [red]"))
        await until(pilot, lambda: screen.view is not None and "[red]" in "".join(screen.view.texts))
        await pilot.press("tab", "right", "right")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)
