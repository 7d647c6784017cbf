"""What cannot be trained is refused before any weights are read, by a run and by the pre-flight alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core import config_file, events, models, precision
from core.runs.folder import RunFolder
from core.tasks.fitting import check_head
from core.training import engine, preflight, prepare

TEXTS = [{"text": f"{word} {index}", "label": word} for index in range(4) for word in ("good", "bad")]
NUMBERS = [{"text": row["text"], "label": 0.5 + index} for index, row in enumerate(TEXTS)]
TURNS = [{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}] * 4
ASKED = [
    {"question": "who?", "context": "it was Ada", "answers": {"text": [name], "answer_start": [7]}}
    for name in ("Bob", "Ada", "Bob", "Bob")
]
SPOKEN = [{"source": "a", "target": "b"}] * 4
ALIKE = [{"anchor": "a", "positive": "b"}] * 4
CHOSEN = [{"prompt": "a", "chosen": "b", "rejected": "c"}] * 4

CASES: dict[str, tuple[str, list[Any], dict[str, Any], str, str]] = {
    "no module of that name": (
        "stories260K", TEXTS, {"method": {"kind": "lora", "target_modules": ["query"]}},
        "lora finds nothing to adapt", "q_proj",
    ),
    "no chat template": ("stories260K", TURNS, {"task": "chat"}, "has no chat template", "model.chat_template: plain"),
    "answers elsewhere": (
        "bert-tiny-uncased", ASKED, {"task": "question-answering"}, "answer", "misaligned_answers: skip",
    ),
    "labels beyond the count": (
        "bert-tiny-uncased", TEXTS, {"data": {"labels": ["good", "better"]}}, "bad", "data.labels",
    ),
    "metric of labels for numbers": (
        "bert-tiny-uncased", NUMBERS, {"metrics": ["accuracy"]}, "the metric accuracy does not fit this task", "mse",
    ),
    "metric of another task": (
        "bert-tiny-uncased", TEXTS, {"metrics": ["seqeval"]}, "the metric seqeval does not fit this task", "accuracy",
    ),
    "metrics of preferences": (
        "stories260K", CHOSEN, {"task": "preference", "metrics": ["accuracy"], "model": {"chat_template": "plain"}},
        "this task has metrics of its own", "leave",
    ),
    "early stopping without evaluations": (
        "bert-tiny-uncased", TEXTS, {"early_stopping": {}, "training": {"eval_strategy": "no"}},
        "early_stopping needs evaluations", "set it to epoch or steps",
    ),
    "early stopping without rows": (
        "bert-tiny-uncased", TEXTS, {"early_stopping": {}}, "nothing to evaluate on", "data.eval_fraction",
    ),
    "noise that reaches nothing": (
        "bart-g2p-en-us", SPOKEN, {"task": "seq2seq-lm", "training": {"neftune_noise_alpha": 5}},
        "NEFTune does not fit this model", "bart looks its tokens up elsewhere",
    ),
    "noise on no embeddings": (
        "bert-tiny-uncased", ALIKE, {"task": "feature-extraction", "training": {"neftune_noise_alpha": 5}},
        "`neftune_noise_alpha` is not taken here", "noise",
    ),
    "noise under virtual tokens": (
        "bert-tiny-uncased", TEXTS, {"method": {"kind": "prompt-tuning"}, "training": {"neftune_noise_alpha": 5}},
        "NEFTune does not fit this model", "under prompt-tuning",
    ),
    "smoothing behind virtual tokens": (
        "stories260K", TEXTS,
        {"task": "causal-lm", "method": {"kind": "prefix-tuning"}, "training": {"label_smoothing_factor": 0.1}},
        "label smoothing does not go with prefix-tuning on llama", "training.label_smoothing_factor",
    ),
    "smoothing of classes behind virtual tokens": (
        "bert-tiny-uncased", TEXTS, {"method": {"kind": "prompt-tuning"}, "training": {"label_smoothing_factor": 0.1}},
        "label smoothing does not go with prompt-tuning on bert", "training.label_smoothing_factor",
    ),
    "a loss behind virtual tokens": (
        "stories260K", TEXTS, {"task": "causal-lm", "method": {"kind": "prompt-tuning"}, "loss": "json:dump"},
        "prompt-tuning of a language model takes no loss of yours", "loss: json:dump",
    ),
    "a module inside another one": (
        "bert-tiny-uncased", TEXTS, {"method": {"kind": "lora", "modules_to_save": ["embeddings"]}},
        "modules_to_save means both bert.embeddings and what is inside it",
        "bert.embeddings, or word_embeddings",
    ),
    "pairs by length": (
        "stories260K", CHOSEN,
        {"task": "preference", "model": {"chat_template": "plain"},
         "training": {"train_sampling_strategy": "group_by_length"}},
        "pairs of answers are not trained on batches grouped by length", "leave it out",
    ),
    "a field of another task": (
        "bert-tiny-uncased", TEXTS, {"data": {"stride": 8}}, "`data.stride` is for question-answering", "leave it out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_refused_before_weights_are_read(
    case: str, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, rows, sections, title, hint = CASES[case]
    if sections.get("task") in ("chat", "preference"):
        pytest.importorskip("trl", reason="the extra `chat` is not installed")
    if sections.get("task") == "feature-extraction":
        pytest.importorskip("sentence_transformers", reason="the extra `embeddings` is not installed")

    def read(*_: object) -> None:
        raise AssertionError("weights are read")

    monkeypatch.setattr(models, "load_model", read)
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = config_file.validate(
        {
            **sections,
            "model": {"id": str(shared / "models" / model), **sections.get("model", {})},
            "data": {"files": {"train": str(tmp_path / "rows.jsonl")}, "max_length": 32, **sections.get("data", {})},
        }
    )
    outcome = engine.run(config, RunFolder.create(tmp_path / "runs", config))
    assert isinstance(outcome, events.RunFailed)
    assert outcome.exit_code == 2, outcome.traceback
    assert title in outcome.title
    assert hint in f"{outcome.detail} {outcome.hint}"
    try:
        said = [finding.message + finding.hint for finding in preflight.check(config, trial=True).findings]
    except config_file.FinetuiError as error:
        said = [" ".join(error.lines())]
    assert any(title in line for line in said), said


Made = Callable[..., prepare.Checked]


@pytest.fixture
def checked(shared: Path, tmp_path: Path) -> Made:
    def make(model: str, task: str, rows: list[Any], **data: Any) -> prepare.Checked:
        (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        files = {"files": {"train": str(tmp_path / "rows.jsonl")}, "max_length": 32, **data}
        model_id = str(shared / "models" / model)
        return prepare.check(config_file.validate({"task": task, "model": {"id": model_id}, "data": files}))

    return make


@pytest.mark.parametrize("task", ["sequence-classification", "token-classification"])
def test_a_decoder_without_a_pad_token_classifies_as_without_padding(task: str, checked: Made) -> None:
    """The end token takes its place, which the pre-flight says; a padded row must not read its padding."""
    words = [{"tokens": ["Ada"] * (1 + 3 * index), "tags": ["B-PER"] * (1 + 3 * index)} for index in range(2)]
    words[0]["tags"][0] = "O"
    rows = TEXTS[:2] if task == "sequence-classification" else words
    if task == "sequence-classification":
        rows = [{"text": "a", "label": "bad"}, {"text": "a much longer text", "label": "good"}]
    found = checked("stories260K", task, rows)
    torch.manual_seed(0)
    model, _ = models.load_model(
        found.config.model, found.task, found.tokenizer, precision.Precision("float32", None, "cpu")
    )
    model.eval()
    encoded = found.task.encode(found.train[:], found.tokenizer, 32)
    elements = [{name: values[index] for name, values in encoded.items()} for index in range(2)]
    elements = [{name: item[name] for name in item if name not in found.task.kept_back} for item in elements]
    collate = found.task.collator(found.tokenizer)
    with torch.no_grad():
        alone = model(**collate(elements[:1])).logits[0]
        padded = model(**collate(elements)).logits[0]
    assert torch.allclose(alone, padded[: len(alone)], atol=1e-5)


def test_words_tagged_by_a_decoder_see_one_side_and_it_is_said(checked: Made) -> None:
    tagged = [{"tokens": ["a", "b"], "tags": ["O", "B-x"]}] * 4
    note = "llama is a decoder: each word's tag sees only what stands to its left"
    assert any(said.startswith(note) for said in checked("stories260K", "token-classification", tagged).notes)
    assert not any("decoder" in said for said in checked("bert-tiny-uncased", "token-classification", tagged).notes)
    assert not any("decoder" in said for said in checked("stories260K", "sequence-classification", TEXTS).notes)


def test_a_head_with_the_same_labels_in_another_order_is_refused(shared: Path, tmp_path: Path, checked: Made) -> None:
    found = checked("bert-tiny-uncased", "sequence-classification", TEXTS)
    head = found.architecture
    head.architectures = ["BertForSequenceClassification"]
    head.id2label = {0: "good", 1: "bad"}
    with pytest.raises(config_file.FinetuiError, match="in another order") as caught:
        check_head(head, found.task)
    assert caught.value.hint == "set data.labels: [good, bad]"
    assert (
        check_head(head, checked("bert-tiny-uncased", "sequence-classification", TEXTS, labels=["good", "bad"]).task)
        == []
    )
    head.id2label = {0: "good", 1: "bad", 2: "so so"}
    assert "the head is made anew" in check_head(head, found.task)[0]


def test_the_reference_of_preferences_is_counted(shared: Path, tmp_path: Path) -> None:
    """A frozen copy of the model, but where it is an adapter that is trained, or nothing is kept."""
    pytest.importorskip("trl", reason="the extra `chat` is not installed")
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in CHOSEN))
    base = {
        "task": "preference",
        "model": {"id": str(shared / "models/stories260K"), "chat_template": "plain", "dtype": "float32"},
        "data": {"files": {"train": str(tmp_path / "rows.jsonl")}, "max_length": 64},
    }
    held = {}
    for name, more in {
        "full": {},
        "precomputed": {"training": {"precompute_ref_log_probs": True}},
        "adapter": {"method": {"kind": "lora"}},
    }.items():
        cost = preflight.check(config_file.validate({**base, **more}), trial=False).cost
        held[name] = cost["weights_bytes"] / cost["parameters"]
    assert held["full"] == pytest.approx(2 * held["precomputed"])
    assert held["adapter"] == pytest.approx(held["precomputed"], rel=0.05)
