"""The loss of a batch in our own loop, by the Trainer's rules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from transformers.loss.loss_utils import LOSS_MAPPING, ForCausalLMLoss
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
from transformers.trainer_pt_utils import LabelSmoother
from transformers.trainer_utils import unwrap_peft_model

from core.tasks import label_sets
from core.tasks.label_view import IGNORED
from core.training import accumulation

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from core.tasks.base import Task
    from core.training.losses import Loss

Batch = Mapping[str, Any]


class Objective:
    """The model's own loss, a smoothed cross entropy, or the loss that the config names; and its part of a step.

    Attributes:
        takes_shares: as `Steerable.takes_shares`.
    """

    def __init__(self, model: PreTrainedModel, smoothing: float, loss: Loss | None, task: type[Task]) -> None:
        bare: Any = unwrap_peft_model(model)
        variable = inspect.Parameter.VAR_KEYWORD
        accepts = any(part.kind == variable for part in inspect.signature(bare.forward).parameters.values())
        self.takes_shares: bool | None = None
        self._given = loss
        self._least = 1 if task.zero_without_labels else 0
        self._passes_count: bool = getattr(bare, "accepts_loss_kwargs", accepts)
        # Causal language models compare with the next token: their first label is no target. Of a decoder behind an
        # encoder it is one.
        next_token = LOSS_MAPPING.get(getattr(bare, "loss_type", None) or "") is ForCausalLMLoss
        self._shifts = next_token and not model.config.is_encoder_decoder
        self._smoother: Callable[..., torch.Tensor] | None = None
        if smoothing and getattr(model.config, "problem_type", None) != label_sets.SEVERAL:
            shifts = type(bare).__name__ in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()
            smoother = LabelSmoother(epsilon=smoothing)
            self._smoother = lambda outputs, labels, num_items_in_batch: smoother(
                outputs, labels, shift_labels=shifts, num_items_in_batch=num_items_in_batch
            )

    def count(self, batches: Sequence[Batch]) -> torch.Tensor | None:
        """What the losses of these batches are divided by together: their labels; None where nobody asks."""
        counting = getattr(self._given, "count", None)
        if counting is not None:
            found: torch.Tensor = counting(batches)
            return found
        if "labels" not in batches[0] or not (self._passes_count or self._given is not None):
            return None
        labels = [batch["labels"][..., 1:] if self._shifts else batch["labels"] for batch in batches]
        return torch.stack([part.ne(IGNORED).sum() for part in labels]).sum().clamp(min=self._least)

    def __call__(self, model: Any, batch: Batch, count: torch.Tensor | None) -> tuple[torch.Tensor, Any]:
        """The loss of a batch as its function gives it, and the model's outputs."""
        inputs, labels = dict(batch), None
        compute = self._given or self._smoother
        if compute is not None:
            labels = inputs.pop("labels", None)
        if self._passes_count and count is not None:
            inputs["num_items_in_batch"] = count
        outputs = model(**inputs)
        if compute is not None:
            return compute(outputs, labels, num_items_in_batch=count), outputs
        return outputs["loss"] if isinstance(outputs, dict) else outputs[0], outputs

    def of_model(self, model: Any, batch: Batch, count: torch.Tensor | None) -> tuple[torch.Tensor, Any]:
        """The model's own loss, or the smoothed one, whatever loss the config names: as the Seq2SeqTrainer has it where
        an evaluation generates."""
        if self._given is None:
            return self(model, batch, count)
        outputs = model(**batch)
        return outputs["loss"], outputs

    def in_step(self, model: Any, batch: Batch, group: Sequence[Batch], count: torch.Tensor | None) -> torch.Tensor:
        """The loss of a batch as its part of a step over `group`: the parts add up to the mean over all labels."""
        if count is not None and len(group) > 1 and self.takes_shares is None:
            tried = accumulation.to_try(group, self.count)
            if tried is not None:
                self.takes_shares = accumulation.ignores_count(lambda of: self(model, tried, of)[0], count, model)
        loss, _ = self(model, batch, count)
        if count is None:
            return loss / len(group)
        if len(group) > 1 and self.takes_shares:
            part = self.count([batch])
            assert part is not None
            return accumulation.share(loss, part, count)
        return loss
