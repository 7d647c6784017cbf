"""A script that trains in a loop of its own, on accelerate."""

from __future__ import annotations

import re
from typing import Any

from core.errors import FinetuiError
from core.scripts import arguments, losses
from core.scripts.loop_pieces import (
    ADAMW,
    BATCHES,
    BEST,
    BEST_AND_PATIENCE,
    COMPUTE,
    DECAYING,
    END,
    EVALUATE,
    KEEP,
    KEPT,
    LOOP,
    ONE_BATCH,
    SCORED,
    SETUP,
)
from core.scripts.losses import LossScript
from core.scripts.run import ScriptRun
from core.scripts.task_script import TaskScript
from core.scripts.writing import call, fill, literal
from core.training.arguments import BY_METRIC

KNOWN = {
    "num_train_epochs", "max_steps", "learning_rate", "per_device_train_batch_size", "per_device_eval_batch_size",
    "gradient_accumulation_steps", "lr_scheduler_type", "lr_scheduler_kwargs", "warmup_steps", "weight_decay",
    "max_grad_norm", "eval_strategy", "eval_steps", "save_strategy", "save_steps", "save_total_limit", "logging_steps",
    "load_best_model_at_end", "metric_for_best_model", "greater_is_better", "seed", "activation_checkpointing",
    "adam_beta1", "adam_beta2", "adam_epsilon", "optim", "bf16", "fp16", "full_determinism", "use_cpu",
    "dataloader_drop_last", "dataloader_num_workers", "dataloader_pin_memory", "include_for_metrics", "report_to",
    "disable_tqdm", "logging_nan_inf_filter", "logging_first_step", "eval_on_start",
    "logging_strategy", "save_only_model", "predict_with_generate", "generation_max_length", "generation_num_beams",
}  # fmt: skip
"""Training arguments that the loop carries, or that change neither its steps nor its figures."""
OPTIMIZERS = ("adamw_torch", "adamw_torch_fused")


def refuse(run: ScriptRun, task: TaskScript) -> None:
    """Hold the run against what the loop can do.

    Raises:
        FinetuiError: it needs more.
    """
    hint = "write it with --style trainer"
    if task.loop:
        raise FinetuiError(f"there is no loop for {run.config.task}", task.loop, hint)
    wanted = arguments.differing(run, task.fixed_arguments)
    unknown = [name for name in wanted if name not in KNOWN]
    if unknown:
        raise FinetuiError(f"the loop does not carry `{unknown[0]}`", f"training.{unknown[0]}", hint)
    if wanted.get("optim", OPTIMIZERS[0]) not in OPTIMIZERS:
        raise FinetuiError("the loop has AdamW alone", f"training.optim: {wanted['optim']}", hint)
    schedule = run.config.training.lr_scheduler_type
    if schedule in BY_METRIC:
        where = f"training.lr_scheduler_type: {schedule}"
        raise FinetuiError("the loop has no schedule that follows a metric", where, hint)


def _refuse_terms(run: ScriptRun, loss: LossScript) -> None:
    """AdaLoRA adds a term to the loss of each batch, which the Trainer does not divide where the model's loss heeds the
    count of the step."""
    if run.config.method.kind == "adalora" and loss.heeds_count:
        reason = "training.gradient_accumulation_steps: what AdaLoRA adds to the loss is not scaled like the rest"
        raise FinetuiError("there is no loop for AdaLoRA over several batches", reason, "write it with --style trainer")


def scoring(task: TaskScript) -> str:
    """Code that defines `compute_metrics`, and what it needs; empty where there are no metrics."""
    if not task.score:
        return ""
    helpers = f"{task.helpers}\n\n" if task.helpers else ""
    return fill(SCORED, guess=task.guess, helpers=helpers, score=task.score).lstrip("\n")


