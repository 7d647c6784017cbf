"""The runs of examples/pathologies, each made ill on purpose: the run itself names its illness while it trains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core import config_file, events
from core.runs.reader import RunReader
from core.training import engine

EXAMPLES = Path(__file__).resolve().parents[2] / "examples/pathologies"


def said_by(example: str, shared: Path, new_folder: Any) -> list[str]:
    """The kinds of all advice, with local files in the place of the Hub and a short evaluation."""
    files = {split: str(shared / f"data/mrpc/{split}.jsonl") for split in ("train", "validation")}
    stand_ins = [
        f"model.id={shared / 'models/bert-tiny-uncased'}",
        "model.dtype=float32",
        "data.id=null",
        "data.subset=null",
        f"data.files={json.dumps(files)}",
        "data.limit.validation=200",
        "training.use_cpu=true",
    ]
    config = config_file.load(EXAMPLES / f"{example}.yaml", stand_ins).config
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    return [event.kind for event in RunReader(folder.path).read_all() if isinstance(event, events.Advice)]


def test_a_rate_a_hundred_times_too_high(shared: Path, new_folder: Any) -> None:
    said = said_by("rate-times-100", shared, new_folder)
    assert "rate_too_high" in said
    assert not {"rate_too_low", "overfitting", "converged"} & set(said)


def test_few_examples_many_times_over(shared: Path, new_folder: Any) -> None:
    said = said_by("few-examples", shared, new_folder)
    assert "overfitting" in said
    assert not {"rate_too_low", "rate_too_high", "underfitting"} & set(said)


def test_a_rate_a_thousand_times_too_low(shared: Path, new_folder: Any) -> None:
    said = said_by("rate-divided-by-1000", shared, new_folder)
    assert "rate_too_low" in said
    assert not {"rate_too_high", "overfitting", "underfitting", "learning", "converged"} & set(said)


@pytest.mark.parametrize("example", sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
def test_an_example_is_a_config_as_a_person_has_it(example: str) -> None:
    config = config_file.load(EXAMPLES / f"{example}.yaml").config
    assert (config.model.id, config.data.id, config.data.subset) == ("prajjwal1/bert-tiny", "glue", "mrpc")
