"""What is wrong with a field, in a line that stands beside it."""

from __future__ import annotations

from core.errors import FinetuiError
from tui.forms.fields import FormField, types_in


def of(error: FinetuiError, field: FormField | None) -> str:
    """The remedy of an error; the title as well where the field is not the one it names.

    The field's help is left out: the form shows it anyway.
    """
    if field is None or field.is_other:
        return ": ".join(part for part in (error.title, error.hint) if part)
    if dict in types_in(field.annotation):
        return f"write `key: value`, several with commas between ({_short(error.hint, field)})"
    return _short(error.hint, field) or error.title


def _short(hint: str, field: FormField) -> str:
    hint = hint.removesuffix(f"({field.help})").strip() if field.help else hint
    for beginning in ("input should be ", "string should "):
        if hint.startswith(beginning):
            said = hint.removeprefix(beginning).partition(", ")[0]
            return f"must be {said}" if beginning.startswith("input") else f"must {said}"
    return hint
