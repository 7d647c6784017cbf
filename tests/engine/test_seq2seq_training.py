"""Whole runs of a model with an encoder and a decoder: learned, steered, used, and held against a plain script."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core import commands, config_file, events, inference
from core.config import RunConfig
from core.errors import FinetuiError
from core.inspection.inspector import Inspector
from core.runs import layout
from core.runs.folder import RunFolder, tell
from core.runs.reader import RunReader
from core.training import engine, preflight
from core.training.trainer import Steered

SCRIPT = Path(__file__).parent / "plain_writer.py"
Make = Callable[..., RunConfig]
Folder = Callable[[RunConfig], RunFolder]

SMALL = {
    "model_type": "bart",
    "d_model": 64,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 128,
    "decoder_ffn_dim": 128,
    "max_position_embeddings": 64,
    "dropout": 0.0,
    "decoder_start_token_id": 1,
}


@pytest.fixture
def sounds(shared: Path) -> Make:
    """English words to their sounds; keyword arguments go to `training`, or replace whole sections."""

    def make(sections: dict[str, Any] | None = None, **training: Any) -> RunConfig:
        folder = shared / "data/g2p_en"
        data = {
            "name": "sounds",
            "task": "seq2seq-lm",
            "model": {"id": str(shared / "models/bart-g2p-en-us"), "dtype": "float32"},
            "data": {
                "files": {split: str(folder / f"us_{split}.jsonl") for split in ("train", "validation")},
                "limit": {"train": 200, "validation": 20},
            },
            "training": {"per_device_train_batch_size": 16, "logging_steps": 1, "save_strategy": "no", **training},
        }
        return config_file.validate({**data, **(sections or {})})

    return make


def _said(folder: RunFolder, kind: type[Any]) -> list[Any]:
    return [event for event in RunReader(folder.path).read_all() if isinstance(event, kind)]


def test_losses_and_metrics_equal_those_of_a_plain_script(
    shared: Path, tmp_path: Path, sounds: Make, new_folder: Folder
) -> None:
    """With smoothed labels too: then the model is not given the labels, and must get its decoder's input elsewhere."""
    common = {
        "per_device_train_batch_size": 16,
        "logging_steps": 1,
        "learning_rate": 1e-3,
        "max_steps": 8,
        "eval_strategy": "steps",
        "eval_steps": 4,
        "save_strategy": "no",
        "seed": 7,
    }
    trainings = [common, {**common, "label_smoothing_factor": 0.1}]
    data = shared / "data/g2p_en"
    places = [shared / "models/bart-g2p-en-us", data / "us_train.jsonl", data / "us_validation.jsonl", tmp_path / "p"]
    command = [sys.executable, str(SCRIPT), *map(str, places), json.dumps(trainings)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    for training, expected in zip(trainings, json.loads(printed), strict=True):
        config = sounds(**training)
        folder = new_folder(config)

        outcome = engine.run(config, folder)

        assert isinstance(outcome, events.RunFinished), outcome
        logged = [event.metrics for event in _said(folder, events.StepLogged)]
        for name in ("loss", "grad_norm"):
            plain = [entry[name] for entry in expected["history"] if "loss" in entry]
            assert [metrics[name] for metrics in logged] == plain, name
        for name in ("eval_loss", "eval_exact_match"):
            assert outcome.metrics[name] == expected["final"][name], name
        assert 0.4 < outcome.metrics["eval_exact_match"] < 1


def test_words_are_learned_from_scratch_and_written_in_use(
    shared: Path, tmp_path: Path, sounds: Make, new_folder: Folder
) -> None:
    rows = (shared / "data/g2p_en/us_train.jsonl").read_text(encoding="utf-8").splitlines()[:12]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    tokenizer = str(shared / "models/bart-g2p-en-us")
    sections = {
        "model": {"from_config": SMALL, "tokenizer": tokenizer},
        "data": {"files": {split: str(tmp_path / "rows.jsonl") for split in ("train", "validation")}},
        "samples": {"rows": 2, "texts": ["paper"]},
    }
    config = sounds(sections, max_steps=150, learning_rate=5e-3, eval_strategy="steps", eval_steps=75, logging_steps=50)
    folder = new_folder(config)

    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished), outcome
    assert outcome.metrics["eval_exact_match"] == 1.0
    first, *_, last = _said(folder, events.Sampled)
    assert [sample.get("correct") for sample in first.samples] == [False, False, None]
    assert [sample.get("correct") for sample in last.samples] == [True, True, None]
    resolved = config_file.load(folder.path / layout.CONFIG).config
    assert resolved.metrics == ["exact_match"]
    assert resolved.training.arguments()["generation_max_length"] == 65
    predictor = inference.load(folder.path)
    assert (predictor.writes, predictor.chat, predictor.fields) == (True, False, ("source",))
    word = json.loads(rows[0])
    assert "".join(predictor.stream(word["word"])).strip() == word["phonemes"]
    assert predictor.generated > 2
    halted = threading.Event()
    halted.set()
    assert len("".join(predictor.stream(word["word"], stop=halted))) <= 1


