"""What the inspector shows is what the Trainer trains on: batches out of live runs against the batch view's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from core import config_file
from core.config import RunConfig
from core.errors import FinetuiError
from core.events import RunFinished
from core.inspection.inspector import Inspector
from core.runs.folder import RunFolder
from core.tasks import PLACES
from core.training import engine
from core.training.trainer import Steered

Config = Callable[..., RunConfig]
Folder = Callable[[RunConfig], RunFolder]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The batches of the runs of this test, as the Trainer hands them to the model."""
    batches: list[dict[str, Any]] = []
    step = Steered.training_step

    def remember(self: Steered, model: Any, inputs: Any, *more: Any, **options: Any) -> Any:
        batches.append({name: tensor.clone() for name, tensor in inputs.items()})
        return step(self, model, inputs, *more, **options)

    monkeypatch.setattr(Steered, "training_step", remember)
    return batches


def causal(shared: Any, **training: Any) -> RunConfig:
    return config_file.validate(
        {
            "task": "causal-lm",
            "model": {"id": str(shared / "models/stories260K"), "dtype": "float32"},
            "data": {"id": str(shared / "data/gsm8k"), "max_length": 64, "limit": {"train": 20}},
            "training": {"num_train_epochs": 2, "per_device_train_batch_size": 4, "save_strategy": "no", **training},
        }
    )


def assert_same(config: RunConfig, folder: RunFolder, seen: list[dict[str, Any]], batches: int) -> None:
    batch_view = Inspector(config).batches("train")
    views = [batch_view.read(number) for number in range(batches)]  # before the run, from the config alone
    assert isinstance(engine.run(config, folder), RunFinished)
    assert len(seen) >= batches
    for view, batch in zip(views, seen[:batches], strict=True):
        shown = {tensor.name: torch.tensor(tensor.values) for tensor in view.tensors}
        assert shown.keys() == batch.keys()
        for name, tensor in batch.items():
            assert torch.equal(shown[name], tensor.cpu()), f"{name} of batch {view.number}"
            assert str(tensor.dtype) == f"torch.{next(item.dtype for item in view.tensors if item.name == name)}"


MRPC = {"text": "sentence1", "text_pair": "sentence2", "label": "label"}
CASES: dict[str, dict[str, Any]] = {
    "sequence-classification": {
        "model": "bert-tiny-uncased",
        "data": {"files": {"train": "mrpc/train.jsonl"}, "columns": MRPC, "max_length": 48},
    },
    "token-classification": {
        "model": "bert-tiny-uncased",
        "data": {"files": {"train": "wnut17/train.jsonl"}, "max_length": 32},
    },
    "question-answering": {
        "model": "bert-tiny-uncased",
        "data": {"files": {"train": "squad_v1_dev/squad_v1_dev.jsonl"}, "max_length": 64, "stride": 16},
    },
    "causal-lm": {"model": "stories260K", "data": {"id": "gsm8k", "max_length": 256}},
    "seq2seq-lm": {"model": "bart-g2p-en-us", "data": {"files": {"train": "g2p_en/us_train.jsonl"}, "max_length": 12}},
    "masked-lm": {"model": "bert-tiny-uncased", "data": {"id": "tinyshakespeare/input.txt", "max_length": 16}},
    "feature-extraction": {
        "model": "bert-tiny-uncased",
        "data": {
            "files": {"train": "mrpc/train.jsonl"},
            "columns": {"anchor": "sentence1", "positive": "sentence2", "score": "label"},
            "max_length": 24,
        },
    },
    "chat": {"model": "stories260K", "data": {"id": "llama_factory_demo/alpaca_en_demo.json", "max_length": 64}},
    "preference": {"model": "stories260K", "data": {"id": "llama_factory_demo/dpo_en_demo.json", "max_length": 64}},
}
"""Task -> a model and data for it, by their places under ../shared."""


@pytest.mark.parametrize("task", PLACES)
def test_batches_of_every_task(task: str, shared: Any, new_folder: Folder, seen: list[dict[str, Any]]) -> None:
    assert task in CASES, f"a task without a case of its own: what the inspector shows of {task} is not held"
    if task in ("chat", "preference"):
        pytest.importorskip("trl", reason="the extra `chat` is not installed")
    if task == "feature-extraction":
        pytest.importorskip("sentence_transformers", reason="the extra `embeddings` is not installed")
    case = CASES[task]
    model = {"id": str(shared / "models" / case["model"]), "dtype": "float32"}
    data = {**case["data"], "limit": {"train": 12}}
    if task in ("chat", "preference"):
        model["chat_template"] = "plain"
    if "id" in data:
        data["id"] = str(shared / "data" / data["id"])
    if "files" in data:
        data["files"] = {split: str(shared / "data" / file) for split, file in data["files"].items()}
    training = {"per_device_train_batch_size": 2, "max_steps": 2, "save_strategy": "no", "eval_strategy": "no"}
    config = config_file.validate(
        {
            "task": task,
            "model": model,
            "data": data,
            "method": {"kind": "full"},
            "training": training,
            "samples": {"rows": 0},
        }
    )
    assert_same(config, new_folder(config), seen, 2)


def test_batches_of_a_classifier(mrpc: Config, new_folder: Folder, seen: list[dict[str, Any]]) -> None:
    config = mrpc(num_train_epochs=2, save_strategy="no", per_device_train_batch_size=60, max_steps=7)
    assert_same(config, new_folder(config), seen, 7)  # 5 make an epoch: the second one has an order of its own


@pytest.mark.parametrize(
    "training",
    [{}, {"train_sampling_strategy": "group_by_length", "num_train_epochs": 1}, {"data_seed": 7, "seed": 3}],
    ids=["shuffled", "grouped by length", "another data seed"],
)
def test_batches_of_a_language_model(
    shared: Any, new_folder: Folder, seen: list[dict[str, Any]], training: dict[str, Any]
) -> None:
    config = causal(shared, **training)
    assert_same(config, new_folder(config), seen, 5)


def test_an_adapter_gets_the_same_inputs(mrpc: Config, new_folder: Folder, seen: list[dict[str, Any]]) -> None:
    config = mrpc({"method": {"kind": "lora", "r": 2}}, max_steps=2, save_strategy="no")
    assert_same(config, new_folder(config), seen, 2)


def test_the_batch_view_draws_no_random_numbers(shared: Any) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    view = Inspector(causal(shared)).batches("train")
    view.read(0)
    view.padding()
    assert torch.equal(torch.rand(3), expected), "a run in this process would go another way"


def test_rows_that_are_cut_and_padding_are_counted(shared: Any) -> None:
    view = Inspector(causal(shared)).batches("train")
    batch = view.read(1)
    ids = next(tensor for tensor in batch.tensors if tensor.name == "input_ids")
    mask = next(tensor for tensor in batch.tensors if tensor.name == "attention_mask")
    assert ids.padding == pytest.approx(1 - sum(map(sum, mask.values)) / (4 * ids.shape[1]))
    assert batch.truncated, "gsm8k has questions of more than 64 tokens"
    assert set(batch.truncated) <= set(batch.rows)
    padding = view.padding()
    assert padding.grouped <= padding.random
    assert padding.saved == pytest.approx((padding.random - padding.grouped) / (1 - padding.grouped))


def test_a_batch_that_is_not_there(shared: Any) -> None:
    inspector = Inspector(causal(shared))
    with pytest.raises(FinetuiError, match="no batch -1"):
        inspector.batches("train").read(-1)
    with pytest.raises(FinetuiError, match="no split nowhere"):
        inspector.batches("nowhere")
