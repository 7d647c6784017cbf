"""Which methods the form offers for its task and model, and what it says about them."""

from __future__ import annotations

from collections.abc import Mapping

from core import hub, yaml12
from core.errors import FinetuiError
from core.methods import fitting
from core.methods.kinds import WHAT
from tui.forms.fields import Path

KIND: Path = ("method", "kind")
MODEL: frozenset[Path] = frozenset({("model", "id"), ("model", "from_config")})
"""The fields that decide on the architecture."""


def off(texts: Mapping[Path, str], auto_class: str) -> dict[str, str]:
    """The methods that do not fit, each with its reason. Reads the model's config where it is on this machine."""
    return fitting.off(_model_type(texts), auto_class)


def explain(kind: str, off: Mapping[str, str]) -> str:
    """What a method does, and on a line of its own which others are off here; why is in docs/methods.md, for most of it
    is what a library raised."""
    lines = [f"{kind}: {WHAT[kind]}" if kind in WHAT else ""]
    if off:
        lines.append(f"off here: {', '.join(off)}")
    return "\n".join(lines)


def tasks_off(texts: Mapping[Path, str]) -> dict[str, str]:
    """The tasks that the model has no head for, each with the reason; none while nobody knows the model. Imports
    transformers where one is named."""
    found = _model_type(texts)
    if found is None:
        return {}
    from core import models

    return {str(name): reason for name, reason in models.without_head(found).items()}


def _model_type(texts: Mapping[Path, str]) -> str | None:
    if given := texts.get(("model", "from_config"), "").strip():
        try:
            fields = yaml12.scalar(given if given.startswith("{") else f"{{{given}}}")
        except FinetuiError:
            return None
        return str(fields.get("model_type")) if isinstance(fields, dict) else None
    ref = texts.get(("model", "id"), "").strip()
    return hub.model_type(ref, texts.get(("model", "revision")) or None) if ref else None
