"""Whom our own loop tells what it does: the Trainer's callbacks, at the Trainer's hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import DefaultFlowCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import CallbackHandler, ExportableState

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Hooks:
    """Tells the callbacks, and hears what they want.

    Attributes:
        state: where the run stands; checkpoints keep it, and what callbacks keep of themselves.
        control: whether to log, evaluate, save or stop next.
    """

    def __init__(
        self,
        args: TrainingArguments,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        callbacks: list[TrainerCallback],
    ) -> None:
        self.args = args
        self.handler = CallbackHandler([DefaultFlowCallback(), *callbacks], model, tokenizer, None, None)
        self.control = TrainerControl()
        self.state = TrainerState(train_batch_size=args.train_batch_size, stateful_callbacks=self._stateful)

    @property
    def _stateful(self) -> list[Any]:
        return [each for each in (*self.handler.callbacks, self.control) if isinstance(each, ExportableState)]

    def keep(self) -> None:
        """Bring what the state has of the callbacks up to date."""
        kept: Any = self.state.stateful_callbacks
        kept.update({type(each).__name__: each.state() for each in self._stateful})

    def call(self, hook: str, **more: Any) -> None:
        """Call a hook of all callbacks, in their order."""
        self.control = getattr(self.handler, hook)(self.args, self.state, self.control, **more)

    def log(self, figures: dict[str, float]) -> None:
        """Say figures of this step, and keep them in the state."""
        if self.state.epoch is not None:
            figures["epoch"] = self.state.epoch
        self.state.log_history.append({**figures, "step": self.state.global_step})
        self.call("on_log", logs=figures)
