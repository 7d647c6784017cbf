"""`engine: loop` does what the Trainer does, and says no to what it does not do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import commands, config_file, events
from core.config import EarlyStopping, RunConfig
from core.errors import FinetuiError
from core.runs import layout
from core.runs.folder import RunFolder, tell
from core.runs.reader import RunReader
from core.training import engine, prepare
from core.training.steering import Steering

ENGINES = ("trainer", "loop")
OF_TRL = ("eval_entropy", "eval_mean_token_accuracy")
"""What the SFTTrainer reports of itself."""


@pytest.fixture
def stories(shared: Path) -> Callable[..., RunConfig]:
    """A run of stories260K on lines of Shakespeare: 40 rows to train on, 10 to evaluate on."""

    def make(which: str, **training: Any) -> RunConfig:
        data = {
            "task": "causal-lm",
            "engine": which,
            "model": {"id": str(shared / "models/stories260K"), "dtype": "float32"},
            "data": {
                "files": {"train": str(shared / "data/tinyshakespeare/input.txt")},
                "limit": {"train": 50},
                "eval_fraction": 0.2,
                "max_length": 64,
            },
            "training": {"per_device_train_batch_size": 4, "learning_rate": 1e-3, "logging_steps": 1, **training},
        }
        return config_file.validate(data)

    return make


def run(config: RunConfig, folder: RunFolder, resume: bool = False) -> tuple[Any, list[events.Event]]:
    outcome = engine.run(config, folder, resume)
    assert isinstance(outcome, events.RunFinished), outcome
    return outcome, list(RunReader(folder.path).read_all())


def losses(said: list[events.Event]) -> list[float]:
    return [event.metrics["loss"] for event in said if isinstance(event, events.StepLogged)]


@pytest.mark.parametrize(
    "training",
    [
        {"num_train_epochs": 2, "gradient_accumulation_steps": 4},
        {
            "num_train_epochs": 1.5,
            "per_device_train_batch_size": 3,
            "train_sampling_strategy": "group_by_length",
            "lr_scheduler_type": "cosine",
            "warmup_steps": 3,
            "weight_decay": 0.1,
            "max_grad_norm": 0.5,
            "label_smoothing_factor": 0.1,
            "gradient_accumulation_steps": 2,
        },
        {
            "max_steps": 4,
            "optim": "sgd",
            "bf16": True,
            "use_cpu": True,
            "dataloader_drop_last": True,
            "activation_checkpointing": True,
        },
    ],
    ids=["plain", "grouped, smoothed, clipped", "bfloat16, SGD, checkpointed"],
)
@pytest.mark.filterwarnings("error:.gradient_checkpointing")
def test_a_language_model_has_the_losses_of_the_trainer(
    training: dict[str, Any], stories: Any, new_folder: Any
) -> None:
    outcomes = [run(config, new_folder(config)) for config in (stories(which, **training) for which in ENGINES)]
    (by_trainer, said_by_trainer), (by_loop, said_by_loop) = outcomes
    assert losses(said_by_loop) == pytest.approx(losses(said_by_trainer), abs=1e-5)
    assert by_loop.metrics == pytest.approx(by_trainer.metrics, rel=1e-5)


def words(shared: Path) -> dict[str, Any]:
    """English words to their sounds; the model has dropout, the metrics are of what it writes."""
    return {
        "task": "seq2seq-lm",
        "model": {"id": str(shared / "models/bart-g2p-en-us"), "dtype": "float32"},
        "data": {"id": str(shared / "data/g2p_en/us_train.jsonl"), "limit": {"train": 32}, "eval_fraction": 0.3},
        "samples": {"rows": 0},
        "metrics": ["exact_match", "chrf", "perplexity"],
    }


def doubled(shared: Path) -> dict[str, Any]:
    """The same with a loss of one's own, which an evaluation that generates does not use."""
    return {**words(shared), "loss": f"{Path(__file__).with_name('own_losses.py')}:doubled"}


def gaps(shared: Path) -> dict[str, Any]:
    """Masked tokens, in packed blocks; the model has dropout."""
    return {
        "task": "masked-lm",
        "model": {"id": str(shared / "models/bert-tiny-uncased"), "dtype": "float32"},
        "data": {
            "files": {"train": str(shared / "data/tinyshakespeare/input.txt")},
            "limit": {"train": 50},
            "eval_fraction": 0.2,
            "max_length": 32,
            "packing": True,
        },
        "samples": {"rows": 0},
    }


