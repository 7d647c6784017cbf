"""A run's model as a folder that loads without finetui: as it is, or merged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from core import config_file, events, inference
from core.errors import FinetuiError
from core.methods import kinds
from core.runs.folder import RunFolder
from core.sharing import folder as sharing
from core.training import engine

INPUTS = {"input_ids": torch.tensor([[5, 6, 7, 8]]), "attention_mask": torch.ones(1, 4, dtype=torch.long)}


@pytest.fixture
def run(mrpc: Any, new_folder: Any) -> Callable[[dict[str, Any]], RunFolder]:
    """A short run on MRPC under a method."""

    def train(method: dict[str, Any]) -> RunFolder:
        config = mrpc({"method": method}, max_steps=4, learning_rate=1e-2, eval_strategy="steps", eval_steps=4)
        folder: RunFolder = new_folder(config)
        outcome = engine.run(config, folder)
        assert isinstance(outcome, events.RunFinished), outcome
        return folder

    return train


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model.eval()(**INPUTS).logits
    return found


@pytest.mark.parametrize("kind", ["lora", "dora", "ia3", "adalora", "oft"])
def test_a_merged_model_answers_like_its_adapter_and_needs_no_peft(kind: str, run: Any, tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    method = {"kind": "lora", "use_dora": True} if kind == "dora" else {"kind": kind}
    trained = run(method)
    to = sharing.write(trained.path, tmp_path / "shared", merge=True)
    names = {file.name for file in to.iterdir()}
    assert names == {"README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    merged = AutoModelForSequenceClassification.from_pretrained(to)
    assert not any("lora" in name or "base_layer" in name for name, _ in merged.named_parameters())
    assert torch.allclose(logits(merged), logits(inference.load(trained.path)._model), atol=1e-4)
    AutoTokenizer.from_pretrained(to)
    question = ("One sentence.", "Another sentence.")
    said = [inference.load(ref).predict(*question).labels for ref in (trained.path, to)]
    assert said[0] is not None
    assert said[1] is not None
    assert [score.probability for score in said[1]] == pytest.approx([score.probability for score in said[0]], abs=1e-4)


def test_a_model_is_written_as_it_is_with_a_card(run: Any, tmp_path: Path) -> None:
    trained = run({"kind": "lora", "r": 4})
    to = sharing.write(trained.path, tmp_path / "shared")
    names = {file.name for file in to.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "README.md"} <= names
    assert not names & {"training_args.bin", "optimizer.pt", "trainer_state.json"}
    card = (to / "README.md").read_text()
    head = yaml.safe_load(card.split("---")[1])
    assert (head["library_name"], head["pipeline_tag"]) == ("peft", "text-classification")
    assert head["tags"] == ["finetui", "lora"]
    assert "| accuracy | 0." in card
    assert "PeftModel.from_pretrained(base" in card
    assert "| learning_rate | 0.01 |" in card
    assert str(tmp_path.parent) not in card
    assert "base_model" not in head  # it lies on this machine; a Hub id would stand here

    with pytest.raises(FinetuiError, match="shared is there already"):
        sharing.write(trained.path, to)


def test_a_whole_model_is_copied_and_virtual_tokens_are_not_merged(run: Any, tmp_path: Path) -> None:
    whole = run({"kind": "full"})
    to = sharing.write(whole.path, tmp_path / "whole", merge=True)
    assert torch.equal(logits(inference.load(to)._model), logits(inference.load(whole.path)._model))
    virtual = run({"kind": "prompt-tuning"})
    assert "prompt-tuning" in kinds.PROMPT_LEARNING
    with pytest.raises(FinetuiError, match="prompt-tuning cannot be merged"):
        sharing.write(virtual.path, tmp_path / "virtual", merge=True)
    assert not (tmp_path / "virtual").exists()


def test_a_quantized_base_is_merged_as_it_was_stored(shared: Path, mrpc: Any, new_folder: Any, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="the extra `quantize` is not installed")
    data = config_file.to_data(mrpc({"method": {"kind": "lora"}}, max_steps=2))
    data["model"]["quantization"] = "nf4"
    config = config_file.validate(data)
    folder = new_folder(config)
    assert isinstance(engine.run(config, folder), events.RunFinished)
    to = sharing.write(folder.path, tmp_path / "shared", merge=True)
    merged = inference.load(to)._model
    assert {parameter.dtype for parameter in merged.parameters()} == {torch.float32}
    assert "quantization_config" not in (to / "config.json").read_text()
    # In 4 bits the base was rounded: near, and not the same.
    assert torch.allclose(logits(merged), logits(inference.load(folder.path)._model), atol=0.3)


def test_a_merged_model_of_embeddings_keeps_its_pooling(shared: Path, new_folder: Any, tmp_path: Path) -> None:
    sentences = pytest.importorskip("sentence_transformers", reason="the extra `embeddings` is not installed")
    config = config_file.validate(
        {
            "task": "feature-extraction",
            "model": {"id": str(shared / "models/bert-tiny-uncased")},
            "data": {
                "files": {"train": str(shared / "data/mrpc/train.jsonl")},
                "columns": {"anchor": "sentence1", "positive": "sentence2"},
                "limit": {"train": 32},
                "max_length": 48,
            },
            "method": {"kind": "lora"},
            "training": {"max_steps": 3, "per_device_train_batch_size": 8, "learning_rate": 1e-2},
            "samples": {"rows": 0},
        }
    )
    folder = new_folder(config)
    assert isinstance(engine.run(config, folder), events.RunFinished)
    texts = ["a man walks", "a woman runs"]
    expected = inference.load(folder.path).predict(*texts).similarity
    for merge in (True, False):
        to = sharing.write(folder.path, tmp_path / f"merged-{merge}", merge)
        found = sentences.SentenceTransformer(str(to)).encode(texts, normalize_embeddings=True)
        assert float(found[0] @ found[1]) == pytest.approx(expected, abs=1e-4)
