"""Load a model for use: its weights, the adapter on them, its tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import hub
from core.config import ModelConfig
from core.errors import FinetuiError, NeedsTrust, first_line
from core.inference.predictor import Predictor
from core.inference.reference import Source, resolve
from core.methods import quantized

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def load(ref: str | Path, trust_remote_code: bool = False) -> Predictor:
    """A model ready for use. Takes seconds.

    Args:
        ref: a run folder, a checkpoint, a model or adapter folder, or a Hub id.
        trust_remote_code: run Python code that comes with the model. What the run's config says of it does not count:
            the folder may be anybody's.

    Raises:
        FinetuiError: there is no model, or it is of a task that cannot be used here.
    """
    source = resolve(str(ref), trust_remote_code)
    from core import languages, models, tasks

    _refuse_code(source, trust_remote_code)
    tokenizer = models.load_tokenizer(ModelConfig(id=source.model, trust_remote_code=trust_remote_code))
    model = _load_weights(source, trust_remote_code)
    if source.config is not None:
        languages.begin_with(model, tokenizer, source.config.model.tgt_lang)
    model.eval()
    return Predictor(source, tasks.task_class(source.task).in_use(model, tokenizer, source.model), tokenizer)


def _refuse_code(source: Source, trusted: bool) -> None:
    if trusted or source.config is None or not source.config.model.trust_remote_code:
        return
    raise NeedsTrust(
        f"{source.name} brings Python code of its own",
        f"{source.model}; its config.yaml says model.trust_remote_code: true, and the folder may be anybody's",
        "read that code; then finetui predict --trust-remote-code",
        key="model.trust_remote_code",
    )


def _base_of(source: Source, trust: bool) -> ModelConfig:
    """The model under an adapter. PEFT writes down which, but not of which revision, nor in how many bits: the run's
    config knows that. It may name the same folder by another path."""
    written = json.loads((Path(source.model) / "adapter_config.json").read_text(encoding="utf-8"))
    base, revision = written["base_model_name_or_path"], written.get("revision")
    if source.config is not None and source.config.model.id is not None:
        return source.config.model.model_copy(update={"id": base, "trust_remote_code": trust})
    return ModelConfig(id=base, revision=revision, trust_remote_code=trust)


def merged(source: Source, trust_remote_code: bool = False) -> PreTrainedModel:
    """The model with its adapter put into its weights, which are of the type that the base is stored in.

    Raises:
        FinetuiError: the method changes something else than weights, or the base is not to be had.
    """
    _refuse_code(source, trust_remote_code)
    model: Any = _load_adapter(source, trust_remote_code, "cpu", "auto", in_few_bits=False)
    try:
        return model.merge_and_unload()  # type: ignore[no-any-return]
    except (AttributeError, NotImplementedError, ValueError) as error:
        kind = source.config.method.kind if source.config else "the adapter"
        raise FinetuiError(
            f"{kind} cannot be merged", f"{source.name}: {first_line(error)}", "leave --merge out"
        ) from error


def _load_weights(source: Source, trust: bool) -> PreTrainedModel:
    import torch
    import transformers

    from core import precision, tasks

    device = precision.device_name()
    dtype = torch.bfloat16 if precision.has_bf16_units(device) and device == "cuda" else torch.float32
    if (Path(source.model) / "adapter_config.json").is_file():
        return _load_adapter(source, trust, device, dtype)
    auto = getattr(transformers, tasks.task_class(source.task).auto_class)
    model = auto.from_pretrained(source.model, dtype=dtype, trust_remote_code=trust)
    return model.to(device)  # type: ignore[no-any-return]


def _load_adapter(source: Source, trust: bool, device: str, dtype: Any, in_few_bits: bool = True) -> PreTrainedModel:
    """The base with the adapter on it, as a PeftModel.

    Args:
        dtype: of the base's weights; "auto" is the one that they are stored in.
        in_few_bits: hold the base as it was trained on, where that was quantized.
    """
    import torch
    import transformers
    from peft import PeftModel

    from core import tasks
    from core.models import load_config

    auto = getattr(transformers, tasks.task_class(source.task).auto_class)
    base = _base_of(source, trust)
    hub.require_model(base.id or "", base.revision)
    local = (Path(source.model) / "config.json").is_file()
    config = load_config(base.model_copy(update={"id": source.model, "revision": None}) if local else base)
    # What stands there of number formats is of the training; with it the base would be read as it was not stored.
    vars(config).pop("quantization_config", None)
    if dtype == "auto":
        config.dtype = None

    def bare() -> PreTrainedModel:
        with torch.device("meta"):
            return auto.from_config(config, trust_remote_code=trust)  # type: ignore[no-any-return]

    model = auto.from_pretrained(
        base.id,
        revision=base.revision or "main",
        config=config,
        dtype=dtype,
        trust_remote_code=trust,
        ignore_mismatched_sizes=True,
        **(quantized.options(base, device, bare) if in_few_bits else {}),
    )
    return PeftModel.from_pretrained(model, source.model).to(device)  # type: ignore[return-value]
