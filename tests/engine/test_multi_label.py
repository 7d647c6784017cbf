"""Several labels a text, and a number a text: real runs, on what stands in real posts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core import events, inference
from core.runs.reader import RunReader
from core.training import engine

MARKS = {"link": "http", "mention": "@", "question": "?", "tag": "#"}


def posts(shared: Path, count: int) -> list[dict[str, Any]]:
    """Posts of WNUT-17 with what they contain, and how long they are."""
    with (shared / "data/wnut17/train.jsonl").open() as file:
        tokens = [json.loads(line)["tokens"] for _, line in zip(range(count), file, strict=False)]
    return [
        {
            "text": " ".join(words),
            "contains": [name for name, mark in MARKS.items() if any(word.startswith(mark) for word in words)],
            "length": min(len(words), 40) / 10,
        }
        for words in tokens
    ]


@pytest.fixture(scope="module")
def files(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("posts")
    found, all_rows = {}, posts(shared, 750)
    for split, rows in (("train", all_rows[:600]), ("validation", all_rows[600:])):
        path = folder / f"{split}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        found[split] = str(path)
    return found


TRAINING = {"per_device_train_batch_size": 16, "per_device_eval_batch_size": 50, "learning_rate": 1e-3, "seed": 1}


def test_a_run_learns_what_posts_contain(files: dict[str, str], mrpc: Any, new_folder: Any) -> None:
    data = {"files": files, "columns": {"label": "contains"}, "max_length": 48}
    config = mrpc({"data": data}, **TRAINING, num_train_epochs=3, eval_strategy="epoch")
    folder = new_folder(config)
    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished), outcome
    said = RunReader(folder.path).read_all()
    f1 = [event.metrics["eval_f1_micro"] for event in said if isinstance(event, events.Evaluated)]
    assert f1[-1] > 0.7, f1
    assert outcome.metrics.keys() >= {"eval_f1_micro", "eval_f1_macro", "eval_accuracy"}
    samples = [event.samples for event in said if isinstance(event, events.Sampled)][-1]
    assert samples
    for sample in samples:
        assert sample["correct"] == (sample["answer"] == sample["expected"])
        assert set(sample["expected"].split(", ")) <= {*MARKS, "no label"}
    predictor = inference.load(folder.path)
    found = {score.label: score.probability for score in predictor.predict("@anna did you see http://x.com ?").labels}
    assert min(found["link"], found["mention"]) > found["tag"]
    assert found["link"] > 0.5
    assert sum(found.values()) != pytest.approx(1.0, abs=0.2), "each label has a probability of its own"


def test_a_run_learns_how_long_posts_are(files: dict[str, str], mrpc: Any, new_folder: Any) -> None:
    data = {"files": files, "columns": {"label": "length"}, "max_length": 48}
    config = mrpc({"data": data}, **TRAINING, num_train_epochs=3, eval_strategy="epoch")
    folder = new_folder(config)
    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished), outcome
    assert outcome.metrics["eval_pearson"] > 0.8
    assert outcome.metrics["eval_mse"] == pytest.approx(outcome.metrics["eval_loss"], rel=1e-5)
    (short,), (long,) = (
        inference.load(folder.path).predict(text).labels for text in ("yes !", "a b c d e f g h i " * 4)
    )
    assert short.probability < long.probability
