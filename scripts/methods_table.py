"""Try every method of PEFT on every task of four architectures, and write down what works: `make methods`.

Writes core/methods/fitting.json, which refusals come from, and the table in docs/methods.md. A cell is tried as a run
would go: put on, trained for some steps, saved, loaded on the base again. A test repeats part of it.
"""

from __future__ import annotations

import json
import logging
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.nn.functional import cross_entropy
from transformers import PreTrainedConfig, PreTrainedModel

from core.config import MethodConfig
from core.errors import FinetuiError
from core.methods import fitting, kinds, options, structure
from core.methods.apply import NEW_HEADS, apply
from core.methods.settle import with_defaults

SIZE = {"vocab_size": 300, "max_position_embeddings": 128}
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "bert": {"hidden_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 512},
    "llama": {
        "hidden_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "intermediate_size": 512,
        "pad_token_id": 0,
    },
    "bart": {
        "d_model": 256,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
        "encoder_ffn_dim": 512,
        "decoder_ffn_dim": 512,
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "decoder_start_token_id": 2,
        "forced_eos_token_id": 2,
    },
    "t5": {
        "d_model": 256,
        "d_kv": 64,
        "d_ff": 512,
        "num_layers": 2,
        "num_heads": 4,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "decoder_start_token_id": 0,
    },
}
"""Model type -> a small model of it, with widths that the defaults of every method divide."""

TASKS: dict[str, str | None] = {
    "AutoModelForSequenceClassification": "SEQ_CLS",
    "AutoModelForCausalLM": "CAUSAL_LM",
    "AutoModelForTokenClassification": "TOKEN_CLS",
    "AutoModelForQuestionAnswering": "QUESTION_ANS",
    "AutoModelForSeq2SeqLM": "SEQ_2_SEQ_LM",
    "AutoModelForMaskedLM": None,
    "AutoModel": "FEATURE_EXTRACTION",
}
"""Auto class -> task type of PEFT."""

PLACED = ("AutoModelForQuestionAnswering", "AutoModel")
"""Tasks that read the output by the position of a token in the text."""

LONGEST = 200
"""Characters of a reason."""

STEPS, BATCH, LENGTH = 3, 2, 12


def auto_classes(model_type: str) -> Iterator[str]:
    """The tasks that an architecture has a head for."""
    for name in TASKS:
        config = _config(model_type)
        if type(config) in getattr(transformers, name)._model_mapping and (model_type, name) not in NOT_MEANT:
            yield name


NOT_MEANT = {
    ("bert", "AutoModelForCausalLM"),
    ("bart", "AutoModelForCausalLM"),
    ("bart", "AutoModelForMaskedLM"),
    ("t5", "AutoModel"),
}
"""Heads for models of another kind: BERT sees what it shall say, BART takes its decoder alone."""


def try_cell(kind: str, model_type: str, auto_class: str) -> str:
    """Why a method does not work for a task on an architecture; empty where it does."""
    torch.manual_seed(0)
    task_type = TASKS[auto_class]
    base = _model(model_type, auto_class)
    before = {name: value.clone() for name, value in base.state_dict().items()}
    batch = _batch(base, auto_class)
    heads = structure.heads(base) if task_type in NEW_HEADS else []
    try:
        method, _ = with_defaults(MethodConfig.model_validate({"kind": kind}), base)
        model = apply(base, method, task_type, steps=10)
        model.train()
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        if not any(parameter.requires_grad for name, parameter in model.named_parameters() if not _in(name, heads)):
            return "nothing but the head would be trained"
        optimizer = torch.optim.AdamW(trained, lr=1e-2)
        for _ in range(STEPS):
            loss = _loss(model, batch, auto_class)
            if not torch.isfinite(loss):
                return "the loss is not finite"
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        model.eval()
        with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
            expected = _logits(model, batch)
            if auto_class in PLACED and expected.shape[1] != LENGTH:
                return "the virtual tokens are positions of the output, and PEFT moves no answer and no mask by them"
            if auto_class in ("AutoModelForCausalLM", "AutoModelForSeq2SeqLM"):
                model.generate(**{name: batch[name] for name in ("input_ids", "attention_mask")}, max_new_tokens=3)
            model.save_pretrained(folder)
            again = _model(model_type, auto_class)
            again.load_state_dict(before)
            from peft import PeftModel

            loaded = PeftModel.from_pretrained(again, folder).eval()
            if not torch.allclose(_logits(loaded, batch), expected, atol=1e-5):
                return "what is saved does not come back: the loaded model answers otherwise"
    except FinetuiError as error:
        return error.detail
    except Exception as error:
        return f"{type(error).__name__}: {options.first_line(error)}"[:LONGEST]
    return ""


