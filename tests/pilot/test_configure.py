"""Configure, driven by keys: the real form, real files, the real check; only the training is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core import config_file
from tests.pilot.driving import driven, text, type_in, until, until_shown
from tests.pilot.fake_training import FakeInstantEngine
from tui.app import FinetuiApp
from tui.screens.configure import ConfigureScreen
from tui.screens.dialogs import ErrorDialog
from tui.screens.start_dialog import StartDialog
from tui.widgets.field_row import FieldRow

SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def reviews(own_place: Path) -> str:
    folder = own_place / "reviews"
    folder.mkdir()
    for split in ("train", "validation"):
        rows = [{"text": f"{split} {index}", "label": ["bad", "good"][index % 2]} for index in range(8)]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "reviews/"


@pytest.fixture
def bert(own_place: Path, shared: Path) -> str:
    (own_place / "bert-tiny").symlink_to(shared / "models" / "bert-tiny-uncased")
    return "bert-tiny/"


async def form_of(pilot: Pilot[int]) -> ConfigureScreen:
    """The screen, once its form is there."""
    await until_shown(pilot, "sequence-classification")
    screen = pilot.app.screen
    assert isinstance(screen, ConfigureScreen)
    return screen


async def go_to(pilot: Pilot[int], *path: str) -> FieldRow:
    """Go up or down to a field."""
    screen = pilot.app.screen
    assert isinstance(screen, ConfigureScreen)
    row = screen.form.form.row(path)
    assert row is not None
    lines = screen.focus_chain
    here = next(index for index, line in enumerate(lines) if line.has_focus)
    there = next(index for index, line in enumerate(lines) if row in line.ancestors)
    await pilot.press(*["down" if there > here else "up"] * abs(there - here))
    assert row.has_focus_within
    return row


async def fill(pilot: Pilot[int], model: str, data: str) -> None:
    await go_to(pilot, "model", "id")
    await type_in(pilot, model, "down")
    await go_to(pilot, "data", "id")
    await type_in(pilot, data, "enter")


async def test_a_wrong_value_is_told_as_soon_as_the_field_is_left(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        await form_of(pilot)
        await go_to(pilot, "training", "learning_rate")
        await type_in(pilot, "fast")
        assert "must be a valid number" not in text(pilot)
        await pilot.press("down")
        await until_shown(pilot, "✗ must be a valid number")
        await pilot.press("up", *["backspace"] * 4)
        await type_in(pilot, "5e-4", "down")
        await until(pilot, lambda: "must be" not in text(pilot))


async def test_the_focused_field_is_explained(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        await form_of(pilot)
        await go_to(pilot, "training", "warmup_steps")
        await until_shown(pilot, "» warmup_steps", "steps from 0 to the peak rate; below 1 a share of all steps")


async def test_page_keys_go_from_section_to_section(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        screen = await form_of(pilot)
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown")
        row = screen.form.form.row(("training", "num_train_epochs"))
        assert row is not None
        assert row.has_focus_within
        await pilot.press("pageup")
        await until(pilot, lambda: not row.has_focus_within)


async def test_what_the_data_says_stands_beside_the_fields(tmp_path: Path, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f3", size=(120, 40)) as pilot:
        await form_of(pilot)
        await go_to(pilot, "data", "id")
        await type_in(pilot, reviews, "enter")
        await until_shown(pilot, "train 8 · validation 8", "text (guessed)", "2 labels: bad, good")
        await until_shown(pilot, "validation (guessed)", "accuracy, f1 (guessed)")
        await go_to(pilot, "data", "columns", "label")
        await until_shown(pilot, "one of: text, label")
        await type_in(pilot, "txt", "down")
        await until_shown(pilot, "there is no column txt: did you mean text?")


async def test_data_that_is_not_there_is_told_beside_its_field(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        await form_of(pilot)
        await go_to(pilot, "data", "id")
        await type_in(pilot, "./nowhere", "down")
        await until_shown(pilot, "✗", "./nowhere")


async def test_another_task_has_other_roles(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3", size=(120, 60)) as pilot:
        await form_of(pilot)
        await pilot.press("right", "right", "right")
        await until_shown(pilot, "« causal-lm »", "completion")
        assert "text_pair" not in text(pilot)


async def test_remote_code_is_never_run_unseen(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        await form_of(pilot)
        assert "Python code" not in text(pilot)
        await go_to(pilot, "model", "trust_remote_code")
        await pilot.press("right")
        await pilot.press("pagedown", "pagedown", "pagedown")
        await until_shown(pilot, "! runs the model's own Python code")


async def test_save_and_open(tmp_path: Path, own_place: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        await form_of(pilot)
        await fill(pilot, "some/model", "some/data")
        await go_to(pilot, "training", "*")
        await type_in(pilot, "optim: adafactor")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "Save the config", "run.yaml")
        await pilot.press("enter")
        await until(pilot, lambda: (own_place / "run.yaml").is_file())
        config = config_file.load(own_place / "run.yaml").config
        assert (config.model.id, config.data.id) == ("some/model", "some/data")
        assert config.training.arguments()["optim"] == "adafactor"
        assert config.training.eval_strategy == "epoch"
    async with driven(tmp_path / "runs", "f3", size=(120, 60)) as pilot:
        await form_of(pilot)
        await pilot.press("ctrl+o")
        await type_in(pilot, "run.yaml", "enter")
        await until_shown(pilot, "run.yaml", "some/model", "some/data", "optim: adafactor")
        assert "not saved" not in text(pilot)


async def test_another_file_is_replaced_only_when_asked_twice(tmp_path: Path, own_place: Path) -> None:
    (own_place / "run.yaml").write_text("precious")
    async with driven(tmp_path / "runs", "f3") as pilot:
        await form_of(pilot)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "Save the config")
        await pilot.press("enter")
        await until_shown(pilot, "run.yaml is there already")
        assert (own_place / "run.yaml").read_text() == "precious"
        await pilot.press("enter")
        await until(pilot, lambda: "eval_strategy" in (own_place / "run.yaml").read_text())


async def test_a_file_that_cannot_be_read_leaves_the_form_alone(tmp_path: Path, own_place: Path) -> None:
    (own_place / "bad.yaml").write_text("model: {idd: x}\ndata: {id: y}\n")
    async with driven(tmp_path / "runs", "f3") as pilot:
        await form_of(pilot)
        await go_to(pilot, "model", "id")
        await type_in(pilot, "some/model")
        await pilot.press("ctrl+o")
        await type_in(pilot, "bad.yaml", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ErrorDialog))
        assert "did you mean `id`" in text(pilot)
        await pilot.press("escape")
        await until_shown(pilot, "some/model")


async def test_an_unfinished_form_does_not_start(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3", size=(120, 40)) as pilot:
        screen = await form_of(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: text(pilot).count("✗ must be given") == 2)
        row = screen.form.form.row(("model", "id"))
        assert row is not None
        assert row.has_focus_within


async def test_check_then_start(tmp_path: Path, bert: str, reviews: str) -> None:
    engine = FakeInstantEngine()
    app = FinetuiApp(runs=tmp_path / "runs", train=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f3")
        await form_of(pilot)
        await fill(pilot, bert, reviews)
        await pilot.press("ctrl+r")
        await until_shown(pilot, "ready to start", "train rows           8 ")
        await pilot.press("enter")
        await until(pilot, lambda: engine.configs)
        await until(pilot, lambda: app.current_mode == "monitor")
    config = engine.configs[0]
    assert config.model.id is not None
    assert Path(config.model.id).is_absolute()
    assert config.training.per_device_train_batch_size == 16


async def test_a_start_that_fails_leads_back_to_its_field(tmp_path: Path, bert: str, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f3", size=(120, 60)) as pilot:
        await form_of(pilot)
        await fill(pilot, bert, reviews)
        await go_to(pilot, "training", "*")
        await type_in(pilot, "learning_rat: 1")
        await pilot.press("ctrl+r")
        await until_shown(pilot, "this cannot start yet", "learning_rat")
        assert isinstance(pilot.app.screen, StartDialog)
        await pilot.press("escape")
        await until_shown(pilot, "learning_rat: 1", "✗", bert, reviews)
        assert not (tmp_path / "runs").exists()


async def test_tab_completes_the_model_and_then_goes_on(tmp_path: Path, own_place: Path) -> None:
    (own_place / "my-model").mkdir()
    async with driven(tmp_path / "runs", "f3") as pilot:
        screen = await form_of(pilot)
        await go_to(pilot, "model", "id")
        await type_in(pilot, "my", "tab")
        row = screen.form.form.row(("model", "id"))
        assert row is not None
        await until(pilot, lambda: row.text == "my-model/")
        assert row.has_focus_within
        await pilot.press("tab")
        await until(pilot, lambda: not row.has_focus_within)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_new_run(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f3")
        await form_of(pilot)
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_filled_in_with_mistakes(snap_compare: Any, tmp_path: Path, reviews: str, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f3")
        await form_of(pilot)
        await go_to(pilot, "model", "trust_remote_code")
        await pilot.press("right")
        await fill(pilot, "some/model", reviews)
        await until_shown(pilot, "train 8 · validation 8")
        await go_to(pilot, "method", "kind")
        await pilot.press("right", "down")
        await type_in(pilot, "many", "down")
        await until_shown(pilot, "must be a valid integer")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)
