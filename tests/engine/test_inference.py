"""Models in use that no run of ours vouches for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.config import DataConfig, ModelConfig, RunConfig
from core.inference import Source, load, loading


def test_a_text_longer_than_the_models_positions_is_cut(shared: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    base = shared / "models" / "bert-tiny-uncased"
    AutoModelForSequenceClassification.from_pretrained(base).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(base).save_pretrained(tmp_path)
    scores = load(tmp_path).predict("word " * 2000).labels
    assert sum(score.probability for score in scores) == pytest.approx(1)


def test_an_adapter_goes_on_the_revision_that_it_was_trained_on(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "owner/base"}))
    trained = ModelConfig(id="owner/base", revision="v2")
    config = RunConfig(model=trained, data=DataConfig(id="d"))
    source = Source(str(tmp_path), "sequence-classification", "run", config)
    assert loading._base_of(source, trust=False) == trained