def _in(name: str, heads: list[str]) -> bool:
    return any(head in name.split(".") for head in heads)


def _config(model_type: str) -> PreTrainedConfig:
    return transformers.AutoConfig.for_model(model_type, **SIZE, **ARCHITECTURES[model_type])


def _model(model_type: str, auto_class: str) -> PreTrainedModel:
    return getattr(transformers, auto_class).from_config(_config(model_type))


def _batch(model: PreTrainedModel, auto_class: str) -> dict[str, torch.Tensor]:
    ids = torch.randint(5, 300, (BATCH, LENGTH))
    eos = model.config.eos_token_id
    if isinstance(eos, int):
        ids[:, -1] = eos
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if model.config.model_type == "bert":
        batch["token_type_ids"] = torch.zeros_like(ids)
    if auto_class == "AutoModelForSequenceClassification":
        batch["labels"] = torch.tensor([0, 1])
    elif auto_class == "AutoModelForTokenClassification":
        batch["labels"] = ids % 2
    elif auto_class == "AutoModelForQuestionAnswering":
        batch |= {"start_positions": torch.tensor([1, 2]), "end_positions": torch.tensor([2, 3])}
    elif auto_class != "AutoModel":
        batch["labels"] = ids.clone()
    return batch


def _loss(model: PreTrainedModel, batch: dict[str, torch.Tensor], auto_class: str) -> torch.Tensor:
    output = model(**batch)
    if auto_class == "AutoModel":  # the task compares the embeddings of texts: any loss of them will do
        return cross_entropy(output.last_hidden_state.mean(1), torch.tensor([0, 1]))
    return output.loss


TARGETS = ("labels", "start_positions", "end_positions")
"""What only the loss needs. A model in use is asked without."""


def _logits(model: PreTrainedModel, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    given = {name: value for name, value in batch.items() if name not in TARGETS}
    if model.config.is_encoder_decoder and "labels" in batch and batch["labels"].dim() > 1:
        given["decoder_input_ids"] = batch["labels"]
    output = model(**given)
    for name in ("logits", "start_logits", "last_hidden_state"):
        if getattr(output, name, None) is not None:
            return getattr(output, name)
    raise ValueError("the model gives no logits")


def try_architecture(model_type: str, methods: tuple[str, ...], auto: str | None = None) -> dict[str, dict[str, str]]:
    """Auto class -> method -> why not, for the methods that do not work; for one Auto class, or for all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cells = {
            name: {kind: try_cell(kind, model_type, name) for kind in methods}
            for name in auto_classes(model_type)
            if auto in (None, name)
        }
    return {name: {kind: reason for kind, reason in row.items() if reason} for name, row in cells.items()}


DOCS = Path(__file__).resolve().parents[1] / "docs" / "methods.md"
BEGIN, END = "<!-- table: made by `make methods` -->\n", "<!-- end of table -->"


def with_table(text: str) -> str:
    """The page with the table of today between its two marks: a row per method, a column per cell that was tried."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{_markdown(fitting.table())}{END}{after}"


def _markdown(tried: fitting.Table) -> str:
    reasons: list[str] = []
    lines = ["| Method | What it does |" + "".join(f" {name} |" for name in tried), "|---|---|" + "---|" * len(tried)]
    for kind in kinds.ADAPTERS:
        cells = []
        for row in tried.values():
            refused = []
            for auto_class, missing in row.items():
                if kind in missing:
                    if missing[kind] not in reasons:
                        reasons.append(missing[kind])
                    refused.append(f"{_short(auto_class)} [{reasons.index(missing[kind]) + 1}]")
            cells.append("all but " + ", ".join(refused) if refused else "all")
        lines.append(f"| `{kind}` | {kinds.WHAT[kind]} | " + " | ".join(cells) + " |")
    lines += ["", *(f"{number}. {reason}" for number, reason in enumerate(reasons, 1))]
    tasks = (f"{name}: {', '.join(map(_short, row))}" for name, row in tried.items())
    return "\n".join([f"Tried were, with {'; '.join(tasks)}.", "", *lines, ""])


def _short(auto_class: str) -> str:
    return auto_class.removeprefix("AutoModelFor").replace("AutoModel", "embeddings")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)  # on models this small more of them only wait for each other
    found = {model_type: try_architecture(model_type, kinds.ADAPTERS) for model_type in ARCHITECTURES}
    fitting.FILE.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    fitting.table.cache_clear()
    DOCS.write_text(with_table(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
