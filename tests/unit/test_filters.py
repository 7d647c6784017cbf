"""The language of filters: what it lets through, and what it says of what it does not understand."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

import datasets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data.filter_syntax import FilterError
from core.data.filters import Filter

FEATURES = {
    "text": datasets.Value("string"),
    "label": datasets.ClassLabel(names=["neg", "pos", "very pos"]),
    "n": datasets.Value("int64"),
    "score": datasets.Value("float32"),
    "ok": datasets.Value("bool"),
    "day": datasets.Value("date32"),
    "tags": datasets.List(datasets.ClassLabel(names=["O", "B-LOC"])),
    "words": datasets.List(datasets.Value("string")),
    "meta": {"source": datasets.Value("string"), "year": datasets.Value("int32")},
    "my column": datasets.Value("string"),
}


def row(text: str | None, label: int | None, n: int | None, **more: Any) -> dict[str, Any]:
    rest = {"score": 0.5, "ok": True, "day": datetime.date(2024, 1, 1), "tags": [0], "words": ["a"], "my column": "x"}
    return {"text": text, "label": label, "n": n, "meta": {"source": "web", "year": 2020}, **rest, **more}


ROWS = datasets.Dataset.from_list(
    [
        row("short", 0, 1),
        row("a much longer text", 1, 2, ok=False, tags=[0, 1], day=datetime.date(2025, 6, 1)),
        row("It's [red]", 2, 3, words=["Needle", None], meta={"source": "book", "year": 1999}),
        row(None, None, None, score=float("nan"), words=None, tags=None, meta=None),
        row("日本語", 1, -5, words=[], **{"my column": "y"}),
    ],
    features=datasets.Features(FEATURES),
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("label = 1", [1, 4]),
        ("label == pos", [1, 4]),
        ("label = 'very pos'", [2]),
        ("label != 1", [0, 2]),
        ("label contains pos", [1, 2, 4]),
        ("label contains 'pos'", [1, 2, 4]),
        ("label ~ '^pos'", [1, 4]),
        ("label = 1 and length > 10", [1]),
        ("length(text) <= 5", [0, 4]),
        ("length(words) = 0", [4]),
        ("length < 2", [3]),
        ("n >= 2 or n < 0", [1, 2, 4]),
        ("n = -5", [4]),
        ("n < 1.5", [0, 4]),
        ("n > 99999999999999999999", []),
        ("not n = 1", [1, 2, 4]),
        ("not (n = 1 or n = 2) and label = 1", [4]),
        ("n = 1 or n = 2 and label = 0", [0]),
        ("n = null", [3]),
        ("n is null", [3]),
        ("n != null and n is not null", [0, 1, 2, 4]),
        ("text contains 'LONGER'", []),
        ("text contains 'Longer'", []),
        ("text contains 'longer'", [1]),
        ("text contains '[red]'", [2]),
        ("text contains 'it''s'", [2]),
        ('text contains "it\'s"', [2]),
        ("text ~ '^[a-z ]+$'", [0, 1]),
        ("text = '日本語'", [4]),
        ("text < 'b'", [1, 2]),
        ("ok", [0, 2, 3, 4]),
        ("not ok", [1]),
        ("ok = false", [1]),
        ("score = 0.5 and n = 1", [0]),
        ("day >= '2025-01-01'", [1]),
        ("words contains 'needle'", [2]),
        ("tags contains 'B-LOC'", [1]),
        ("tags contains 1", [1]),
        ("meta.source = 'book'", [2]),
        ("meta.year < 2000", [2]),
        ("meta contains 'BOOK' or meta contains 'book'", [2]),
        ("`my column` = 'y'", [4]),
        ('"my column" = "y"', [4]),
        ("n = label + 1", None),
        ("length(text) > length(`my column`) and n = 1", [0]),
        ("LABEL = 1", None),
        ("n=1AND label=0", None),
        ("n=1 AND label=0", [0]),
    ],
)
def test_what_a_filter_lets_through(text: str, rows: list[int] | None) -> None:
    if rows is None:
        with pytest.raises(FilterError):
            Filter(text, ROWS)
        return
    assert Filter(text, ROWS).rows(ROWS).tolist() == rows


@pytest.mark.parametrize(
    ("text", "place", "title", "hint"),
    [
        ("", 0, "should stand here", "label = 1"),
        ("lable = 1", 0, "there is no column lable", "did you mean label?"),
        ("label = 1 and lenght > 3", 14, "there is no column lenght", "the columns: text, label"),
        ("label = postive", 8, "there is no column postive", "quotes"),
        ("label = 'postive'", 8, "has no class postive", "did you mean pos? its classes: neg, pos, very pos"),
        ("text = 1", 7, "column text is compared with a quoted text", "write '1'"),
        ("n = 'x'", 4, "column n is compared with a number", "not with 'x'"),
        ("n contains 3", 2, "column n knows no contains", "possible here: = != <"),
        ("words = 'a'", 6, "knows no =", "possible here: contains"),
        ("n > null", 2, "null is neither more nor less", "= null"),
        ("n = 1 &", 6, "& means nothing here", "write and"),
        ("text = 'abc", 7, "a quote is never closed", "'"),
        ("(n = 1", 6, "a parenthesis is never closed", "close it"),
        ("n = 1)", 5, "the filter should end here", "and, or"),
        ("n = 1 n = 2", 6, "the filter should end here", "and, or"),
        ("n =", 3, "should stand here", ""),
        ("n 1", 2, "a comparison should stand here", "= != <"),
        ("n", 0, "column n alone is no condition", "n = "),
        ("text ~ '('", 7, "no regular expression", ""),
        ("length(n) > 1", 0, "column n has no length", "texts and lists"),
        ("1 = n", 0, "a column should stand left", "text, label"),
        ("meta.sauce = 'x'", 0, "meta has no field sauce", "source, year"),
        ("day > 'soon'", 6, "soon is no date32", "2024-12-31"),
        ("text = n", 7, "cannot be compared", "a text stands in quotes"),
        ("__import__('os').system('true')", 16, ". means nothing here", "a filter compares columns"),
        ("(" * 500 + "n = 1" + ")" * 500, 100, "nested too deeply", "at most 100"),
    ],
)
def test_what_is_wrong_with_a_filter_and_where(text: str, place: int, title: str, hint: str) -> None:
    with pytest.raises(FilterError) as caught:
        Filter(text, ROWS)
    assert title in caught.value.title
    assert hint in caught.value.hint
    assert caught.value.place == place
    assert all("\n" not in line for line in caught.value.lines())


def test_json_of_mixed_types_is_text() -> None:
    mixed = datasets.Dataset.from_dict({"x": [1, "one", {"a": "ONE"}, None]}, on_mixed_types="use_json")
    for text, rows in (("x contains 'one'", [1, 2]), ("length(x) = 1", [0]), ("length = 0", [3]), ("x = '1'", [0])):
        assert Filter(text, mixed).rows(mixed).tolist() == rows


@given(st.text(alphabet="n=<>!~'\"`() .-1eandortlgh&|日\\\n", max_size=40))
def test_any_text_is_a_filter_or_says_why_not(text: str) -> None:
    """Nothing else than a FilterError is raised."""
    with contextlib.suppress(FilterError):
        Filter(text, ROWS).rows(ROWS)
