"""What a model says to typed texts, streamed where it writes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from core import answering
from core.chat import encoding
from core.data.conversations import Message
from core.errors import FinetuiError
from core.inference.reference import Source
from core.methods import virtual_tokens
from core.predictions import Prediction

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Predictor:
    """A model in use. Not for two threads at a time.

    Attributes:
        fields: the texts that it is asked with, in words for people; `most_texts` is how many it takes at most.
        keeps_last: the last text stays for the next question.
        writes: it answers with text, token by token: `stream`; else `predict`.
        continues: what it writes goes on from the prompt; else it is a text of its own.
        chat: prompts are put into the tokenizer's chat template, after what was said before.
        generated: tokens of the answer that is streamed, so far.
    """

    def __init__(self, source: Source, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        from core import models, tasks

        self.task = source.task
        self.name = source.name
        self._task = tasks.task_class(source.task)
        self._data = source.config.data if source.config else None
        self.writes = self._task.writes
        self.keeps_last = self._task.keeps_last
        self.most_texts = len(self._task.fields)
        self.fields = self._task.asked(source.config.data.columns if source.config else {})
        tuned = source.config is not None and source.task == "causal-lm"  # on texts, without the template
        self._reads = bool(model.config.is_encoder_decoder)  # what is said stands in a sequence of its own
        self.chat = self.writes and not tuned and not self._reads and bool(tokenizer.chat_template)
        self.continues = self.writes and not self.chat and not self._reads
        self.generated = 0
        # Without a run nobody said how long a text may be: the model's positions do, beyond them it fails.
        self._max_length = models.max_length(
            source.config.data.max_length if source.config else None,
            tokenizer,
            model.config,
            virtual_tokens.count(model),
        )
        self._model = model
        self._tokenizer = tokenizer

    def predict(self, *texts: str) -> Prediction:
        """What the model says to these texts, one per field.

        Raises:
            FinetuiError: the texts cannot be asked.
        """
        return self._task.predict(self._model, self._tokenizer, texts, self._max_length, self._data)

    def stream(
        self,
        prompt: str,
        max_new_tokens: int = 200,
        stop: threading.Event | None = None,
        before: Sequence[Message] = (),
    ) -> Iterator[str]:
        """The answer piece by piece, greedily; ends at the end token, at `max_new_tokens`, or soon after `stop` is set.

        Args:
            before: what was said before, where `chat` holds.

        Raises:
            FinetuiError: the prompt leaves no room for an answer.
        """
        from transformers import StoppingCriteriaList, TextIteratorStreamer

        stop = stop or threading.Event()
        inputs = self._prompt(prompt, before).to(self._model.device)
        length = 1 if self._reads else inputs["input_ids"].shape[1]
        positions = answering.positions(self._model)
        if positions is not None:
            max_new_tokens = min(max_new_tokens, positions - length)
        if max_new_tokens <= 0:
            raise FinetuiError(f"the prompt has {length} tokens", f"the model has {positions} positions", "shorten it")
        ends = encoding.ends(self._tokenizer) if self.chat else ()

        class Pieces(TextIteratorStreamer):
            def __deepcopy__(self, memo: Any) -> Pieces:
                """Itself: PEFT copies what `generate` is given where virtual tokens stand before an encoder."""
                return self

        streamer: Any = Pieces(self._tokenizer, skip_prompt=True, skip_special_tokens=True)
        failure: list[BaseException] = []
        self.generated = 0

        def after_token(ids: torch.Tensor, *_: Any, **__: Any) -> bool:
            self.generated = ids.shape[1] - length
            return stop.is_set()

        def generate() -> None:
            try:
                settings = answering.greedy(self._model, self._tokenizer, max_new_tokens, ends)
                with answering.plain_generation(self._model, settings) as plain:
                    self._model.generate(  # type: ignore[operator]
                        **inputs,
                        generation_config=plain,
                        streamer=streamer,
                        stopping_criteria=StoppingCriteriaList([after_token]),
                    )
            except BaseException as error:
                failure.append(error)
                streamer.end()

        thread = threading.Thread(target=generate, name="finetui-generate")
        thread.start()
        try:
            for piece in streamer:
                if piece:
                    yield piece
        finally:
            stop.set()
            thread.join()
        if failure:
            raise failure[0]

    def _prompt(self, prompt: str, before: Sequence[Message]) -> Any:
        """Token ids of a prompt, without the end token that some tokenizers put after every text."""
        if self.chat:
            return self._tokenizer.apply_chat_template(
                [*before, {"role": "user", "content": prompt}],
                add_generation_prompt=True,
                return_tensors="pt",
                return_dict=True,
            )
        if self._reads:
            return self._tokenizer(
                (self._data.prefix if self._data else "") + prompt,
                truncation=self._max_length is not None,
                max_length=self._max_length,
                return_tensors="pt",
                return_token_type_ids=False,
            )
        inputs = self._tokenizer(prompt, return_tensors="pt", return_token_type_ids=False)
        if inputs["input_ids"].shape[1] > 1 and inputs["input_ids"][0, -1] == self._tokenizer.eos_token_id:
            for name in inputs:
                inputs[name] = inputs[name][:, :-1]
        return inputs
