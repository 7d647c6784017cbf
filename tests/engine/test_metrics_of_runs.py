"""Metrics in real training: batch by batch as at once, classes counted, functions of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from transformers import trainer as transformers_trainer
from transformers.trainer_pt_utils import EvalLoopContainer

from core import config_file, events, user_code
from core.config import RunConfig
from core.errors import FinetuiError
from core.metrics.collect import Collected
from core.runs.reader import RunReader
from core.training import engine, prepare

Make = Callable[..., RunConfig]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows of predictions and labels the Trainer's own containers held at the end of each evaluation."""
    counts: list[int] = []

    class Counting(EvalLoopContainer):
        def get_arrays(self) -> Any:
            arrays = super().get_arrays()
            if arrays is not None and np.asarray(arrays).dtype.kind != "f":  # the losses are held in both cases
                counts.append(len(arrays))
            return arrays

    monkeypatch.setattr(transformers_trainer, "EvalLoopContainer", Counting)
    return counts


def _run(config: RunConfig, new_folder: Any) -> tuple[events.Event, list[Any]]:
    folder = new_folder(config)
    return engine.run(config, folder), RunReader(folder.path).read_all()


def _scored(told: list[Any]) -> list[dict[str, float]]:
    return [event.metrics for event in told if isinstance(event, events.Evaluated)]


def _counted(told: list[Any]) -> list[events.ClassesCounted]:
    return [event for event in told if isinstance(event, events.ClassesCounted)]


def test_a_model_that_answers_one_class_is_told_of(mrpc: Make, new_folder: Any, tmp_path: Path) -> None:
    spoken = ["fine", "good", "well done", "so be it"]
    parts = {"train": ["yes"] * 60 + ["no"] * 2, "validation": ["yes", "no"] * 15}
    files = {}
    for split, labels in parts.items():
        rows = [{"text": spoken[at % len(spoken)], "label": label} for at, label in enumerate(labels)]
        file = tmp_path / f"{split}.jsonl"
        files[split] = _rows(file, rows)["files"][split]
    config = mrpc({"data": {"files": files}}, max_steps=12, learning_rate=1e-3, eval_strategy="steps", eval_steps=6)
    outcome, told = _run(config, new_folder)
    assert isinstance(outcome, events.RunFinished), outcome
    said = [event for event in told if isinstance(event, events.Advice) and event.kind == "one_class"]
    assert [event.message for event in said] == [
        "every answer is the same class: all 30 are yes, which is right for 50 % of them"
    ]
    assert outcome.metrics["eval_accuracy"] == 0.5


METRICS = ["accuracy", "f1", "f1_macro", "precision_micro", "matthews_correlation", "glue/mrpc", "exact_match"]


def test_batch_by_batch_the_figures_are_the_same_and_nothing_is_held(
    mrpc: Make, new_folder: Any, held: list[int]
) -> None:
    found = []
    for batches in (False, True):
        config = mrpc(
            {"metrics": METRICS}, max_steps=4, eval_strategy="steps", eval_steps=2, batch_eval_metrics=batches
        )
        outcome, told = _run(config, new_folder)
        assert isinstance(outcome, events.RunFinished), outcome
        found.append((_scored(told), [event.matrix for event in _counted(told)]))
        assert held == ([] if batches else [100, 100] * 2)
        held.clear()
    assert found[0] == found[1]
    assert {"eval_accuracy", "eval_f1", "eval_matthews_correlation"} <= found[0][0][0].keys()


def _rows(place: Path, rows: list[dict[str, Any]]) -> dict[str, Any]:
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"files": {split: str(place) for split in ("train", "validation")}}


def _entities(place: Path) -> dict[str, Any]:
    people, cities = ("Ada", "Alan", "Grace"), ("Toulouse", "Nairobi", "Lima")
    tags = ["B-PER", "I-PER", "O", "O", "B-LOC"]
    rows = [{"tokens": [one, "Smith", "lives", "in", two], "tags": tags} for one in people for two in cities]
    rows.insert(4, {"tokens": ["Ada"] * 11, "tags": ["B-PER"] * 11})
    return {"task": "token-classification", "metrics": ["seqeval", "f1_macro"], "data": _rows(place, rows)}


