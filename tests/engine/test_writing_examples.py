"""The examples of sequence to sequence and of masked tokens, for two steps on local stand-ins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core import config_file, events
from core.training import engine

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SMALL = [
    "training.max_steps=2",
    "training.per_device_train_batch_size=4",
    "training.per_device_eval_batch_size=4",
    "samples.rows=1",
    "samples.max_new_tokens=4",
]
WRITER = ["model.id={shared}/models/bart-g2p-en-us", "data.limit.train=8"]
STAND_INS = {
    "g2p": [
        *WRITER,
        "data.files.train={shared}/data/g2p_en/us_train.jsonl",
        "data.files.validation={shared}/data/g2p_en/us_validation.jsonl",
        "data.limit.validation=4",
    ],
    "translation": [
        *WRITER,
        "data.id={shared}/data/multi30k_en_de",
        "data.limit.val=4",
        "metrics=[exact_match]",
        "training.generation_num_beams=2",
    ],
    "masked-text": [
        "model.id={shared}/models/bert-tiny-uncased",
        "data.id={shared}/data/tinyshakespeare/input.txt",
        "data.subset=null",
        "data.limit.train=200",
        "data.eval_fraction=0.2",
        "data.max_length=32",
    ],
}
"""Example -> what is put in the place of what has to be fetched."""


@pytest.mark.parametrize("name", STAND_INS)
def test_an_example_runs(name: str, shared: Path, new_folder: Any) -> None:
    overrides = [*SMALL, *(text.format(shared=shared) for text in STAND_INS[name])]
    config = config_file.load(EXAMPLES / f"{name}.yaml", overrides).config
    outcome = engine.run(config, new_folder(config))
    assert isinstance(outcome, events.RunFinished), outcome
    assert {"eval_loss", *(f"eval_{metric}" for metric in config.metrics or ())} <= outcome.metrics.keys()
