"""Direct preference optimization: the chosen one of two answers becomes likelier, through TRL's DPOTrainer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from core import tokens
from core.chat import encoding, templates, turns
from core.data import columns
from core.data.columns import Role
from core.data.conversations import INPUT, SYSTEM
from core.errors import FinetuiError
from core.methods.kinds import is_adapter
from core.tasks import preference_pairs, trl_classes
from core.tasks.base import IGNORED, LabelView, Question, Rows
from core.tasks.chat import Chat, each, read_each

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer, TrainingArguments

    from core.config import DataConfig, RunConfig


class Preference(Chat):
    """Prompt, chosen and rejected; or two conversations that begin alike."""

    roles: ClassVar[tuple[Role, ...]] = (
        Role("prompt", "what both answer: a text, or the messages before the answer", False,
             ("instruction", "prompt", "question", "query", "conversations", "messages")),
        INPUT,
        SYSTEM,
        Role("chosen", "the better answer, or the conversation that ends with it", True, ("chosen",)),
        Role("rejected", "the worse answer, or the conversation that ends with it", True, ("rejected",)),
    )  # fmt: skip
    metric_kinds = ()
    argument_defaults: ClassVar[dict[str, Any]] = {"learning_rate": 1e-6}
    fixed_arguments: ClassVar[dict[str, Any]] = {}
    set_elsewhere = trl_classes.DPO_ELSEWHERE
    never_in_loop = "TRL's DPOTrainer compares the model with a frozen copy of itself"

    def __init__(self, data: DataConfig, train: Dataset, evaluation: Dataset | None) -> None:
        self.columns = columns.resolve(self.roles, train.column_names, data.columns, train.features)
        if evaluation is not None:
            columns.require(self.columns, evaluation.column_names, data.eval_split or "evaluation")
        first = train[0]
        self._texts_alone = "prompt" not in self.columns and isinstance(first[self.columns["chosen"]], str)
        self.label_names = []
        self.notes = [self._say_shape(first)]

    @classmethod
    def trainer_class(cls) -> type[Trainer]:
        return trl_classes.dpo_trainer()

    @classmethod
    def arguments_class(cls) -> type[TrainingArguments]:
        return trl_classes.dpo_config()

    def trainer_options(self, model: PreTrainedModel, arguments: TrainingArguments) -> dict[str, Any]:
        """The reference: a copy of the model as it is now, where no adapter can be put aside and nothing is kept."""
        if hasattr(model, "peft_config") or getattr(arguments, "precompute_ref_log_probs", False):
            return {}
        return {"ref_model": copy.deepcopy(model)}

    def frozen_copies(self, config: RunConfig) -> int:
        """The reference, where `trainer_options` makes one."""
        precomputed = config.training.arguments().get("precompute_ref_log_probs")
        return int(not precomputed and not is_adapter(config.method.kind))

    def meet(self, tokenizer: PreTrainedTokenizerBase, config: RunConfig) -> None:
        if config.training.arguments().get("train_sampling_strategy") == "group_by_length":
            key = "training.train_sampling_strategy"
            raise FinetuiError(
                "pairs of answers are not trained on batches grouped by length",
                f"{key}: group_by_length; the Trainer groups by one length a row, and a pair has two",
                "leave it out",
                key=key,
            )
        if not self._texts_alone:
            templates.require(tokenizer)
            self.template_source = templates.source(config.model.chat_template)
            self.notes.append(f"chat template: {self.template_source}")
        if config.training.arguments().get("precompute_ref_log_probs"):
            reference = "what the model makes of every row is computed before it trains: no second copy of the weights"
        elif self.frozen_copies(config):
            reference = "a frozen copy of the model: the weights are held twice"
        else:
            reference = "the model without its training: the base under a copy of the adapter"
        self.notes.append(f"reference: {reference}")

    @property
    def default_metrics(self) -> list[str]:
        """None: the DPOTrainer reports the accuracy and the margins of the rewards itself."""
        return []

    def encode(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> dict[str, list[Any]]:
        """Prompt and both answers, cut where prompt and answer together reach `max_length` tokens.

        Returns:
            `prompt_ids`, `chosen_ids`, `rejected_ids`: what the DPOTrainer's collator joins; and for people
            `input_ids` and `labels` of the chosen conversation.
        """
        prompts, chosen, rejected = self._tokenized(rows, tokenizer)
        found: dict[str, list[Any]] = {
            name: [] for name in ("prompt_ids", "chosen_ids", "rejected_ids", "input_ids", "labels")
        }
        for given, better, worse in zip(prompts, chosen, rejected, strict=True):
            length = min(turns.shared(given, better), turns.shared(given, worse))
            prompt = given[:length]
            found["prompt_ids"].append(prompt[:max_length])
            found["chosen_ids"].append(better[length:max_length])
            found["rejected_ids"].append(worse[length:max_length])
            found["input_ids"].append(better[:max_length])
            found["labels"].append([*[IGNORED] * length, *better[length:]][:max_length])
        return found

    def sequences(self, encoded: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The prompt with either answer, as the DPOTrainer's collator joins them."""
        prompt = encoded["prompt_ids"]
        return [
            {
                "input_ids": [*prompt, *encoded[f"{name}_ids"]],
                "labels": [*[IGNORED] * len(prompt), *encoded[f"{name}_ids"]],
                "answer": name,
            }
            for name in ("chosen", "rejected")
        ]

    def label_view(self, encoded: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> LabelView:
        """An answer: the chosen one has to become likelier, the rejected one less likely."""
        labels, name = encoded["labels"], encoded.get("answer", "chosen")
        return LabelView(
            [None if token == IGNORED else tokens.piece(tokenizer, token) for token in labels],
            shifted=True,
            parts=["prompt" if token == IGNORED else name for token in labels],
            name=name,
            unlearned=name == "rejected",
        )

    def collator(self, tokenizer: PreTrainedTokenizerBase) -> Callable[[list[Any]], dict[str, Any]]:
        """Chosen conversations above, rejected ones below: tensors [2 * batch, length]."""
        from trl.trainer.dpo_trainer import DataCollatorForPreference

        collator: Callable[[list[Any]], dict[str, Any]] = DataCollatorForPreference(tokenizer.pad_token_id)
        return collator

    def questions(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> list[Question]:
        """Prompts, and the chosen answers."""
        found = []
        for row in each(rows):
            if self._texts_alone:
                prompt, chosen, _ = preference_pairs.of_texts(row, self.columns)
                if prompt:
                    found.append(Question(prompt, {"input_ids": tokenizer(prompt)["input_ids"]}, expected=chosen))
            else:
                messages, answer, _ = preference_pairs.of_messages(row, self.columns)
                ids = encoding.prompt(tokenizer, messages)
                found.append(Question(messages[-1]["content"], {"input_ids": ids}, expected=answer[0]["content"]))
        return found

    def _tokenized(self, rows: Rows, tokenizer: PreTrainedTokenizerBase) -> list[list[list[int]]]:
        """Token ids of prompts, of prompts with the chosen and of prompts with the rejected answers."""
        if self._texts_alone:
            end = tokenizer.eos_token or ""
            parted = [preference_pairs.of_texts(row, self.columns) for row in each(rows)]
            texts = [
                [prompt for prompt, _, _ in parted],
                [prompt + better + end for prompt, better, _ in parted],
                [prompt + worse + end for prompt, _, worse in parted],
            ]
            return [tokenizer(side, verbose=False)["input_ids"] for side in texts]
        templates.require(tokenizer)
        pairs = read_each(rows, lambda row: preference_pairs.of_messages(row, self.columns))
        texts = [
            [turns.render(tokenizer, prompt, prompt=True) for prompt, _, _ in pairs],
            [turns.render(tokenizer, [*prompt, *better]) for prompt, better, _ in pairs],
            [turns.render(tokenizer, [*prompt, *worse]) for prompt, _, worse in pairs],
        ]
        return [tokenizer(side, add_special_tokens=False, verbose=False)["input_ids"] for side in texts]

    def _say_shape(self, row: Mapping[str, Any]) -> str:
        if self._texts_alone:
            return "preferences: two texts; what both begin with is the prompt, no chat template"
        preference_pairs.of_messages(row, self.columns)
        asked = self.columns.get("prompt", "what both conversations begin with")
        return f"preferences: {asked} → prompt; {self.columns['chosen']}, {self.columns['rejected']} → assistant"
