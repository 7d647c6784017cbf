"""AdaLoRA moves rank to where it matters: the part of it that a training loop has to call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from core.errors import FinetuiError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


IMPORTANCE = ("ipt", "exp_avg_ipt", "exp_avg_unc")
"""What PEFT's RankAllocator has learned so far of each rank: its sensitivity, and the running means of that."""


class AdaLoraCallback(TrainerCallback):
    """Calls `update_and_allocate` after every optimizer step, while the gradients are still there.

    `on_optimizer_step` is the one hook between `optimizer.step()` and `zero_grad()`. Steps count from 1, so that the
    budget is `target_r` at the last of them. Between steps the config has no `rank_pattern`: with one, a checkpoint
    would hold cut matrices, which a model that goes on training cannot take back. A pruned rank is a zero in `lora_E`,
    and is cut out when the training is over.

    Args:
        planned: the config named `total_step`; else it becomes the number of steps of the run.
    """

    def __init__(self, planned: bool) -> None:
        self._planned = planned
        self._pattern: dict[str, list[bool]] | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        model = _adapted(kwargs["model"])
        config = _config(model)
        if not self._planned:
            config.total_step = state.max_steps
        check(config)
        self._pattern = rank_pattern(model)
        self._take_up(args, state, model)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Keep what PEFT does not: without it a resumed run would prune other ranks than the uninterrupted one."""
        import torch

        allocator = _adapted(kwargs["model"]).base_model.rankallocator
        torch.save({name: getattr(allocator, name) for name in IMPORTANCE}, _kept(args, state))

    def _take_up(self, args: TrainingArguments, state: TrainerState, model: PreTrainedModel) -> None:
        """The importance of every rank as it stood at the checkpoint that the run goes on from."""
        import torch

        kept = _kept(args, state)
        if state.global_step and kept.is_file():
            device = next(model.parameters()).device
            allocator: Any = model.base_model
            for name, values in torch.load(kept, map_location=device, weights_only=True).items():
                setattr(allocator.rankallocator, name, values)

    def on_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        model = _adapted(kwargs["model"])
        config = _config(model)
        config.rank_pattern = self._pattern
        model.base_model.update_and_allocate(state.global_step + 1)
        self._pattern, config.rank_pattern = config.rank_pattern, None

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        # Of the weights that are in the model now: with `load_best_model_at_end` they may be those of an earlier step.
        model = _adapted(kwargs["model"])
        _config(model).rank_pattern = rank_pattern(model)


def _kept(args: TrainingArguments, state: TrainerState) -> Path:
    return Path(args.output_dir or "") / f"checkpoint-{state.global_step}" / "adalora.pt"


def rank_pattern(model: PreTrainedModel) -> dict[str, list[bool]]:
    """Per adapted matrix, by its name in the base model, which of its `init_r` ranks are not pruned."""
    tuner: Any = model.base_model
    return {
        name: (parameter != 0).view(-1).tolist()
        for name, parameter in tuner.model.named_parameters()
        if ".lora_E." in name
    }


def check(config: Any) -> None:
    """Hold the plan of an AdaLoraConfig against itself.

    Raises:
        FinetuiError: there is no step left in which ranks could be moved, or no rank to give up.
    """
    if config.target_r >= config.init_r:
        raise FinetuiError(
            "AdaLoRA has no rank to give up",
            f"method.init_r: {config.init_r}, method.target_r: {config.target_r}",
            "set target_r below init_r",
            key="method.target_r",
        )
    if config.total_step - config.tfinal - config.tinit < 2:
        raise FinetuiError(
            "AdaLoRA has no step to move ranks in",
            f"{config.total_step} steps, method.tinit: {config.tinit}, method.tfinal: {config.tfinal}",
            "train longer, or lower tinit and tfinal",
            key="method.tinit",
        )


def _adapted(model: Any) -> Any:
    """The model with the adapter: a SentenceTransformer has it inside."""
    return model if hasattr(model, "peft_config") else model.transformers_model


def _config(model: PreTrainedModel) -> Any:
    configs: Any = model.peft_config
    return configs["default"]