def training(run: ScriptRun, task: TaskScript, seed: str) -> tuple[list[str], str]:
    """Imports, and the code that trains, evaluates and saves."""
    refuse(run, task)
    loss = losses.source(run, task)
    _refuse_terms(run, loss)
    settings = run.config.training.arguments()
    imports = [
        *loss.imports, "import json", "import math", "import torch", "from pathlib import Path",
        "from accelerate import Accelerator, DataLoaderConfiguration", "from torch.utils.data import DataLoader",
        "from transformers import get_scheduler",
    ]  # fmt: skip
    if settings["weight_decay"]:
        imports.append("import re")
    parts = [*filter(None, [task.collator_code, loss.code, losses.forward(loss)]), _setup(run, task, settings, seed)]
    if run.evaluation is not None:
        imports.append("import numpy as np")
        scored = bool(task.score)
        # As the Seq2SeqTrainer has it: the loss of an evaluation that generates is the model's own.
        owns = bool(loss.function) and not (scored and settings.get("predict_with_generate"))
        guess = f"keep_guesses({task.logits}, {task.labels})" if task.guess else task.logits
        parts.append(
            fill(
                EVALUATE,
                lists=", guesses, labels" if scored else "",
                empties=", [], []" if scored else "",
                keep=fill(KEEP, guess=guess, labels=task.labels) if scored else "",
                weight=task.weight,
                comment="# One loss a batch, as the Seq2SeqTrainer has it."
                if task.weight == "1"
                else "# One loss a row: the last batch may have fewer.",
                output="output, loss = forward(batch)" if owns else f"output = {_of_batch(task)}",
                loss="loss" if owns else "output.loss",
                compute="\n".join(filter(None, [fill(COMPUTE) if scored else "", task.after])),
            )
        )
    parts.append(_loop(run, task, settings, loss))
    lines = ""
    if run.evaluation is not None:
        lines = "\nprint(json.dumps(evaluate(), indent=2))"
    load = "model.load_state_dict(best_weights)" if settings.get("load_best_model_at_end") else ""
    parts.append(fill(END, load=load) + lines)
    return imports, "\n\n\n".join([parts[0], *parts[1:-1]]) + "\n\n" + parts[-1]


def _setup(run: ScriptRun, task: TaskScript, settings: dict[str, Any], seed: str) -> str:
    accelerator = {"dataloader_config": "DataLoaderConfiguration(use_seedable_sampler=True)"}
    if run.autocast:
        accelerator["mixed_precision"] = '"bf16"' if run.autocast == "bfloat16" else '"fp16"'
    if settings.get("use_cpu"):
        accelerator["cpu"] = "True"
    lines = ["model.activation_checkpointing_enable()"] if settings.get("activation_checkpointing") else []
    # The order of the rows and dropout follow from the seed, whatever the new weights have drawn.
    lines += [seed, f"collate = {task.collator}"]
    if task.draws:
        lines.append("collate_train = replace(collate, epoch=0)")
    lines.append(_loader("train_loader", "train", settings, "collate_train" if task.draws else "collate", True))
    prepared = ["model", "optimizer", "train_loader"]
    if run.evaluation is not None:
        lines.append(_loader("eval_loader", "evaluation", settings, "collate", False))
        prepared.append("eval_loader")
    optimizer = {"lr": literal(settings["learning_rate"])}
    betas = settings.get("adam_beta1", 0.9), settings.get("adam_beta2", 0.999)
    optimizer |= {"betas": literal(betas), "eps": literal(settings.get("adam_epsilon", 1e-8))}
    if settings.get("optim", OPTIMIZERS[1]) == OPTIMIZERS[1]:
        optimizer["fused"] = "True"
    return fill(
        SETUP,
        accelerator=call("Accelerator", accelerator),
        loaders="\n".join(lines),
        optimizer=_optimizer(optimizer, settings["weight_decay"]),
        prepare=f"{', '.join(prepared)} = accelerator.prepare({', '.join(prepared)})",
        steps=_steps(run, settings),
        scheduler=_scheduler(settings),
    )


def _optimizer(options: dict[str, str], decay: float) -> str:
    if not decay:
        options = {**options, "weight_decay": "0.0"}
        return fill(ADAMW, adamw=call("torch.optim.AdamW", options, ["trained"]))
    return fill(
        DECAYING, decay=literal(decay), optimizer=f"{', '.join(f'{key}={value}' for key, value in options.items())},"
    )


def _loader(name: str, rows: str, settings: dict[str, Any], collate: str, trains: bool) -> str:
    size = settings["per_device_train_batch_size" if trains else "per_device_eval_batch_size"]
    given = {"batch_size": literal(size), "collate_fn": collate}
    if trains:
        given["shuffle"] = "True"
    if settings.get("dataloader_drop_last"):
        given["drop_last"] = "True"
    if settings.get("dataloader_num_workers"):
        given["num_workers"] = literal(settings["dataloader_num_workers"])
    return f"{name} = {call('DataLoader', given, [rows])}"


def _steps(run: ScriptRun, settings: dict[str, Any]) -> str:
    lines = []
    accumulation = settings["gradient_accumulation_steps"]
    if accumulation > 1:
        lines.append(f"ACCUMULATION = {accumulation}  # batches per step")
    if settings["max_steps"] > 0:
        lines.append(f"total_steps = {settings['max_steps']}")
    else:
        batches = "math.ceil(len(train_loader) / ACCUMULATION)" if accumulation > 1 else "len(train_loader)"
        lines.append(f"total_steps = math.ceil({literal(settings['num_train_epochs'])} * {batches})")
    lines.append(f"LOG_EVERY = {_every(settings['logging_steps'])}")
    if run.config.method.kind == "adalora" and "total_step" not in run.config.method.options():
        lines.append('model.peft_config["default"].total_step = total_steps')
    return "\n".join(lines)