def talk(shared: Path) -> dict[str, Any]:
    """Conversations, which the other engine trains with TRL."""
    return {
        "task": "chat",
        "model": {"id": str(shared / "models/stories260K"), "dtype": "float32", "chat_template": "plain"},
        "data": {
            "id": str(shared / "data/llama_factory_demo/alpaca_en_demo.json"),
            "limit": {"train": 24},
            "eval_fraction": 0.2,
            "max_length": 64,
        },
        "method": {"kind": "lora", "r": 4, "target_modules": ["q_proj", "v_proj"], "lora_dropout": 0.2},
        "samples": {"rows": 0},
    }


@pytest.mark.parametrize(
    ("made", "training"),
    [
        (words, {"generation_num_beams": 2, "generation_max_length": 12}),
        (words, {"gradient_accumulation_steps": 4, "label_smoothing_factor": 0.1, "predict_with_generate": False}),
        (words, {"gradient_accumulation_steps": 4, "generation_max_length": 12}),
        (doubled, {"gradient_accumulation_steps": 4, "generation_max_length": 12}),
        (gaps, {"num_train_epochs": 2}),
        (gaps, {"num_train_epochs": 2, "gradient_accumulation_steps": 4, "dataloader_num_workers": 1}),
        (talk, {"gradient_accumulation_steps": 4, "num_train_epochs": 2}),
        (talk, {"neftune_noise_alpha": 5.0}),
    ],
    ids=["written", "smoothed", "accumulated", "own", "masked", "masked in a worker", "chat", "chat, noisy"],
)
def test_other_tasks_have_the_losses_and_metrics_of_the_trainer(
    made: Any, training: dict[str, Any], shared: Path, new_folder: Any
) -> None:
    common = {"per_device_train_batch_size": 2, "learning_rate": 1e-3, "logging_steps": 1, "eval_strategy": "epoch"}
    common["save_strategy"] = "no"
    seen = []
    for which in ENGINES:
        config = config_file.validate({**made(shared), "engine": which, "training": {**common, **training}})
        outcome, said = run(config, new_folder(config))
        scores = [event.metrics for event in said if isinstance(event, events.Evaluated)]
        seen.append((losses(said), [name for each in scores for name in sorted(each)], outcome.metrics))
    assert len(seen[0][0]) >= 3
    assert seen[1][0] == pytest.approx(seen[0][0], abs=1e-5)
    of_both = {name: value for name, value in seen[0][2].items() if name not in OF_TRL}
    assert seen[1][2] == pytest.approx(of_both, rel=1e-5)
    assert seen[1][1] == [name for name in seen[0][1] if name not in OF_TRL]


@pytest.mark.parametrize("name", ["adamw_8bit", "lion_8bit"])
def test_an_optimizer_of_bitsandbytes_takes_the_steps_of_the_trainer(name: str, stories: Any, new_folder: Any) -> None:
    pytest.importorskip("bitsandbytes", reason="the extra `quantize` is not installed")
    training = {"optim": name, "max_steps": 4, "weight_decay": 0.1}
    both = [losses(run(config, new_folder(config))[1]) for config in (stories(which, **training) for which in ENGINES)]
    assert both[1] == pytest.approx(both[0], abs=1e-5)


