"""Chat with models that compare two texts, or give a text several labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from core.predictions import LabelScore, Prediction
from tests.pilot.driving import type_in, until_shown
from tui.app import FinetuiApp

SIZES = [(80, 24), (120, 40)]


class FakeModel:
    """A model as it is after a whole training, which takes too long for a picture."""

    writes = False
    keeps_last = False
    chat = False

    def __init__(self, task: str, fields: tuple[str, ...], said: Prediction) -> None:
        self.task, self.name, self.fields = task, "tuned", fields
        self._said = said

    def predict(self, *texts: str) -> Prediction:
        return self._said


KINDS = ("anger", "joy", "fear", "love", "surprise", "pride", "grief", "relief", "remorse", "desire")
MODELS = {
    "cosine": (
        FakeModel("feature-extraction", ("first text", "second text"), Prediction(similarity=0.8714)),
        ("A man is eating.", "Someone has [bold]dinner[/]."),
    ),
    "labels": (
        FakeModel(
            "sequence-classification",
            ("text",),
            Prediction(
                labels=[LabelScore(kind, 0.95 - 0.09 * number) for number, kind in enumerate(KINDS)],
                note="says: anger, joy, fear, love, surprise",
            ),
        ),
        ("I never thought that I would see this day.",),
    ),
}


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("kind", MODELS)
def test_talking(
    kind: str, snap_compare: Any, tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, typed = MODELS[kind]
    monkeypatch.setattr("core.inference.load", lambda ref, trust: model)

    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f5")
        await until_shown(pilot, "No run has a model yet")
        await type_in(pilot, "tuned", "enter")
        await until_shown(pilot, f"tuned · {model.task}")
        for line in typed:
            cast(Input, pilot.app.screen.focused).post_message(Paste(line))
            await pilot.press("enter")
        await until_shown(pilot, "0.871" if kind == "cosine" else "says: anger")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)