def test_stop_ends_an_evaluation_between_two_tokens(sounds: Make, new_folder: Folder) -> None:
    """One batch holds all rows, and its answers never end: without a look between tokens it would go on for long."""
    config = sounds(
        {"data": {**sounds().data.model_dump(exclude_unset=True), "limit": {"train": 32, "validation": 500}}},
        per_device_eval_batch_size=500,
        max_steps=2000,
        eval_strategy="steps",
        eval_steps=1,
        generation_max_length=64,
        generation_num_beams=8,
    )
    folder = new_folder(config)
    tokens = []

    def stop_once_it_writes(self: Steered, *asked: Any, **more: Any) -> bool:
        tokens.append(time.monotonic())
        if len(tokens) == 3:
            tell(folder.path, commands.Stop())
        return told(self, *asked, **more)

    told = Steered.is_told_to_stop
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Steered, "is_told_to_stop", stop_once_it_writes)
        outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished)
    assert (outcome.reason, outcome.metrics) == ("stopped", {})
    assert len(tokens) == 3  # none was written after it
    assert not _said(folder, events.Evaluated)


def test_the_inspector_shows_what_the_decoder_gets(
    sounds: Make, new_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = sounds(max_steps=2)
    config = config.model_copy(
        update={"data": config.data.model_copy(update={"prefix": "say ", "max_target_length": 6})}
    )
    inspector = Inspector(config)
    views = [inspector.batches("train").read(number) for number in range(2)]
    (row,) = inspector.row("train", 0)
    assert row.loss.parts[:6] == ["prefix"] * 5 + ["source"]  # <s> and four characters
    assert len(row.loss.target) == 6
    assert row.truncated_target > 0
    assert row.stops is True  # the tokenizer keeps the end of what it cuts
    seen: list[dict[str, Any]] = []
    step = Steered.training_step

    def remember(self: Steered, model: Any, inputs: Any, *more: Any, **options: Any) -> Any:
        seen.append({name: tensor.clone() for name, tensor in inputs.items()})
        return step(self, model, inputs, *more, **options)

    monkeypatch.setattr(Steered, "training_step", remember)
    folder = new_folder(config)
    assert isinstance(engine.run(config, folder), events.RunFinished)
    for view, batch in zip(views, seen, strict=True):
        shown = {tensor.name: torch.tensor(tensor.values) for tensor in view.tensors}
        assert set(shown) == set(batch) == {"input_ids", "attention_mask", "labels", "decoder_input_ids"}
        assert all(torch.equal(shown[name], batch[name]) for name in batch)
    assert any("targets are cut at 6 tokens" in notice.message for notice in _said(folder, events.Notice))


@pytest.mark.parametrize("kind", ["prefix-tuning", "prompt-tuning"])
def test_an_adapter_writes_translations_of_a_nested_column(
    kind: str, shared: Path, tmp_path: Path, new_folder: Folder
) -> None:
    """The Hub's shape of a translation, a tokenizer that ends no text, virtual tokens, metrics of what is written."""
    source = (shared / "data/multi30k_en_de/val.jsonl").read_text(encoding="utf-8").splitlines()[:24]
    rows = "".join(json.dumps({"translation": json.loads(line)}) + "\n" for line in source)
    (tmp_path / "rows.jsonl").write_text(rows, encoding="utf-8")
    tokenizer = shared / "models/stories260K"
    base = {"from_config": {**SMALL, "max_position_embeddings": 200}, "tokenizer": str(tokenizer)}
    data = {"files": {split: str(tmp_path / "rows.jsonl") for split in ("train", "validation")}, "max_length": 64}
    common = {"task": "seq2seq-lm", "data": data, "samples": {"rows": 1}}
    training = {"max_steps": 4, "learning_rate": 1e-2, "eval_strategy": "steps", "eval_steps": 4, "save_strategy": "no"}
    config = config_file.validate({**common, "model": base, "training": training})
    folder = new_folder(config)
    trained = engine.run(config, folder)
    assert isinstance(trained, events.RunFinished), trained
    resolved = config_file.load(folder.path / layout.CONFIG).config
    assert resolved.data.columns == {"source": "translation.en", "target": "translation.de"}

    tuned = config_file.validate(
        {
            **common,
            "model": {"id": str(folder.model)},
            "method": {"kind": kind, "num_virtual_tokens": 3},
            "data": {**data, "columns": {"source": "de", "target": "en"}},
            "training": training,
        }
    )
    report = preflight.check(tuned)
    assert not report.failed, report
    assert not {finding.code for finding in report.findings} & {"eos_untrained", "no_trained_token"}
    second = new_folder(tuned)
    outcome = engine.run(tuned, second)
    assert isinstance(outcome, events.RunFinished), outcome
    assert {"eval_bleu", "eval_chrf"} <= outcome.metrics.keys(), "a translation, by default"
    (sampled, *_) = _said(second, events.Sampled)
    assert "correct" not in sampled.samples[0]  # there are other translations that are as good
    predictor = inference.load(second.path)
    list(predictor.stream("Ein Hund.", max_new_tokens=4))
    assert 1 <= predictor.generated <= 4


def test_a_decoder_without_a_first_token_is_refused_before_weights(shared: Path, new_folder: Folder) -> None:
    config = config_file.validate(
        {
            "task": "seq2seq-lm",
            "model": {
                "from_config": {"model_type": "t5", "d_model": 32, "num_layers": 1, "num_heads": 2, "d_ff": 32},
                "tokenizer": str(shared / "models/stories260K"),
            },
            "data": {"id": str(shared / "data/g2p_en/us_validation.jsonl")},
        }
    )
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFailed)
    assert outcome.exit_code == 2
    assert "t5 from config does not say what its decoder begins with" in outcome.title
    assert "decoder_start_token_id" in outcome.hint
    assert "loading" not in [event.phase for event in _said(folder, events.PhaseChanged)]
    with pytest.raises(FinetuiError, match="decoder"):
        preflight.check(config)