def test_stop_ends_an_evaluation_between_two_tokens(
    shared: Path, new_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One batch holds all rows, and its answers are long: without a look between tokens Stop would come after them."""
    training = {"max_steps": 50, "eval_strategy": "steps", "eval_steps": 1, "generation_max_length": 64}
    training |= {"per_device_eval_batch_size": 500, "generation_num_beams": 4, "save_strategy": "no"}
    config = config_file.validate({**words(shared), "engine": "loop", "training": training})
    folder = new_folder(config)
    looked = 0
    arrived = Steering.stop_arrived

    def stop_at_the_third_token(steering: Steering) -> bool:
        nonlocal looked
        looked += 1
        if looked == 3:
            tell(folder.path, commands.Stop())
        return arrived(steering)

    monkeypatch.setattr(Steering, "stop_arrived", stop_at_the_third_token)
    outcome, said = run(config, folder)
    assert outcome.reason == "stopped"
    assert looked == 3  # no token was written after it
    assert not [event for event in said if isinstance(event, events.Evaluated)]


def test_reports_evaluations_and_checkpoints_come_when_the_trainer_has_them(stories: Any, new_folder: Any) -> None:
    """Early stopping, the best model at the end, and checkpoints that are thrown away among them."""
    training = {
        "num_train_epochs": 4,
        "learning_rate": 1e-3,
        "logging_steps": 3,
        "logging_first_step": True,
        "eval_strategy": "steps",
        "eval_steps": 4,
        "eval_on_start": True,
        "save_total_limit": 2,
        "metric_for_best_model": "loss",
    }
    seen = []
    for which in ENGINES:
        config = stories(which, **training)
        config = config.model_copy(update={"early_stopping": EarlyStopping(patience=2, threshold=100)})
        folder = new_folder(config)
        outcome, said = run(config, folder)
        kinds = (events.StepLogged, events.Evaluated, events.CheckpointSaved, events.Sampled)
        assert outcome.reason == "early_stopped"
        state = json.loads((folder.last_checkpoint() / "trainer_state.json").read_text())
        seen.append(
            (
                [(type(event).__name__, event.step, event.epoch) for event in said if isinstance(event, kinds)],
                sorted(path.name for path in folder.checkpoints.iterdir()),
                outcome.metrics,
                {
                    name: state[name]
                    for name in ("best_metric", "best_global_step", "num_input_tokens_seen", "max_steps")
                },
            )
        )
    assert seen[0] == seen[1]


@pytest.mark.parametrize("goes_on", ENGINES)
def test_a_resumed_run_has_the_losses_of_the_uninterrupted_one(
    goes_on: str, mrpc: Any, new_folder: Any, tmp_path: Path
) -> None:
    """From the middle of an epoch, with dropout, with either engine: the files are the same."""
    data = {"limit": {"train": 60, "validation": 20}}
    training = {"num_train_epochs": 2, "gradient_accumulation_steps": 2, "save_strategy": "steps", "save_steps": 3}
    training |= {"per_device_train_batch_size": 8}
    config = mrpc({"engine": "loop"}, **training)
    config = config.model_copy(update={"data": config.data.model_copy(update=data)})
    first = new_folder(config)
    outcome, said = run(config, first)
    again = tmp_path / "again"
    shutil.copytree(first.path, again)
    for step in (6, 8):
        shutil.rmtree(again / layout.CHECKPOINTS / f"checkpoint-{step}")

    resumed, said_then = run(config.model_copy(update={"engine": goes_on}), RunFolder(again), resume=True)

    whole = losses(said)
    assert len(whole) == 8
    assert losses(said_then)[len(whole) :] == pytest.approx(whole[3:], abs=1e-6)
    assert resumed.metrics == pytest.approx(outcome.metrics, abs=1e-6)


@pytest.mark.parametrize("which", ENGINES)
def test_a_run_whose_checkpoints_have_no_optimizer_is_not_resumed(which: str, stories: Any, new_folder: Any) -> None:
    """It would begin anew with optimizer and schedule, and nobody would see why the losses are others."""
    config = stories(which, max_steps=4, save_strategy="steps", save_steps=2, save_only_model=True)
    folder = new_folder(config)
    _, before = run(config, folder)
    shutil.rmtree(folder.checkpoints / "checkpoint-4")
    outcome = engine.run(config, folder, resume=True)
    assert isinstance(outcome, events.RunFailed)
    assert (outcome.title, outcome.exit_code) == ("checkpoint-2 has no optimizer to go on with", 2)
    assert list(RunReader(folder.path).read_all()) == [*before, outcome]


@pytest.mark.parametrize("which", ENGINES)
def test_a_resumed_run_stops_early_where_the_uninterrupted_one_does(
    which: str, mrpc: Any, new_folder: Any, tmp_path: Path
) -> None:
    """How many evaluations were no better stands in the checkpoint, how many may be in the config."""
    data = {"limit": {"train": 70, "validation": 33}}
    training = {"max_steps": 40, "learning_rate": 5e-3, "eval_strategy": "steps", "eval_steps": 3}
    config = mrpc({"engine": which, "early_stopping": {"patience": 2}}, per_device_train_batch_size=4, **training)
    config = config.model_copy(update={"data": config.data.model_copy(update=data)})
    first = new_folder(config)
    outcome, _ = run(config, first)
    last = outcome.step
    assert outcome.reason == "early_stopped"

    for lost, patience, on_start, end in (
        (1, 2, False, last),
        (2, 2, True, last),  # the evaluation before its first step is one that the uninterrupted run has not
        (0, 2, False, last),  # it broke off after its last step
        (1, 1, False, last - 3),  # it has less patience now
    ):
        again = tmp_path / f"again-{lost}-{patience}"
        shutil.copytree(first.path, again)
        for step in range(lost):
            shutil.rmtree(again / layout.CHECKPOINTS / f"checkpoint-{last - 3 * step}")
        told = config.training.model_copy(update={"eval_on_start": on_start})
        then = config.model_copy(update={"early_stopping": EarlyStopping(patience=patience), "training": told})
        resumed, _ = run(then, RunFolder(again), resume=True)
        assert (resumed.reason, resumed.step) == ("early_stopped", end), (lost, patience)
        assert resumed.metrics == pytest.approx(outcome.metrics, abs=1e-6)


@pytest.mark.parametrize("which", ENGINES)
def test_a_run_that_is_resumed_may_stop_early_only_from_then_on(which: str, mrpc: Any, new_folder: Any) -> None:
    training = {"max_steps": 4, "eval_strategy": "steps", "eval_steps": 2, "save_strategy": "steps", "save_steps": 2}
    config = mrpc({"engine": which}, **training, metric_for_best_model="loss")
    folder = new_folder(config)
    run(config, folder)
    shutil.rmtree(folder.checkpoints / "checkpoint-4")
    patient = config.model_copy(update={"early_stopping": EarlyStopping(patience=1)})
    outcome, _ = run(patient, folder, resume=True)
    assert (outcome.reason, outcome.step) == ("completed", 4)


@pytest.mark.parametrize(
    ("sections", "training", "key"),
    [
        ({}, {"eval_accumulation_steps": 2}, "training.eval_accumulation_steps"),
        ({}, {"optim": "lomo"}, "training.optim"),
        ({}, {"train_sampling_strategy": "batch_rebalance"}, "training.train_sampling_strategy"),
        ({}, {"lr_scheduler_type": "reduce_lr_on_plateau", "eval_strategy": "epoch"}, "training.lr_scheduler_type"),
        ({}, {"logging_nan_inf_filter": True}, "training.logging_nan_inf_filter"),
    ],
)
def test_what_the_loop_does_not_do_is_refused(
    sections: dict[str, Any], training: dict[str, Any], key: str, stories: Any
) -> None:
    with pytest.raises(FinetuiError) as refused:
        prepare.check(stories("loop", **training))
    assert refused.value.key == key
    assert refused.value.hint == "set engine: trainer"


@pytest.mark.parametrize(
    ("task", "sections", "training", "reason"),
    [
        ("chat", {}, {"label_smoothing_factor": 0.1}, "draws other random numbers"),
        ("chat", {"model": {"from_config": {"model_type": "mixtral"}}}, {}, "balance of the experts"),
        ("preference", {}, {}, "a frozen copy"),
        ("feature-extraction", {}, {}, "of the texts of a batch"),
    ],
    ids=["smoothed", "experts", "preference", "embeddings"],
)
def test_a_task_whose_losses_it_would_not_have_is_refused(
    task: str, sections: dict[str, Any], training: dict[str, Any], reason: str, shared: Path, tmp_path: Path
) -> None:
    row = (
        {"prompt": "a", "chosen": "b", "rejected": "c"} if task == "preference" else {"prompt": "a", "completion": "b"}
    )
    if task == "feature-extraction":
        row = {"anchor": "a", "positive": "b"}
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for _ in range(4)))
    name = "bert-tiny-uncased" if task == "feature-extraction" else "stories260K"
    model: dict[str, Any] = {"id": str(shared / "models" / name)}
    if "model" in sections:
        model = {**sections["model"], "tokenizer": model["id"]}
    if name == "stories260K":
        model["chat_template"] = "plain"
    data = {"id": str(tmp_path / "rows.jsonl")}
    config = {"task": task, "engine": "loop", "model": model, "data": data, "training": training}
    with pytest.raises(FinetuiError, match=reason) as refused:
        prepare.check(config_file.validate(config))
    assert refused.value.key == "engine"


def test_every_default_that_a_run_writes_down_is_taken_again(stories: Any, new_folder: Any) -> None:
    """config.yaml spells out defaults: they are no reason to refuse."""
    config = stories("loop", neftune_noise_alpha=None, report_to="none", eval_do_concat_batches=True)
    folder = new_folder(config)
    checked = prepare.check(config_file.load(folder.path / layout.CONFIG).config)
    assert checked.config.engine == "loop"
