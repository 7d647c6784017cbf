"""Chat with models that find spans: entities in a text, answers in a context."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from core.predictions import Prediction, Span
from tests.pilot.driving import driven, type_in, until_shown
from tui.app import FinetuiApp
from tui.widgets.exchange import Exchange

SIZES = [(80, 24), (120, 40)]


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    """bert-tiny with a fresh head for answers: it knows nothing, but it answers."""
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    source, folder = shared / "models" / "bert-tiny-uncased", tmp_path_factory.mktemp("models") / "reader"
    torch.manual_seed(0)
    AutoModelForQuestionAnswering.from_pretrained(source).save_pretrained(folder)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return folder


async def test_several_questions_are_asked_of_one_context(tmp_path: Path, reader: Path) -> None:
    async with driven(tmp_path / "runs", "f5") as pilot:
        await until_shown(pilot, "No run has a model yet")
        await type_in(pilot, str(reader), "enter")
        await until_shown(pilot, "reader · question-answering", "question", "context")
        await type_in(pilot, "When?", "enter")
        pilot.app.screen.query_one("#talk-pair", Input).post_message(Paste("It ended\nin March\n\n1974."))
        await until_shown(pilot, "It ended in March 1974.")
        await pilot.press("enter")
        await until_shown(pilot, "» When?", "» It ended in March 1974.", " %")
        await type_in(pilot, "What?", "enter")
        await until_shown(pilot, "» What?", "» It ended in March 1974.")
        assert len(pilot.app.screen.query(Exchange)) == 2


async def _talk(pilot: Pilot[int], ref: str, shown: str, *typed: str) -> None:
    await pilot.press("f5")
    await until_shown(pilot, "No run has a model yet")
    await type_in(pilot, ref, "enter")
    await until_shown(pilot, shown)
    for line in typed:
        cast(Input, pilot.app.screen.focused).post_message(Paste(line))
        await pilot.press("enter")
    await until_shown(pilot, " %")
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_talking_to_a_tagger(
    snap_compare: Any, tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class FakeTagger:
        """A model as it is after a whole training, which takes too long for a picture."""

        task = "token-classification"
        name = "wnut17"
        fields = ("text",)
        writes = False
        keeps_last = False
        chat = False

        def predict(self, typed: str) -> Prediction:
            found = [
                ("[bold]Ada Lovelace[/]", "person", 0.962),
                ("Toulouse", "location", 0.874),
                ("東京", "location", 0.5),
            ]
            spans = [
                Span(part, typed.index(part), typed.index(part) + len(part), share, kind) for part, kind, share in found
            ]
            return Prediction(words=[], entities=spans, note="3 more words lie beyond 512 tokens")

    monkeypatch.setattr("core.inference.load", lambda ref, trust: FakeTagger())

    async def run(pilot: Pilot[int]) -> None:
        line = "[bold]Ada Lovelace[/] never went to Toulouse, nor to 東京."
        await _talk(pilot, "wnut17", "wnut17 · token-classification", line)

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_talking_to_a_reader(
    snap_compare: Any, tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class FakeReader:
        """A model as it is after a whole training, which takes too long for a picture."""

        task = "question-answering"
        name = "squad"
        fields = ("question", "context")
        writes = False
        keeps_last = True
        chat = False

        def predict(self, question: str, context: str) -> Prediction:
            found = [("October 1973", 0.861), ("in October 1973", 0.102), ("", 0.031), ("1973", 0.006)]
            spans = [Span(part, context.find(part), context.find(part) + len(part), share) for part, share in found]
            return Prediction(answers=spans)

    monkeypatch.setattr("core.inference.load", lambda ref, trust: FakeReader())

    async def run(pilot: Pilot[int]) -> None:
        context = "The oil crisis began in October 1973 when the members of OAPEC proclaimed an oil embargo. "
        await _talk(pilot, "squad", "squad · question-answering", "When did the crisis begin?", context * 4)

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)
