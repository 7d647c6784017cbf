"""A prompt and its two answers, read off the shapes that preference data comes in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.chat import turns
from core.data import conversations
from core.data.conversations import Message
from core.errors import FinetuiError

Pair = tuple[list[Message], list[Message], list[Message]]
"""Prompt, chosen answer, rejected answer."""


def of_messages(row: Mapping[str, Any], columns: Mapping[str, str]) -> Pair:
    """The messages of a row.

    Args:
        columns: role -> column.

    Raises:
        FinetuiError: there is no prompt, or no answer to it.
    """
    better, worse = (conversations.answer(row[columns[name]], name) for name in ("chosen", "rejected"))
    if better and better[0]["role"] != "assistant":  # a whole conversation, whatever the prompt column has
        shared = turns.shared(better, worse)
        prompt, better, worse = better[:shared], better[shared:], worse[shared:]
    elif "prompt" in columns:
        more = row.get(columns.get("input", ""))
        prompt = conversations.prompt(row[columns["prompt"]], more)
    else:
        prompt = []
    system = conversations.text(row.get(columns.get("system", "")), "system")
    if system and prompt and prompt[0]["role"] != "system":
        prompt = [{"role": "system", "content": system}, *prompt]
    if not (prompt and better and worse):
        raise FinetuiError(
            "a row has no prompt, or no two answers to it",
            f"columns {', '.join(columns.values())}: {str(dict(row))[:120]}",
            "name the columns under data.columns, or leave such rows out",
        )
    return prompt, better, worse


def of_texts(row: Mapping[str, Any], columns: Mapping[str, str]) -> tuple[str, str, str]:
    """What the two texts of a row begin with alike, up to a blank that belongs to the answers, and how each goes on."""
    chosen, rejected = (str(row[columns[name]]) for name in ("chosen", "rejected"))
    shared = turns.shared(chosen, rejected)
    if shared and chosen[shared - 1] == " ":
        shared -= 1
    return chosen[:shared], chosen[shared:], rejected[shared:]