def _scheduler(settings: dict[str, Any]) -> str:
    warmup = settings["warmup_steps"]
    given = {
        "num_warmup_steps": f"math.ceil({warmup} * total_steps)" if 0 < warmup < 1 else literal(int(warmup)),
        "num_training_steps": "total_steps",
    }
    if settings.get("lr_scheduler_kwargs"):
        given["scheduler_specific_kwargs"] = literal(settings["lr_scheduler_kwargs"], 4)
    return call("get_scheduler", given, [literal(settings["lr_scheduler_type"]), "optimizer"])


def _loop(run: ScriptRun, task: TaskScript, settings: dict[str, Any], loss: LossScript) -> str:
    accumulates = settings["gradient_accumulation_steps"] > 1
    norm = settings["max_grad_norm"]
    log, strategy = settings["logging_steps"], settings["eval_strategy"]
    evaluated = fill(KEPT, best=_best(run, settings)) if strategy != "no" else ""
    stopping = run.config.early_stopping
    stopped = f" or failures == {stopping.patience}" if stopping is not None else ""
    at_step = ""
    if strategy == "steps":
        every = _every(settings.get("eval_steps") or log)
        at_step = f"if step % {every} == 0:\n" + "\n".join(f"    {line}" for line in evaluated.splitlines())
    at_epoch = evaluated if strategy == "epoch" else ""
    if stopping is not None:
        at_epoch = (
            f"{at_epoch}\nif failures == {stopping.patience}:\n    break  # it has not improved for a while".lstrip()
        )
    mean = "forward(batch)[1]" if loss.function else f"{_of_batch(task)}.loss"
    part = f"{mean} * count / sum(items)"
    if "-100" in (loss.items or task.items):  # a tensor: it may be 0
        part = f"torch.where(count > 0, {mean}, 0.0) * count / sum(items)  # without a label there is no mean"
    if loss.heeds_count:
        # A sum over the whole count, as in the run: a mean that is multiplied back is rounded twice more.
        own = "model(**batch, num_items_in_batch=sum(items)).loss"
        part = "forward(batch, sum(items))[1]" if loss.function else own
    return fill(
        LOOP,
        best="best, best_weights, failures = None, {}, 0" if _keeps_best(run, settings) else "",
        masks="collate_train.epoch = epoch  # and other masks" if task.draws else "",
        fresh="batches = []" if accumulates else "",
        each="number, batch in enumerate(train_loader, 1)" if accumulates else "batch in train_loader",
        step=fill(BATCHES, items=loss.items or task.items, part=part) if accumulates else fill(ONE_BATCH, loss=mean),
        clip=f"accelerator.clip_grad_norm_(model.parameters(), {literal(norm)})" if norm else "",
        ranks=(
            "# AdaLoRA gives rank to where it matters, while the gradients are there.\n"
            "accelerator.unwrap_model(model).base_model.update_and_allocate(step + 1)"
            if run.config.method.kind == "adalora"
            else ""
        ),
        at_step=at_step,
        stopped=stopped if strategy == "steps" else "",
        at_epoch=at_epoch,
    )


def _of_batch(task: TaskScript) -> str:
    """What the model says of a batch."""
    return f"model(**batch, num_items_in_batch={task.items})" if task.told else "model(**batch)"


def _every(steps: float) -> str:
    """A number of steps; below 1 a share of all."""
    return f"math.ceil({steps} * total_steps)" if steps < 1 else str(int(steps))


def _keeps_best(run: ScriptRun, settings: dict[str, Any]) -> bool:
    return bool(settings.get("load_best_model_at_end")) or run.config.early_stopping is not None


def _best(run: ScriptRun, settings: dict[str, Any]) -> str:
    if not _keeps_best(run, settings):
        return ""
    metric = settings.get("metric_for_best_model") or "loss"
    name = metric if metric.startswith("eval_") else f"eval_{metric}"
    greater = settings.get("greater_is_better")
    # As the Trainer has it: what is called a loss shall fall, everything else shall rise.
    rises = greater if greater is not None else not re.search(r"loss$", name)
    threshold = run.config.early_stopping.threshold if run.config.early_stopping else 0.0
    than = ">" if rises else "<"
    if threshold:
        return fill(BEST_AND_PATIENCE, than=than, metric=literal(name), threshold=literal(threshold))
    return fill(BEST, better=f"history[-1][{literal(name)}] {than} best", metric=literal(name))
