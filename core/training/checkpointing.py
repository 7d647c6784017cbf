"""Activation checkpointing: layers keep nothing of the forward pass, and make it again for the backward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def enable(model: Any, options: Mapping[str, Any] | str | None) -> None:
    """Switch it on as the Trainer does.

    Args:
        options: `activation_checkpointing_kwargs` of the training arguments.
    """
    assert not isinstance(options, str)  # the arguments class has read it
    rest = dict(options or {})
    which = {"every_n_layers": rest.pop("every_n_layers", 1), "offload": rest.pop("offload", False)}
    model.activation_checkpointing_enable(activation_checkpointing_kwargs=rest or None, **which)
