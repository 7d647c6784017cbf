"""Chat under a person who types faster than it answers, or leaves a line empty."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from core.predictions import LabelScore, Prediction
from tests.pilot.driving import driven, text, type_in, until, until_shown
from tests.pilot.test_chat_pairs import FakeModel
from tests.pilot.test_hurried_form import type_at_once

MODEL = FakeModel("feature-extraction", ("first text", "second text"), Prediction(similarity=0.8714))


@asynccontextmanager
async def talking(runs: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pilot[int]]:
    monkeypatch.setattr("core.inference.load", lambda ref, trust: MODEL)
    async with driven(runs, "f5") as pilot:
        await until_shown(pilot, "No run has a model yet")
        await type_in(pilot, "tuned", "enter")
        await until_shown(pilot, "tuned · feature-extraction")
        yield pilot


def lines(pilot: Pilot[int]) -> list[str]:
    return [pilot.app.screen.query_one(f"#talk-{name}", Input).value for name in ("text", "pair")]


async def test_what_follows_a_tab_at_once_is_in_the_second_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with talking(tmp_path / "runs", monkeypatch) as pilot:
        type_at_once(pilot, *"Alpha", "tab", *"Beta")
        await until(pilot, lambda: len("".join(lines(pilot))) == len("AlphaBeta"))
        assert lines(pilot) == ["Alpha", "Beta"]
        type_at_once(pilot, "shift+tab", *"x")
        await until(pilot, lambda: lines(pilot) == ["Alphax", "Beta"])


async def test_enter_says_which_text_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with talking(tmp_path / "runs", monkeypatch) as pilot:
        assert "Enter sends both" in text(pilot)
        await type_in(pilot, "Alpha", "enter")
        await until_shown(pilot, "! second text is empty: this model takes two texts")
        assert cast(Input, pilot.app.screen.focused).id == "talk-pair"
        await type_in(pilot, "Beta", "enter")
        await until_shown(pilot, "0.871", "Enter sends both")


@asynccontextmanager
async def loading(
    runs: Path, monkeypatch: pytest.MonkeyPatch, model: FakeModel
) -> AsyncIterator[tuple[Pilot[int], threading.Event]]:
    """Chat while it loads a model, and what lets it finish."""
    loaded = threading.Event()

    def load(ref: str, trust: bool) -> FakeModel:
        loaded.wait(60)
        return model

    monkeypatch.setattr("core.inference.load", load)
    async with driven(runs, "f5") as pilot:
        await until_shown(pilot, "No run has a model yet")
        await type_in(pilot, "tuned", "enter")
        await until_shown(pilot, "loading tuned")
        yield pilot, loaded


async def test_what_is_typed_while_the_model_loads_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with loading(tmp_path / "runs", monkeypatch, MODEL) as (pilot, loaded):
        await type_in(pilot, "First onn", "backspace", "e", ".")
        loaded.set()
        await until_shown(pilot, "tuned · feature-extraction", "First one.")
        await type_in(pilot, " More")
        await until(pilot, lambda: lines(pilot) == ["First one. More", ""])


async def test_enter_while_the_model_loads_sends_once_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Prediction([LabelScore("fine", 0.75), LabelScore("bad", 0.25)])
    one_text = FakeModel("sequence-classification", ("text",), said)
    async with loading(tmp_path / "runs", monkeypatch, one_text) as (pilot, loaded):
        await type_in(pilot, "How is it?", "enter")
        loaded.set()
        await until_shown(pilot, "How is it?", "fine", "75.0 %")
        assert lines(pilot) == ["", ""]
