"""Whole runs through the engine: every phase said, every file in place, every failure in three lines."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from core import config_file, events, inference
from core.runs import layout
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.runs.state import RunState
from core.training import engine


def read(folder: RunFolder) -> RunState:
    state = RunState()
    for event in RunReader(folder.path).read_all():
        state.apply(event)
    return state


@pytest.fixture
def letters(tmp_path: Path) -> dict[str, str]:
    """Prompts and their completions as files: a letter is answered by the next one."""
    rows = [{"prompt": f"After {a} comes", "completion": f" {b}."} for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    for split in ("train", "validation"):
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {split: str(tmp_path / f"{split}.jsonl") for split in ("train", "validation")}


def test_a_classifier_from_start_to_prediction(mrpc: Any, new_folder: Any) -> None:
    config = mrpc(num_train_epochs=1, eval_strategy="epoch", save_strategy="epoch")
    folder = new_folder(config)

    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished), outcome
    assert outcome.reason == "completed"
    assert set(outcome.metrics) == {"eval_loss", "eval_accuracy", "eval_f1"}
    told = RunReader(folder.path).read_all()
    phases = [event.phase for event in told if isinstance(event, events.PhaseChanged)]
    training = ["sampling", "training", "evaluating", "sampling", "saving"]
    assert phases == ["checking", "tokenizing", "tokenizing", "loading", *training]
    assert told[-1] == outcome
    assert any(isinstance(event, events.HardwareRead) for event in told)
    notices = [event.message for event in told if isinstance(event, events.Notice)]
    assert "new weights, trained from scratch: classifier.bias, classifier.weight" in notices
    assert not any("\x1b" in notice or "LOAD REPORT" in notice for notice in notices)
    state = read(folder)
    assert list(state.series["loss"].steps) == list(range(1, 20))
    assert state.training is not None
    assert (state.training.done, state.training.total) == (19, 19)
    resolved = config_file.load(folder.path / layout.CONFIG).config
    assert resolved.data.columns == {"text": "sentence1", "text_pair": "sentence2", "label": "label"}
    assert resolved.data.eval_split == "validation"
    assert resolved.provenance is not None
    assert resolved.provenance.precision == "float32 weights"
    assert [path.name for path in folder.checkpoints.iterdir()] == ["checkpoint-19"]
    assert not list(folder.path.glob(".rows-*"))

    predictor = inference.load(folder.path)
    assert predictor.fields == ("first text", "second text")
    scores = predictor.predict("It rose by 5 percent.", "Shares gained 5 percent.").labels
    assert {score.label for score in scores} == {"0", "1"}
    assert sum(score.probability for score in scores) == pytest.approx(1)
    assert scores[0].probability >= scores[1].probability


def test_the_resolved_config_repeats_the_run(mrpc: Any, new_folder: Any) -> None:
    config = mrpc(max_steps=4, seed=3)
    first = new_folder(config)
    engine.run(config, first)
    again = config_file.load(first.path / layout.CONFIG).config
    second = new_folder(again)
    engine.run(again, second)
    assert read(first).series["loss"].values == read(second).series["loss"].values


def test_lora_trains_only_the_adapter_and_loads_with_its_labels(mrpc: Any, new_folder: Any) -> None:
    config = mrpc({"method": {"kind": "lora", "r": 4}}, max_steps=3)
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    notices = [text for _, _, text in read(folder).log]
    assert any("parameters trained (0." in text for text in notices), notices
    assert (folder.model / "adapter_model.safetensors").is_file()
    assert not (folder.model / "model.safetensors").exists()
    assert len(inference.load(folder.path).predict("a", "b").labels) == 2


def test_regression_where_the_label_is_a_float(shared: Path, tmp_path: Path, mrpc: Any, new_folder: Any) -> None:
    rows = [{"text": f"{'good ' * n}day", "score": n / 4} for n in range(8)] * 4
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = mrpc(
        {"data": {"files": {"train": str(tmp_path / "rows.jsonl")}, "eval_fraction": 0.25}},
        num_train_epochs=3,
        learning_rate=1e-3,
    )
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    assert {"eval_mse", "eval_loss"} <= set(outcome.metrics)
    assert outcome.metrics["eval_mse"] == pytest.approx(outcome.metrics["eval_loss"], rel=1e-5)
    (score,) = inference.load(folder.path).predict("good good day").labels
    assert score.label == "value"


def test_a_causal_lm_learns_completions_and_says_them(shared: Path, letters: dict[str, str], new_folder: Any) -> None:
    config = config_file.validate(
        {
            "name": "letters",
            "task": "causal-lm",
            "model": {"id": str(shared / "models/stories260K")},
            "data": {"files": letters},
            "training": {"num_train_epochs": 80, "learning_rate": 3e-3, "logging_steps": 10},
        }
    )
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    assert outcome.metrics["eval_exact_match"] == 1.0
    predictor = inference.load(folder.path)
    # Exact match is computed without generating; here the model generates, and stops by itself.
    for a, b in zip("abcdefgh", "bcdefghi", strict=True):
        assert "".join(predictor.stream(f"After {a} comes", max_new_tokens=20)).strip() == f"{b}."


def test_perplexity_of_text_is_that_of_the_eval_loss(shared: Path, tmp_path: Path, new_folder: Any) -> None:
    import math

    (tmp_path / "train.txt").write_text("Once upon a time there was a dog.\n" * 20)
    config = config_file.validate(
        {
            "task": "causal-lm",
            "model": {"id": str(shared / "models/stories260K")},
            "data": {"files": {"train": str(tmp_path / "train.txt")}, "eval_fraction": 0.5},
            "training": {"max_steps": 2},
        }
    )
    outcome = engine.run(config, new_folder(config))
    assert isinstance(outcome, events.RunFinished), outcome
    assert outcome.metrics["eval_perplexity"] == pytest.approx(math.exp(outcome.metrics["eval_loss"]))


def test_early_stopping_ends_with_the_best_model(mrpc: Any, new_folder: Any) -> None:
    sections = {"early_stopping": {"patience": 2}}
    config = mrpc(sections, num_train_epochs=20, learning_rate=5e-3, eval_strategy="steps", eval_steps=5)
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    assert outcome.reason == "early_stopped"
    losses = read(folder).series["eval_loss"].values
    assert outcome.metrics["eval_loss"] == pytest.approx(min(losses), abs=1e-6)
    assert losses[-1] == pytest.approx(min(losses), abs=1e-6)
    assert read(folder).series["eval_loss"].steps[-1] == 5 * (losses[:-1].index(min(losses[:-1])) + 1)
    resolved = config_file.load(folder.path / layout.CONFIG).config
    assert resolved.training.load_best_model_at_end
    assert resolved.training.save_strategy == "steps"


@pytest.mark.parametrize(("stop", "which"), [(True, "trainer"), (False, "trainer"), (True, "loop")])
def test_a_nan_is_said_at_once_and_stops_the_run_if_told(stop: bool, which: str, mrpc: Any, new_folder: Any) -> None:
    config = mrpc({"stop_on_nan": stop, "engine": which}, max_steps=6, learning_rate=1e30, max_grad_norm=0)
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    state = read(folder)
    assert [*state.advice] == ["nan"]
    assert isinstance(outcome, events.RunFinished), outcome
    assert (outcome.reason == "stopped") is stop
    last = state.series["loss"].steps[-1]
    assert last == state.advice["nan"].step if stop else last == 6


@pytest.mark.parametrize("which", ["trainer", "loop"])
def test_a_step_without_a_loss_says_nothing_of_the_next(
    which: str, letters: dict[str, str], shared: Path, new_folder: Any
) -> None:
    rows = [{"prompt": "After a comes", "completion": " b."}, {"prompt": "long " * 40, "completion": " cut off"}]
    Path(letters["train"]).write_text("".join(json.dumps(row) + "\n" for row in (rows[0], rows[1], rows[0], rows[0])))
    config = config_file.validate(
        {
            "task": "causal-lm",
            "engine": which,
            "model": {"id": str(shared / "models/stories260K"), "dtype": "float32"},
            "data": {"files": {"train": letters["train"]}, "max_length": 24},
            "training": {
                "num_train_epochs": 1,
                "per_device_train_batch_size": 1,
                "train_sampling_strategy": "sequential",
                "logging_steps": 1,
            },
            "samples": {"rows": 0},
        }
    )
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    found = read(folder).series["loss"].values
    assert [math.isfinite(loss) for loss in found] == [True, False, True, True]
    assert found[3] < found[0]


def test_baselines_stand_beside_the_runs_own_figures(mrpc: Any, new_folder: Any) -> None:
    config = mrpc({"baselines": True}, max_steps=1)
    folder = new_folder(config)
    engine.run(config, folder)
    baselines = read(folder).baselines
    assert set(baselines) == {"majority class", "TF-IDF + logistic regression"}
    assert 0.5 < baselines["majority class"]["eval_accuracy"] < 1


def test_a_model_built_from_its_config(letters: dict[str, str], shared: Path, new_folder: Any) -> None:
    config = config_file.validate(
        {
            "task": "causal-lm",
            "model": {
                "from_config": {"model_type": "llama", "hidden_size": 16, "intermediate_size": 16,
                                "num_hidden_layers": 1, "num_attention_heads": 2},
                "tokenizer": str(shared / "models/stories260K"),
            },
            "data": {"files": letters},
            "training": {"max_steps": 2},
        }
    )  # fmt: skip
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    assert json.loads((folder.model / "config.json").read_text())["vocab_size"] == 512
    assert "".join(inference.load(folder.path).stream("After a", max_new_tokens=3)) is not None
