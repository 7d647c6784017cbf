"""`finetui predict`: how answers are printed, and what is said where none can be."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core import inference
from core.errors import FinetuiError
from core.predictions import LabelScore, Prediction
from core.runs.store import RunStore
from tests.pilot.recorded import completed
from tui.shell.predict import predict, print_predictions
from tui.shell.streams import Streams


class Writer:
    """A model that writes, or one that is asked with two texts."""

    def __init__(self, pieces: list[str], continues: bool = False, chat: bool = False) -> None:
        self.pieces, self.continues, self.chat = pieces, continues, chat
        self.writes = True
        self.fields: tuple[str, ...] = ("source",)
        self.most_texts = 1

    def stream(self, text: str) -> Iterator[str]:
        yield from self.pieces


class Labeller(Writer):
    """A classifier."""

    def __init__(self, said: Prediction) -> None:
        super().__init__([])
        self.writes, self._said = False, said

    def predict(self, *texts: str) -> Prediction:
        return self._said


@pytest.fixture(autouse=True)
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def printed(model: Writer, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(inference, "load", lambda *_: model)
    streams = Streams(io.StringIO(), io.StringIO())
    print_predictions("a-run", texts, streams)
    assert isinstance(streams.out, io.StringIO)
    return streams.out.getvalue()


@pytest.mark.parametrize("chat", [False, True])
def test_an_answer_stands_apart_from_what_was_asked(chat: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = printed(Writer(["first ", "line\nsec", "ond"], chat=chat), ["elephant", "banana"], monkeypatch)
    assert shown == "elephant\n  → first line\n    second\nbanana\n  → first line\n    second\n"


def test_a_completion_goes_on_from_its_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(Writer(["=", "4\nend"], continues=True), ["2+2"], monkeypatch) == "2+2=4\nend\n"


def test_a_pair_that_lacks_its_tab_is_shown_how_to_type_one(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Writer([])
    model.fields, model.most_texts, model.writes = ("question", "context"), 2, False
    with pytest.raises(FinetuiError, match="asked with two texts") as refused:
        printed(model, ["Who won?"], monkeypatch)
    assert r"$'QUESTION\tCONTEXT'" in refused.value.hint


@pytest.mark.parametrize(("asked", "meant"), [("ciites", "cities"), ("CITES", "cities"), ("nothing", "")])
def test_a_name_of_nothing_says_that_no_run_has_it_and_names_those_that_are_close(
    asked: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    run = completed(tmp_path / "runs", "cities").path
    with pytest.raises(FinetuiError, match="is not on this machine") as refused:
        predict(asked, ["a text"], None, tmp_path / "runs", json=False, trust=False)
    hint = f"did you mean {run.name}? " if meant else ""
    assert refused.value.hint.endswith(f"; no run has that name either: {hint}finetui runs lists them")
    with pytest.raises(FinetuiError, match="there is no run") as refused:
        RunStore(tmp_path / "runs").find(asked)
    assert refused.value.hint == f"{hint}finetui runs lists them"


def test_a_model_that_may_say_several_labels_shows_which(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = [LabelScore("good", 0.58), LabelScore("fine", 0.55), LabelScore("awful", 0.2)]
    model = Labeller(Prediction(labels=scores, note="says: fine, good"))
    shown = printed(model, ["nice"], monkeypatch)
    assert "says: fine, good" in shown
    assert shown.index("says: fine, good") < shown.index("good 58.0%")


def test_a_table_is_no_list_of_texts(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\nfine,1\n")
    with pytest.raises(FinetuiError, match=r"rows\.csv holds rows of columns"):
        predict("any", [], tmp_path / "rows.csv", tmp_path, False, False)


def test_a_folder_that_is_no_model_does_not_hide_the_run_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = completed(tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    name = run.path.name.split("-")[-1]
    (tmp_path / name).mkdir()
    asked: list[Any] = []
    monkeypatch.setattr(inference, "load", lambda ref, _: asked.append(ref) or Writer(["x"]))
    predict(name, ["hello"], None, tmp_path / "runs", False, False)
    assert asked == [run.path]
