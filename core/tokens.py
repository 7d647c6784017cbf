"""Tokens as people can read them: vocabulary entries as text, bytes that are no whole character as bytes."""

from __future__ import annotations

import re
import unicodedata
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from core import models
from core.config import ModelConfig
from core.control_pictures import picture

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_SIGNS = {" ": "␣", "\n": "⏎", "\r": "␍", "\t": "⇥"}
_PRINTED = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_BYTE_OF = {chr(byte): byte for byte in _PRINTED} | {
    chr(0x100 + index): byte for index, byte in enumerate(byte for byte in range(256) if byte not in _PRINTED)
}
"""The letter of a byte-level vocabulary -> its byte. Bytes that are no letter of Latin-1 stand from U+0100 on."""


class Pieces(dict[int, str]):
    """Token id -> piece, written when it is first asked for. A piece is never empty and always printable.

    A blank is ␣, a line end ⏎; bytes that are no whole character of UTF-8 stand in ‹E3 81›.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        super().__init__()
        self._tokenizer = weakref.ref(tokenizer)
        self._verbatim = set(getattr(tokenizer, "added_tokens_decoder", None) or ())
        backend = getattr(tokenizer, "backend_tokenizer", None)
        decoder = str(getattr(backend, "decoder", None))
        self._text: Callable[[str], str] = legible
        if "ByteLevel" in decoder:
            self._text = _byte_level
        elif "ByteFallback" in decoder or "▁" in decoder or "Metaspace" in decoder:
            self._text = _sentence_piece

    def __missing__(self, token: int) -> str:
        tokenizer = self._tokenizer()
        entry = None
        if tokenizer is not None and token >= 0:
            entry = tokenizer.convert_ids_to_tokens(token)
        if not isinstance(entry, str):
            text = f"<{token}>"
        else:
            text = legible(entry) if token in self._verbatim else self._text(entry)
        self[token] = text or "‹›"
        return self[token]


_known: weakref.WeakKeyDictionary[PreTrainedTokenizerBase, Pieces] = weakref.WeakKeyDictionary()


def pieces(tokenizer: PreTrainedTokenizerBase) -> Pieces:
    """The pieces of a tokenizer, the same object at every call."""
    found = _known.get(tokenizer)
    if found is None:
        found = _known[tokenizer] = Pieces(tokenizer)
    return found


def piece(tokenizer: PreTrainedTokenizerBase, token: int) -> str:
    """A token as people can read it."""
    return pieces(tokenizer)[token]


def load_tokenizer(ref: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a folder or Hub id.

    Raises:
        FinetuiError: there is none.
    """
    return models.load_tokenizer(ModelConfig(id=ref))


def legible(text: str) -> str:
    """The text with a sign for each blank, control or invisible character."""
    if text.isprintable() and " " not in text:
        return text
    return "".join(_SIGNS.get(char) or (char if char.isprintable() else _sign(char)) for char in text)


def _sign(char: str) -> str:
    return "␣" if unicodedata.category(char) == "Zs" else picture(char)


def _byte_level(entry: str) -> str:
    try:
        data = bytes(_BYTE_OF[letter] for letter in entry)
    except KeyError:  # an added token, or a vocabulary that mixes
        return legible(entry)
    return _utf8(data)


def _sentence_piece(entry: str) -> str:
    byte = _BYTE.fullmatch(entry)
    return _utf8(bytes([int(byte[1], 16)])) if byte else legible(entry.replace("▁", " "))


def _utf8(data: bytes) -> str:
    """The text of bytes, legible; those that are no whole character in ‹›, neighbours together."""
    text, broken = "", b""
    while data:
        try:
            good, bad, rest = data.decode(), b"", b""
        except UnicodeDecodeError as error:
            good, bad, rest = data[: error.start].decode(), data[error.start : error.end], data[error.end :]
        if good and broken:
            text, broken = text + _quoted(broken), b""
        text, broken, data = text + legible(good), broken + bad, rest
    return text + (_quoted(broken) if broken else "")


def _quoted(data: bytes) -> str:
    return f"‹{data.hex(' ').upper()}›"
