"""The language of filters as a tree: `label = 1 and (length > 300 or not text contains "x")`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal as OneOf

from core.errors import FinetuiError

DEEPEST = 100
"""Parentheses and `not` inside one another."""
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "contains", "~")
_SAME = {"==": "=", "<>": "!="}
_WORDS = {"and", "or", "not", "contains", "is", "null", "true", "false"}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?!\w))
    | (?P<name>[^\W\d]\w*(?:\.\w+)*)
    | (?P<column>`[^`]+`)
    | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    | (?P<sign>==|!=|<>|<=|>=|=|<|>|~|\(|\))
    )""",
    re.VERBOSE,
)
_ESSENCE = "a filter compares columns: label = 1 and length > 300"


class FilterError(FinetuiError):
    """A filter that cannot be, and where in it.

    Attributes:
        place: characters before what is wrong.
    """

    def __init__(self, text: str, place: int, title: str, hint: str) -> None:
        rest = text[place:].strip()
        super().__init__(title, f"at character {place + 1}: {rest[:40]}" if rest else "at its end", hint)
        self.place = place


@dataclass(frozen=True, slots=True)
class Constant:
    """A text, a number, true, false or null (None); a text in "double quotes" may be meant as a column."""

    value: str | int | float | bool | None
    place: int


@dataclass(frozen=True, slots=True)
class Name:
    """A column, or the name of a class; `quoted` in `back quotes` it can only be a column."""

    name: str
    place: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Length:
    """Characters of a text or items of a list; of None: of all texts of the row."""

    of: Name | Constant | None
    place: int


Operand = Constant | Name | Length


@dataclass(frozen=True, slots=True)
class Compare:
    """An operand, a sign of COMPARISONS, and what it is held against."""

    left: Operand
    sign: str
    right: Operand
    place: int


@dataclass(frozen=True, slots=True)
class Not:
    """What does not hold."""

    of: Condition


@dataclass(frozen=True, slots=True)
class Join:
    """Two conditions, of which both hold, or one."""

    word: OneOf["and", "or"]
    left: Condition
    right: Condition


Condition = Compare | Not | Join | Name
"""A name alone is a column of true and false."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


def parse(text: str) -> Condition:
    """The tree of a filter.

    Raises:
        FilterError: it is none.
    """
    return _Parser(text).whole()


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise _unreadable(text, at)
        kind = str(match.lastgroup)
        word, place = match[kind], match.start(kind)
        if kind == "name" and word.lower() in _WORDS:
            kind, word = "word", word.lower()
        found.append(_Token(kind, _SAME.get(word, word), place))
        at = match.end()
    return [*found, _Token("end", "", len(text))]


def _unreadable(text: str, at: int) -> FilterError:
    mark = text[at]
    if mark in "'\"`":
        return FilterError(text, at, "a quote is never closed", f"close it with {mark}")
    hints = {"&": "write and", "|": "write or", "!": "write not, or !="}
    return FilterError(text, at, f"{mark} means nothing here", hints.get(mark, _ESSENCE))


class _Parser:
    """By recursive descent: or, and, not, comparison."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Condition:
        found = self._either()
        if self._next.kind != "end":
            raise self._error("the filter should end here", "join conditions with and, or")
        return found

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> _Token | None:
        """The next token, if it is one of these words or signs."""
        token = self._next
        if token.kind not in ("word", "sign") or token.text not in texts:
            return None
        self._at += 1
        return token

    def _error(self, title: str, hint: str) -> FilterError:
        return FilterError(self._text, self._next.place, title, hint)

    def _either(self) -> Condition:
        found = self._both()
        while self._take("or"):
            found = Join("or", found, self._both())
        return found

    def _both(self) -> Condition:
        found = self._one()
        while self._take("and"):
            found = Join("and", found, self._one())
        return found

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error("this is nested too deeply", f"at most {DEEPEST} levels")
        try:
            if self._take("not"):
                return Not(self._one())
            if self._take("("):
                found = self._either()
                if not self._take(")"):
                    raise self._error("a parenthesis is never closed", "close it with )")
                return found
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Condition:
        left = self._operand("a column, length, or (")
        if self._take("is"):
            sign = "!=" if self._take("not") else "="
            null = self._take("null")
            if null is None:
                raise self._error("null should stand here", "ask for missing values: is null, is not null")
            return Compare(left, sign, Constant(None, null.place), null.place)
        sign_token = self._take(*COMPARISONS)
        if sign_token is None:
            if isinstance(left, Name) and (self._next.kind == "end" or self._next.text in ("and", "or", ")")):
                return left
            raise self._error("a comparison should stand here", " ".join(COMPARISONS))
        right = self._operand("a number, a quoted text, null or a column")
        return Compare(left, sign_token.text, right, sign_token.place)

    def _operand(self, wanted: str) -> Operand:
        token = self._next
        found: Operand
        match token.kind:
            case "number":
                found = Constant(_number(token.text), token.place)
            case "text":
                mark = token.text[0]
                found = Constant(token.text[1:-1].replace(mark * 2, mark), token.place)
            case "column":
                found = Name(token.text[1:-1], token.place, quoted=True)
            case "word" if token.text in ("null", "true", "false"):
                found = Constant({"null": None, "true": True, "false": False}[token.text], token.place)
            case "name":
                if token.text.lower() == "length":
                    return self._length(token)
                found = Name(token.text, token.place)
            case _:
                raise self._error(f"{wanted} should stand here", _ESSENCE)
        self._at += 1
        return found

    def _length(self, token: _Token) -> Length:
        self._at += 1
        if not self._take("("):
            return Length(None, token.place)
        column = self._operand("a column")
        if not isinstance(column, Name | Constant):
            raise FilterError(self._text, column.place, "length is of a column", "write length(text)")
        if not self._take(")"):
            raise self._error("a parenthesis is never closed", "close it with )")
        return Length(column, token.place)


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
