"""A conversation in Chat: the model is told what was said before, and the system line."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.data.conversations import Message
from tests.pilot.driving import driven, text, type_in, until, until_shown
from tui.app import FinetuiApp


class FakeChat:
    """Says at once what a trained model says after minutes of training; keeps what it was told."""

    task = "chat"
    name = "finny"
    fields = ("prompt",)
    writes = True
    keeps_last = False
    chat = True
    generated = 9

    def __init__(self) -> None:
        self.told: list[list[Message]] = []

    def stream(
        self, prompt: str, max_new_tokens: int, stop: threading.Event, before: Sequence[Message]
    ) -> Iterator[str]:
        self.told.append([*before, {"role": "user", "content": prompt}])
        yield f"Answer {len(self.told)}: I am Finny."


@pytest.fixture
def finny(monkeypatch: pytest.MonkeyPatch) -> FakeChat:
    fake = FakeChat()
    monkeypatch.setattr("core.inference.load", lambda ref, trust: fake)
    monkeypatch.setattr("tui.answer_stream.AnswerStream.note", lambda stream: "9 tokens · 42.0 tokens/s")
    return fake


async def open_model(pilot: Pilot[int]) -> None:
    await pilot.press("f5")
    await until_shown(pilot, "No run has a model yet")
    await type_in(pilot, "finny", "enter")
    await until_shown(pilot, "finny · chat", "system line, if any")


async def test_it_remembers_until_it_is_cleared(tmp_path: Path, finny: FakeChat) -> None:
    async with driven(tmp_path / "runs") as pilot:
        await open_model(pilot)
        await type_in(pilot, "Who are you?", "enter")
        await until_shown(pilot, "Answer 1", "tokens/s")
        await pilot.press("tab")
        await type_in(pilot, "Be brief.")
        await pilot.press("shift+tab")
        await type_in(pilot, "And now?", "enter")
        await until_shown(pilot, "Answer 2")
        await until(pilot, lambda: text(pilot).count("tokens/s") == 2)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: "Answer 1" not in text(pilot))
        await type_in(pilot, "Again", "enter")
        await until_shown(pilot, "Answer 3")
    assert [[message["content"] for message in told] for told in finny.told] == [
        ["Who are you?"],
        ["Be brief.", "Who are you?", "Answer 1: I am Finny.", "And now?"],
        ["Be brief.", "Again"],
    ]
    assert [message["role"] for message in finny.told[1]] == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_a_conversation(snap_compare: Any, tmp_path: Path, size: tuple[int, int], finny: FakeChat) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await open_model(pilot)
        await type_in(pilot, "Who are you?", "enter")
        await until_shown(pilot, "Answer 1", "tokens/s")
        await type_in(pilot, "And who made you?", "enter")
        await until_shown(pilot, "Answer 2")
        await until(pilot, lambda: text(pilot).count("tokens/s") == 2)
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)
