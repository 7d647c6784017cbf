"""The chat template of a tokenizer: its own, one of the built-in ones, or a file."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import FinetuiError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_CHATML = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.role == 'assistant' %}
        {%- generation %}{{- message.content + '<|im_end|>\\n' }}{%- endgeneration %}
    {%- else %}
        {{- message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""

_LINES = """\
{%%- for message in messages %%}
    {%%- if message.role == 'assistant' %%}
        {{- '%(assistant)s' }}
        {%%- generation %%}{{- message.content + eos_token + '%(between)s' }}{%%- endgeneration %%}
    {%%- elif message.role == 'system' %%}
        {{- message.content + '%(between)s' }}
    {%%- else %%}
        {{- '%(user)s' + message.content + '%(between)s' }}
    {%%- endif %%}
{%%- endfor %%}
{%%- if add_generation_prompt %%}{{- '%(assistant)s' }}{%%- endif %%}
"""

BUILT_IN = {
    "chatml": _CHATML,
    "plain": _LINES % {"user": "User: ", "assistant": "Assistant:\\n", "between": "\\n"},
    "alpaca": _LINES % {"user": "### Instruction:\\n", "assistant": "### Response:\\n", "between": "\\n\\n"},
}
"""`chatml` is for tokenizers that know its marks; the others end an answer with the tokenizer's own end token."""


def read(ref: str) -> str:
    """The text of a built-in template or of a file.

    Raises:
        FinetuiError: there is neither.
    """
    if ref in BUILT_IN:
        return BUILT_IN[ref]
    path = Path(ref).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        close = difflib.get_close_matches(ref, list(BUILT_IN), 1)
        hint = f"did you mean {close[0]}?" if close else f"give a file, or one of {', '.join(BUILT_IN)}"
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise FinetuiError(
            f"there is no chat template {ref}", f"{path}: {reason}", hint, key="model.chat_template"
        ) from None


def source(ref: str | None) -> str:
    """Where a template comes from, for people; `ref` is what the config says."""
    if ref is None:
        return "the tokenizer's own"
    return f"built-in {ref}" if ref in BUILT_IN else f"file {Path(ref).name}"


def require(tokenizer: PreTrainedTokenizerBase) -> None:
    """Make sure that there is a template.

    Raises:
        FinetuiError: there is none; the hint names the built-in one that fits.
    """
    if tokenizer.chat_template:
        return
    best = "chatml" if {"<|im_start|>", "<|im_end|>"} <= tokenizer.get_vocab().keys() else "plain"
    raise FinetuiError(
        "the tokenizer has no chat template",
        "model.chat_template: without one nobody knows how a conversation becomes one text",
        f"set model.chat_template: {best}; it takes {', '.join(BUILT_IN)} or a file",
        key="model.chat_template",
    )
