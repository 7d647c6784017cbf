"""Chat, driven by keys, with real models."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from core import inference
from core.config import RunConfig
from core.data.conversations import Message
from core.events import RunFinished
from core.predictions import LabelScore, Prediction
from core.runs.folder import RunFolder
from tests.pilot.driving import driven, text, type_in, until, until_shown
from tui.answer_stream import AnswerStream
from tui.app import FinetuiApp
from tui.screens.dialogs import ErrorDialog
from tui.widgets import label_bars
from tui.widgets.exchange import Exchange

SIZES = [(80, 24), (120, 40)]


@pytest.fixture(scope="session")
def cities(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    """A folder of runs, in it a finished one named after a demo: bert-tiny with a fresh head that knows nothing."""
    return _finished_run(tmp_path_factory.mktemp("runs"), shared, "cities", {"text": "city", "label": "continent"})


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    """The same for a model of text pairs."""
    columns = {"text": "sentence1", "text_pair": "sentence2", "label": "label"}
    return _finished_run(tmp_path_factory.mktemp("runs"), shared, "pairs", columns)


def _finished_run(runs: Path, shared: Path, name: str, columns: dict[str, str]) -> Path:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    source = shared / "models" / "bert-tiny-uncased"
    config = RunConfig.model_validate(
        {"name": name, "model": {"id": str(source)}, "data": {"id": "rows.csv", "columns": columns, "max_length": 64}}
    )
    folder = RunFolder.create(runs, config)
    torch.manual_seed(0)
    labels = {0: "Africa", 1: "Europe", 2: "[red]Asia[/]"}
    AutoModelForSequenceClassification.from_pretrained(source, num_labels=3, id2label=labels).save_pretrained(
        folder.model
    )
    AutoTokenizer.from_pretrained(source).save_pretrained(folder.model)
    folder.emit(RunFinished(t=1.7e9, reason="completed", run=str(folder.path), metrics={"eval_accuracy": 0.5}))
    folder.close()
    return runs


async def test_probabilities_of_a_finished_run(cities: Path) -> None:
    async with driven(cities, "f5") as pilot:
        await until_shown(pilot, "cities", "completed")
        await pilot.press("enter")
        await until_shown(pilot, "cities · sequence-classification", "try: Toulouse, Nairobi")
        await type_in(pilot, "[bold]Toulouse[/]", "enter")
        await until_shown(pilot, "» [bold]Toulouse[/]", "Europe", "[red]Asia[/]", " %")
        await pilot.press("up")
        await pilot.press("enter")
        await until(pilot, lambda: text(pilot).count("» [bold]Toulouse[/]") == 2)


async def test_up_types_an_example(cities: Path) -> None:
    async with driven(cities, "f5") as pilot:
        await until_shown(pilot, "cities", "completed")
        await pilot.press("enter")
        await until_shown(pilot, "try: Toulouse")
        await pilot.press("up", "enter")
        await until_shown(pilot, "» Toulouse", " %")
        await pilot.press("ctrl+l")
        await until(pilot, lambda: "» Toulouse" not in text(pilot))


async def test_a_model_of_pairs_asks_for_two_texts(pairs: Path) -> None:
    async with driven(pairs, "f5") as pilot:
        await until_shown(pilot, "pairs", "completed")
        await pilot.press("enter")
        await until_shown(pilot, "first text", "second text")
        await type_in(pilot, "one", "enter")
        assert not pilot.app.screen.query(Exchange)
        await type_in(pilot, "two", "enter")
        await until_shown(pilot, "» one", "» two", " %")


async def test_streamed_text_of_a_causal_lm(tmp_path: Path, shared: Path) -> None:
    async with driven(tmp_path / "runs", "f5") as pilot:
        await until_shown(pilot, "No run has a model yet")
        await type_in(pilot, str(shared / "models" / "stories260K"), "enter")
        await until_shown(pilot, "stories260K · causal-lm", "max new tokens")
        await pilot.press("tab", "backspace", "backspace", "backspace")
        await type_in(pilot, "7")
        await pilot.press("shift+tab")
        await type_in(pilot, "Once upon a time", "enter")
        await until_shown(pilot, "» Once upon a time", "there was a", "7 tokens · ", "tokens/s")


def test_a_real_answer_ends_with_the_token_after_stop(shared: Path) -> None:
    stream = AnswerStream(inference.load(shared / "models" / "stories15M"), "Once upon a time", 200)
    thread = threading.Thread(target=stream.run)
    thread.start()
    while not (begun := stream.drain()):
        assert thread.is_alive()
    stream.stop()
    thread.join()
    assert begun.startswith(",")
    assert int(stream.note().split()[0]) < 200


async def test_what_is_no_model_is_said_and_stays_typed(tmp_path: Path, own_place: Path) -> None:
    (own_place / "empty").mkdir()
    async with driven(tmp_path / "runs", "f5") as pilot:
        await until_shown(pilot, "No run has a model yet")
        await type_in(pilot, "./empty", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ErrorDialog))
        await pilot.press("escape")
        await until_shown(pilot, "./empty", "no model is loaded")


class FakePredictor:
    """Writes slowly until it is told to stop, as no real model of this size does."""

    task = "causal-lm"
    name = "slow"
    fields = ("prompt",)
    writes = True
    keeps_last = False
    chat = False

    def __init__(self) -> None:
        self.generated = 0
        self.ended = threading.Event()

    def stream(
        self, prompt: str, max_new_tokens: int, stop: threading.Event, before: Sequence[Message]
    ) -> Iterator[str]:
        while not stop.is_set():
            self.generated += 1
            yield f"\x1b[31m{self.generated} "
            time.sleep(0.01)
        self.ended.set()


@pytest.mark.parametrize("key", ["ctrl+x", "escape"])
async def test_a_question_waits_for_the_answer_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    predictor = FakePredictor()
    monkeypatch.setattr("core.inference.load", lambda ref, trust: predictor)
    async with driven(tmp_path / "runs", "f5") as pilot:
        await until_shown(pilot, "No run has a model yet")
        await type_in(pilot, "slow", "enter")
        await until_shown(pilot, "slow · causal-lm")
        await type_in(pilot, "a", "enter")
        await until_shown(pilot, "␛[31m1 ")
        await type_in(pilot, "b", "enter")
        assert len(_answers(pilot)) == 1
        await pilot.press(key)
        await until_shown(pilot, "stopped")
        await pilot.press("enter")
        await until(pilot, lambda: len(_answers(pilot)) == 2)
    assert predictor.ended.wait(10), "the app closed and the model still writes"


async def test_runs_listed_late_do_not_take_the_keys_from_a_model_that_came_first(
    pairs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = threading.Event()

    def list_late(app: FinetuiApp) -> list[object]:
        listed.wait(60)
        return []

    monkeypatch.setattr("tui.screens.chat._with_model", list_late)
    async with driven(pairs) as pilot:
        cast(FinetuiApp, pilot.app).chat_with(str(next(pairs.iterdir())))
        await until_shown(pilot, "first text", "second text")
        listed.set()
        await pilot.pause(0.2)
        await type_in(pilot, "one", "enter")
        await type_in(pilot, "another", "enter")
        await until_shown(pilot, "» one", "» another", " %")


def _answers(pilot: Pilot[int]) -> list[str]:
    return [exchange.answer for exchange in pilot.app.screen.query(Exchange)]


def test_bars_are_as_long_as_their_share() -> None:
    assert label_bars.bar(1.0, 4) == "████"
    assert label_bars.bar(0.5, 4) == "██  "
    assert label_bars.bar(0.28125, 4) == "█▏  "
    assert label_bars.bar(0.0, 4) == "    "
    scores = [LabelScore("日本", 0.75), LabelScore("[x]", 0.25)]
    lines = label_bars.draw(scores, 60).plain.splitlines()
    assert lines[0].endswith(" 75.0 %")
    assert lines[1].startswith("  [x] ")
    assert label_bars.draw([LabelScore("value", 3.5)], 60).plain == "  value 3.5000"


def test_many_labels_end_in_what_the_rest_shares() -> None:
    scores = [LabelScore(str(index), 0.1) for index in range(10)]
    assert label_bars.draw(scores, 60).plain.splitlines()[-1] == "  2 more labels share 20.0%"


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_choosing_a_model(snap_compare: Any, cities: Path, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f5")
        await until_shown(pilot, "completed")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=cities), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_talking_to_a_classifier(
    snap_compare: Any, cities: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class FakeClassifier:
        """The cities model as it is after a whole training, which takes too long for a picture."""

        task = "sequence-classification"
        name = "cities"
        fields = ("text",)
        writes = False
        keeps_last = False
        chat = False

        def predict(self, *texts: str) -> Prediction:
            shares = {"Europe": 0.913, "Asia": 0.052, "America": 0.021, "Africa": 0.011, "Pacific": 0.003}
            return Prediction(labels=[LabelScore(label, share) for label, share in shares.items()])

    monkeypatch.setattr("core.inference.load", lambda ref, trust: FakeClassifier())

    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f5")
        await until_shown(pilot, "completed")
        await pilot.press("enter")
        await until_shown(pilot, "try: Toulouse")
        await type_in(pilot, "Toulouse", "enter")
        await until_shown(pilot, "91.3 %")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=cities), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_talking_to_a_causal_lm(
    snap_compare: Any, tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class FakeWriter:
        """Always takes the same time, for the picture."""

        task = "causal-lm"
        name = "stories15M"
        fields = ("prompt",)
        writes = True
        keeps_last = False
        chat = False
        generated = 0

        def stream(self, *_: object) -> Iterator[str]:
            self.generated = 18
            yield ", there was a little girl named Lily.\nShe loved to play outside in the park."

    monkeypatch.setattr("core.inference.load", lambda ref, trust: FakeWriter())
    monkeypatch.setattr("tui.answer_stream.AnswerStream.note", lambda stream: "18 tokens · 42.0 tokens/s")

    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f5")
        await until_shown(pilot, "No run has a model yet")
        await type_in(pilot, "stories15M", "enter")
        await until_shown(pilot, "stories15M · causal-lm")
        await type_in(pilot, "Once upon a time", "enter")
        await until_shown(pilot, "tokens/s")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)
