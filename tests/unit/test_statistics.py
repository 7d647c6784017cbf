"""What a split holds: labels, lengths, and how both are drawn; text of any length in lines."""

from __future__ import annotations

from typing import Any

import datasets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from core.config import DataConfig
from core.data import statistics
from core.data.features import tree
from core.tasks.sequence_classification import SequenceClassification
from tui.charts import histogram
from tui.widgets.long_text import wrap


def rows(features: dict[str, Any] | None = None, **columns: list[Any]) -> datasets.Dataset:
    return datasets.Dataset.from_dict(columns, features=datasets.Features(features) if features else None)


NAMED = datasets.ClassLabel(names=["no", "yes", "never"])


@pytest.mark.parametrize(
    ("data", "column", "counts"),
    [
        (rows({"y": NAMED}, y=[1, 1, 0, None]), "y", {"yes": 2, "no": 1, "<null>": 1, "never": 0}),
        (rows({"y": NAMED}, y=[1, -1]), "y", {"yes": 1, "-1": 1, "no": 0, "never": 0}),
        (rows(text=["a"] * 3, Label=["spam", "ham", "spam"]), "Label", {"spam": 2, "ham": 1}),
        (rows(text=["a", "b"], labels=[True, False]), "labels", {"True": 1, "False": 1}),
        (rows({"t": datasets.List(NAMED)}, t=[[0, 1], [], [1]]), "t", {"yes": 2, "no": 1, "never": 0}),
        (rows(text=["a", "b"], target=[0.5, 1.5]), "target", None),
        (rows(text=["a"] * 1001, label=list(range(1001))), "label", None),
    ],
)
def test_labels_are_counted(data: datasets.Dataset, column: str, counts: dict[str, int] | None) -> None:
    assert statistics.label_column(data.features) == column
    assert statistics.count_labels(data, column) == counts


def test_without_a_label_nothing_is_counted() -> None:
    assert statistics.label_column(rows(text=["a"], n=[1]).features) is None


def measured(data: datasets.Dataset, measure: statistics.Measure) -> list[int]:
    found: list[list[int]] = []
    statistics.lengths(data, measure, lambda so_far: found.append(so_far.tolist()))
    return found[-1] if found else []


def test_lengths_in_characters_are_those_of_all_texts_but_the_label() -> None:
    data = rows(one=["ab", None, "日本語"], two=["c", "d", ""], label=["long label"] * 3, n=[1, 2, 3])
    measure = statistics.in_characters(data)
    assert (measure.unit, measure.note) == ("characters", "of one, two")
    assert measured(data, measure) == [3, 1, 3]
    assert statistics.in_characters(rows(n=[1])).of is None


def test_lengths_in_tokens_are_those_of_the_task_before_they_are_cut(shared: Any) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(shared / "models" / "bert-tiny-uncased")
    data = rows(sentence1=["a b c", None], sentence2=["d", "e f"], label=[0, 1])
    hidden = rows(sentence1=["a b c"], sentence2=["d"], label=[-1])
    task = SequenceClassification(DataConfig(id="x"), data, None)
    expected = [len(ids) for ids in tokenizer(["a b c", ""], ["d", "e f"])["input_ids"]]
    measure = statistics.of_task(data, tokenizer, task, 3)
    assert measured(data, measure) == expected
    assert measure.limit == 3
    assert measured(hidden, statistics.of_task(hidden, tokenizer, task, 3)) == expected[:1]
    alone = statistics.in_tokens(data, tokenizer, None, "no task fits")
    assert measured(data, alone) == [5 + 3, 2 + 4]


def test_columns_are_written_as_a_tree() -> None:
    features = datasets.Features(
        label=NAMED,
        tags=datasets.List(datasets.ClassLabel(names=["O"])),
        messages=datasets.List({"role": datasets.Value("string"), "n": datasets.Value("int64")}),
        meta={"a": {"b": datasets.Value("float32")}},
    )
    assert tree(features) == [
        *("label: ClassLabel(3)", "  0 no", "  1 yes", "  2 never"),
        *("tags: list of ClassLabel(1)", "  0 O"),
        *("messages: list of fields", "  role: text", "  n: int64"),
        *("meta: fields", "  a: fields", "    b: float32"),
    ]


def test_a_histogram_has_a_line_for_the_limit_and_other_bars_beyond_it() -> None:
    drawn = histogram.draw(np.array([1] * 4 + [2] * 2 + [3] * 2 + [5]), 20, 2, limit=3)
    assert drawn == ["█  ┊", "███┊ ▒", "───┴──", "1  3 5"]
    assert histogram.draw(np.array([7, 7]), 20, 1) == ["█", "─", "7"]


@given(
    st.lists(st.integers(0, 5000), min_size=1, max_size=50),
    st.integers(20, 120),
    st.integers(1, 12),
    st.one_of(st.none(), st.integers(0, 6000)),
)
def test_a_histogram_never_leaves_its_room(values: list[int], width: int, height: int, limit: int | None) -> None:
    drawn = histogram.draw(np.array(values), width, height, limit)
    assert len(drawn) == height + 2
    assert all(len(line) <= width for line in drawn)
    assert ("┊" in drawn[0]) == (limit is not None and min(values) <= limit < max(values))


@given(st.text(alphabet="ab \n日e\u0301😀", max_size=200), st.integers(2, 20))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces_and_line_ends(text: str, width: int) -> None:
    spans = wrap(text, width)
    assert all(cell_len(text[start:stop]) <= width for start, stop in spans)
    at = 0
    for start, stop in spans:
        assert text[at:start] in ("", " ", "\n")
        assert "\n" not in text[start:stop]
        at = stop
    assert at == len(text)


def test_texts_in_lists_count_and_numbers_of_rows_do_not() -> None:
    data = rows(
        id=["a", "b"], tokens=[["ab", "c"], []], m=[[{"role": "x", "content": None}], None], ner_tags=[["O", "O"], []]
    )
    assert statistics.text_columns(data) == ["tokens", "m"]
    assert measured(data, statistics.in_characters(data)) == [4, 0]
    assert statistics.text_columns(rows(id=["a"])) == ["id"]