def _answers(place: Path) -> dict[str, Any]:
    padding = "The town is old and the river is wide. "
    rows = []
    for index, city in enumerate(("Toulouse", "Nairobi", "Lima", "Oslo", "Rome")):
        context = f"{padding * index}Ada was born in {city}. {padding * 2}"
        rows.append(
            {
                "question": "Where?",
                "context": context,
                "answers": {"text": [city], "answer_start": [context.index(city)]},
            }
        )
    data = {**_rows(place, rows), "max_length": 32, "stride": 8}
    return {"task": "question-answering", "metrics": ["squad", "exact_match"], "data": data}


def _sums(place: Path) -> dict[str, Any]:
    rows = [{"prompt": f"{a} + {b} =", "completion": f" {a + b}"} for a in range(4) for b in range(3)]
    return {"task": "causal-lm", "metrics": ["exact_match", "perplexity"], "data": _rows(place, rows)}


@pytest.mark.parametrize("section", [_entities, _answers, _sums], ids=["entities", "answers in windows", "completions"])
def test_rows_that_are_more_than_a_label_add_up_too(
    section: Callable[[Path], dict[str, Any]], shared: Path, tmp_path: Path, new_folder: Any
) -> None:
    model = "stories260K" if section is _sums else "bert-tiny-uncased"
    found = []
    for batches in (False, True):
        config = config_file.validate({
            "model": {"id": str(shared / "models" / model), "dtype": "float32"},
            **section(tmp_path / "rows.jsonl"),
            "samples": {"rows": 0},
            "training": {
                "max_steps": 30, "learning_rate": 2e-3, "per_device_eval_batch_size": 3, "eval_strategy": "steps",
                "eval_steps": 15, "batch_eval_metrics": batches, "save_strategy": "no",
            },
        })  # fmt: skip
        outcome, told = _run(config, new_folder)
        assert isinstance(outcome, events.RunFinished), outcome
        found.append(_scored(told))
    assert len(found[0]) == 2
    assert found[0] == [pytest.approx(metrics, rel=1e-12) for metrics in found[1]]
    assert len(found[0][0]) >= 3


def test_grouping_by_length_does_not_score_answers_as_those_of_other_rows(
    shared: Path, tmp_path: Path, new_folder: Any
) -> None:
    seen = tmp_path / "seen.py"
    seen.write_text("import zlib\ndef seen(*sides): return zlib.crc32(repr(sides).encode())\n")
    found = []
    for strategy in ("random", "group_by_length"):
        config = config_file.validate({
            "model": {"id": str(shared / "models/bert-tiny-uncased"), "dtype": "float32"},
            **_answers(tmp_path / "rows.jsonl"),
            "metrics": ["squad", f"{seen}:seen"],
            "samples": {"rows": 0},
            "training": {"max_steps": 1, "learning_rate": 0, "train_sampling_strategy": strategy,
                         "eval_strategy": "steps"},
        })  # fmt: skip
        folder = new_folder(config)
        assert isinstance(outcome := engine.run(config, folder), events.RunFinished), outcome
        found.append(_scored(RunReader(folder.path).read_all())[-1])
    assert "eval_seen" in found[0]
    assert found[0] == pytest.approx(found[1])


def test_the_classes_that_are_counted_are_those_that_were_scored(mrpc: Make, new_folder: Any) -> None:
    config = mrpc({"metrics": ["accuracy", "f1"]}, max_steps=3, eval_strategy="steps", eval_steps=3)
    outcome, told = _run(config, new_folder)
    assert isinstance(outcome, events.RunFinished), outcome
    (counted,) = _counted(told)
    at = told.index(counted)
    assert isinstance(told[at - 1], events.Evaluated)
    assert counted.step == told[at - 1].step == 3
    assert counted.labels == ["0", "1"]
    matrix = np.array(counted.matrix)
    assert matrix.sum() == 100
    assert matrix.sum(axis=1).tolist() == counted.support
    assert matrix.sum(axis=0).tolist() == counted.predicted
    assert matrix.diagonal().tolist() == counted.correct
    assert outcome.metrics["eval_accuracy"] == pytest.approx(sum(counted.correct) / 100)
    truth, guess = (np.repeat(side.ravel(), matrix.ravel()) for side in np.indices((2, 2)))
    assert outcome.metrics["eval_f1"] == pytest.approx(sklearn.metrics.f1_score(truth, guess))


