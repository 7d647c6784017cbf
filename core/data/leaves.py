"""The texts of a column, also where they lie in lists and structs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Parents = npt.NDArray[np.int64]
"""The row that each value belongs to."""


def is_text(kind: pa.DataType) -> bool:
    """Whether values of this type are text; json is text too."""
    import pyarrow.types as types

    kind = _plain_type(kind)
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def is_list(kind: pa.DataType) -> bool:
    """Whether values of this type are lists."""
    import pyarrow.types as types

    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def has_text(kind: pa.DataType) -> bool:
    """Whether values of this type hold text somewhere."""
    import pyarrow.types as types

    if types.is_struct(kind):
        return any(has_text(kind.field(index).type) for index in range(kind.num_fields))
    return has_text(kind.value_type) if is_list(kind) else is_text(kind)


def plain(column: Any) -> Any:
    """An array without an extension type such as json: its texts."""
    import pyarrow as pa

    return column.storage if isinstance(column.type, pa.BaseExtensionType) else column


def texts(column: pa.Array, rows: Parents | None = None) -> Iterator[tuple[pa.Array, Parents | None]]:
    """Arrays of text, each with the row that every text belongs to; None where that is its own index.

    Args:
        column: an array, not chunked.
        rows: the row of each of its values, where that is not its index.
    """
    import pyarrow.compute as pc

    if is_text(column.type):
        yield plain(column), rows
    elif is_list(column.type) and has_text(column.type):
        parents = pc.list_parent_indices(column).to_numpy(zero_copy_only=False).astype(np.int64)
        yield from texts(pc.list_flatten(column), parents if rows is None else rows[parents])
    elif has_text(column.type):
        for index in range(column.type.num_fields):
            yield from texts(pc.struct_field(column, [index]), rows)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
