"""A script that trains with a Trainer."""

from __future__ import annotations

import re

from core.scripts import arguments, losses
from core.scripts.run import ScriptRun
from core.scripts.task_script import TaskScript
from core.scripts.writing import call, fill, literal

SCORED = """
    $guess


    $helpers
    def compute_metrics(prediction):
        $given
        $score
"""
RANKS = """
    class MoveRanks(TrainerCallback):
        \"\"\"AdaLoRA gives rank to where it matters after every step, while the gradients are there.\"\"\"
        $plan

        def on_optimizer_step(self, args, state, control, model=None, **kwargs):
            model.base_model.update_and_allocate(state.global_step + 1)
"""
PLAN = """

    def on_train_begin(self, args, state, control, model=None, **kwargs):
        model.peft_config["default"].total_step = state.max_steps
"""
TRAIN = """
    $before
    arguments = $arguments
    trainer = $trainer
    trainer.train()
    $end
    trainer.save_model()
    trainer.save_state()
"""
EVALUATE = """
    metrics = trainer.evaluate()
    $after
    print(json.dumps(metrics, indent=2))
"""


def scoring(task: TaskScript) -> str:
    """Code that defines `compute_metrics`, and what it needs; empty where there are no metrics."""
    if not task.score:
        return ""
    sources = {"guesses": "prediction.predictions", "labels": "prediction.label_ids", "losses": "prediction.losses"}
    used = [name for name in sources if re.search(rf"\b{name}\b", task.score)]
    return fill(
        SCORED,
        guess=task.guess,
        helpers=f"{task.helpers}\n\n" if task.helpers else "",
        given=f"{', '.join(used)} = {', '.join(sources[name] for name in used)}",
        score=task.score,
    ).lstrip("\n")


def training(run: ScriptRun, task: TaskScript) -> tuple[list[str], str]:
    """Imports, and the code that trains, evaluates and saves."""
    config = run.config
    loss = losses.source(run, task)
    base = task.trainer_base or task.trainer
    imports = [*loss.imports, f"from {task.library} import {base}, {task.arguments}"]
    callbacks = []
    written = [f"{code}\n\n" for code in (task.collator_code, task.trainer_code, loss.code, loss.trainer_code) if code]
    if config.early_stopping is not None:
        imports.append("from transformers import EarlyStoppingCallback")
        stopping = config.early_stopping
        callbacks.append(f"EarlyStoppingCallback({stopping.patience}, {literal(stopping.threshold)})")
    if config.method.kind == "adalora":
        imports.append("from transformers import TrainerCallback")
        planned = "total_step" in config.method.options()
        written.append(fill(RANKS, plan="" if planned else fill(PLAN)) + "\n\n")
        callbacks.append("MoveRanks()")
    given = {
        "model": "model",
        "args": "arguments",
        **({"data_collator": task.collator} if task.collator else {}),
        "train_dataset": "train",
        **({"eval_dataset": "evaluation"} if run.evaluation is not None else {}),
        "processing_class": "tokenizer",
        **({"compute_loss_func": loss.function} if loss.function else {}),
        **task.trainer_options,
    }
    if task.score and run.evaluation is not None:
        given["compute_metrics"] = "compute_metrics"
        if task.guess:
            given["preprocess_logits_for_metrics"] = "keep_guesses"
    if callbacks:
        given["callbacks"] = f"[{', '.join(callbacks)}]"
    end = ""
    if run.evaluation is not None:
        imports.append("import json")
        end = fill(EVALUATE, after=task.after)
    code = fill(
        TRAIN,
        before="\n".join(written),
        arguments=call(task.arguments, arguments.trainer_arguments(run, task)),
        trainer=call(loss.trainer or task.trainer, given),
        end=end,
    )
    return imports, code
