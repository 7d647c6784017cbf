"""Models for many languages: mBART, NLLB and M2M100 mark each text with its language, and begin an answer with one."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from core.config import ModelConfig

NAMES = ("src_lang", "tgt_lang")
"""The attributes of these tokenizers, and the fields of `model`."""
SHOWN = 12
"""Codes that an error names."""


def settle(tokenizer: PreTrainedTokenizerBase, config: ModelConfig) -> None:
    """Let the tokenizer mark sources and targets with the languages of the config. What it is saved as says so, too.

    Raises:
        FinetuiError: it marks no languages, or does not know this one.
    """
    for name in NAMES:
        code = getattr(config, name)
        if code is None:
            continue
        if not knows(tokenizer):
            raise FinetuiError(
                f"the tokenizer of {config.label} marks no languages",
                f"model.{name}: {code}; mBART, NLLB and M2M100 do",
                "leave it out; T5 is told in words: data.prefix: 'translate English to German: '",
                key=f"model.{name}",
            )
        if token_of(tokenizer, code) is None:
            codes = _codes(tokenizer)
            close = difflib.get_close_matches(code, codes, 1) or [each for each in codes if each[:2] == code[:2]]
            shown = ", ".join(codes[:SHOWN]) + (f" and {len(codes) - SHOWN} more" if len(codes) > SHOWN else "")
            raise FinetuiError(
                f"the tokenizer of {config.label} knows no language {code}",
                f"model.{name}; it knows {shown}",
                f"did you mean {close[0]}?" if close else "write the code as the model's page does",
                key=f"model.{name}",
            )
        setattr(tokenizer, name, code)
        tokenizer.init_kwargs[name] = code


def knows(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether it marks texts with languages."""
    return hasattr(tokenizer, "set_tgt_lang_special_tokens")


def begin_with(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, code: str | None) -> None:
    """Let everything that the model generates begin with the language of the targets."""
    token = None if code is None else token_of(tokenizer, code)
    if token is not None:
        assert model.generation_config is not None  # every model with a decoder has one
        model.generation_config.forced_bos_token_id = tokenizer.convert_tokens_to_ids(token)


def notes(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Which languages texts are marked with, where they are. The source's is taken for a target's that nobody names."""
    if not knows(tokenizer):
        return []
    source, target = (getattr(tokenizer, name, None) for name in NAMES)
    if target is None:
        return [f"sources and targets are both marked as {source}: model.src_lang and model.tgt_lang name others"]
    return [f"sources are marked as {source}, targets as {target}"]


def token_of(tokenizer: Any, code: str) -> str | None:
    """The token that marks a language; None where the tokenizer does not know it."""
    token = getattr(tokenizer, "lang_code_to_token", {}).get(code, code)
    return token if token in _tokens(tokenizer) else None


def _codes(tokenizer: Any) -> list[str]:
    """The languages that it knows."""
    names = getattr(tokenizer, "lang_code_to_token", None)
    return sorted(names if names is not None else _tokens(tokenizer))


def _tokens(tokenizer: Any) -> list[str]:
    """The tokens of languages: special, and none of the roles that every tokenizer has."""
    named = getattr(tokenizer, "lang_token_to_id", None)
    return list(named) if named is not None else [str(token) for token in tokenizer.extra_special_tokens]
