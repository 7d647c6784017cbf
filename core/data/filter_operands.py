"""What stands left and right of the signs of a filter, as values of the columns of a dataset."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.data import filter_syntax as syntax
from core.data import leaves
from core.data.browse import class_names
from core.data.filter_syntax import FilterError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

Kind = Literal["text", "number", "boolean", "class", "time", "list", "other"]
Evaluate = Callable[["pa.Table"], Any]
"""(rows) -> an Arrow array with a value per row."""


@dataclass(frozen=True, slots=True)
class Value:
    """An operand that differs from row to row. `names` are those of a ClassLabel; `type` is Arrow's."""

    kind: Kind
    evaluate: Evaluate
    said: str
    type: Any = None
    names: tuple[str, ...] = ()


class Operands:
    """The operands of one filter over one dataset.

    Attributes:
        used: the columns that they read.
    """

    def __init__(self, text: str, rows: Dataset) -> None:
        self.used: set[str] = set()
        self._text = text
        self._schema = rows.data.schema
        self._features = rows.features

    def _error(self, place: int, title: str, hint: str) -> FilterError:
        return FilterError(self._text, place, title, hint)

    def left(self, operand: syntax.Operand) -> Value:
        """What stands left of a sign: a column, also in double quotes, or a length."""
        if isinstance(operand, syntax.Constant):
            if isinstance(operand.value, str):
                return self.column(operand.value, operand.place)
            raise self._error(operand.place, "a column should stand left of the sign", f"{some(self._schema.names)}")
        return self.value(operand)

    def value(self, operand: syntax.Name | syntax.Length) -> Value:
        """A column or a length."""
        if isinstance(operand, syntax.Name):
            return self.column(operand.name, operand.place)
        if operand.of is None:
            return (
                self.column("length", operand.place) if "length" in self._schema.names else self._whole_length(operand)
            )
        if isinstance(operand.of, syntax.Constant):
            if not isinstance(operand.of.value, str):
                raise self._error(operand.of.place, "length is of a column", f"{some(self._schema.names)}")
            return self._length(self.column(operand.of.value, operand.of.place), operand)
        return self._length(self.column(operand.of.name, operand.of.place), operand)

    def _length(self, of: Value, operand: syntax.Length) -> Value:
        import pyarrow.compute as pc

        if of.kind not in ("text", "list"):
            raise self._error(operand.place, f"{of.said} has no length", "texts and lists have one")
        if of.kind == "text":
            return Value("number", lambda table: pc.utf8_length(of.evaluate(table)), "a length")
        return Value("number", lambda table: pc.list_value_length(of.evaluate(table)), "a length")

    def _whole_length(self, operand: syntax.Length) -> Value:
        import pyarrow.compute as pc

        texts = [self.column(field.name, 0) for field in self._schema if leaves.is_text(field.type)]
        if not texts:
            raise self._error(operand.place, "no column is text", f"write length(column): {some(self._schema.names)}")

        def evaluate(table: pa.Table) -> Any:
            total = None
            for text in texts:
                length = pc.fill_null(pc.utf8_length(text.evaluate(table)).cast("int64"), 0)
                total = length if total is None else pc.add(total, length)
            return total

        return Value("number", evaluate, "the length")

    def column(self, name: str, place: int) -> Value:
        """A column, or a field of a struct by its path."""
        import pyarrow.compute as pc

        column, path = (name, []) if name in self._schema.names else (name.split(".")[0], name.split(".")[1:])
        if column not in self._schema.names:
            close = difflib.get_close_matches(name, self._schema.names, 1)
            hint = f"did you mean {close[0]}? " if close else ""
            title = f"there is no column {name}"
            raise self._error(place, title, f"{hint}the columns: {some(self._schema.names)}; a text stands in quotes")
        kind, feature = self._schema.field(column).type, self._features[column]
        for part in path:
            fields = [kind.field(index).name for index in range(kind.num_fields)] if isinstance(feature, dict) else []
            if part not in fields:
                raise self._error(place, f"{column} has no field {part}", f"its fields: {some(fields) or 'none'}")
            kind, feature = kind.field(part).type, feature[part]
        self.used.add(column)

        def evaluate(table: pa.Table) -> Any:
            values = table[column]
            values = values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
            return leaves.plain(pc.struct_field(values, path) if path else values)

        return Value(_kind(kind, feature), evaluate, f"column {name}", kind, class_names(feature))


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


def some(names: Any) -> str:
    """The first few names, for people."""
    shown = ", ".join(list(names)[:12])
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "")
