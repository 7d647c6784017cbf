"""Conversations and preferences trained through TRL: the losses of plain scripts, and a hand on the wheel."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, set_seed

from core import commands, config_file, events, inference, models, precision
from core.config import ModelConfig, RunConfig
from core.errors import FinetuiError
from core.runs.reader import RunReader
from core.tasks import preference_pairs
from core.tasks.chat import Chat
from core.tasks.preference import Preference
from core.training import arguments, engine, preflight, prepare
from tests.engine.test_steering import LiveRun

pytest.importorskip("trl", reason="the extra `chat` is not installed")

TRAINING = {"max_steps": 4, "per_device_train_batch_size": 4, "learning_rate": 1e-3, "logging_steps": 1, "seed": 7}
PLAIN = {"report_to": "none", "bf16": False, "use_cpu": True, "disable_tqdm": True}


@pytest.fixture(scope="module")
def files(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The shortest rows of the real data: the model knows letters rather than words."""
    folder = tmp_path_factory.mktemp("rows")
    for name, task in (("alpaca_en_demo", "chat"), ("dpo_en_demo", "preference")):
        rows = json.loads((shared / f"data/llama_factory_demo/{name}.json").read_text(encoding="utf-8"))
        rows.sort(key=lambda row: len(json.dumps(row.get("conversations") or row)))
        (folder / f"{task}.json").write_text(json.dumps(rows[:24]))
    return {task: str(folder / f"{task}.json") for task in ("chat", "preference")}


@pytest.fixture
def tiny(shared: Path, files: dict[str, str]) -> Callable[..., RunConfig]:
    def make(task: str, sections: dict[str, Any] | None = None, **training: Any) -> RunConfig:
        return config_file.validate(
            {
                "name": task,
                "task": task,
                "model": {"id": str(shared / "models/stories260K"), "dtype": "float32", "chat_template": "plain"},
                "data": {"files": {"train": files[task]}, "max_length": 160},
                "training": {**TRAINING, **training},
                "samples": {"rows": 1, "max_new_tokens": 4},
                **(sections or {}),
            }
        )

    return make


def steps(path: Path) -> list[events.StepLogged]:
    return [event for event in RunReader(path).read_all() if isinstance(event, events.StepLogged)]


def finished(outcome: events.RunFinished | events.RunFailed) -> events.RunFinished:
    assert isinstance(outcome, events.RunFinished), outcome
    return outcome


def plain_model(config: RunConfig) -> tuple[Any, Any]:
    set_seed(config.training.seed)
    model = AutoModelForCausalLM.from_pretrained(config.model.id, dtype=torch.float32)
    return model, models.load_tokenizer(config.model)


def test_losses_of_a_chat_are_those_of_a_plain_sft_script(tiny: Any, new_folder: Any, tmp_path: Path) -> None:
    from trl import SFTConfig, SFTTrainer

    config = tiny("chat", gradient_accumulation_steps=2)
    rows = Dataset.from_list(json.loads(Path(config.data.files["train"]).read_text()))
    model, tokenizer = plain_model(config)
    encoded = Chat(config.data, rows, None).encode(rows[:], tokenizer, 160)
    trainer = SFTTrainer(
        model,
        SFTConfig(str(tmp_path), **TRAINING, **PLAIN, gradient_accumulation_steps=2, max_length=None),
        train_dataset=Dataset.from_dict({name: encoded[name] for name in ("input_ids", "labels")}),
        processing_class=tokenizer,
    )
    trainer.train()
    expected = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]

    folder = new_folder(config)
    finished(engine.run(config, folder))

    assert [event.metrics["loss"] for event in steps(folder.path)] == expected
    assert len(expected) == TRAINING["max_steps"]


