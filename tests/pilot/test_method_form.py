"""The method in the form: its options come with it, and what does not fit is off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.methods.options import options_of
from tests.pilot.driving import driven, text, type_in, until, until_shown
from tests.pilot.test_configure import SIZES, form_of, go_to
from tui.app import FinetuiApp
from tui.widgets import choice
from tui.widgets.form import FormPart


@pytest.fixture(autouse=True, scope="module")
def libraries() -> None:
    """PEFT is imported, as it is in the app some seconds after its start."""
    options_of("lora")


def drawn(screen: Any) -> set[tuple[str, ...]]:
    """The fields that the form has, those behind `more` included."""
    parts = [section.part for section in screen.form.form.query(FormPart)]
    return {field.path for part in parts for field in (*part.first, *part.more)}


async def choose(pilot: Pilot[int], kind: str) -> None:
    """Go through the methods to this one, and wait for its options."""
    await go_to(pilot, "method", "kind")
    screen: Any = pilot.app.screen
    while screen.form.draft.kind != kind:
        await pilot.press("right")
    await until(pilot, lambda: screen.form.draft._kind == kind and not screen.status.busy)
    await until(pilot, lambda: drawn(screen) == set(screen.form.draft.fields))


async def test_options_come_with_the_method_and_stay_with_it(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3", size=(120, 60)) as pilot:
        await form_of(pilot)
        assert "lora_alpha" not in text(pilot)
        await choose(pilot, "freeze")
        await until_shown(pilot, "layers", "the rest stays frozen")
        await choose(pilot, "lora")
        await until_shown(pilot, "lora_alpha", "use_dora", "adds the product of two small matrices")
        assert "layers  " not in text(pilot)
        await go_to(pilot, "method", "r")
        await type_in(pilot, "many", "down")
        await until_shown(pilot, "must be a valid integer")
        await choose(pilot, "adalora")
        await until_shown(pilot, "init_r", "target_r")
        assert "many" not in text(pilot)


async def test_methods_that_do_not_fit_are_off_with_their_reason(tmp_path: Path, own_place: Path, shared: Path) -> None:
    (own_place / "bart").symlink_to(shared / "models" / "bart-g2p-en-us")
    async with driven(tmp_path / "runs", "f3", size=(120, 60)) as pilot:
        screen: Any = await form_of(pilot)
        await go_to(pilot, "model", "id")
        await type_in(pilot, "bart/", "down")
        await until(pilot, lambda: "prompt-tuning" in screen.form.draft.off)
        await go_to(pilot, "task")
        await until_shown(pilot, "off here: bart has no TokenClassification head")
        assert "○ token-classification" not in text(pilot)
        await go_to(pilot, "method", "kind")
        await until_shown(pilot, "off here: prompt-tuning, p-tuning, prefix-tuning")
        assert "NotImplementedError" not in text(pilot)
        seen = [screen.form.draft.kind]
        for _ in range(7):
            await pilot.press("right")
            await until(pilot, lambda: screen.form.draft.kind != seen[-1])
            seen.append(screen.form.draft.kind)
        assert seen == ["full", "freeze", "lora", "adalora", "ia3", "oft", "ln-tuning", "adamss"]


async def test_letters_of_a_method_that_is_off_choose_no_other(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "PAUSE", 60.0)  # a busy machine is no pause between two letters
    async with driven(tmp_path / "runs", "f3") as pilot:
        screen: Any = await form_of(pilot)
        model = {"id": str(shared / "models/bert-tiny-uncased")}
        await screen.form.replace({"task": "token-classification", "model": model, "method": {"kind": "ia3"}})
        await until(pilot, lambda: "prompt-tuning" in screen.form.draft.off)
        await go_to(pilot, "method", "kind")
        await type_in(pilot, "prom")
        await until_shown(pilot, "« ia3 »   prom: off here")
        assert screen.form.draft.kind == "ia3"


async def test_what_the_method_does_stands_above_what_is_off_and_both_fit(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        screen: Any = await form_of(pilot)
        await choose(pilot, "adalora")
        screen.form.draft.off = {f"method-{number}": "ValueError: no\nline" for number in range(9)}
        await pilot.press("down", "up")
        await until_shown(pilot, "off here")
        first, second = text(pilot).splitlines()[-3:-1]
        assert first.strip().startswith("adalora: ")
        assert first.endswith(" …")
        assert second.strip() == "off here: method-0, method-1, method-2, method-3, method-4, method-5, …"


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_lora(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f3")
        await form_of(pilot)
        await choose(pilot, "lora")
        await go_to(pilot, "task")  # from the top down again: the same lines are in view each time
        await go_to(pilot, "method", "lora_alpha")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)
