"""Load a model for use: what its task says to typed texts, streamed where the model writes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import answering, config_file, hub
from core.answering import LabelScore, Prediction
from core.chat import encoding
from core.config import ModelConfig, RunConfig, TaskName
from core.data.conversations import Message
from core.errors import FinetuiError, NeedsTrust
from core.methods import quantized, virtual_tokens
from core.runs import layout
from core.runs.folder import RunFolder

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

HEADS: dict[str, TaskName] = {
    "ForSequenceClassification": "sequence-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForCausalLM": "causal-lm",
    "T5WithLMHeadModel": "seq2seq-lm",
    "LMHeadModel": "causal-lm",
    "ForConditionalGeneration": "seq2seq-lm",
    "MTModel": "seq2seq-lm",
    "ForMaskedLM": "masked-lm",
}
"""How the architecture's name ends -> the task that it was trained for."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a reference names: a folder or Hub id, the task, and the run's config where there is a run."""

    model: str
    task: TaskName
    name: str
    config: RunConfig | None = None


class Predictor:
    """A model in use. Not for two threads at a time.

    Attributes:
        fields: the texts that it is asked with, in words for people; `most_texts` is how many it takes at most.
        keeps_last: the last text stays for the next question.
        writes: it answers with text, token by token: `stream`; else `predict`.
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

    def classify(self, text: str, text_pair: str | None = None) -> list[LabelScore]:
        """Every class with its probability, the most probable first."""
        return self.predict(*filter(None, (text, text_pair))).labels or []

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
        streamer = TextIteratorStreamer(self._tokenizer, skip_prompt=True, skip_special_tokens=True)
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


def load(ref: str | Path, trust_remote_code: bool = False) -> Predictor:
    """A model ready for use. Takes seconds.

    Args:
        ref: a run folder, a checkpoint, a model or adapter folder, or a Hub id.
        trust_remote_code: run Python code that comes with the model. What the run's config says of it does not count:
            the folder may be anybody's.

    Raises:
        FinetuiError: there is no model, or it is of a task that cannot be used here.
    """
    source = resolve(str(ref), trust_remote_code)
    from core import languages, models, tasks

    _refuse_code(source, trust_remote_code)
    tokenizer = models.load_tokenizer(ModelConfig(id=source.model, trust_remote_code=trust_remote_code))
    model = _load_weights(source, trust_remote_code)
    if source.config is not None:
        languages.begin_with(model, tokenizer, source.config.model.tgt_lang)
    model.eval()
    return Predictor(source, tasks.task_class(source.task).in_use(model, tokenizer, source.model), tokenizer)


def _refuse_code(source: Source, trusted: bool) -> None:
    if trusted or source.config is None or not source.config.model.trust_remote_code:
        return
    raise NeedsTrust(
        f"{source.name} brings Python code of its own",
        f"{source.model}; its config.yaml says model.trust_remote_code: true, and the folder may be anybody's",
        "read that code; then finetui predict --trust-remote-code",
        key="model.trust_remote_code",
    )


def resolve(ref: str, trust_remote_code: bool = False) -> Source:
    """What a reference names, without loading it.

    Raises:
        FinetuiError: there is no model, or it is of a task that cannot be used here.
    """
    folder = Path(ref).expanduser()
    if (folder / layout.CONFIG).is_file():
        config = config_file.load(folder / layout.CONFIG).config
        return Source(str(_weights_of_run(folder)), config.task, config.title, config)
    run = next((parent for parent in folder.parents if (parent / layout.CONFIG).is_file()), None)
    if run is not None and (run / layout.EVENTS).is_file():
        config = config_file.load(run / layout.CONFIG).config
        return Source(str(folder), config.task, f"{config.title} {folder.name}", config)
    hub.require_model(ref)
    return Source(ref, _task_of(ref, trust_remote_code), folder.name)


def _weights_of_run(folder: Path) -> Path:
    if any((folder / layout.MODEL / name).is_file() for name in ("config.json", "adapter_config.json")):
        return folder / layout.MODEL
    newest = RunFolder(folder).last_checkpoint()
    if newest is None:
        raise FinetuiError(f"{folder.name} has no model yet", str(folder), "wait for its end, or tell it to save")
    return newest


def _task_of(ref: str, trust_remote_code: bool) -> TaskName:
    """The task of a model folder or Hub id, from the name of its architecture."""
    from core import models
    from core.tasks.sentence_classes import modules_file

    config = models.load_config(ModelConfig(id=ref, trust_remote_code=trust_remote_code))
    if modules_file(ref) is not None:
        return "feature-extraction"
    architectures = config.architectures or []
    for name in architectures:
        for ending, task in HEADS.items():
            if name.endswith(ending):
                return task
    raise FinetuiError(
        f"{Path(ref).name} has no head that answers",
        f"its architecture is {', '.join(architectures) or config.model_type}",
        "fine-tune it first, or choose a model whose architecture ends in " + ", ".join(HEADS),
    )


def _base_of(source: Source, trust: bool) -> ModelConfig:
    """The model under an adapter. PEFT writes down which, but not of which revision: the run's config knows that."""
    written = json.loads((Path(source.model) / "adapter_config.json").read_text(encoding="utf-8"))
    base, revision = written["base_model_name_or_path"], written.get("revision")
    if source.config is not None and source.config.model.id == base:
        return source.config.model.model_copy(update={"trust_remote_code": trust})
    return ModelConfig(id=base, revision=revision, trust_remote_code=trust)


def _load_weights(source: Source, trust: bool) -> PreTrainedModel:
    import torch
    import transformers

    from core import precision, tasks
    from core.models import load_config

    auto = getattr(transformers, tasks.task_class(source.task).auto_class)
    device = precision.device_name()
    dtype = torch.bfloat16 if precision.has_bf16_units(device) and device == "cuda" else torch.float32
    folder = Path(source.model)
    if not (folder / "adapter_config.json").is_file():
        model = auto.from_pretrained(source.model, dtype=dtype, trust_remote_code=trust)
        return model.to(device)  # type: ignore[no-any-return]
    from peft import PeftModel

    base = _base_of(source, trust)
    hub.require_model(base.id or "", base.revision)
    local = (folder / "config.json").is_file()
    config = load_config(base.model_copy(update={"id": source.model, "revision": None})) if local else None
    model = auto.from_pretrained(
        base.id,
        revision=base.revision or "main",
        config=config,
        dtype=dtype,
        trust_remote_code=trust,
        ignore_mismatched_sizes=True,
        **quantized.options(base, device),
    )
    return PeftModel.from_pretrained(model, source.model).to(device)  # type: ignore[return-value]