OWN = """
import helper

def both(predictions, references):
    assert len(predictions) == 100 and isinstance(predictions, list)
    return {"right": helper.share(predictions, references), "rows": len(references)}

def share(predictions, references):
    return helper.share(predictions, references)

def broken(predictions, references):
    return 1 / 0

def word(predictions, references):
    return "good"

def one(predictions):
    return 0.0
"""
HELPER = "def share(one, two):\n    return sum(a == b for a, b in zip(one, two)) / len(one)\n"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "helper.py").write_text(HELPER)
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path / "own.py"


def test_a_function_of_ones_own_scores_and_chooses_the_best(mrpc: Make, new_folder: Any, own: Path) -> None:
    names = ["accuracy", f"{own}:both", f"{own}:share"]
    config = mrpc(
        {"metrics": names}, max_steps=4, eval_strategy="steps", eval_steps=2, save_strategy="steps", save_steps=2,
        load_best_model_at_end=True, metric_for_best_model="share", batch_eval_metrics=True,
    )  # fmt: skip
    outcome, _ = _run(config, new_folder)
    assert isinstance(outcome, events.RunFinished), outcome
    found = outcome.metrics
    assert found["eval_right"] == found["eval_share"] == found["eval_accuracy"]
    assert found["eval_rows"] == 100


@pytest.mark.parametrize(("function", "said"), [("broken", "division by zero"), ("word", "it gave 'good'")])
def test_a_function_that_fails_is_left_out_and_said(
    mrpc: Make, new_folder: Any, own: Path, function: str, said: str
) -> None:
    names = ["accuracy", f"{own}:{function}"]
    config = mrpc({"metrics": names}, max_steps=4, eval_strategy="steps", eval_steps=2)
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    told = RunReader(folder.path).read_all()
    assert [sorted(metrics) for metrics in _scored(told)] == [["eval_accuracy", "eval_loss"]] * 2
    (notice,) = [event for event in told if isinstance(event, events.Notice) and event.level == "error"]
    assert f"the metric {own}:{function} failed and is left out" in notice.message
    assert "Traceback" in (log := folder.output.read_text())
    assert said in log


