"""Which column plays which role of a task: named in the config, or guessed from its name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.errors import FinetuiError

if TYPE_CHECKING:
    from datasets import Dataset

Holds = Literal["texts", "lists of texts", "lists", "classes or numbers", "anything"]
"""What a role takes, in words for people."""


@dataclass(frozen=True)
class Role:
    """What a task needs a column for.

    Attributes:
        guesses: column names that mean this role, the likeliest first; case does not matter.
        holds: what is in a column that an error may propose; another one is not refused here.
    """

    name: str
    help: str
    required: bool
    guesses: tuple[str, ...]
    holds: Holds = "anything"


def resolve(
    roles: Sequence[Role],
    available: Sequence[str],
    given: Mapping[str, str],
    features: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """The column of each role; an optional role without one is left out.

    Args:
        available: the columns of the dataset.
        given: role -> column, from the config. An empty name keeps an optional role from being guessed.
        features: column -> its type, where it is known.

    Raises:
        FinetuiError: an unknown role or column, or a required role that no column fits.
    """
    known = {role.name: role for role in roles}
    for name, column in given.items():
        if name not in known:
            raise _unknown_role(name, roles)
        if column and column not in available:
            raise unknown_column(column, available, f"data.columns.{name}")
    resolved = guessed(roles, available, given)
    for role in roles:
        if role.required and role.name not in resolved:
            raise FinetuiError(
                f"no column for {role.name} ({role.help})",
                _columns(available),
                _how_to_name(role, roles, available, given, resolved, features),
            )
    return {role.name: resolved[role.name] for role in roles if role.name in resolved}


def guessed(roles: Sequence[Role], available: Sequence[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The column of each role that is named in `given` or has one by its name; no column has two roles by its name."""
    resolved = {name: column for name, column in (given or {}).items() if column}
    for role in roles:
        if role.name not in (given or {}):
            taken = set(resolved.values())
            guess = _guess(role, [column for column in available if column not in taken])
            if guess is not None:
                resolved[role.name] = guess
    return resolved


def require(resolved: Mapping[str, str], available: Sequence[str], split: str) -> None:
    """Make sure that a further split has the columns that were resolved on the train split.

    Raises:
        FinetuiError: it lacks one.
    """
    for role, column in resolved.items():
        if column not in available:
            detail = f"{role} of split {split}; {_columns(available)}"
            raise FinetuiError(f"split {split} has no column {column}", detail, "name the column alike in all splits")


def require_texts(resolved: Mapping[str, str], rows: Dataset) -> None:
    """Make sure that columns hold one value a row: a list or a mapping would be read as the code that writes it down.

    Raises:
        FinetuiError: one holds something else.
    """
    from datasets import ClassLabel, Value

    for role, column in resolved.items():
        kind = rows.features[column]
        if not isinstance(kind, Value | ClassLabel):
            what = "several parts" if isinstance(kind, dict) else "lists"
            hint = f"name a part of it: {column}.{next(iter(kind))}" if isinstance(kind, dict) else "join them first"
            raise FinetuiError(f"column {column} holds {what}, no texts", f"data.columns.{role}: {column}", hint)


def unknown_column(column: str, available: Sequence[str], key: str) -> FinetuiError:
    """The error for a column that the dataset lacks; `key` is the place in the config that names it."""
    by_lower = {name.lower(): name for name in available}
    close = difflib.get_close_matches(column.lower(), list(by_lower), 1)
    hint = f"did you mean {by_lower[close[0]]}?" if close else f"name one of them in {key}"
    return FinetuiError(f"there is no column {column}", f"{key}; {_columns(available)}", hint, key=key)


def _how_to_name(
    role: Role,
    roles: Sequence[Role],
    available: Sequence[str],
    given: Mapping[str, str],
    resolved: Mapping[str, str],
    features: Mapping[str, Any] | None,
) -> str:
    """A column that the role could have; where no other role leaves one that fits, what it must hold."""
    key = f"data.columns.{role.name}"
    taken = {*resolved.values()}
    of_others = {name for other in roles if other is not role if (name := _guess(other, available)) is not None}
    for column in available:
        if column not in taken | of_others and (features is None or _fits(role, features.get(column))):
            return f"name one in the config: {key}: {column}"
    meant = _guess(role, available)
    owner = next((name for name, column in given.items() if column and column == meant), None)
    if owner is not None:
        return f"data.columns.{owner} has `{meant}`, which fits: name another column there, or for {key}"
    if role.holds == "anything":
        return f"{key} names a column that no other role has"
    return f"{key} names a column of {role.holds}; none is left that no other role has"


def _fits(role: Role, feature: Any) -> bool:
    """Whether a column of this type can be what the role takes."""
    from datasets import ClassLabel, LargeList, Value
    from datasets import List as ListOf

    text = isinstance(feature, Value) and feature.dtype in ("string", "large_string")
    several = isinstance(feature, ListOf | LargeList)
    if role.holds == "texts":
        return text
    if role.holds == "lists of texts":
        return several and _fits(Role("", "", True, (), "texts"), feature.feature)
    if role.holds == "lists":
        return several
    return role.holds == "anything" or several or isinstance(feature, Value | ClassLabel)


def _guess(role: Role, available: Sequence[str]) -> str | None:
    by_lower: dict[str, str] = {}
    for column in available:
        by_lower.setdefault(column.lower(), column)
    return next((by_lower[guess.lower()] for guess in role.guesses if guess.lower() in by_lower), None)


def _unknown_role(name: str, roles: Sequence[Role]) -> FinetuiError:
    names = [role.name for role in roles]
    close = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {close[0]}? " if close else ""
    return FinetuiError(f"the task has no role {name}", f"data.columns.{name}", f"{hint}its roles: {', '.join(names)}")


def _columns(available: Sequence[str]) -> str:
    shown = ", ".join(available[:20]) + (f" and {len(available) - 20} more" if len(available) > 20 else "")
    return f"the columns are: {shown}" if available else "there are no columns"
