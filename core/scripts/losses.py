"""The loss of a run as source: class weights, a function of one's own, and what several batches a step add up to."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.errors import FinetuiError, first_line
from core.scripts import own_code
from core.scripts.task_script import TaskScript
from core.scripts.writing import fill, literal

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from core.scripts.run import ScriptRun

WEIGHTED = """
    # One weight a class, in the order of LABELS.
    WEIGHTS = torch.tensor($weights)


    def weighted_loss(outputs, labels, num_items_in_batch=None):
        \"\"\"Cross entropy where each label counts by the weight of its class.\"\"\"
        logits = outputs["logits"].float().view(-1, len(WEIGHTS))
        return torch.nn.functional.cross_entropy(logits, labels.view(-1), WEIGHTS.to(logits.device))
"""
WEIGHTED_STEPS = """
    # One weight a class, in the order of LABELS.
    WEIGHTS = torch.tensor($weights)


    def weight_of(labels):
        \"\"\"The sum of the weights of all labels that count.\"\"\"
        return WEIGHTS.to(labels.device)[labels[labels != -100]].sum()


    def weighted_loss(outputs, labels, num_items_in_batch=None):
        \"\"\"Cross entropy where each label counts by the weight of its class.\"\"\"
        logits = outputs["logits"].float().view(-1, len(WEIGHTS))
        weights = WEIGHTS.to(logits.device)
        loss = torch.nn.functional.cross_entropy(logits, labels.view(-1), weights, reduction="sum")
        return loss / (weight_of(labels) if num_items_in_batch is None else num_items_in_batch)
"""
WEIGHS_STEPS = """
    class Weighing($trainer):
        \"\"\"What several batches a step are divided by are the weights of all their labels.\"\"\"

        def _get_num_items_in_batch(self, batch_samples, device):
            return sum(weight_of(batch["labels"]) for batch in batch_samples).to(device) if batch_samples else None
"""
SCALED = """
    class Scaled($trainer):
        \"\"\"Each batch of a step counts by its labels.

        $whose gives the mean of its batch, but the Trainer takes it to divide by `num_items_in_batch`, the
        labels of the whole step: loss and gradients would be too large by the number of batches.
        \"\"\"

        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
            counted = $labels.ne(-100).sum()
            found = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            if not model.training:
                return found
            # A batch without a label has no mean, and no part in the step.
            loss = torch.where(counted > 0, found[0] if return_outputs else found, 0.0) * (counted / num_items_in_batch)
            return (loss, found[1]) if return_outputs else loss
"""
FORWARD = """
    def forward(batch, count=None):
        \"\"\"What the model says of a batch, and the loss; `count` is what the labels of a step add up to.\"\"\"
        count = $items if count is None else count
        output = model(**{name: value for name, value in batch.items() if name != "labels"})
        return output, $function(output, batch["labels"], num_items_in_batch=count)
"""
LABELS = 'batch["labels"].ne(-100).sum()'


@dataclass(frozen=True, slots=True)
class LossScript:
    """What a run's loss adds to a script.

    Attributes:
        imports: import statements.
        code: the definition of `function`.
        function: a loss instead of the model's own; empty where that is it.
        items: what a batch counts by, where that is not the task's own way.
        heeds_count: with several batches a step: the loss is to be divided by what the whole step has, and does it.
        trainer_code: code that defines `trainer`, a Trainer that scales the loss; both empty where none has to.
    """

    imports: list[str] = field(default_factory=list)
    code: str = ""
    function: str = ""
    items: str = ""
    heeds_count: bool = False
    trainer_code: str = ""
    trainer: str = ""


def source(run: ScriptRun, task: TaskScript) -> LossScript:
    """The loss of a run.

    Raises:
        FinetuiError: it cannot be told how it is scaled.
    """
    config = run.config
    accumulates = config.training.gradient_accumulation_steps > 1
    if isinstance(config.class_weights, dict):
        weights = literal([config.class_weights[name] for name in run.task.label_names])
        items = 'weight_of(batch["labels"])'
        if not accumulates:
            return LossScript(["import torch"], fill(WEIGHTED, weights=weights), "weighted_loss", LABELS)
        return LossScript(
            ["import torch"],
            fill(WEIGHTED_STEPS, weights=weights),
            "weighted_loss",
            items,
            True,
            fill(WEIGHS_STEPS, trainer=task.trainer),
            "Weighing",
        )
    if config.loss is not None:
        name = own_code.variable(config.loss)
        if not accumulates or own_code.uses(config.loss, "num_items_in_batch"):
            return LossScript([], "", name, LABELS, accumulates)
        return LossScript(["import torch"], "", name, LABELS, False, _scaled(run, task, "Your loss"), "Scaled")
    if not accumulates or not _is_trainers_own(run):
        return LossScript()
    if config.training.label_smoothing_factor:
        return LossScript(heeds_count=True)
    model = run.model()
    if not _is_counted(model) or "labels" not in task.items:
        return LossScript()
    if not ignores_count(run, model):
        return LossScript(heeds_count=True)
    return LossScript(["import torch"], trainer_code=_scaled(run, task, "The loss of this model"), trainer="Scaled")


def ignores_count(run: ScriptRun, model: PreTrainedModel) -> bool:
    """Whether the model's loss is the mean of its batch, whatever count it is given: no gradient leads from one to the
    other. Found out without weights.

    Raises:
        FinetuiError: it cannot be.
    """
    import torch

    try:
        count = torch.ones((), device="meta", requires_grad=True)
        ids = torch.zeros((1, 4), dtype=torch.long, device="meta")
        labels = ids
        if run.config.task == "sequence-classification":
            kind = run.task.model_options()["problem_type"]
            labels = {
                "regression": torch.zeros(1, device="meta"),
                "multi_label_classification": torch.zeros((1, len(run.task.label_names)), device="meta"),
            }.get(kind, ids[:, 0])
        model.set_attn_implementation("eager")  # the others look at the mask, and here there are no values
        loss = model(input_ids=ids, labels=labels, num_items_in_batch=count).loss
        return torch.autograd.grad(loss, count, allow_unused=True)[0] is None
    except (RuntimeError, NotImplementedError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise FinetuiError(
            f"it cannot be told how the loss of {type(model).__name__} is scaled over several batches",
            f"training.gradient_accumulation_steps; {first_line(error)}",
            "repeat the run with its config",
        ) from error


def forward(loss: LossScript) -> str:
    """Code of the loop that gives a batch to the model and to the loss; empty where the model has both."""
    return fill(FORWARD, function=loss.function, items=loss.items) if loss.function else ""


def _scaled(run: ScriptRun, task: TaskScript, whose: str) -> str:
    from transformers.loss.loss_utils import LOSS_MAPPING, ForCausalLMLoss

    model = run.model()
    shifts = LOSS_MAPPING.get(getattr(model, "loss_type", None) or "") is ForCausalLMLoss
    shifts = shifts and not model.config.is_encoder_decoder
    labels = 'inputs["labels"]' + ("[..., 1:]" if shifts else "")
    return fill(SCALED, trainer=task.trainer, whose=whose, labels=labels)


def _is_trainers_own(run: ScriptRun) -> bool:
    from transformers import Trainer

    return type(run.task).trainer_class().compute_loss is Trainer.compute_loss


def _is_counted(model: PreTrainedModel) -> bool:
    """Whether the Trainer hands the model a count, which it does where `forward` takes any keyword."""
    parameters = inspect.signature(model.forward).parameters.values()
    accepts = any(part.kind == inspect.Parameter.VAR_KEYWORD for part in parameters)
    return bool(getattr(model, "accepts_loss_kwargs", accepts))
