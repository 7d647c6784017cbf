"""Each training option acts: real runs of a tiny language model, seen from inside while they train."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, TrainerCallback, get_scheduler
from transformers.trainer_utils import SchedulerType

from core import config_file, events
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.training import engine, trainer

STEPS, RATE = 4, 1e-3
TEXTS = [" ".join(["the cat sat"] * (1 + index % 4)) for index in range(16)]


class Seen(TrainerCallback):
    """Looks on from inside a run."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.norms: list[float] = []
        self.forwards = self.layer_runs = self.tokens = self.places = 0
        self.dtypes: set[torch.dtype] = set()
        self.noise: dict[bool, set[bool]] = {True: set(), False: set()}
        self.trainer: Any = None
        model.register_forward_pre_hook(self._before, with_kwargs=True)
        model.lm_head.register_forward_hook(lambda *given: self.dtypes.add(given[2].dtype))
        model.model.layers[0].self_attn.register_forward_hook(self._count)

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """After the Trainer's own hook on the embeddings."""
        embedding = kwargs["model"].get_input_embeddings()
        embedding.register_forward_hook(
            lambda module, given, out: self.noise[module.training].add(not torch.equal(out, module.weight[given[0]]))
        )

    def _before(self, module: Any, _: Any, given: dict[str, Any]) -> None:
        if module.training:
            self.forwards += 1
            self.places += given["attention_mask"].numel()
            self.tokens += int(given["attention_mask"].sum())

    def _count(self, module: Any, *_: Any) -> None:
        self.layer_runs += module.training

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """After the gradients are clipped."""
        found = [p.grad.norm() for p in kwargs["model"].parameters() if p.grad is not None]
        self.norms.append(float(torch.stack(found).norm()))