def test_losses_of_preferences_are_those_of_a_plain_dpo_script(tiny: Any, new_folder: Any, tmp_path: Path) -> None:
    """The plain script gets messages, and DPOTrainer tokenizes them itself: to the same rows."""
    from trl import DPOConfig, DPOTrainer

    config = tiny("preference")
    rows = Dataset.from_list(json.loads(Path(config.data.files["train"]).read_text()))
    task = Preference(config.data, rows, None)
    names = ("prompt", "chosen", "rejected")
    messages = [dict(zip(names, preference_pairs.of_messages(row, task.columns), strict=True)) for row in rows]
    model, tokenizer = plain_model(config)
    trainer = DPOTrainer(
        model,
        args=DPOConfig(str(tmp_path), **TRAINING, **PLAIN, max_length=160),
        train_dataset=Dataset.from_list(messages),
        processing_class=tokenizer,
    )
    trainer.train()
    history = [entry for entry in trainer.state.log_history if "loss" in entry]

    folder = new_folder(config)
    finished(engine.run(config, folder))

    logged = [event.metrics for event in steps(folder.path)]
    for name in ("loss", "rewards/accuracies", "rewards/margins", "logps/chosen", "grad_norm"):
        assert [metrics[name] for metrics in logged] == [entry[name] for entry in history], name
    assert logged[0]["loss"] == pytest.approx(0.6931, abs=1e-4), "model and reference begin alike"
    assert logged[-1]["loss"] != logged[0]["loss"]


LORA = {"kind": "lora", "r": 4, "target_modules": ["q_proj", "v_proj"]}


@pytest.mark.parametrize(("task", "method"), [("chat", {"kind": "full"}), ("preference", LORA)])
def test_a_run_goes_on_as_if_it_had_not_been_stopped(task: str, method: Any, tiny: Any, new_folder: Any) -> None:
    data = {**tiny(task).data.model_dump(exclude_unset=True), "eval_fraction": 0.2}
    config = tiny(task, {"method": method, "data": data}, save_steps=2, eval_strategy="steps", eval_steps=2)
    folder = new_folder(config)
    outcome = finished(engine.run(config, folder))
    reported = {"chat": "eval_perplexity", "preference": "eval_rewards/margins"}
    assert {reported[task], "eval_loss"} <= set(outcome.metrics)
    assert "eval_num_tokens" not in outcome.metrics
    whole = [event.metrics["loss"] for event in steps(folder.path)]
    assert any(isinstance(event, events.Sampled) for event in RunReader(folder.path).read_all())

    shutil.rmtree(folder.checkpoints / "checkpoint-4")
    finished(engine.run(config, type(folder)(folder.path), resume=True))

    assert [event.metrics["loss"] for event in steps(folder.path)] == [*whole, *whole[2:]]
    predictor = inference.load(folder.path)
    assert predictor.chat
    assert predictor.writes
    before = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    assert (
        predictor._prompt("again", before)["input_ids"].shape[1] > predictor._prompt("again", [])["input_ids"].shape[1]
    )
    assert isinstance("".join(predictor.stream("again", 3, before=before)), str)


def test_a_chat_obeys(tiny: Any, new_folder: Any) -> None:
    data = {**tiny("chat").data.model_dump(exclude_unset=True), "eval_fraction": 0.2}
    config = tiny("chat", {"data": data}, max_steps=3000, save_strategy="no", lr_scheduler_type="constant")
    run = LiveRun(config, new_folder(config))
    run.thread.start()
    try:
        run.wait_for(events.StepLogged)
        run.tell(commands.Pause())
        paused = run.wait_for(events.Progress, lambda event: event.paused)
        run.tell(commands.Save())
        assert run.wait_for(events.CheckpointSaved).step == paused.done
        run.tell(commands.Evaluate())
        assert "eval_mean_token_accuracy" in run.wait_for(events.Evaluated).metrics
        run.tell(commands.SetLearningRate(1e-6))
        run.tell(commands.Resume())
        logged = run.wait_for(events.StepLogged, lambda event: event.step > paused.done)
        assert logged.metrics["learning_rate"] == pytest.approx(1e-6)
    finally:
        run.tell(commands.Stop())
        assert run.wait_for(events.RunFinished).reason == "stopped"
        run.thread.join(60)
    assert not run.thread.is_alive()


@pytest.mark.parametrize(
    ("task", "name", "value", "hint"),
    [
        ("chat", "max_length", 8, "it is `data.max_length`"),
        ("chat", "assistant_only_loss", False, "what the assistant says alone"),
        ("chat", "los_type", "nll", "did you mean `loss_type`?"),
        ("preference", "betta", 0.2, "did you mean `beta`?"),
        ("chat", "evaluation_strategy", "no", "it is called eval_strategy"),
    ],
)
def test_arguments_are_those_of_the_task(
    task: str, name: str, value: Any, hint: str, tiny: Any, tmp_path: Path
) -> None:
    config = tiny(task, **{name: value})
    with pytest.raises(FinetuiError) as caught:
        arguments.build(config, tmp_path, precision.resolve("float32", "full", None, "cpu", False))
    assert hint in caught.value.hint
    assert caught.value.key == f"training.{name}"


