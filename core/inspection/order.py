"""The order in which a run takes its rows, known before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, Trainer, TrainingArguments

    from core.training.prepare import Checked


class Order:
    """The Trainer's order of a split.

    Args:
        trainer: what `stand_in` gives.
        training: whether the split is trained on; else it is evaluated.

    Attributes:
        grouped: whether rows of a length go together.

    Raises:
        FinetuiError: the order is not known before the run.
    """

    def __init__(self, trainer: Trainer, training: bool) -> None:
        self._trainer = trainer
        self._settings = trainer.args
        self._training = training
        self._strategy = str(self._settings.train_sampling_strategy)
        self.grouped = self._strategy == "group_by_length"
        if training and self._strategy not in ("random", "group_by_length", "sequential"):
            hint = "inspect rows instead: --row"
            raise FinetuiError(f"no batches are shown with {self._strategy}", "training.train_sampling_strategy", hint)

    @property
    def said(self) -> str:
        """It in words."""
        if not self._training or self._strategy == "sequential":
            return "in the order of the split"
        return f"grouped by length, seed {self._settings.seed}" if self.grouped else f"shuffled with seed {self._seed}"

    def of(self, elements: Any, epoch: int) -> list[int]:
        """The elements of an epoch in the order that the run has them in.

        The Trainer's samplers draw from torch's global numbers, which it seeds when it is built. Here they draw from
        a generator of their own with that seed: a run in this process may be using the global one.
        """
        import torch
        from accelerate.data_loader import SeedableRandomSampler
        from torch.utils.data import RandomSampler
        from transformers.trainer_pt_utils import LengthGroupedSampler

        if not self._training:
            return list(self._trainer._get_eval_sampler(elements) or range(len(elements)))
        sampler = self._trainer._get_train_sampler(elements)
        if isinstance(sampler, LengthGroupedSampler):
            sampler.generator = torch.Generator().manual_seed(self._settings.seed)
            # The loader takes a seed for its workers before it asks for the order.
            torch.empty((), dtype=torch.int64).random_(generator=sampler.generator)
        elif isinstance(sampler, RandomSampler):
            sampler = SeedableRandomSampler(sampler.data_source, data_seed=self._seed)
            sampler.set_epoch(epoch)
        return list(sampler)  # type: ignore[arg-type]

    @property
    def _seed(self) -> int:
        return self._settings.seed if self._settings.data_seed is None else self._settings.data_seed


def stand_in(checked: Checked, settings: TrainingArguments) -> Trainer:
    """The task's Trainer for what it decides about data: order, and which inputs the model takes.

    It is never initialized: that would seed the random numbers of a run in this process, and it needs weights.
    """
    import transformers
    from transformers.utils import find_labels

    trainer_class = checked.task.trainer_class()
    auto = getattr(transformers, checked.task.auto_class)
    model: type[PreTrainedModel] | None = auto._model_mapping.get(type(checked.architecture), None)
    if isinstance(model, tuple):
        model = model[0]
    if model is None:  # code that comes with the model: what it takes is not known before it runs
        settings.remove_unused_columns = False
    trainer = object.__new__(trainer_class)
    vars(trainer).update(
        args=settings,
        processing_class=checked.tokenizer,
        train_dataset=None,
        model=model,
        label_names=settings.label_names or (find_labels(model) if model is not None else []),
        _signature_columns=None,
        _is_vision_dataset=False,  # a question of TRL's Trainers; here are texts alone
    )
    return trainer
