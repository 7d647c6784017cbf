"""What the inspector makes of texts and rows: pieces, spans, labels, the line about the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core import tokens
from core.config import DataConfig
from core.errors import FinetuiError
from core.inspection.lens import Lens
from core.inspection.recording import Recorder, locate
from core.inspection.view import TokenView
from core.tasks.causal_lm import CausalLM
from core.tasks.label_view import LabelView
from core.tasks.sequence_classification import SequenceClassification
from tui import inspection_words as words
from tui import token_layout
from tui.widgets.text_pane import drawn

MODELS = ("bert-tiny-uncased", "stories260K", "minimind2-small")
DATA = DataConfig(id="any")


@pytest.fixture(scope="module")
def lenses(shared: Path) -> dict[str, Lens]:
    return {name: Lens.of_model(str(shared / "models" / name), None, None) for name in MODELS}


@pytest.mark.parametrize("model", MODELS)
@given(text=st.text(max_size=40))
@example("日本語 😀 né\u0301")
@example("\x1b[2J\x1b]0;owned\x07\x00\x7f\x85 [red]x[/] \u202e\u200b\ufeff")
@example("a\n\tb\r\n  c\u3000d")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_typed_text_is_safe_and_its_spans_point_into_it(lenses: dict[str, Lens], model: str, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()  # what a terminal can send
    view = lenses[model].text(text)
    last = 0
    for position, span in enumerate(view.spans):
        if span is None:
            continue
        _, start, end = span
        assert 0 <= start < end <= len(text)
        assert start >= last
        last = start
        at = view.at(0, start)
        assert at is not None
        assert at <= position
    shown = [*words.pieces(view), *token_layout.glosses(view, "ids"), *words.token(view, 0), drawn(text)]
    assert all(piece and piece.isprintable() for piece in words.pieces(view))
    assert all(line.replace("\n", "").isprintable() for line in shown)
    assert len(drawn(text)) == len(text), "the cursor would stand elsewhere"


@pytest.mark.parametrize(
    ("model", "text", "expected"),
    [
        ("minimind2-small", "日本 hello", ["日", "本", "␣he", "l", "lo"]),
        ("minimind2-small", "語", ["‹E8 AA›", "‹9E›"]),
        ("stories260K", "語 a", ["<s>", "␣", "‹E8›", "‹AA›", "‹9E›", "␣a"]),
        ("bert-tiny-uncased", "Toulouse 😀", ["[CLS]", "toulouse", "[UNK]", "[SEP]"]),
    ],
)
def test_pieces_are_legible(lenses: dict[str, Lens], model: str, text: str, expected: list[str]) -> None:
    assert lenses[model].text(text).pieces == expected


def test_bytes_that_are_no_whole_character() -> None:
    assert tokens._utf8(b"\xe3\x81") == "‹E3 81›"
    assert tokens._utf8(b"a\x81\x82\xe3\x81\x82 ") == "a‹81 82›あ␣"
    assert tokens._byte_level("ĠãģĤ") == "␣あ"
    assert tokens._sentence_piece("<0x0A>") == "⏎"


def test_unknown_and_special_tokens_are_marked(lenses: dict[str, Lens]) -> None:
    view = lenses["bert-tiny-uncased"].text("a 😀")
    assert words.pieces(view) == ["⟨[CLS]⟩", "a", "✗[UNK]", "⟨[SEP]⟩"]
    assert view.characters_per_token == 1.5  # of "a 😀", two tokens
    assert "1 unknown" in words.counts(view)


def test_a_pair_and_its_cut(lenses: dict[str, Lens], shared: Path) -> None:
    rows = Dataset.from_dict({"text": ["a b c", "x"], "text_pair": ["d", "y"], "label": ["yes", "no"]})
    task = SequenceClassification(DATA, rows, None)
    lens = Lens("bert", tokens.load_tokenizer(str(shared / "models/bert-tiny-uncased")), task, 6)
    (view,) = lens.row(rows[0])
    assert view.pieces == ["[CLS]", "a", "b", "[SEP]", "d", "[SEP]"]
    assert view.segments == [0, 0, 0, 0, 1, 1]
    assert view.texts == ["a b c", "d"]
    assert view.spans == [None, (0, 0, 1), (0, 2, 3), None, (1, 0, 1), None]
    assert view.truncated == 1
    assert view.loss.row == "yes"
    assert view.reach() == [3, 1]
    assert words.loss(view) == "label of the row: yes"


def test_prompt_and_completion(shared: Path) -> None:
    rows = Dataset.from_dict({"prompt": ["1 + 1 ="], "completion": [" 2"]})
    task = CausalLM(DATA, rows, None)
    tokenizer = tokens.load_tokenizer(str(shared / "models/stories260K"))
    (view,) = Lens("llama", tokenizer, task, None).row(rows[0])
    encoded = task.encode(rows[:1], tokenizer, None)
    assert view.ids == encoded["input_ids"][0]
    labels = encoded["labels"][0]
    assert [label is None for label in view.loss.tokens] == [label == -100 for label in labels]
    assert set(view.loss.parts) == {"prompt", "completion"}
    first = next(index for index, label in enumerate(labels) if label != -100)
    assert view.answer(first - 1) == view.pieces[first], "the output one place before is compared with it"
    assert view.answer(first - 2) is None
    assert view.answer(len(view.ids) - 1) is None, "nothing comes after the last one"
    assert view.trained == len(labels) - first
    assert view.stops
    assert "</s>" in view.ending
    assert view.texts[0][slice(*view.spans[first][1:])].strip() in ("", "2")  # type: ignore[index]

    (cut,) = Lens("llama", tokenizer, task, first + 1).row(rows[0])
    assert cut.stops is False
    assert "cut off" in cut.ending
    (prompt,) = Lens("llama", tokenizer, task, first).row(rows[0])
    assert prompt.ending.startswith("nothing is learned")


def test_ids_are_found_again_in_several_texts(shared: Path) -> None:
    """As a task makes them that tokenizes part by part and puts tokens of its own between."""
    recorder = Recorder.of(tokens.load_tokenizer(str(shared / "models/bert-tiny-uncased")))
    tokenizer = recorder.tokenizer
    with recorder.listening() as heard:
        first = tokenizer("the cat", add_special_tokens=False)["input_ids"]
        second = tokenizer(["a", "dogs"], is_split_into_words=True, add_special_tokens=False)["input_ids"]
        places = locate([101, *first, 102, *second[:1], *second[1:2], 102], heard)
    assert places.texts == ["the cat", "a dogs"]
    assert places.spans == [None, (0, 0, 3), (0, 4, 7), None, (1, 0, 1), (1, 2, 6), None]
    assert places.words == [None, 0, 1, None, 0, 1, None]


def test_windows_of_a_long_text_are_found_again(shared: Path) -> None:
    recorder = Recorder.of(tokens.load_tokenizer(str(shared / "models/bert-tiny-uncased")))
    with recorder.listening() as heard:
        encoded = recorder.tokenizer(
            ["who"], ["one two three four"], max_length=6, truncation="only_second", return_overflowing_tokens=True
        )
        places = [locate(ids, heard) for ids in encoded["input_ids"]]
    assert len(places) > 1
    for place in places:
        assert place.texts == ["who", "one two three four"]
    assert places[1].spans[3] == (1, 8, 13), "the second window begins with three"


def test_a_row_that_the_task_cannot_take_is_an_error_of_ours(lenses: dict[str, Lens], shared: Path) -> None:
    rows = Dataset.from_dict({"text": ["a", "b"], "label": ["yes", "no"]})
    tokenizer = tokens.load_tokenizer(str(shared / "models/bert-tiny-uncased"))
    lens = Lens("bert", tokenizer, SequenceClassification(DATA, rows, None), None)
    with pytest.raises(FinetuiError, match="cannot make an input"):
        lens.row({"text": "a", "label": "maybe"})
    with pytest.raises(FinetuiError, match="no column of this row is text"):
        lenses["stories260K"].row({"n": 1})


def test_what_stands_below_the_tokens() -> None:
    def view(**more: Any) -> TokenView:
        return TokenView([1, 2, 3], ["a", "b", "c"], [False] * 3, [False] * 3, [1] * 3, **more)

    shifted = view(loss=LabelView([None, "b", "c"], shifted=True))
    assert token_layout.glosses(shifted, "labels") == ["→b", "→c", "·"]
    tags = view(loss=LabelView(["B-LOC", None, "O"]))
    assert token_layout.glosses(tags, "labels") == ["B-LOC", "·", "O"]
    answer = view(extra={"start_positions": 1, "end_positions": 2})
    assert token_layout.glosses(answer, "labels") == ["", "start", "end"]
    assert "start_positions = 1 b" in words.loss(answer)
    assert words.token(shifted, 0) == ("0: a · id 1", "mask 1 · the output here shall be b")
    assert words.columns(tags)["label"] == ["B-LOC", "· (-100)", "O"]
    assert "kind" not in words.columns(tags)


def test_tokens_are_broken_into_lines_part_by_part() -> None:
    found = token_layout.lines([3, 3, 3, 3], ["prompt", "prompt", "prompt", "completion"], 8)
    assert [(line.head, [*line.tokens]) for line in found] == [
        ("prompt · 3 tokens", []),
        ("", [0, 1]),
        ("", [2]),
        ("completion · 1 token", []),
        ("", [3]),
    ]
    assert token_layout.lines([], [], 10) == []
    assert [[*line.tokens] for line in token_layout.lines([50, 1], [], 10)] == [[0], [1]]
