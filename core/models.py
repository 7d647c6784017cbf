"""Tokenizer and model, from a checkpoint or from an architecture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import hub, languages
from core.chat import templates
from core.errors import FinetuiError, NeedsTrust, first_line
from core.methods import quantized

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from core.config import ModelConfig, TaskName
    from core.precision import Precision
    from core.tasks.base import Task


@dataclass(frozen=True, slots=True)
class Anew:
    """What of a model was made anew, in words; `unusual`: the checkpoint was to bring it."""

    text: str
    unusual: bool = False


UNLIMITED = 10**9
"""A tokenizer without a limit says a number above this."""


def load_tokenizer(config: ModelConfig) -> PreTrainedTokenizerBase:
    """The tokenizer of a model config. One without a pad token gets the end-of-sequence token as such.

    That is harmless here: labels are padded with -100, and padding is masked from attention.

    Raises:
        FinetuiError: there is none, or it cannot be read; or there is no such chat template, or no such language.
    """
    from transformers import AutoTokenizer

    ref = config.tokenizer or config.id or ""
    if config.tokenizer is None:
        hub.require_model(ref, config.revision)
    hub.require_tokenizer(ref, config.revision)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            ref, revision=config.revision or "main", trust_remote_code=config.trust_remote_code
        )
    except (OSError, ValueError, KeyError) as error:
        raise FinetuiError(
            f"cannot load the tokenizer of {Path(ref).name}", first_line(error), "check the folder"
        ) from error
    if config.chat_template is not None:
        tokenizer.chat_template = templates.read(config.chat_template)
    languages.settle(tokenizer, config)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    if tokenizer.pad_token is None:
        raise FinetuiError(
            "the tokenizer has no pad token", f"{ref} has no end-of-sequence token to take its place", "add one to it"
        )
    return tokenizer


def load_config(config: ModelConfig, tokenizer: PreTrainedTokenizerBase | None = None) -> PreTrainedConfig:
    """The architecture's config, without any weights.

    Raises:
        FinetuiError: it cannot be read, or `from_config` does not fit the architecture.
    """
    from transformers import AutoConfig

    if config.from_config is not None:
        return _build_config(config.from_config, tokenizer)
    ref = config.id or ""
    hub.require_model(ref, config.revision)
    try:
        found: PreTrainedConfig = AutoConfig.from_pretrained(
            ref, revision=config.revision or "main", trust_remote_code=config.trust_remote_code
        )
    except (OSError, ValueError, KeyError) as error:
        title = f"cannot load the model config of {Path(ref).name}"
        if "trust_remote_code" in str(error):
            hint = "it brings Python code of its own: read that, then set model.trust_remote_code: true"
            raise NeedsTrust(title, first_line(error), hint, key="model.trust_remote_code") from error
        raise FinetuiError(title, first_line(error), "check `model.id`") from error
    return found


def auto_class(config: ModelConfig, task: Task, architecture: PreTrainedConfig) -> Any:
    """The transformers class that makes the model with the task's head.

    Raises:
        FinetuiError: there is no such head for the architecture.
    """
    import transformers

    auto = getattr(transformers, task.auto_class)
    if type(architecture) not in auto._model_mapping and "AutoModel" not in str(getattr(architecture, "auto_map", "")):
        raise FinetuiError(
            f"{config.label} ({architecture.model_type}) has no {task.auto_class.removeprefix('AutoModelFor')} head",
            f"the task needs {task.auto_class}",
            "choose another model or task",
        )
    return auto


def without_head(model_type: str) -> dict[TaskName, str]:
    """The tasks that an architecture has no head for, each with the reason; none for one that transformers does not
    know. Imports transformers."""
    import transformers

    from core import tasks

    off: dict[TaskName, str] = {}
    for name in tasks.PLACES:
        auto = tasks.task_class(name).auto_class
        if model_type not in getattr(transformers, auto)._model_mapping._model_mapping:
            off[name] = f"{model_type} has no {auto.removeprefix('AutoModelFor')} head"
    return {} if len(off) == len(tasks.PLACES) else off


def load_model(
    config: ModelConfig, task: Task, tokenizer: PreTrainedTokenizerBase, precision: Precision
) -> tuple[PreTrainedModel, list[Anew]]:
    """The model with the task's head, and what of it was made anew.

    The only random numbers drawn are those of the new weights.

    Raises:
        FinetuiError: the weights cannot be read, or there is no such head for the architecture.
    """
    from core.methods import settle

    architecture = load_config(config, tokenizer)
    auto = auto_class(config, task, architecture)
    options = task.model_options()
    if config.from_config is not None:
        for key, value in options.items():
            setattr(architecture, key, value)
        model = auto.from_config(architecture, dtype=precision.dtype())
        languages.begin_with(model, tokenizer, config.tgt_lang)
        return model, [Anew("all weights are new: trained from scratch")]
    try:
        model, info = auto.from_pretrained(
            config.id,
            revision=config.revision or "main",
            trust_remote_code=config.trust_remote_code,
            dtype=precision.dtype(),
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            **quantized.options(config, precision.device, lambda: settle.on_meta(config, task, architecture)),
            **options,
        )
    except (OSError, ValueError, KeyError) as error:
        raise FinetuiError(
            f"cannot load the weights of {config.label}", first_line(error), "check `model.id`"
        ) from error
    if model.config.pad_token_id is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    languages.begin_with(model, tokenizer, config.tgt_lang)
    return model, _anew(info, task)


def max_length(
    wanted: int | None, tokenizer: PreTrainedTokenizerBase, config: PreTrainedConfig, virtual_tokens: int = 0
) -> int | None:
    """Tokens per row: as configured, else what tokenizer and positions allow; None where neither says.

    Args:
        virtual_tokens: positions that a prompt-learning method takes before every row: rows are cut that much earlier.

    Raises:
        FinetuiError: more is wanted than the model has positions.
    """
    positions = getattr(config, "max_position_embeddings", None)
    room = positions - virtual_tokens if positions is not None else None
    limits = [tokenizer.model_max_length, room]
    known = [limit for limit in limits if limit is not None and 0 < limit < UNLIMITED]
    if wanted is None:
        return min(known, default=None)
    if positions is not None and wanted > positions:
        raise FinetuiError(
            f"the model has no position {wanted}",
            f"data.max_length, at most {positions}",
            f"set data.max_length: {room}",
        )
    return wanted if room is None else min(wanted, room)


def _build_config(fields: dict[str, Any], tokenizer: PreTrainedTokenizerBase | None) -> PreTrainedConfig:
    from transformers import AutoConfig

    given = dict(fields)
    kind = given.pop("model_type", None)
    if tokenizer is not None:
        ids = ("pad_token_id", "bos_token_id", "eos_token_id")
        given = {"vocab_size": len(tokenizer), **{name: getattr(tokenizer, name) for name in ids}, **given}
    try:
        return AutoConfig.for_model(kind, **given)
    except (ValueError, TypeError) as error:
        raise FinetuiError(
            f"no model can be built from model_type {kind!r}",
            first_line(error)[:200],
            "set model.from_config.model_type: llama, ...",
        ) from None


def _anew(info: dict[str, Any], task: Task) -> list[Anew]:
    """The head of a language model is trained before: one made anew says that this is another kind of checkpoint."""
    unusual = task.auto_class.endswith("LM")
    new = sorted(info["missing_keys"])
    resized = sorted(entry[0] for entry in info["mismatched_keys"])
    notes = []
    if new:
        notes.append(Anew(f"new weights, trained from scratch: {', '.join(new)}", unusual))
    if resized:
        notes.append(Anew(f"weights of another shape in the checkpoint, made anew: {', '.join(resized)}", unusual))
    return notes
