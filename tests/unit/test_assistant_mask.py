"""What is learned of a conversation: what the assistant wrote, whatever stands in it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from core import config_file, models
from core.chat import encoding, templates, turns
from core.config import DataConfig, ModelConfig, RunConfig
from core.errors import FinetuiError
from core.tasks.chat import Chat

Messages = list[dict[str, str]]

HELLO = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello you"},
    {"role": "user", "content": " and now\n"},
    {"role": "assistant", "content": "\n bye "},
]


def with_template(tokenizer: Any, template: str | None) -> Any:
    changed = copy.deepcopy(tokenizer)
    changed.chat_template = template
    return changed


def without_marks(template: str) -> str:
    """The same template, white space and all, that does not say what the assistant writes."""
    bare = re.sub(r"(\{%-?\s*)generation(\s*-?%\})", r"\1if true\2", template)
    return re.sub(r"(\{%-?\s*)endgeneration(\s*-?%\})", r"\1endif\2", bare)


def learned(tokenizer: Any, messages: Messages) -> str:
    """The pieces that the loss sees, parted by |."""
    (item,) = encoding.encode(tokenizer, [messages])
    return "|".join(tokenizer.decode(answer) for answer in encoding.answers(item))


PUBLISHED = ("cohere2", "cohere", "gemma3", "gemma", "lfm2", "llama3", "phi3", "qwen3_instruct_2507", "qwen3_vl")
"""Templates whose marks are around content and turn end: TRL has them for training."""


@pytest.mark.parametrize("name", [*templates.BUILT_IN, *PUBLISHED])
def test_a_template_gives_the_same_mask_with_and_without_marks(name: str, minimind: Any) -> None:
    template = templates.BUILT_IN.get(name)
    if template is None:
        trl = pytest.importorskip("trl")
        template = (Path(trl.__file__).parent / f"chat_templates/{name}_training.jinja").read_text()
    marked, bare = with_template(minimind, template), with_template(minimind, without_marks(template))
    assert turns.has_marks(marked)
    assert not turns.has_marks(bare)
    (with_marks,), (derived,) = (encoding.encode(tokenizer, [HELLO]) for tokenizer in (marked, bare))
    assert with_marks == derived
    theirs = marked.apply_chat_template(HELLO, return_dict=True, return_assistant_tokens_mask=True)
    assert with_marks.ids == theirs["input_ids"]
    assert with_marks.learned == [bool(flag) for flag in theirs["assistant_masks"]]
    assert 0 < sum(derived.learned) < len(derived.learned)


FRAGMENTS = [
    "<|im_end|>", "<|im_end|>\n<|im_start|>assistant\n", "<|im_start|>", "{% generation %}", "{{ content }}", "\n", " ",
    "You are a helpful assistant", "a", "Hello", "日本", "🙂", "\ue000", "\U000f0000", "\U000f0001", "</s>", "\t",
    "\\n", "<think>\nso\n</think>\n\n", "User: ",
]  # fmt: skip
contents = st.lists(st.sampled_from(FRAGMENTS), max_size=5).map("".join)
conversations = st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), contents), min_size=1, max_size=6)


@settings(max_examples=120, deadline=None)
@given(drawn=conversations)
def test_nothing_in_a_content_fools_the_mask(drawn: list[tuple[str, str]], minimind: Any) -> None:
    messages = [{"role": role, "content": content} for role, content in drawn]
    text, flags = "", ""
    if messages[0]["role"] != "system":
        text = "<|im_start|>system\nYou are a helpful assistant<|im_end|>\n"
        flags = " " * len(text)
    for role, content in drawn:
        head, body = f"<|im_start|>{role}\n", f"{content}<|im_end|>\n"
        text += head + body
        flags += " " * len(head) + ("x" if role == "assistant" else " ") * len(body)
    assert turns.render(minimind, messages) == text
    (item,) = encoding.encode(minimind, [messages])
    offsets = minimind(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    assert item.learned == ["x" in flags[start:end] for start, end in offsets]


def test_the_parts_are_those_of_who_speaks(minimind: Any) -> None:
    messages = [{"role": "system", "content": "Be brief."}, *HELLO[:2]]
    (item,) = encoding.encode(minimind, [messages])
    said: dict[str, str] = {}
    for token, part in zip(item.ids, item.parts, strict=True):
        said[encoding.PARTS[part]] = said.get(encoding.PARTS[part], "") + minimind.decode([token])
    assert said["system"] == "Be brief."
    assert said["user"] == "Hi"
    assert said["assistant"] == "Hello you<|im_end|>\n"


THINKING = """\
{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' }}
{%- set content = message.content %}
{%- if message.role == 'assistant' %}
{%- if content.startswith('(') %}{%- set content = 'aside: ' + content %}{%- endif %}
{%- if '</think>' in content and not loop.last %}{%- set content = content.split('</think>')[-1] %}{%- endif %}
{%- endif %}
{{- content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""


def asked(*texts: str) -> Messages:
    return [{"role": ("user", "assistant")[index % 2], "content": text} for index, text in enumerate(texts)]


def test_a_template_that_looks_into_contents_is_read_turn_by_turn_or_refused(minimind: Any) -> None:
    tokenizer = with_template(minimind, THINKING)
    assert learned(tokenizer, asked("a", "b", "c", "<think>so</think>d")) == (
        "b<|im_end|>\n|<think>so</think>d<|im_end|>\n"
    )
    with pytest.raises(FinetuiError, match="does not fit") as caught:
        learned(tokenizer, asked("a", "<think>so</think>b", "c", "d"))
    assert "otherwise once more is said" in caught.value.detail
    with pytest.raises(FinetuiError, match="does not fit") as caught:
        learned(tokenizer, asked("a", "(b"))
    assert "answer 2" in caught.value.detail


def test_an_end_that_only_the_conversation_has_is_not_the_end_of_a_turn(minimind: Any) -> None:
    turn = "{{ message.role + ': ' + message.content + '\\n' }}"
    template = f"{{% for message in messages %}}{turn}{{% endfor %}}{{{{ eos_token }}}}"
    tokenizer = with_template(minimind, template)
    assert learned(tokenizer, asked("a", "b", "c", "d")) == " b\n| d\n<|im_end|>"


def test_a_token_that_belongs_to_two_is_refused(minimind: Any) -> None:
    template = "{% for message in messages %}{{ message.role + message.content + ';' }}{% endfor %}"
    with pytest.raises(FinetuiError, match="cannot be told") as caught:
        learned(with_template(minimind, template), asked("a", "s of it"))
    assert "spans" in caught.value.detail


def test_a_conversation_that_the_template_refuses_says_why(minimind: Any) -> None:
    tokenizer = with_template(minimind, "{{ raise_exception('roles must alternate') }}")
    with pytest.raises(FinetuiError, match="does not fit") as caught:
        learned(tokenizer, HELLO)
    assert "roles must alternate" in caught.value.detail
    with pytest.raises(FinetuiError, match="no messages"):
        learned(tokenizer, [])


@pytest.fixture(scope="module")
def chat() -> Callable[..., Chat]:
    def make(messages: Messages) -> Chat:
        return Chat(DataConfig(id="x"), Dataset.from_list([{"messages": messages}]), None)

    return make


def run_config(**model: str) -> RunConfig:
    return config_file.validate({"task": "chat", "model": {"id": "m", **model}, "data": {"id": "d"}})


def test_the_notes_say_whose_template_and_whether_the_end_is_learned(chat: Any, minimind: Any) -> None:
    task = chat(HELLO)
    task.meet(minimind, run_config())
    assert task.template_source == "the tokenizer's own"
    assert task.notes[-1].endswith("with the token that ends its turn: <|im_end|>")
    assert encoding.ends(minimind) == [minimind.eos_token_id]

    bare = "{% for message in messages %}{{ message.role + ': ' + message.content + '\\n' }}{% endfor %}"
    task = chat(HELLO)
    task.meet(with_template(minimind, bare), run_config(chat_template="plain"))
    assert task.template_source == "built-in plain"
    assert "it may not learn to stop" in task.notes[-1]
    task = chat(HELLO)
    task.meet(with_template(minimind, bare + "{{ eos_token }}"), run_config())
    assert "only the last turn" in task.notes[-1]
    task = chat(HELLO[:1])
    task.meet(minimind, run_config())
    assert "has nothing of that" in task.notes[-1]


def test_a_row_is_encoded_cut_and_shown(chat: Any, minimind: Any) -> None:
    task = chat(HELLO)
    rows = {"messages": [HELLO, HELLO[:2]]}
    encoded = task.encode(rows, minimind, None)
    cut = task.encode(rows, minimind, 40)
    assert [len(ids) for ids in cut["input_ids"]] == [40, len(encoded["input_ids"][1])]
    assert cut["labels"][0] == encoded["labels"][0][:40]
    row = {name: values[0] for name, values in encoded.items()}
    view = task.label_view(row, minimind)
    assert view.shifted
    assert len(view.tokens) == len(view.parts) == len(row["input_ids"])
    assert {part for part, label in zip(view.parts, view.tokens, strict=True) if label is not None} == {"assistant"}
    batch = task.collator(minimind)([{name: values[index] for name, values in encoded.items()} for index in range(2)])
    assert batch["input_ids"].shape == batch["labels"].shape == batch["attention_mask"].shape
    assert (batch["labels"][batch["attention_mask"] == 0] == -100).all()
    (question, _) = task.questions(rows, minimind, None)
    assert (question.text, question.expected) == (" and now\n", "bye")
    assert minimind.decode(question.encoded["input_ids"]).endswith(" and now\n<|im_end|>\n<|im_start|>assistant\n")


def test_a_tokenizer_without_a_template_is_refused_with_an_offer(chat: Any, minimind: Any, shared: Path) -> None:
    for tokenizer, offer in (
        (with_template(minimind, None), "chatml"),
        (AutoTokenizer.from_pretrained(shared / "models/stories260K"), "plain"),
    ):
        with pytest.raises(FinetuiError, match="no chat template") as caught:
            chat(HELLO).meet(tokenizer, run_config())
        assert caught.value.key == "model.chat_template"
        assert caught.value.hint.startswith(f"set model.chat_template: {offer}")


def test_a_template_is_built_in_or_a_file(shared: Path, tmp_path: Path) -> None:
    folder = str(shared / "models/stories260K")
    plain = models.load_tokenizer(ModelConfig(id=folder, chat_template="plain"))
    assert learned(plain, HELLO[:2]) == "Hello you</s> \n"
    (tmp_path / "own.jinja").write_text(templates.BUILT_IN["alpaca"])
    (tmp_path / "run.yaml").write_text(
        f"task: chat\nmodel: {{id: {folder}, chat_template: own.jinja}}\ndata: {{id: d}}\n"
    )
    config = config_file.load(tmp_path / "run.yaml").config
    assert templates.source(config.model.chat_template) == "file own.jinja"
    assert "### Response:" in turns.render(models.load_tokenizer(config.model), HELLO)
    (tmp_path / "plain").mkdir()
    data = {"model": {"id": folder, "chat_template": "plain"}}
    config_file.resolve_paths(data, tmp_path)
    assert data["model"]["chat_template"] == "plain", "a folder of that name is not meant"
    with pytest.raises(FinetuiError, match="no chat template chatlm") as caught:
        models.load_tokenizer(ModelConfig(id=folder, chat_template="chatlm"))
    assert caught.value.hint == "did you mean chatml?"
