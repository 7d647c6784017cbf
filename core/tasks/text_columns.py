"""Rows of several texts, each tokenized for itself: `anchor_input_ids`, `positive_input_ids`, ..."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IDS = "input_ids"
"""What the names of their columns end with."""


class Collator:
    """Pads each kind of text to its longest in the batch.

    Attributes:
        valid_label_columns: what the library's batch samplers ask for.
    """

    valid_label_columns: ClassVar[list[str]] = ["label"]

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer

    def __call__(self, features: list[Any]) -> dict[str, Any]:
        import torch

        batch: dict[str, Any] = {}
        for name in features[0]:
            if name.endswith(f"_{IDS}"):
                padded = self._tokenizer.pad({IDS: [row[name] for row in features]}, return_tensors="pt")
                batch |= {f"{name.removesuffix(IDS)}{key}": value for key, value in padded.items()}
            elif name == "label":
                batch[name] = torch.tensor([row[name] for row in features], dtype=torch.float32)
        return batch


def embed(model: Any, tokenizer: PreTrainedTokenizerBase, sides: Sequence[Sequence[list[int]]]) -> Any:
    """Embeddings [rows, texts, dimensions] of token ids, float32, as numpy has them."""
    import torch

    found = []
    with torch.inference_mode():
        for ids in sides:
            batch = tokenizer.pad({IDS: list(ids)}, return_tensors="pt").to(model.device)
            found.append(model(dict(batch))["sentence_embedding"])
    return torch.stack(found, 1).float().cpu().numpy()
