"""A filter held against the columns of a dataset, and the rows that it lets through. Computed by Arrow."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.data import filter_syntax as syntax
from core.data import leaves, threads
from core.data.browse import class_names
from core.data.chunks import Watch, chunks
from core.data.filter_syntax import FilterError
from core.data.search import Rows, contains, rows_with

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

Kind = Literal["text", "number", "boolean", "class", "time", "list", "other"]
Evaluate = Callable[["pa.Table"], Any]
"""(rows) -> an Arrow array with a value per row."""

SIGNS: dict[Kind, tuple[str, ...]] = {
    "text": syntax.COMPARISONS,
    "number": ("=", "!=", "<", "<=", ">", ">="),
    "boolean": ("=", "!="),
    "class": syntax.COMPARISONS,
    "time": ("=", "!=", "<", "<=", ">", ">="),
    "list": ("contains",),
    "other": ("contains",),
}
_FUNCTIONS = {
    "=": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}


@dataclass(frozen=True, slots=True)
class _Value:
    """An operand that differs from row to row. `names` are those of a ClassLabel; `type` is Arrow's."""

    kind: Kind
    evaluate: Evaluate
    said: str
    type: Any = None
    names: tuple[str, ...] = ()


class Filter:
    """Which rows of a dataset a condition holds for.

    The language: `=` `!=` `<` `<=` `>` `>=`, `contains` (a text anywhere; upper and lower case are the same unless it
    has an upper case letter), `~` (a regular expression of RE2), `and` `or` `not` and parentheses. A column is named
    bare, with dots into a struct, or in `back quotes`; left of a sign also in "double quotes". A text stands in
    quotes; a class of a ClassLabel is a number, a text or a bare name. `length(column)` is in characters of a text or
    items of a list, `length` alone in characters of all texts of a row. `= null` and `!= null` ask for missing values;
    no other comparison holds for one.

    Raises:
        FilterError: it is no filter, or none for these columns.
    """

    def __init__(self, text: str, rows: Dataset) -> None:
        self.text = text
        self._schema = rows.data.schema
        self._features = rows.features
        self._used: set[str] = set()
        self._holds = self._condition(syntax.parse(text))

    def rows(self, rows: Dataset, watch: Watch | None = None) -> Rows:
        """The rows that it holds for, of those that it was made for."""
        columns = [name for name in rows.column_names if name in self._used] or rows.column_names[:1]

        def holding(piece: tuple[int, pa.Table]) -> Rows:
            start, table = piece
            holds = self._holds(table.combine_chunks()).fill_null(False)
            return np.asarray(np.flatnonzero(holds.to_numpy(zero_copy_only=False)) + start)

        found = threads.in_order(holding, chunks(rows, columns, watch))
        return np.concatenate([np.empty(0, dtype=np.int64), *found])

    def _error(self, place: int, title: str, hint: str) -> FilterError:
        return FilterError(self.text, place, title, hint)

    def _condition(self, condition: syntax.Condition) -> Evaluate:
        import pyarrow.compute as pc

        match condition:
            case syntax.Not(of):
                inner = self._condition(of)
                return lambda table: pc.invert(inner(table))
            case syntax.Join(word, left, right):
                join = pc.and_kleene if word == "and" else pc.or_kleene
                first, second = self._condition(left), self._condition(right)
                return lambda table: join(first(table), second(table))
            case syntax.Name(name, place):
                value = self._column(name, place)
                if value.kind != "boolean":
                    raise self._error(place, f"{value.said} alone is no condition", f"compare it: {name} = ...")
                return value.evaluate
            case syntax.Compare():
                return self._comparison(condition)

    def _comparison(self, compare: syntax.Compare) -> Evaluate:
        import pyarrow as pa
        import pyarrow.compute as pc

        left = self._left(compare.left)
        right = compare.right
        if isinstance(right, syntax.Constant) and right.value is None:
            if compare.sign not in ("=", "!="):
                raise self._error(compare.place, "null is neither more nor less", "ask = null or != null")
            missing = pc.is_null if compare.sign == "=" else pc.is_valid
            return lambda table: missing(left.evaluate(table))
        if compare.sign not in SIGNS[left.kind]:
            hint = f"possible here: {' '.join(SIGNS[left.kind])}, and = null, != null"
            raise self._error(compare.place, f"{left.said} knows no {compare.sign}", hint)
        if isinstance(right, syntax.Name) and left.kind == "class" and not right.quoted and right.name in left.names:
            right = syntax.Constant(right.name, right.place)
        if isinstance(right, syntax.Constant):
            holds = self._with_constant(left, compare.sign, right)
        else:
            holds = self._with_column(left, compare, self._value(right))

        def checked(table: pa.Table) -> Any:
            try:
                return holds(table)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                reason = str(error).splitlines()[0]
                raise self._error(compare.place, f"{left.said} cannot be compared so", reason) from error

        return checked

    def _with_constant(self, left: _Value, sign: str, right: syntax.Constant) -> Evaluate:
        import pyarrow as pa
        import pyarrow.compute as pc

        value, evaluate = right.value, left.evaluate
        if sign == "~" or sign == "contains":
            return self._matching(left, sign, right)
        if left.kind == "class" and isinstance(value, str):
            if value not in left.names:
                close = difflib.get_close_matches(value, left.names, 1)
                hint = f"did you mean {close[0]}? " if close else ""
                title = f"{left.said} has no class {value}"
                raise self._error(right.place, title, f"{hint}its classes: {_some(left.names)}")
            value = left.names.index(value)
        if left.kind == "time" and isinstance(value, str):
            try:
                scalar = pa.scalar(value).cast(left.type)
            except pa.ArrowInvalid as error:
                raise self._error(right.place, f"{value} is no {left.type}", "write 2024-12-31 or so") from error
        else:
            self._require_kind(left, right, value)
            scalar = pa.scalar(float(value) if isinstance(value, int) and abs(value) >= 2**63 else value)
        function = _FUNCTIONS[sign]
        return lambda table: pc.call_function(function, [evaluate(table), scalar])

    def _require_kind(self, left: _Value, right: syntax.Constant, value: Any) -> None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = {
            "text": isinstance(value, str),
            "boolean": isinstance(value, bool),
            "number": number,
            "class": number,
        }
        wanted = {
            "text": "a quoted text",
            "boolean": "true or false",
            "number": "a number",
            "class": "a number or name",
        }
        if not fits.get(left.kind, False):
            title = f"{left.said} is compared with {wanted.get(left.kind, 'a quoted time')}"
            hint = f"write '{value}'" if left.kind == "text" else f"not with {value!r}"
            raise self._error(right.place, title, hint)

    def _matching(self, left: _Value, sign: str, right: syntax.Constant) -> Evaluate:
        """`contains` and `~`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted, evaluate = right.value, left.evaluate
        if left.kind == "list" and not isinstance(wanted, str):
            return partial(_holds_value, evaluate, wanted)
        if not isinstance(wanted, str):
            raise self._error(right.place, f"{sign} wants a quoted text", f"write {sign} '{wanted}'")
        if sign == "~":
            try:
                pc.match_substring_regex(pa.array([""]), wanted)
            except pa.ArrowInvalid as error:
                raise self._error(right.place, "this is no regular expression", str(error).splitlines()[0]) from error
        if left.kind == "class":
            names = pa.array(left.names)
            fitting = contains(names, wanted) if sign == "contains" else pc.match_substring_regex(names, wanted)
            ids = pa.array(np.flatnonzero(fitting.to_numpy(zero_copy_only=False)), left.type)
            return lambda table: pc.is_in(evaluate(table), ids)
        if left.names:  # a list of classes
            if wanted not in left.names:
                title = f"{left.said} has no class {wanted}"
                raise self._error(right.place, title, f"its classes: {_some(left.names)}")
            return partial(_holds_value, evaluate, left.names.index(wanted))
        if not leaves.has_text(left.type):
            raise self._error(right.place, f"{left.said} holds no text", "give a number, without quotes")
        if sign == "~":
            return lambda table: pc.match_substring_regex(evaluate(table), wanted)
        return lambda table: pa.array(rows_with(evaluate(table), wanted))

    def _with_column(self, left: _Value, compare: syntax.Compare, right: _Value) -> Evaluate:
        import pyarrow.compute as pc

        alike = {"class": "number"}
        if compare.sign not in _FUNCTIONS:
            raise self._error(compare.right.place, f"{compare.sign} wants a quoted text", "a column cannot stand here")
        if alike.get(left.kind, left.kind) != alike.get(right.kind, right.kind):
            title = f"{left.said} and {right.said} cannot be compared"
            hint = "a text stands in quotes" if isinstance(compare.right, syntax.Name) else f"{left.kind}, {right.kind}"
            raise self._error(compare.right.place, title, hint)
        function = _FUNCTIONS[compare.sign]
        return lambda table: pc.call_function(function, [left.evaluate(table), right.evaluate(table)])

    def _left(self, operand: syntax.Operand) -> _Value:
        if isinstance(operand, syntax.Constant):
            if isinstance(operand.value, str):
                return self._column(operand.value, operand.place)
            raise self._error(operand.place, "a column should stand left of the sign", f"{_some(self._schema.names)}")
        return self._value(operand)

    def _value(self, operand: syntax.Name | syntax.Length) -> _Value:
        if isinstance(operand, syntax.Name):
            return self._column(operand.name, operand.place)
        if operand.of is None:
            return (
                self._column("length", operand.place) if "length" in self._schema.names else self._whole_length(operand)
            )
        if isinstance(operand.of, syntax.Constant):
            if not isinstance(operand.of.value, str):
                raise self._error(operand.of.place, "length is of a column", f"{_some(self._schema.names)}")
            return self._length(self._column(operand.of.value, operand.of.place), operand)
        return self._length(self._column(operand.of.name, operand.of.place), operand)

    def _length(self, of: _Value, operand: syntax.Length) -> _Value:
        import pyarrow.compute as pc

        if of.kind not in ("text", "list"):
            raise self._error(operand.place, f"{of.said} has no length", "texts and lists have one")
        if of.kind == "text":
            return _Value("number", lambda table: pc.utf8_length(of.evaluate(table)), "a length")
        return _Value("number", lambda table: pc.list_value_length(of.evaluate(table)), "a length")

    def _whole_length(self, operand: syntax.Length) -> _Value:
        import pyarrow.compute as pc

        texts = [self._column(field.name, 0) for field in self._schema if leaves.is_text(field.type)]
        if not texts:
            raise self._error(operand.place, "no column is text", f"write length(column): {_some(self._schema.names)}")

        def evaluate(table: pa.Table) -> Any:
            total = None
            for text in texts:
                length = pc.fill_null(pc.utf8_length(text.evaluate(table)).cast("int64"), 0)
                total = length if total is None else pc.add(total, length)
            return total

        return _Value("number", evaluate, "the length")

    def _column(self, name: str, place: int) -> _Value:
        """A column, or a field of a struct by its path."""
        import pyarrow.compute as pc

        column, path = (name, []) if name in self._schema.names else (name.split(".")[0], name.split(".")[1:])
        if column not in self._schema.names:
            close = difflib.get_close_matches(name, self._schema.names, 1)
            hint = f"did you mean {close[0]}? " if close else ""
            title = f"there is no column {name}"
            raise self._error(place, title, f"{hint}the columns: {_some(self._schema.names)}; a text stands in quotes")
        kind, feature = self._schema.field(column).type, self._features[column]
        for part in path:
            fields = [kind.field(index).name for index in range(kind.num_fields)] if isinstance(feature, dict) else []
            if part not in fields:
                raise self._error(place, f"{column} has no field {part}", f"its fields: {_some(fields) or 'none'}")
            kind, feature = kind.field(part).type, feature[part]
        self._used.add(column)

        def evaluate(table: pa.Table) -> Any:
            values = table[column]
            values = values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
            return leaves.plain(pc.struct_field(values, path) if path else values)

        return _Value(_kind(kind, feature), evaluate, f"column {name}", kind, class_names(feature))


def _kind(kind: pa.DataType, feature: Any) -> Kind:
    import pyarrow.types as types

    if class_names(feature) and types.is_integer(kind):
        return "class"
    if leaves.is_text(kind):
        return "text"
    if types.is_boolean(kind):
        return "boolean"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_temporal(kind):
        return "time"
    return "list" if leaves.is_list(kind) else "other"


def _holds_value(evaluate: Evaluate, wanted: Any, table: pa.Table) -> Any:
    """Whether a list has an item that equals `wanted`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lists = evaluate(table)
    same = pc.fill_null(pc.equal(pc.list_flatten(lists), pa.scalar(wanted)), False).to_numpy(zero_copy_only=False)
    holds = np.zeros(len(lists), dtype=bool)
    holds[pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)[same]] = True
    return pa.array(holds)


def _some(names: Any) -> str:
    shown = ", ".join(list(names)[:12])
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "")
