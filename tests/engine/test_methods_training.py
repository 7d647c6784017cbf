"""Each method through the engine, a few steps on real models: what changes, what is saved, what comes back."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core import config_file, events, inference
from core.config import RunConfig
from core.methods.sizes import size
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.training import engine, trainer

ROWS = [{"text": f"{word} {index}", "label": word} for index in range(6) for word in ("good", "bad")]

Run = Callable[..., "Trained"]


class Trained:
    """A run that is over, and the very model that it trained."""

    def __init__(self, config: RunConfig, folder: RunFolder, model: Any, outcome: Any) -> None:
        self.config, self.folder, self.model, self.outcome = config, folder, model, outcome

    @property
    def losses(self) -> list[float]:
        logged = (event for event in RunReader(self.folder.path).read_all() if isinstance(event, events.StepLogged))
        return [event.metrics["loss"] for event in logged]


@pytest.fixture
def trained(shared: Path, tmp_path: Path, new_folder: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Trains three steps, evaluates, saves; keeps hold of the model."""
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    held: list[Any] = []
    build = trainer.build
    monkeypatch.setattr(trainer, "build", lambda *given: held.append(given[1].model) or build(*given))

    def run(task: str, method: dict[str, Any], **training: Any) -> Trained:
        model = "bert-tiny-uncased" if task == "sequence-classification" else "stories260K"
        config = config_file.validate(
            {
                "task": task,
                "model": {"id": str(shared / "models" / model), "dtype": "float32"},
                "data": {
                    "files": {"train": str(tmp_path / "rows.jsonl"), "validation": str(tmp_path / "rows.jsonl")},
                    "max_length": 16,
                },
                "method": method,
                "samples": {"rows": 1, "max_new_tokens": 3},
                "training": {
                    "max_steps": 3, "per_device_train_batch_size": 4, "learning_rate": 1e-2, "logging_steps": 1,
                    "eval_strategy": "steps", "eval_steps": 3, "save_steps": 3, **training,
                },
            }
        )  # fmt: skip
        folder = new_folder(config)
        outcome = engine.run(config, folder)
        assert isinstance(outcome, events.RunFinished), outcome
        return Trained(config, folder, held[-1], outcome)

    return run


def base_weights(run: Trained) -> dict[str, torch.Tensor]:
    """The weights as the checkpoint has them, by the names of the model that holds them."""
    import transformers

    classifier = run.config.task == "sequence-classification"
    auto = transformers.AutoModelForSequenceClassification if classifier else transformers.AutoModelForCausalLM
    assert run.config.model.id is not None
    return dict(auto.from_pretrained(run.config.model.id, dtype=torch.float32).named_parameters())


def _plain(name: str) -> str:
    """The name that a parameter had before PEFT; prompt learning puts one part before it, the others two."""
    name = re.sub(r"^base_model\.(model\.(?=model\.|bert\.|lm_head|classifier))?", "", name)
    return name.replace(".base_layer", "")


CLASSIFYING: dict[str, dict[str, Any]] = {
    "lora": {"kind": "lora"},
    "dora": {"kind": "lora", "use_dora": True},
    "rslora": {"kind": "lora", "use_rslora": True},
    "pissa": {"kind": "lora", "init_lora_weights": "pissa"},
    "ia3": {"kind": "ia3"},
    "adalora": {"kind": "adalora", "init_r": 6, "target_r": 2},
    "oft": {"kind": "oft"},
    "ln-tuning": {"kind": "ln-tuning"},
    "prompt-tuning": {"kind": "prompt-tuning", "num_virtual_tokens": 4},
    "p-tuning": {"kind": "p-tuning", "num_virtual_tokens": 4},
    "prefix-tuning": {"kind": "prefix-tuning", "num_virtual_tokens": 4},
    "freeze": {"kind": "freeze", "layers": 1},
    "vera": {"kind": "vera"},
}
WRITING = {
    name: method for name, method in CLASSIFYING.items() if name not in ("dora", "rslora", "pissa", "vera", "p-tuning")
}


