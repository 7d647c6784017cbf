"""Whole runs of the tasks that find spans: entities in words, answers in contexts."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from core import config_file, events, inference
from core.config import RunConfig
from core.errors import FinetuiError
from core.runs import layout
from core.runs.reader import RunReader
from core.training import engine, preflight

CITIES = ("Toulouse", "Nairobi", "Lima", "Oslo")
PEOPLE = ("Ada", "Alan", "Grace", "Kurt")


def _config(
    shared: Path, rows: list[dict[str, Any]], place: Path, sections: dict[str, Any], **training: Any
) -> RunConfig:
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return config_file.validate(
        {
            "model": {"id": str(shared / "models/bert-tiny-uncased"), "dtype": "float32"},
            **sections,
            "data": {"files": {split: str(place) for split in ("train", "validation")}, **sections["data"]},
            "training": {
                "per_device_train_batch_size": 8,
                "learning_rate": 2e-3,
                "eval_strategy": "steps",
                "save_strategy": "steps",
                "save_total_limit": 1,
                "load_best_model_at_end": True,
                "metric_for_best_model": "f1",
                **training,
            },
        }
    )


def _told(folder: Any) -> list[Any]:
    return RunReader(folder.path).read_all()


def test_entities_are_learned_and_found(shared: Path, tmp_path: Path, new_folder: Any) -> None:
    rows = [
        {"tokens": [person, "Smith", "lives", "in", city, "."], "tags": ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]}
        for person in PEOPLE
        for city in CITIES
    ]
    sections = {"name": "ner", "task": "token-classification", "data": {}, "early_stopping": {"patience": 3}}
    config = _config(shared, rows, tmp_path / "rows.jsonl", sections, max_steps=100, eval_steps=10, save_steps=10)
    folder = new_folder(config)

    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished), outcome
    assert outcome.reason == "early_stopped"
    assert outcome.metrics["eval_f1"] == outcome.metrics["eval_precision"] == outcome.metrics["eval_recall"] == 1.0
    assert outcome.metrics["eval_accuracy"] == 1.0
    (*_, sampled) = [event for event in _told(folder) if isinstance(event, events.Sampled)]
    assert sampled.samples[0]["answer"] == "Ada Smith (PER), Toulouse (LOC)"
    assert all(sample["correct"] for sample in sampled.samples)
    predictor = inference.load(folder.path)
    assert (predictor.fields, predictor.writes) == (("text",), False)
    text = "Ada Smith lives in Oslo."
    found = predictor.predict(text)
    assert [(entity.text, entity.label) for entity in found.entities or ()] == [("Ada Smith", "PER"), ("Oslo", "LOC")]
    assert [word.text for word in found.words or ()] == ["Ada", "Smith", "lives", "in", "Oslo", "."]
    assert all(text[span.start : span.end] == span.text for span in (*found.entities, *found.words))
    assert all(0.5 < span.probability <= 1 for span in found.words)
    long = predictor.predict("Ada " * 600)
    assert long.note == "90 more words lie beyond 512 tokens"
    with pytest.raises(FinetuiError, match="no word in this text"):
        predictor.predict("  ")


def test_answers_are_learned_and_found_in_windows(shared: Path, tmp_path: Path, new_folder: Any) -> None:
    padding = "The town is old and the river is wide. " * 3
    rows = []
    for person in PEOPLE:
        for city in CITIES:
            context = f"{padding}{person} was born in {city}. {padding}"
            answer = {"text": [city], "answer_start": [context.index(city)]}
            rows.append({"question": "Where?", "context": context, "answers": answer})
    rows.insert(3, {"question": "Where?", "context": padding, "answers": {"text": ["Rome"], "answer_start": [0]}})
    sections = {
        "name": "qa",
        "task": "question-answering",
        "data": {"max_length": 48, "stride": 12, "misaligned_answers": "skip"},
    }
    config = _config(shared, rows, tmp_path / "rows.jsonl", sections, max_steps=100, eval_steps=25, save_steps=25)
    report = preflight.check(config)
    assert not report.failed, report
    folder = new_folder(config)

    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished), outcome
    assert outcome.metrics["eval_exact_match"] == outcome.metrics["eval_f1"] == 1.0
    told = _told(folder)
    notices = [event.message for event in told if isinstance(event, events.Notice)]
    assert "1 rows of train are skipped: their answer is not in the context" in notices
    said = r"train: 16 rows became \d+ windows of 48 tokens; 32 hold the answer"
    assert any(re.fullmatch(said, notice) for notice in notices), notices
    (*_, sampled) = [event for event in told if isinstance(event, events.Sampled)]
    assert [sample["correct"] for sample in sampled.samples] == [True] * len(sampled.samples)
    data = config_file.load(folder.path / layout.CONFIG).config.data
    assert data.null_answers is False
    predictor = inference.load(folder.path)
    assert predictor.fields == ("question", "context")
    context = f"{padding}Ada was born in Oslo. {padding}"
    best = (predictor.predict("Where?", context).answers or [])[0]
    assert (best.text, context[best.start : best.end]) == ("Oslo", "Oslo")
    assert 0.1 < best.probability <= 1
    assert best.label == ""


def test_a_tokenizer_that_pads_on_the_left_moves_no_answer(shared: Path, tmp_path: Path, new_folder: Any) -> None:
    left = tmp_path / "left"
    shutil.copytree(shared / "models/bert-tiny-uncased", left)
    named = json.loads((left / "tokenizer_config.json").read_text())
    (left / "tokenizer_config.json").write_text(json.dumps({**named, "padding_side": "left"}))
    lines = (shared / "data/squad_v1_dev/squad_v1_dev.jsonl").read_text().splitlines()[:24]
    rows = [json.loads(line) for line in lines]
    sections = {"task": "question-answering", "data": {"max_length": 192}}
    said, metrics = [], []
    for model in (shared / "models/bert-tiny-uncased", left):
        given = {**sections, "model": {"id": str(model), "dtype": "float32"}}
        config = _config(shared, rows, tmp_path / "rows.jsonl", given, max_steps=4, eval_steps=2, save_steps=2)
        folder = new_folder(config)
        outcome = engine.run(config, folder)
        assert isinstance(outcome, events.RunFinished), outcome
        said.append([event.metrics["loss"] for event in _told(folder) if isinstance(event, events.StepLogged)])
        metrics.append(outcome.metrics)
        question, context = rows[0]["question"], rows[0]["context"]
        metrics[-1]["answer"] = (inference.load(folder.path).predict(question, context).answers or [])[0].probability
    assert said[0] == said[1]
    assert metrics[0] == pytest.approx(metrics[1])
    assert metrics[0]["eval_f1"] > 0


def test_a_misaligned_answer_is_refused_before_anything_is_loaded(
    shared: Path, tmp_path: Path, new_folder: Any
) -> None:
    rows = [{"question": "q", "context": "c", "answers": {"text": ["x"], "answer_start": [0]}}]
    config = _config(shared, rows, tmp_path / "rows.jsonl", {"task": "question-answering", "data": {}})
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFailed)
    assert outcome.exit_code == 2
    assert "1 of 1 rows have an answer that is not in its context" in outcome.title