@pytest.fixture(scope="module")
def train(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Trains with these arguments through the engine; the same arguments only once."""
    place = tmp_path_factory.mktemp("options")
    (place / "rows.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    (place / "many.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS * 4))
    (place / "same.jsonl").write_text((json.dumps({"text": TEXTS[1]}) + "\n") * 16)
    (place / "eval.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS[:4]))
    inside: list[Seen] = []
    build = trainer.build
    patch = pytest.MonkeyPatch()

    def watched(config: Any, prepared: Any, *given: Any) -> Any:
        seen = Seen(prepared.model)
        seen.trainer = build(config, prepared, *given)
        seen.trainer.add_callback(seen)
        inside.append(seen)
        return seen.trainer

    patch.setattr(trainer, "build", watched)
    done: dict[str, Any] = {}

    def run(file: str = "rows", sections: dict[str, Any] | None = None, **training: Any) -> Any:
        key = repr((file, sections, sorted(training.items())))
        if key in done:
            return done[key]
        config = config_file.validate(
            {
                "task": "causal-lm",
                "model": {"id": str(shared / "models/stories260K"), "dtype": "float32"},
                "data": {"files": {"train": str(place / f"{file}.jsonl"), "validation": str(place / "eval.jsonl")}},
                "samples": {"rows": 0},
                "training": {
                    "max_steps": STEPS, "per_device_train_batch_size": 4, "learning_rate": RATE, "logging_steps": 1,
                    "save_strategy": "no", **training,
                },
                **(sections or {}),
            }
        )  # fmt: skip
        folder = RunFolder.create(place / "runs", config)
        outcome = engine.run(config, folder)
        said = RunReader(folder.path).read_all()
        logged = [event.metrics for event in said if isinstance(event, events.StepLogged)]
        done[key] = SimpleNamespace(
            outcome=outcome,
            folder=folder,
            losses=[metrics["loss"] for metrics in logged],
            rates=[metrics["learning_rate"] for metrics in logged],
            norms=[metrics["grad_norm"] for metrics in logged],
            eval_losses=[event.metrics["eval_loss"] for event in said if isinstance(event, events.Evaluated)],
            notes=[event.message for event in said if isinstance(event, events.Notice)],
            seen=inside.pop() if inside else None,
        )
        return done[key]

    yield run
    patch.undo()


def refused(found: Any) -> str:
    """What a run was refused with, before any weights were read."""
    assert isinstance(found.outcome, events.RunFailed), found.outcome
    assert found.outcome.exit_code == 2, found.outcome.traceback
    phases = {
        event.phase for event in RunReader(found.folder.path).read_all() if isinstance(event, events.PhaseChanged)
    }
    assert "loading" not in phases
    return " | ".join((found.outcome.title, found.outcome.detail, found.outcome.hint))


# the schedule

OPTIONS: dict[str, dict[str, Any]] = {
    "cosine_with_restarts": {"num_cycles": 2},
    "polynomial": {"power": 2.0},
    "cosine_with_min_lr": {"min_lr": 1e-4},
    "cosine_warmup_with_min_lr": {"min_lr_rate": 0.1},
    "warmup_stable_decay": {"num_decay_steps": 2},
    "reduce_lr_on_plateau": {"mode": "max", "factor": 0.5, "patience": 0},  # a loss that falls is then no improvement
    "greedy": {"patience": 0, "factor": 0.5, "min_lr": 1e-5},
}


@pytest.mark.parametrize("name", [kind.value for kind in SchedulerType])
def test_the_rate_follows_the_schedule_of_that_name(name: str, train: Any) -> None:
    by_metric = name in ("reduce_lr_on_plateau", "greedy")
    more = {"eval_strategy": "steps", "eval_steps": 1} if by_metric else {"warmup_steps": 2}
    more |= {"lr_scheduler_kwargs": OPTIONS[name]} if name in OPTIONS else {}
    found = train(lr_scheduler_type=name, max_steps=5, **more)

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    library = get_scheduler(name, optimizer, 2, 5, OPTIONS.get(name, {}))
    expected = []
    for step in range(5):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        library.step(found.eval_losses[step]) if by_metric else library.step()
    if by_metric:  # the log of a step comes before the evaluation after it
        assert len(set(expected)) > 1, "the schedule has nothing to show"
    assert found.rates == pytest.approx(expected, rel=1e-9)
    if name == "constant":
        assert any("constant has no warm-up" in note for note in found.notes)


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"lr_scheduler_type": "cosine_with_min_lr"}, "One of min_lr or min_lr_rate should be set"),
        ({"lr_scheduler_type": "warmup_stable_decay"}, "set training.lr_scheduler_kwargs: {num_decay_steps: ...}"),
        ({"lr_scheduler_type": "cosine", "lr_scheduler_kwargs": {"power": 2}}, "its options: num_cycles"),
        ({"lr_scheduler_type": "greedy", "eval_strategy": "no"}, "greedy needs evaluations"),
        ({"optim": "stable_adamw"}, "pip install torch-optimi"),
        ({"optim": "galore_adamw"}, "galore_torch"),
        ({"fp16": True, "use_cpu": True}, "float16 needs a CUDA device"),
        ({"report_to": "swanlab"}, "swanlab is not installed"),
        ({"push_to_hub": True}, "a run sends nothing anywhere"),
        ({"load_best_model_at_end": True, "metric_for_best_model": "f1"}, "name one of loss, perplexity"),
        ({"load_best_model_at_end": True}, "set training.save_strategy: epoch"),
    ],
)
def test_what_cannot_act_is_refused_before_weights_are_read(training: dict[str, Any], said: str, train: Any) -> None:
    saved = {"save_strategy": "epoch"} if "metric_for_best_model" in training else {}
    assert said in refused(train(**training, **saved))


def test_a_share_of_the_steps_warms_up(train: Any) -> None:
    assert train(warmup_steps=0.5).rates == train(warmup_steps=2).rates == [0, RATE / 2, RATE, RATE / 2]


# numbers and memory


def test_bf16_is_the_forward_pass_alone(train: Any) -> None:
    plain, half = train(), train(bf16=True, use_cpu=True)
    assert (plain.seen.dtypes, half.seen.dtypes) == ({torch.float32}, {torch.bfloat16})
    assert {weight.dtype for weight in half.seen.trainer.model.parameters()} == {torch.float32}
    assert half.losses != plain.losses
    assert half.losses[0] == pytest.approx(plain.losses[0], rel=0.02)
    assert any("bfloat16 autocast" in note for note in half.notes)


def test_accumulated_batches_are_one_step(train: Any) -> None:
    """The loss of a language model counts its tokens, so two batches of 2 are as one of 4."""
    whole, halves = train(), train(per_device_train_batch_size=2, gradient_accumulation_steps=2)
    assert (whole.seen.forwards, halves.seen.forwards) == (STEPS, 2 * STEPS)
    assert halves.losses == pytest.approx(whole.losses, rel=1e-4)
    assert len(halves.seen.norms) == STEPS


def test_checkpointing_runs_layers_twice_and_changes_no_loss(train: Any) -> None:
    plain, again = train(), train(activation_checkpointing=True)
    assert (plain.seen.layer_runs, again.seen.layer_runs) == (STEPS, 2 * STEPS)
    assert again.losses == plain.losses


# the optimizer


def test_gradients_are_clipped_to_the_norm(train: Any) -> None:
    clipped, free = train(max_grad_norm=0.5), train(max_grad_norm=0)
    assert all(norm > 1 for norm in clipped.norms)  # logged is the norm before
    assert clipped.seen.norms == pytest.approx([0.5] * STEPS, rel=1e-3)
    assert all(norm > 1 for norm in free.seen.norms)


@pytest.mark.parametrize(
    ("name", "cls", "state"),
    [
        ("adamw_torch", "AdamW", {"exp_avg", "exp_avg_sq"}),
        ("sgd", "SGD", set()),
        ("adafactor", "Adafactor", {"exp_avg_sq_row", "exp_avg_sq_col"}),
        ("adamw_8bit", "AdamW", {"state1", "absmax1"}),
    ],
)
def test_optimizers(name: str, cls: str, state: set[str], train: Any) -> None:
    if name == "adamw_8bit":
        pytest.importorskip("bitsandbytes", reason="the extra `quantize` is not installed")
    found = train(optim=name)
    optimizer = found.seen.trainer.optimizer.optimizer
    held = {key: value for state in optimizer.state.values() for key, value in state.items()}
    assert type(optimizer).__name__ == cls
    assert state <= held.keys()
    if name == "adamw_8bit":
        assert any(state["state1"].dtype is torch.uint8 for state in optimizer.state.values())
    assert found.losses[-1] < found.losses[0] or name == "sgd"
    same = found.losses[1] == pytest.approx(train().losses[1], rel=1e-5)  # the default is AdamW, fused
    assert same == name.startswith("adamw")


def test_weight_decay_spares_norms(train: Any) -> None:
    found = train(optim="sgd", weight_decay=0.5)
    trained = found.seen.trainer
    names = {id(weight): name for name, weight in trained.model.named_parameters()}
    groups = {
        group["weight_decay"]: {names[id(p)] for p in group["params"]} for group in trained.optimizer.param_groups
    }
    assert groups[0.0] == {name for name in names.values() if "norm" in name}
    assert groups[0.5] == {name for name in names.values() if "norm" not in name}


# the loss and the rows


def test_label_smoothing_is_its_formula(train: Any, shared: Path) -> None:
    share = 0.2
    found = train("same", label_smoothing_factor=share)
    model = AutoModelForCausalLM.from_pretrained(shared / "models/stories260K", dtype=torch.float32)
    row = torch.tensor([found.seen.trainer.train_dataset[0]["input_ids"]])
    with torch.no_grad():
        scores = model(row).logits[0, :-1].log_softmax(-1)
    right, every = -scores.gather(1, row[0, 1:, None]).mean(), -scores.mean()
    assert found.losses[0] == pytest.approx(float((1 - share) * right + share * every), rel=1e-4)


def test_grouping_by_length_pads_less(train: Any) -> None:
    def share(found: Any) -> float:
        return 1 - found.seen.tokens / found.seen.places

    random, grouped = (
        train("many", max_steps=16, train_sampling_strategy=strategy) for strategy in ("random", "group_by_length")
    )
    assert share(grouped) < share(random) / 2


def test_neftune_is_noise_in_training_alone(train: Any) -> None:
    plain = train(eval_strategy="steps", eval_steps=2)
    noisy = train(eval_strategy="steps", eval_steps=2, neftune_noise_alpha=5.0)
    assert plain.seen.noise == {True: {False}, False: {False}}
    assert noisy.seen.noise == {True: {True}, False: {False}}
    assert noisy.losses != plain.losses


# the end, and again


def test_early_stopping_and_the_best_model(train: Any) -> None:
    patient = {"early_stopping": {"patience": 2}}
    found = train("same", patient, eval_strategy="steps", eval_steps=1, learning_rate=0.05, max_steps=30,
                  save_strategy="steps", save_steps=1)  # fmt: skip
    assert found.outcome.reason == "early_stopped"
    best = min(range(len(found.eval_losses)), key=found.eval_losses.__getitem__)
    assert len(found.losses) == best + 1 + 2
    assert found.outcome.metrics["eval_loss"] == pytest.approx(found.eval_losses[best], rel=1e-6)
    kept = AutoModelForCausalLM.from_pretrained(found.folder.model, dtype=torch.float32).state_dict()
    then = AutoModelForCausalLM.from_pretrained(
        found.folder.checkpoints / f"checkpoint-{best + 1}", dtype=torch.float32
    ).state_dict()
    assert all(torch.equal(kept[name], then[name]) for name in then)


def test_a_seed_repeats_a_run(train: Any) -> None:
    noisy = {"neftune_noise_alpha": 5.0}  # random in every step, and in the order of the rows
    first, other = train(**noisy, seed=7), train(**noisy, seed=8)
    again = train(sections={"name": "again"}, **noisy, seed=7)
    assert first.losses == again.losses
    assert first.losses != other.losses
    assert all(math.isfinite(loss) for loss in first.losses)


def test_full_determinism_is_for_one_run(train: Any) -> None:
    found = train(full_determinism=True)
    assert found.losses == train().losses
    assert not torch.are_deterministic_algorithms_enabled(), "the next run did not ask for it"