@pytest.mark.parametrize("task", ["chat", "preference"])
def test_defaults_are_those_of_the_arguments_class(task: str, tiny: Any) -> None:
    from core import tasks

    cls = tasks.task_class(task)
    given = tiny(task).model_copy(update={"training": type(tiny(task).training)()})
    assert arguments.settle(given).training.learning_rate == cls.arguments_class().learning_rate
    assert set(cls.argument_defaults) == {"learning_rate"}
    assert set(cls.set_elsewhere) <= set(cls.arguments_class().__dataclass_fields__)


def test_the_pre_flight_counts_what_teaches_nothing(tiny: Any, tmp_path: Path) -> None:
    rows = [{"prompt": "long " * 60, "completion": "a"}, {"prompt": "b", "completion": "c"}]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    config = tiny("chat", {"data": {"files": {"train": str(tmp_path / "rows.json")}, "max_length": 40}})
    found = {finding.code: finding for finding in preflight.check(config).findings}
    assert found["no_trained_token"].rows == [0]
    assert found["truncated"].rows == [0]


def test_a_template_is_asked_for_and_its_source_recorded(tiny: Any, new_folder: Any) -> None:
    config = tiny("chat", max_steps=1)
    folder = new_folder(config)
    finished(engine.run(config, folder))
    recorded = config_file.load(folder.path / "config.yaml").config
    assert recorded.provenance is not None
    assert recorded.provenance.chat_template == "built-in plain"
    assert recorded.model.chat_template == "plain"
    notices = [event.message for event in RunReader(folder.path).read_all() if isinstance(event, events.Notice)]
    assert "chat template: built-in plain" in notices

    bare = config.model_copy(update={"model": ModelConfig(id=config.model.id)})
    outcome = engine.run(bare, new_folder(bare))
    assert isinstance(outcome, events.RunFailed)
    assert (outcome.title, outcome.exit_code) == ("the tokenizer has no chat template", 2)


def test_without_trl_it_says_how_to_get_it(tiny: Any, new_folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)
    outcome = engine.run(tiny("chat"), new_folder(tiny("chat")))
    assert isinstance(outcome, events.RunFailed)
    assert (outcome.title, outcome.hint) == ("TRL is not installed", "pip install 'finetui[chat]'")
    assert outcome.exit_code == 2


def test_texts_are_packed_into_blocks(shared: Path, tmp_path: Path, new_folder: Any) -> None:
    lines = (shared / "data/tinyshakespeare/input.txt").read_text().splitlines()[:60]
    (tmp_path / "train.txt").write_text("\n".join(line for line in lines if line.strip()))
    config = config_file.validate(
        {
            "task": "causal-lm",
            "model": {"id": str(shared / "models/stories260K")},
            "data": {"files": {"train": str(tmp_path / "train.txt")}, "max_length": 64, "packing": True},
            "training": {"max_steps": 2},
        }
    )
    folder = new_folder(config)
    finished(engine.run(config, folder))
    checked = prepare.check(config)
    rows = prepare.encode(checked, checked.train, tmp_path)
    assert {len(ids) for ids in rows["input_ids"][:-1]} == {64}
    texts = checked.tokenizer(list(checked.train["text"]))["input_ids"]
    end = checked.tokenizer.eos_token_id
    assert [token for ids in rows["input_ids"] for token in ids] == [token for ids in texts for token in [*ids, end]]
    assert list(rows["labels"]) == list(rows["input_ids"])
    assert list(rows["row"]) == sorted(rows["row"])
    view = checked.task.label_view(rows[0], checked.tokenizer)
    assert view.parts[0] == "document 1"
    borders = [index for index, token in enumerate(rows[0]["input_ids"][:-1]) if token == end]
    assert borders
    assert all(view.parts[index] != view.parts[index + 1] for index in borders)
