"""Conversations in the shapes that people publish, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest
from datasets import Dataset, load_dataset

from core import tasks
from core.config import DataConfig
from core.data.conversations import Shape
from core.errors import FinetuiError
from core.inspection import view
from core.tasks.chat import Chat
from core.tasks.preference import Preference


def read(rows: list[dict[str, Any]], **columns: str) -> tuple[list[list[dict[str, str]]], str]:
    """The messages of each row, and the note."""
    shape = Shape(Chat.roles, list(rows[0]), columns)
    note = shape.note(rows)
    return [shape.read(row) for row in rows], note


def said(*texts: str) -> list[dict[str, str]]:
    """user, assistant, user, ..."""
    return [{"role": ("user", "assistant")[index % 2], "content": text} for index, text in enumerate(texts)]


SYSTEM = {"role": "system", "content": "Be brief."}


@pytest.mark.parametrize(
    ("row", "expected", "note"),
    [
        ({"messages": [SYSTEM, *said("a", "b")]}, [SYSTEM, *said("a", "b")],
         "messages conversations: system, user, assistant"),
        ({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}], "system": "Be brief."},
         [SYSTEM, *said("a", "b")], "sharegpt conversations: human → user, gpt → assistant"),
        ({"instruction": "a", "input": "c", "output": "b"}, said("a\nc", "b"),
         "alpaca conversations: instruction and input → user, output → assistant"),
        ({"instruction": "a", "input": "", "output": "b", "history": [["x", "y"]]}, said("x", "y", "a", "b"),
         "alpaca conversations: instruction and input → user, output → assistant"),
        ({"prompt": "a", "completion": "b"}, said("a", "b"),
         "prompt/completion conversations: prompt → user, completion → assistant"),
        ({"prompt": [SYSTEM, *said("a")], "completion": said("", "b")[1:]}, [SYSTEM, *said("a", "b")],
         "prompt/completion conversations: prompt → user, completion → assistant"),
        ({"prompt": "not this", "messages": said("a", "b")}, said("a", "b"),
         "messages conversations: user, assistant"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}, *said("", "b")[1:]]},
         said("a", "b"), "messages conversations: user, assistant"),
    ],
)  # fmt: skip
def test_every_shape_becomes_messages(row: dict[str, Any], expected: list[dict[str, str]], note: str) -> None:
    found, told = read([row])
    assert found == [expected]
    assert told == note


def test_named_columns_win_over_guessed_ones() -> None:
    rows = [{"messages": said("a", "b"), "q": "x", "a": "y"}]
    assert read(rows, prompt="q", completion="a")[0] == [said("x", "y")]


@pytest.mark.parametrize(
    ("row", "title", "hint"),
    [
        ({"a": "x"}, "no column holds a conversation", "data.columns.messages"),
        ({"messages": ["hello"]}, "holds no conversation", "a message is"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "nobody knows the role 'wizard'", "rename"),
        ({"messages": [{"role": "assistant", "content": "", "tool_calls": [{"name": "f"}]}]}, "holds no", "tool calls"),
        ({"messages": [{"role": "user", "content": [{"type": "image", "url": "x"}]}]}, "holds no", "only texts"),
    ],
)
def test_what_is_no_conversation_is_refused(row: dict[str, Any], title: str, hint: str) -> None:
    with pytest.raises(FinetuiError, match=title) as caught:
        read([row])
    assert hint in caught.value.hint


def test_real_data_in_the_shapes_it_has(shared: Any) -> None:
    folder = shared / "data/llama_factory_demo"
    names = {"alpaca": "alpaca_en_demo", "identity": "identity", "dpo": "dpo_en_demo"}
    files = {name: str(folder / f"{stem}.json") for name, stem in names.items()}
    rows = {name: load_dataset("json", data_files=file, split="train") for name, file in files.items()}
    chat = Chat(DataConfig(id="x"), rows["alpaca"], None)
    assert chat.columns == {"prompt": "instruction", "input": "input", "completion": "output"}
    assert chat.notes == ["alpaca conversations: instruction and input → user, output → assistant"]
    assert len(Chat(DataConfig(id="x"), rows["identity"], None).notes) == 1
    preference = Preference(DataConfig(id="x"), rows["dpo"], None)
    assert preference.columns == {"prompt": "conversations", "chosen": "chosen", "rejected": "rejected"}
    assert preference.notes == ["preferences: conversations → prompt; chosen, rejected → assistant"]


PAIRS = {
    "explicit prompt": {"prompt": "a", "chosen": "b", "rejected": "c"},
    "alpaca": {"instruction": "a", "input": "", "chosen": "b", "rejected": "c"},
    "sharegpt": {
        "conversations": [{"from": "human", "value": "a"}],
        "chosen": {"from": "gpt", "value": "b"},
        "rejected": {"from": "gpt", "value": "c"},
    },
    "messages": {"prompt": said("a"), "chosen": said("", "b")[1:], "rejected": said("", "c")[1:]},
    "whole conversations": {"chosen": said("a", "b"), "rejected": said("a", "c")},
    "whole conversations beside a prompt": {"prompt": "a", "chosen": said("a", "b"), "rejected": said("a", "c")},
}


@pytest.mark.parametrize("row", PAIRS.values(), ids=PAIRS)
def test_every_shape_of_preferences_becomes_one(row: dict[str, Any], minimind: Any) -> None:
    rows = Dataset.from_list([row])
    task = Preference(DataConfig(id="x"), rows, None)
    encoded = {name: values[0] for name, values in task.encode(rows[:], minimind, None).items()}
    assert minimind.decode(encoded["prompt_ids"]).endswith("<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n")
    assert minimind.decode(encoded["chosen_ids"]) == "b<|im_end|>\n"
    assert minimind.decode(encoded["rejected_ids"]) == "c<|im_end|>\n"
    (question,) = task.questions(rows[:], minimind, None)
    assert (question.text, question.expected) == ("a", "b")
    assert question.encoded["input_ids"] == encoded["prompt_ids"]
    sequences = task.sequences(encoded)
    views = [task.label_view(sequence, minimind) for sequence in sequences]
    assert [(seen.name, seen.unlearned) for seen in views] == [("chosen", False), ("rejected", True)]
    for seen, sequence in zip(views, sequences, strict=True):
        assert sequence["input_ids"] == encoded["prompt_ids"] + encoded[f"{seen.name}_ids"]
        assert set(seen.parts) == {"prompt", seen.name}
        assert [label is None for label in seen.tokens] == [part == "prompt" for part in seen.parts]


def test_texts_without_a_prompt_are_taken_as_they_stand(minimind: Any) -> None:
    rows = Dataset.from_list([{"chosen": "Human: hi Bot: good", "rejected": "Human: hi Bot: go"}])
    task = Preference(DataConfig(id="x"), rows, None)
    encoded = {name: values[0] for name, values in task.encode(rows[:], minimind, None).items()}
    for side, text in (("chosen_ids", "Human: hi Bot: good"), ("rejected_ids", "Human: hi Bot: go")):
        assert minimind.decode(encoded["prompt_ids"] + encoded[side]) == f"{text}<|im_end|>"


def test_a_long_answer_is_cut_and_a_long_prompt_leaves_nothing_to_learn(minimind: Any) -> None:
    rows = Dataset.from_list([{"prompt": "a " * 50, "chosen": "b " * 50, "rejected": "c"}])
    task = Preference(DataConfig(id="x"), rows, None)
    whole = task.encode(rows[:], minimind, None)
    length = len(whole["prompt_ids"][0])
    cut = task.encode(rows[:], minimind, length + 5)
    assert [len(cut[name][0]) for name in ("prompt_ids", "chosen_ids")] == [length, 5]
    short = task.encode(rows[:], minimind, 20)
    assert short["chosen_ids"] == short["rejected_ids"] == [[]]
    assert set(short["labels"][0]) == {-100}


def test_two_answers_are_needed() -> None:
    with pytest.raises(FinetuiError, match="no two answers"):
        Preference(DataConfig(id="x"), Dataset.from_list([{"chosen": said("a"), "rejected": said("a")}]), None)


def test_only_texts_are_packed() -> None:
    from core import config_file

    config = config_file.validate({"task": "chat", "model": {"id": "m"}, "data": {"id": "d", "packing": True}})
    with pytest.raises(FinetuiError, match=r"`data\.packing` is for causal-lm and masked-lm"):
        tasks.create(config, Dataset.from_list([{"messages": said("a", "b")}]))


def test_both_answers_say_that_nothing_of_them_is_learned_where_the_prompt_fills_the_row(minimind: Any) -> None:
    row = {"prompt": "a " * 50, "chosen": "b", "rejected": "c"}
    rows = Dataset.from_list([row])
    task = Preference(DataConfig(id="x"), rows, None)
    encoded = {name: values[0] for name, values in task.encode(rows[:], minimind, None).items()}
    encoded |= {"chosen_ids": [], "rejected_ids": []}
    endings = []
    for sequence in task.sequences(encoded):
        loss = task.label_view(sequence, minimind)
        assert set(loss.tokens) == {None}
        endings.append(view.of_element(minimind, sequence, [], loss).ending)
    assert endings == [view.NOTHING, view.NOTHING]
