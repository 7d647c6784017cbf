"""Load a model for use: its weights, the adapter on them, its tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from core import hub
from core.config import ModelConfig
from core.errors import NeedsTrust
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
    """The model under an adapter. PEFT writes down which, but not of which revision: the run's config knows that."""
    written = json.loads((Path(source.model) / "adapter_config.json").read_text(encoding="utf-8"))
    base, revision = written["base_model_name_or_path"], written.get("revision")
    if source.config is not None and source.config.model.id == base:
        return source.config.model.model_copy(update={"trust_remote_code": trust})
    return ModelConfig(id=base, revision=revision, trust_remote_code=trust)


def _load_weights(source: Source, trust: bool) -> PreTrainedModel:
    import torch
    import transformers

    from core import precision, tasks
    from core.models import load_config

    auto = getattr(transformers, tasks.task_class(source.task).auto_class)
    device = precision.device_name()
    dtype = torch.bfloat16 if precision.has_bf16_units(device) and device == "cuda" else torch.float32
    folder = Path(source.model)
    if not (folder / "adapter_config.json").is_file():
        model = auto.from_pretrained(source.model, dtype=dtype, trust_remote_code=trust)
        return model.to(device)  # type: ignore[no-any-return]
    from peft import PeftModel

    base = _base_of(source, trust)
    hub.require_model(base.id or "", base.revision)
    local = (folder / "config.json").is_file()
    config = load_config(base.model_copy(update={"id": source.model, "revision": None})) if local else None
    model = auto.from_pretrained(
        base.id,
        revision=base.revision or "main",
        config=config,
        dtype=dtype,
        trust_remote_code=trust,
        ignore_mismatched_sizes=True,
        **quantized.options(base, device),
    )
    return PeftModel.from_pretrained(model, source.model).to(device)  # type: ignore[return-value]
