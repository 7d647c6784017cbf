"""Batches that are accumulated add up to one big batch, whatever the model makes of `num_items_in_batch`."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import config_file, events
from core.config import RunConfig
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.training import accumulation, engine

LOSS = """
import torch

def mean(outputs, labels, num_items_in_batch=None):
    return torch.nn.functional.cross_entropy(outputs.logits, labels)

def counted(outputs, labels, num_items_in_batch=None):
    loss = torch.nn.functional.cross_entropy(outputs.logits, labels, reduction="sum")
    return loss / (len(labels) if num_items_in_batch is None else num_items_in_batch)
"""


@pytest.fixture(scope="module")
def without_dropout(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """bert-tiny with dropout off: what differs between one batch and several is then their sum alone."""
    folder = tmp_path_factory.mktemp("model") / "bert"
    shutil.copytree(shared / "models/bert-tiny-uncased", folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture
def rows(shared: Path, tmp_path: Path, without_dropout: Path) -> Callable[..., RunConfig]:
    """Two SGD steps on 28 rows, the second of them smaller: Adam would hide a factor."""

    def make(task: str, sections: dict[str, Any], accumulate: int) -> RunConfig:
        source = {"token-classification": "wnut17"}.get(task, "mrpc")
        batch = 16 // accumulate
        return config_file.validate(
            {
                "task": task,
                "model": {"id": str(without_dropout), "dtype": "float32"},
                "data": {
                    "files": {"train": str(shared / f"data/{source}/train.jsonl")},
                    "limit": {"train": 28},
                    "max_length": 64,
                },
                "training": {
                    "per_device_train_batch_size": batch,
                    "gradient_accumulation_steps": accumulate,
                    "num_train_epochs": 1,
                    "optim": "sgd",
                    "learning_rate": 0.1,
                    "max_grad_norm": 0,
                    "logging_steps": 1,
                    "save_strategy": "no",
                },
                **sections,
            }
        )

    return make


def steps(config: RunConfig, folder: RunFolder) -> tuple[list[tuple[float, float]], list[str]]:
    """Loss and norm of the gradients of each step; the notices."""
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    said = list(RunReader(folder.path).read_all())
    logged = [event.metrics for event in said if isinstance(event, events.StepLogged)]
    notices = [event.message for event in said if isinstance(event, events.Notice)]
    return [(each["loss"], each["grad_norm"]) for each in logged], notices


CASES: dict[str, tuple[str, dict[str, Any], bool]] = {
    "a mean per batch": ("sequence-classification", {}, True),
    "a mean per batch, over words": ("token-classification", {}, True),
    "class weights": ("sequence-classification", {"class_weights": [5.0, 1.0]}, False),
    "a loss of one's own, a mean": ("sequence-classification", {"loss": "LOSS:mean"}, True),
    "a loss of one's own that divides by the count": ("sequence-classification", {"loss": "LOSS:counted"}, False),
}
"""What -> task, sections of the config, whether a batch counts by its share of the labels."""


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_several_batches_are_one_big_batch(
    case: tuple[str, dict[str, Any], bool], rows: Any, new_folder: Any, tmp_path: Path
) -> None:
    task, sections, takes_shares = case
    if "loss" in sections:
        file = tmp_path / "losses_here.py"
        file.write_text(LOSS)
        sections = {"loss": sections["loss"].replace("LOSS", str(file))}
    one = rows(task, sections, 1)
    expected, _ = steps(one, new_folder(one))
    assert len(expected) == 2
    for which in ("trainer", "loop"):
        four = rows(task, {**sections, "engine": which}, 4)
        found, notices = steps(four, new_folder(four))
        for (loss, norm), (big_loss, big_norm) in zip(found, expected, strict=True):
            assert loss == pytest.approx(big_loss, abs=1e-5), which
            assert norm == pytest.approx(big_norm, rel=1e-4), which
        assert (accumulation.NOTICE in notices) == takes_shares


@pytest.mark.parametrize("which", ["trainer", "loop"])
def test_a_batch_without_a_label_has_no_part_in_the_step(
    which: str, rows: Any, new_folder: Any, tmp_path: Path
) -> None:
    plain = rows("token-classification", {"engine": which}, 4)
    with Path(plain.data.files["train"]).open() as lines:
        known = [json.loads(line) for line in itertools.islice(lines, 24)]
    empty = {**known[0], "tokens": [], "ner_tags": []}
    (tmp_path / "gaps.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [empty] * 4 + known))

    def gaps(accumulate: int) -> RunConfig:
        data = config_file.to_data(rows("token-classification", {"engine": which}, accumulate))
        data["data"] |= {"files": {"train": str(tmp_path / "gaps.jsonl")}}
        data["training"] |= {"train_sampling_strategy": "sequential"}
        return config_file.validate(data)

    one, four = gaps(1), gaps(4)
    expected, _ = steps(one, new_folder(one))
    found, notices = steps(four, new_folder(four))
    assert accumulation.NOTICE in notices
    assert [loss for loss, _ in found] == pytest.approx([loss for loss, _ in expected], abs=1e-5)
    assert [norm for _, norm in found] == pytest.approx([norm for _, norm in expected], rel=1e-4)
