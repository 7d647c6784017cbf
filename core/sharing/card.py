"""What a reader must know of a trained model: the README.md of its folder, as the Hub reads it.

The fields at its head are those of https://huggingface.co/docs/hub/model-cards.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core import config_file
from core.config import RunConfig, TaskName

if TYPE_CHECKING:
    from core.runs.state import RunState

PIPELINES: dict[TaskName, str] = {
    "sequence-classification": "text-classification",
    "token-classification": "token-classification",
    "question-answering": "question-answering",
    "causal-lm": "text-generation",
    "chat": "text-generation",
    "preference": "text-generation",
    "masked-lm": "fill-mask",
    "feature-extraction": "sentence-similarity",
}
"""The Hub's name of what a model does. It has none for whatever one text is written from another."""

TIMES = ("runtime", "per_second", "epoch")
"""Parts of the names of figures that say how long an evaluation took, not how good the model is."""


def card(config: RunConfig, state: RunState, auto_class: str, adapter: bool) -> str:
    """The text of a README.md. Of what lies on this machine it tells the names, not the folders.

    Args:
        config: as the run resolved it.
        state: what the run's events add up to.
        auto_class: what loads it.
        adapter: whether the folder holds an adapter alone.
    """
    parts = [
        f"---\n{_head(config, state, adapter)}\n---",
        f"# {config.title}",
        f"{_base(config)}, fine-tuned on {_hub_id(config.data.id) or config.data.label} "
        f"({config.task}, {_method(config)}).",
        _results(state),
        f"## Use\n\n```python\n{_use(config, auto_class, adapter)}\n```",
        _settings(config),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(config: RunConfig, state: RunState, adapter: bool) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    pipeline, data = PIPELINES.get(config.task), _hub_id(config.data.id)
    results = [
        EvalResult(pipeline, data, data, metric_type=name, metric_value=value, dataset_split=config.data.eval_split)
        for name, value in _figures(state).items()
        if pipeline and data
    ]
    sentences = "sentence-transformers" if config.task == "feature-extraction" else "transformers"
    head = ModelCardData(
        base_model=_hub_id(config.model.id),
        datasets=[data] if data else None,
        library_name="peft" if adapter else sentences,
        pipeline_tag=pipeline,
        tags=["finetui", *(() if config.method.kind in ("full", "freeze") else [config.method.kind])],
        eval_results=results or None,
        model_name=config.title,
    )
    return str(head.to_yaml())


def _results(state: RunState) -> str:
    figures = _figures(state)
    if not figures:
        return ""
    rows = [f"| {name} | {_digits(value)} |" for name, value in figures.items()]
    step = f" after step {state.metrics_step:,}" if state.metrics_step else ""
    return "\n".join([f"## Evaluation{step}", "", "| metric | value |", "|---|---|", *rows])


def _figures(state: RunState) -> dict[str, float]:
    return {
        name.removeprefix("eval_"): value
        for name, value in state.metrics.items()
        if math.isfinite(value) and not any(part in name for part in TIMES)
    }


def _use(config: RunConfig, auto_class: str, adapter: bool) -> str:
    if config.task == "feature-extraction":
        return 'from sentence_transformers import SentenceTransformer\n\nmodel = SentenceTransformer("FOLDER")'
    if not adapter:
        return f"""from transformers import AutoTokenizer, {auto_class}

tokenizer = AutoTokenizer.from_pretrained("FOLDER")
model = {auto_class}.from_pretrained("FOLDER")"""
    return f"""from peft import PeftModel
from transformers import AutoConfig, AutoTokenizer, {auto_class}

tokenizer = AutoTokenizer.from_pretrained("FOLDER")
base = {auto_class}.from_pretrained("{_base(config)}", config=AutoConfig.from_pretrained("FOLDER"))
model = PeftModel.from_pretrained(base, "FOLDER")"""


def _settings(config: RunConfig) -> str:
    """How it was trained: everything that the run's config says of that, and what it ran with."""
    told: Mapping[str, Any] = config_file.to_data(config)
    training = {**told.get("training", {}), **{f"method.{key}": value for key, value in told["method"].items()}}
    rows = [f"| {name} | {value} |" for name, value in training.items() if not isinstance(value, dict | list)]
    versions = config.provenance.versions if config.provenance else {}
    ran = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = ["## Training", "", "| setting | value |", "|---|---|", *rows]
    return "\n".join([*lines, "", f"Trained with finetui; {ran}." if ran else "Trained with finetui."])


def _method(config: RunConfig) -> str:
    kind = config.method.kind
    return {"full": "every weight trained", "freeze": "the last layers trained"}.get(kind, kind)


def _base(config: RunConfig) -> str:
    """The model that was trained, by its Hub id or its name."""
    return _hub_id(config.model.id) or config.model.label


def _hub_id(named: str | None) -> str | None:
    """What names a repository on the Hub; None for a place on this machine."""
    return named if named and not config_file.is_local(named) else None


def _digits(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:,.1f}"
