"""Sums of small numbers, a tokenizer with one token per character, and a Llama of a few layers trained from scratch."""

from __future__ import annotations

import random
from pathlib import Path

from core.config import RunConfig
from core.demo import write_rows

LARGEST = 49
HELD_OUT = 250
CHARACTERS = "0123456789 +="


def prepare(folder: Path) -> RunConfig:
    """The run: a Llama-architecture model from its config, loss on the answer, exact match on held-out sums."""
    sums = [(a, b) for a in range(LARGEST + 1) for b in range(LARGEST + 1)]
    random.Random(0).shuffle(sums)
    # 1 + 1 is what everybody asks first: it must not be among the sums that the model never saw.
    sums.sort(key=lambda pair: pair == (1, 1))
    rows = [{"prompt": f"{a} + {b} =", "completion": f" {a + b}"} for a, b in sums]
    write_rows(folder / "validation.jsonl", rows[:HELD_OUT])
    write_rows(folder / "train.jsonl", rows[HELD_OUT:])
    tokenizer(folder / "tokenizer")
    return RunConfig.model_validate(
        {
            "name": "sums",
            "task": "causal-lm",
            "model": {
                "from_config": {
                    "model_type": "llama",
                    "hidden_size": 128,
                    "intermediate_size": 256,
                    "num_hidden_layers": 3,
                    "num_attention_heads": 4,
                    "num_key_value_heads": 4,
                    "max_position_embeddings": 32,
                },
                "tokenizer": str(folder / "tokenizer"),
            },
            "data": {
                "files": {split: str(folder / f"{split}.jsonl") for split in ("train", "validation")},
                "eval_split": "validation",
            },
            "training": {
                "num_train_epochs": 40,
                "learning_rate": 3e-3,
                "lr_scheduler_type": "cosine",
                "warmup_steps": 0.05,
                "per_device_train_batch_size": 64,
                "per_device_eval_batch_size": 250,
                "eval_strategy": "epoch",
                "save_strategy": "no",
                "logging_steps": 5,
            },
            "metrics": ["exact_match", "perplexity"],
            "samples": {"texts": ["1 + 1 =", "17 + 25 ="], "max_new_tokens": 5},
        }
    )


def tokenizer(folder: Path) -> None:
    """Write a tokenizer whose tokens are the CHARACTERS, a pad and an end token."""
    if (folder / "tokenizer.json").is_file():
        return
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: index for index, token in enumerate(("<pad>", "<end>", "<unk>", *CHARACTERS))}
    characters = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    characters.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    characters.decoder = decoders.Fuse()
    PreTrainedTokenizerFast(
        tokenizer_object=characters,
        pad_token="<pad>",
        eos_token="<end>",
        unk_token="<unk>",
        model_max_length=32,
        clean_up_tokenization_spaces=False,
    ).save_pretrained(str(folder))
