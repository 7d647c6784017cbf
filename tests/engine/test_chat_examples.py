"""The examples of conversations, preferences and packed texts, for two steps on local stand-ins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core import config_file, events
from core.training import engine

pytest.importorskip("trl", reason="the extra `chat` is not installed")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SMALL = ["training.max_steps=2", "training.per_device_train_batch_size=2", "samples.max_new_tokens=4", "samples.rows=1"]
CHAT = ["model.id={shared}/models/stories260K", "model.chat_template=plain", "data.max_length=128"]
STAND_INS = {
    "chat": [*CHAT, "data.id={shared}/data/llama_factory_demo/alpaca_en_demo.json", "data.limit.train=12"],
    "preference": [
        *CHAT,
        "data.id={shared}/data/llama_factory_demo/dpo_en_demo.json",
        "data.limit.train=12",
    ],
    "packed-text": [
        "model.id={shared}/models/stories260K",
        "data.id={texts}",
    ],
}
"""Example -> what is put in the place of what has to be fetched."""


@pytest.mark.parametrize("name", STAND_INS)
def test_an_example_runs(name: str, shared: Path, tmp_path: Path, new_folder: Any) -> None:
    lines = (shared / "data/tinyshakespeare/input.txt").read_text().splitlines()
    (tmp_path / "texts").mkdir()
    for split, part in (("train", lines[:40]), ("validation", lines[40:60])):
        (tmp_path / f"texts/{split}.txt").write_text("\n".join(part))
    overrides = [*SMALL, *(text.format(shared=shared, texts=tmp_path / "texts") for text in STAND_INS[name])]
    config = config_file.load(EXAMPLES / f"{name}.yaml", overrides).config
    outcome = engine.run(config, new_folder(config))
    assert isinstance(outcome, events.RunFinished), outcome
    assert "eval_loss" in outcome.metrics