@pytest.mark.parametrize("which", ["trainer", "loop"])
def test_a_run_whose_best_is_measured_by_what_failed_ends_with_that_said(
    which: str, mrpc: Make, new_folder: Any, own: Path
) -> None:
    """It says so at its end, with the model saved: a function may fail at one evaluation and not at the next."""
    config = mrpc(
        {"engine": which, "metrics": ["accuracy", f"{own}:broken"]}, max_steps=4, eval_strategy="steps", eval_steps=2,
        save_strategy="steps", save_steps=2, load_best_model_at_end=True, metric_for_best_model="broken",
    )  # fmt: skip
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    told = RunReader(folder.path).read_all()
    assert isinstance(outcome, events.RunFailed)
    assert outcome.title == "broken, which says what the best model is, was not computed at any evaluation"
    assert outcome.detail == "training.metric_for_best_model; computed were loss, accuracy"
    assert outcome.key == "training.metric_for_best_model"
    assert [event.step for event in told if isinstance(event, events.Evaluated)] == [2, 4]
    assert (folder.model / "model.safetensors").is_file()
    assert any("failed and is left out" in event.message for event in told if isinstance(event, events.Notice))


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Leaves a figure out of some evaluations, counted from 1, as where it is 0/0."""

    def leave_out(figure: str, *evaluations: int) -> None:
        computed = Collected.result
        count = 0

        def result(self: Collected) -> dict[str, float]:
            nonlocal count
            count += 1
            found = computed(self)
            return {name: found[name] for name in found if name != figure or count not in evaluations}

        monkeypatch.setattr(Collected, "result", result)

    return leave_out


def _warnings(told: list[Any]) -> list[str]:
    return [event.message for event in told if isinstance(event, events.Notice) and "the best" in event.message]


@pytest.mark.parametrize("which", ["trainer", "loop"])
def test_an_evaluation_that_lacks_the_figure_is_not_the_best(
    which: str, mrpc: Make, new_folder: Any, lacking: Any
) -> None:
    """Before there is a best one it is not counted by early stopping, afterwards it is one that was no better."""
    lacking("precision", 1, 2, 4, 5)
    config = mrpc(
        {"engine": which, "metrics": ["accuracy", "precision"], "early_stopping": {"patience": 2}},
        max_steps=8, eval_strategy="steps", eval_steps=1, metric_for_best_model="precision",
    )  # fmt: skip
    outcome, told = _run(config, new_folder)
    assert isinstance(outcome, events.RunFinished), outcome
    assert (outcome.reason, outcome.step) == ("early_stopped", 5)
    *in_training, of_the_best = _scored(told)
    assert [("eval_precision" in metrics) for metrics in in_training] == [False, False, True, False, False]
    assert of_the_best == pytest.approx(in_training[2])
    assert _warnings(told) == [
        "precision, which says what the best model is, was not computed at step 1: "
        "an evaluation without it is not the best"
    ]


@pytest.mark.parametrize("which", ["trainer", "loop"])
def test_where_no_evaluation_has_the_figure_the_last_model_is_kept(
    which: str, mrpc: Make, new_folder: Any, lacking: Any
) -> None:
    lacking("precision", 1, 2)
    config = mrpc(
        {"engine": which, "metrics": ["precision"]}, max_steps=2, eval_strategy="steps", eval_steps=1,
        load_best_model_at_end=True, save_steps=1, metric_for_best_model="precision",
    )  # fmt: skip
    outcome, told = _run(config, new_folder)
    assert isinstance(outcome, events.RunFinished), outcome
    assert outcome.reason == "completed"
    assert _warnings(told)[1:] == ["no evaluation had precision: the best model is not known, and the last one is kept"]


def test_a_schedule_that_follows_a_figure_stays_where_an_evaluation_lacks_it(
    mrpc: Make, new_folder: Any, lacking: Any
) -> None:
    lacking("precision", 1, 2)
    config = mrpc(
        {"metrics": ["precision"]}, max_steps=3, eval_strategy="steps", eval_steps=1, metric_for_best_model="precision",
        lr_scheduler_type="reduce_lr_on_plateau", lr_scheduler_kwargs={"patience": 0, "threshold": 10.0},
    )  # fmt: skip
    outcome, told = _run(config, new_folder)
    assert isinstance(outcome, events.RunFinished), outcome
    rates = [event.metrics["learning_rate"] for event in told if isinstance(event, events.StepLogged)]
    assert rates == [2e-4] * 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bleu", "the metric bleu does not fit this task"),
        ("seqeval", "the metric seqeval does not fit this task"),
        ("pearson", "the metric pearson does not fit this task"),
        ("{own}:one", "one does not take"),
        ("{own}:none", "there is no function `none`"),
        ("nowhere.py:f", "there is no code at .*nowhere.py"),
    ],
)
def test_what_does_not_fit_is_refused_before_weights_are_loaded(mrpc: Make, own: Path, name: str, said: str) -> None:
    config = mrpc({"metrics": [name.format(own=own)]}, eval_strategy="epoch")
    with pytest.raises(FinetuiError, match=said) as caught:
        prepare.check(config)
    assert caught.value.key == "metrics"
    if ":" not in name:
        assert "accuracy, f1" in caught.value.hint
        assert "bleu" not in caught.value.hint


def test_code_that_nobody_allowed_does_not_run(
    mrpc: Make, own: Path, new_folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(user_code.ALLOW)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    ran = tmp_path / "ran"
    own.write_text(f"open({str(ran)!r}, 'w')\ndef f(predictions, references): return 0.5\n")
    config = mrpc({"metrics": [f"{own}:f"]}, max_steps=1, eval_strategy="steps")
    with pytest.raises(FinetuiError, match="never allowed to run"):
        prepare.check(config)
    folder = new_folder(config)  # a run's own config allows nothing
    written = config_file.load(folder.path / "config.yaml").config
    (folder.path / "events.jsonl").touch()
    user_code.allow_named(written, folder.path / "config.yaml")
    with pytest.raises(FinetuiError, match="never allowed to run"):
        prepare.check(written)
    assert not ran.exists()
    user_code.allow_named(config, tmp_path / "mine.yaml")
    assert "f" in [name.rpartition(":")[2] for name in prepare.check(written).metric_names]
    assert ran.exists()
    own.write_text(own.read_text() + "# other code\n")
    with pytest.raises(FinetuiError, match="never allowed to run"):
        prepare.check(config)


def test_code_in_a_run_folder_is_never_run(mrpc: Make, new_folder: Any) -> None:
    config = mrpc({}, eval_strategy="epoch")
    folder = new_folder(config)
    (folder.path / "events.jsonl").touch()
    (folder.path / "own.py").write_text("def f(a, b): return 1.0\n")
    with pytest.raises(FinetuiError, match="code in a run folder is not run"):
        prepare.check(config.model_copy(update={"metrics": [f"{folder.path / 'own.py'}:f"]}))