def holds(run: Trained) -> None:
    """What must be so after every method."""
    losses = run.losses
    assert len(losses) == 3
    assert all(torch.isfinite(torch.tensor(losses)))
    before = base_weights(run)
    after = {_plain(name): parameter for name, parameter in run.model.named_parameters()}
    frozen = {name for name in before.keys() & after.keys() if not after[name].requires_grad}
    assert len(frozen) > 10
    changed = {name for name in frozen if not torch.equal(before[name], after[name])}
    if run.config.method.options().get("init_lora_weights") != "pissa":  # it takes its share out of the base
        assert not changed
    learned = {name for name, parameter in run.model.named_parameters() if parameter.requires_grad}
    assert learned
    found = size(run.model)
    notices = [event.message for event in RunReader(run.folder.path).read_all() if isinstance(event, events.Notice)]
    assert str(found) in notices
    assert not any("samples failed" in notice for notice in notices), notices
    if run.config.method.kind != "freeze":
        saved = (run.folder.model / "adapter_model.safetensors").stat().st_size
        assert saved < max(4 * found.trainable + 20_000, found.total * 4 // 10)  # VeRA saves its fixed matrices too
        assert not (run.folder.model / "model.safetensors").exists()
    inputs = {"input_ids": torch.tensor([[5, 6, 7, 8]]), "attention_mask": torch.ones(1, 4, dtype=torch.long)}
    with torch.no_grad():
        expected = run.model.eval()(**inputs).logits
        loaded = inference.load(run.folder.path)._model(**inputs).logits
    assert torch.allclose(loaded, expected, atol=1e-5)


@pytest.mark.parametrize("name", CLASSIFYING)
def test_a_classifier_trains_and_comes_back(name: str, trained: Run) -> None:
    run = trained("sequence-classification", CLASSIFYING[name])
    holds(run)
    assert any("classifier" in name and p.requires_grad for name, p in run.model.named_parameters())
    assert sum(score.probability for score in inference.load(run.folder.path).predict("good").labels) == pytest.approx(
        1
    )


@pytest.mark.parametrize("name", WRITING)
def test_a_language_model_trains_and_comes_back(name: str, trained: Run) -> None:
    run = trained("causal-lm", WRITING[name])
    holds(run)
    assert "".join(inference.load(run.folder.path).stream("good", max_new_tokens=3)) is not None


def test_adalora_gives_up_ranks_until_the_target_is_reached(trained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.methods.adalora import AdaLoraCallback, rank_pattern

    left: list[int] = []
    after_step = AdaLoraCallback.on_optimizer_step

    def counted(self: Any, args: Any, state: Any, control: Any, **given: Any) -> None:
        after_step(self, args, state, control, **given)
        left.append(sum(sum(ranks) for ranks in rank_pattern(given["model"]).values()))

    monkeypatch.setattr(AdaLoraCallback, "on_optimizer_step", counted)
    run = trained("sequence-classification", {"kind": "adalora", "init_r": 6, "target_r": 2}, max_steps=6, save_steps=3)
    matrices = 4  # query and value of two layers
    assert left == sorted(left, reverse=True)
    assert left[0] < 6 * matrices
    assert left[-1] == 2 * matrices
    config = run.model.peft_config["default"]
    assert config.total_step == 6
    assert sum(sum(ranks) for ranks in config.rank_pattern.values()) == 2 * matrices


@pytest.mark.parametrize("kind", ["lora", "adalora"])
def test_an_adapter_goes_on_from_its_checkpoint(kind: str, trained: Run) -> None:
    method = {"kind": "adalora", "init_r": 6, "target_r": 2} if kind == "adalora" else {"kind": kind}
    run = trained("sequence-classification", method, max_steps=6, save_steps=2, save_total_limit=None)
    whole = run.losses
    for step in (4, 6):
        shutil.rmtree(run.folder.checkpoints / f"checkpoint-{step}")
    shutil.rmtree(run.folder.model)
    folder = RunFolder(run.folder.path)
    outcome = engine.run(run.config, folder, resume=True)
    assert isinstance(outcome, events.RunFinished), outcome
    again = run.losses[len(whole) :]
    assert len(again) == 4
    assert again == whole[2:]


def test_virtual_tokens_take_positions(trained: Run, shared: Path) -> None:
    from core.errors import FinetuiError
    from core.training import prepare

    run = trained("causal-lm", {"kind": "prompt-tuning", "num_virtual_tokens": 4})
    assert "eval_perplexity" in run.outcome.metrics
    data = run.config.data.model_copy(update={"max_length": None})
    config = run.config.model_copy(update={"data": data})
    positions = json.loads((shared / "models/stories260K/config.json").read_text())["max_position_embeddings"]
    assert prepare.check(config).config.data.max_length == positions - 4
    all_positions = prepare.check(config.model_copy(update={"data": data.model_copy(update={"max_length": positions})}))
    assert all_positions.config.data.max_length == positions - 4
    cut = f"rows are cut at {positions - 4} tokens: 4 virtual tokens take positions of the model"
    assert cut in all_positions.notes
    too_long = data.model_copy(update={"max_length": positions + 1})
    with pytest.raises(FinetuiError, match=f"no position {positions + 1}") as refused:
        prepare.check(config.model_copy(update={"data": too_long}))
    assert refused.value.hint == f"set data.max_length: {positions - 4}"


@pytest.mark.parametrize(
    ("config_class", "options"),
    [("LoraConfig", {"kind": "lora", "init_lora_weights": "pissa"}), ("OFTConfig", {"kind": "oft"})],
)
def test_losses_are_those_of_a_plain_script(
    config_class: str, options: dict[str, Any], trained: Run, tmp_path: Path
) -> None:
    import peft
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    run = trained("sequence-classification", options)
    model_id = run.config.model.id
    assert model_id is not None
    tokenizer = AutoTokenizer.from_pretrained(model_id)
    rows = [{**tokenizer(row["text"]), "labels": int(row["label"] == "good")} for row in ROWS]
    arguments = TrainingArguments(
        str(tmp_path / "plain"), max_steps=3, per_device_train_batch_size=4, learning_rate=1e-2, logging_steps=1,
        report_to="none", disable_tqdm=True, use_cpu=True,
    )  # fmt: skip
    given = {name: value for name, value in options.items() if name != "kind"}
    set_seed(42)
    model = AutoModelForSequenceClassification.from_pretrained(model_id, num_labels=2, dtype=torch.float32)
    adapted = peft.get_peft_model(model, getattr(peft, config_class)(task_type="SEQ_CLS", **given))
    plain = Trainer(adapted, arguments, train_dataset=rows, data_collator=DataCollatorWithPadding(tokenizer))
    plain.train()
    assert run.losses == [entry["loss"] for entry in plain.state.log_history if "loss" in entry]
