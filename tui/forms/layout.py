"""The order of the form: which fields stand first in each section, and when a field is shown at all.

A field of RunConfig that is not named here still gets its line, behind `more` of its section.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.config import OF_TASKS, RunConfig
from core.methods.kinds import is_adapter
from tui.forms.fields import COLUMNS, OTHER, FormField, Path

_ORDER: dict[str, tuple[str, ...]] = {
    "model": ("id", "chat_template", "src_lang", "tgt_lang", "dtype", "trust_remote_code"),
    "task": (),
    "data": ("id", "files", "train_split", "eval_split", "columns", "max_length"),
    "method": (
        "kind",
        "layers",
        OTHER,
        "r",
        "init_r",
        "target_r",
        "lora_alpha",
        "lora_dropout",
        "oft_block_size",
        "num_virtual_tokens",
        "encoder_hidden_size",
        "prompt_tuning_init",
        "prompt_tuning_init_text",
        "prefix_projection",
        "target_modules",
        "feedforward_modules",
        "use_dora",
        "use_rslora",
        "init_lora_weights",
    ),
    "training": (
        "num_train_epochs",
        "learning_rate",
        "per_device_train_batch_size",
        "lr_scheduler_type",
        "warmup_steps",
        "eval_strategy",
        "load_best_model_at_end",
        "metric_for_best_model",
        "seed",
        OTHER,
    ),
    "embedding": ("loss", "pooling"),
    "metrics": (),
    "early_stopping": ("patience",),
    "samples": ("rows", "texts"),
    "name": (),
}
"""Section -> its first fields. A key of the top level is a section of one line."""

START: dict[str, object] = {
    "training": {"eval_strategy": "epoch", "per_device_train_batch_size": 16},
}
"""What a new form sets by itself: without an evaluation there is nothing to watch but the loss."""

PATHS: frozenset[Path] = frozenset(
    {("model", "id"), ("model", "tokenizer"), ("model", "chat_template"), ("data", "id")}
)
"""Fields that may name a place on this machine: they complete it."""


SOURCE: tuple[Path, Path] = (("data", "id"), ("data", "files"))
"""The two ways to say where the data is: once one is filled in, the other is out of the way."""


@dataclass(frozen=True)
class Part:
    """A section of the form: `first` fields are always in view, `more` on demand."""

    title: str
    first: tuple[FormField, ...]
    more: tuple[FormField, ...]


def parts(fields: Mapping[Path, FormField]) -> list[Part]:
    """The fields in the order of the form. Single keys of the top level are gathered under `run`."""
    sections = list(dict.fromkeys([*_ORDER, *(path[0] for path in fields)]))
    named = [section for section in sections if any(len(path) > 1 for path in fields if path[0] == section)]
    found = [_part(section, [field for field in fields.values() if field.path[0] == section]) for section in named]
    single = [fields[(name,)] for name in sections if name not in named and (name,) in fields]
    run = Part(
        "run",
        tuple(field for field in single if field.path[0] in _ORDER),
        tuple(field for field in single if field.path[0] not in _ORDER),
    )
    return [run, *found]


def shown(path: Path, values: Mapping[Path, str]) -> bool:
    """Whether a field counts with the present choices: no LoRA rank without LoRA."""
    if path[0] == "method" and path != ("method", "kind"):
        kind = values.get(("method", "kind"), "full")
        if path == ("method", "layers"):
            return kind == "freeze"
        return is_adapter(kind) and (path[1] != OTHER or bool(values.get(path)))
    if path[0] == "early_stopping" and len(path) > 1:
        return values.get(("early_stopping",), "no") == "yes"
    if path in SOURCE:
        other = SOURCE[1 - SOURCE.index(path)]
        return bool(values.get(path)) or not values.get(other)
    return bool(values.get(path)) or not of_other_tasks(path, values)


def of_other_tasks(path: Path, values: Mapping[Path, str]) -> tuple[str, ...]:
    """The tasks that a field is for, where the one that is chosen is none of them; else nothing."""
    names = OF_TASKS.get(path, ())
    return () if (values.get(("task",)) or RunConfig.model_fields["task"].default) in names else names


def _part(section: str, fields: Iterable[FormField]) -> Part:
    first = _ORDER.get(section, ())
    rank = {name: index for index, name in enumerate(first)}
    heads, rest = [], []
    for field in fields:
        key = "columns" if field.path[:2] == COLUMNS else field.path[1] if len(field.path) > 1 else ""
        if key == "" or key in rank or field.picked:
            heads.append((rank.get(key, rank.get(OTHER, 0) - 0.5 if field.picked else -1), field))
        else:
            rest.append(field)
    return Part(
        section.replace("_", " "), tuple(field for _, field in sorted(heads, key=lambda item: item[0])), tuple(rest)
    )
