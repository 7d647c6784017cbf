"""A filter held against the columns of a dataset, and the rows that it lets through. Computed by Arrow."""

from __future__ import annotations

import difflib
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data import filter_syntax as syntax
from core.data import leaves, threads
from core.data.chunks import Watch, chunks
from core.data.filter_operands import Evaluate, Kind, Operands, Value, some
from core.data.filter_syntax import FilterError
from core.data.search import Rows, contains, rows_with

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

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
        self._operands = Operands(text, rows)
        self._holds = self._condition(syntax.parse(text))

    def rows(self, rows: Dataset, watch: Watch | None = None) -> Rows:
        """The rows that it holds for, of those that it was made for."""
        columns = [name for name in rows.column_names if name in self._operands.used] or rows.column_names[:1]

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
                value = self._operands.column(name, place)
                if value.kind != "boolean":
                    raise self._error(place, f"{value.said} alone is no condition", f"compare it: {name} = ...")
                return value.evaluate
            case syntax.Compare():
                return self._comparison(condition)

    def _comparison(self, compare: syntax.Compare) -> Evaluate:
        import pyarrow as pa
        import pyarrow.compute as pc

        left = self._operands.left(compare.left)
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
            holds = self._with_column(left, compare, self._operands.value(right))

        def checked(table: pa.Table) -> Any:
            try:
                return holds(table)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                reason = str(error).splitlines()[0]
                raise self._error(compare.place, f"{left.said} cannot be compared so", reason) from error

        return checked

    def _with_constant(self, left: Value, sign: str, right: syntax.Constant) -> Evaluate:
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
                raise self._error(right.place, title, f"{hint}its classes: {some(left.names)}")
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

    def _require_kind(self, left: Value, right: syntax.Constant, value: Any) -> None:
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

    def _matching(self, left: Value, sign: str, right: syntax.Constant) -> Evaluate:
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
                raise self._error(right.place, title, f"its classes: {some(left.names)}")
            return partial(_holds_value, evaluate, left.names.index(wanted))
        if not leaves.has_text(left.type):
            raise self._error(right.place, f"{left.said} holds no text", "give a number, without quotes")
        if sign == "~":
            return lambda table: pc.match_substring_regex(evaluate(table), wanted)
        return lambda table: pa.array(rows_with(evaluate(table), wanted))

    def _with_column(self, left: Value, compare: syntax.Compare, right: Value) -> Evaluate:
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


def _holds_value(evaluate: Evaluate, wanted: Any, table: pa.Table) -> Any:
    """Whether a list has an item that equals `wanted`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lists = evaluate(table)
    same = pc.fill_null(pc.equal(pc.list_flatten(lists), pa.scalar(wanted)), False).to_numpy(zero_copy_only=False)
    holds = np.zeros(len(lists), dtype=bool)
    holds[pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)[same]] = True
    return pa.array(holds)
