"""An evaluation of our own loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from transformers import EvalPrediction
from transformers.trainer_pt_utils import EvalLoopContainer
from transformers.trainer_utils import unwrap_peft_model
from transformers.utils import find_labels

from core.tasks.label_view import IGNORED
from core.training import loaders

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from core.training.loop import Loop


def evaluate(loop: Loop) -> dict[str, float]:
    """Loss and metrics on the evaluation split, with the prefix `eval_`; raises EvaluationStopped."""
    if loop.scoring is not None:
        loop.scoring.begin()
    batches = loop.handler.eval_dataloader = loop.accelerator.prepare(loaders.evaluation(loop))
    gather = loop.accelerator.gather if loop.task.loss_of_batches else loop.accelerator.gather_for_metrics
    scores = Scores(loop.model, loop.compute_metrics, loop.reduce_logits)
    generates = loop.compute_metrics is not None and getattr(loop.args, "predict_with_generate", False)
    objective = loop.objective.of_model if generates else loop.objective
    loop.model.eval()
    for batch in batches:
        with torch.no_grad():
            loss, outputs = objective(loop.wrapped, batch, loop.objective.count([batch]))
            written = None
            if loop.compute_metrics is not None:
                written = loop.task.written(loop.model, batch, loop.args, loop.stop_arrived)
        parts = scores.of_batch(batch, loss, outputs, loop.args.eval_batch_size, written)
        scores.add_batch(*(gather(part) for part in parts))
        loop.call("on_prediction_step")
    found = scores.compute("loss" in loop.args.include_for_metrics)
    return found | {f"eval_{name}": value for name, value in loop.task.of_loss(found["eval_loss"]).items()}


class Scores:
    """Takes batch after batch, and computes the metrics over all of them.

    Args:
        compute: the metrics over all rows; None where the loss is all that is asked for.
        reduce: what the metrics need of the logits.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        compute: Callable[[EvalPrediction], dict[str, float]] | None,
        reduce: Callable[[Any, Any], Any] | None,
    ) -> None:
        self._label_names = find_labels(type(unwrap_peft_model(model)))
        self._left_out = {"loss", *getattr(model.config, "keys_to_ignore_at_inference", ["past_key_values"])}
        self._compute, self._reduce = compute, reduce
        self._losses, self._predictions, self._labels = (EvalLoopContainer(padding_index=IGNORED) for _ in range(3))

    def of_batch(
        self, batch: Mapping[str, Any], loss: torch.Tensor, outputs: Any, rows: int, written: torch.Tensor | None
    ) -> list[Any]:
        """The loss of a batch, [rows] float; where metrics need them its logits, reduced, and its labels.

        Args:
            written: what the model wrote of itself, in the place of its logits.
        """
        losses = loss.detach().mean().repeat(rows)
        if self._compute is None:
            return [losses]
        labels = _one_or_all([batch[name] for name in self._label_names])
        logits = written
        if logits is None:
            logits = _one_or_all([part for name, part in outputs.items() if name not in self._left_out])
        return [losses, logits if self._reduce is None else self._reduce(logits, labels), labels]

    def add_batch(self, losses: Any, predictions: Any = None, labels: Any = None) -> None:
        """Take what all devices have of a batch; rows that were only there to fill it are gone."""
        self._losses.add(losses)
        if predictions is not None:
            self._predictions.add(predictions)
            self._labels.add(labels)

    def compute(self, with_losses: bool) -> dict[str, float]:
        """The mean loss and the metrics, under names that begin with `eval_`.

        Args:
            with_losses: the metrics need the losses.
        """
        losses, metrics = self._losses.get_arrays(), {}
        if self._compute is not None:
            more = {"losses": losses} if with_losses else {}
            metrics = self._compute(EvalPrediction(self._predictions.get_arrays(), self._labels.get_arrays(), **more))
        found = {"loss": float(losses.mean()), **metrics}
        return {f"eval_{name.removeprefix('eval_')}": float(value) for name, value in found.items()}


def _one_or_all(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else tuple(parts)
