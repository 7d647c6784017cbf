"""RunConfig: the one declaration behind the YAML file, `--set`, the form on the screen and the docs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.methods.kinds import MethodKind

TaskName = Literal[
    "sequence-classification",
    "token-classification",
    "question-answering",
    "causal-lm",
    "seq2seq-lm",
    "masked-lm",
    "chat",
    "preference",
    "feature-extraction",
]
EmbeddingLoss = Literal[
    "MultipleNegativesRankingLoss",
    "MultipleNegativesSymmetricRankingLoss",
    "TripletLoss",
    "CoSENTLoss",
    "CosineSimilarityLoss",
    "AnglELoss",
]
Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Strategy = Literal["no", "steps", "epoch"]


OF_TASKS: dict[tuple[str, ...], tuple[TaskName, ...]] = {
    ("model", "chat_template"): ("chat", "preference"),
    ("model", "src_lang"): ("seq2seq-lm",),
    ("model", "tgt_lang"): ("seq2seq-lm",),
    ("data", "labels"): ("sequence-classification", "token-classification"),
    ("data", "packing"): ("causal-lm", "masked-lm"),
    ("data", "prefix"): ("seq2seq-lm",),
    ("data", "max_target_length"): ("seq2seq-lm",),
    ("data", "mask_probability"): ("masked-lm",),
    ("data", "stride"): ("question-answering",),
    ("data", "null_answers"): ("question-answering",),
    ("data", "misaligned_answers"): ("question-answering",),
    ("embedding", "loss"): ("feature-extraction",),
    ("embedding", "pooling"): ("feature-extraction",),
    ("loss",): ("sequence-classification", "token-classification", "causal-lm", "seq2seq-lm", "masked-lm"),
    ("class_weights",): ("sequence-classification", "token-classification"),
    ("samples", "max_new_tokens"): ("causal-lm", "seq2seq-lm", "chat", "preference"),
}
"""Path of a field -> the only tasks that it says something to. The form shows it for those alone. A value of `data`
for another task is refused; a chat template, a language or a length of answers does no harm there."""


def idle(config: RunConfig) -> Iterator[tuple[str, ...]]:
    """The paths of the fields that the config sets and its task does not have."""
    for path, names in OF_TASKS.items():
        part: Section = config
        for section in path[:-1]:
            part = getattr(part, section)
        own = type(part).model_fields[path[-1]].default
        if config.task not in names and getattr(part, path[-1]) != own:
            yield path


class Section(BaseModel):
    """A mapping of the config file. Immutable: a changed config is a new one."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class ModelConfig(Section):
    """Which weights, which tokenizer, in which number format."""

    id: str | None = Field(None, description="Hub id, or a folder with config.json")
    revision: str | None = Field(None, description="branch, tag or commit on the Hub")
    from_config: dict[str, Any] | None = Field(
        None, description="architecture without checkpoint: model_type and its config fields; trains from scratch"
    )
    tokenizer: str | None = Field(None, description="Hub id or folder, where it is not the model's own")
    chat_template: str | None = Field(None, description="chatml, plain, alpaca or a file; else its own")
    src_lang: str | None = Field(
        None, description="seq2seq-lm: language of the sources, as the tokenizer of mBART, NLLB or M2M100 calls it"
    )
    tgt_lang: str | None = Field(
        None, description="seq2seq-lm: language of the targets, with which every answer begins: de_DE, deu_Latn, de"
    )
    dtype: Dtype = Field(
        "auto",
        description="auto keeps trained weights float32 and uses bfloat16 autocast where a GPU has it",
    )
    quantization: Literal["int8", "nf4"] | None = Field(
        None, description="hold a frozen base in 8 or 4 bits, under an adapter; needs bitsandbytes"
    )
    trust_remote_code: bool = Field(False, description="run Python code that comes with the model")

    @model_validator(mode="after")
    def _one_source(self) -> ModelConfig:
        if (self.id is None) == (self.from_config is None):
            raise ValueError("give either `id` or `from_config`")
        if self.from_config is not None and self.tokenizer is None:
            raise ValueError("`from_config` needs `tokenizer`: a folder or Hub id")
        return self

    @property
    def label(self) -> str:
        """A short name for people: the last part of the id that says something, or the architecture."""
        if self.id is not None:
            parts = [part for part in self.id.split("/") if part] or [self.id]
            return parts[-2] if len(parts) > 1 and parts[-1] == "model" else parts[-1]
        return f"{(self.from_config or {}).get('model_type', 'model')} from config"


GENERIC = ("train", "training", "data", "dataset", "rows")
"""File names that say nothing of what is in them."""


class DataConfig(Section):
    """Where rows come from, which of them are used, and which column plays which role."""

    id: str | None = Field(None, description="Hub id, file or folder")
    subset: str | None = Field(None, description="configuration of a Hub dataset, e.g. mrpc of glue")
    revision: str | None = Field(None, description="branch, tag or commit on the Hub")
    files: dict[str, str | list[str]] | None = Field(None, description="split -> file or files")
    train_split: str = Field("train", description="split to train on")
    eval_split: str | None = Field(None, description="split to evaluate on; guessed when absent")
    eval_fraction: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="share of the train split held out when there is no eval split; of packed texts the last rows",
    )
    columns: dict[str, str] = Field({}, description="role of the task -> column; the rest is guessed and shown")
    labels: list[str] | int | None = Field(
        None, description="label names or their count; read from the data when absent"
    )
    max_length: int | None = Field(None, gt=0, description="tokens per row; longer rows are cut")
    stride: int | None = Field(
        None,
        ge=0,
        description="tokens that two windows of a long context share; a third of max_length, at most 128, when absent",
    )
    null_answers: bool | None = Field(
        None, description="whether the model may say that there is no answer; yes where a row has none, when absent"
    )
    misaligned_answers: Literal["stop", "skip"] = Field(
        "stop", description="rows whose answer does not stand in the context where it is said to: stop, or skip them"
    )
    packing: bool = Field(False, description="causal-lm, masked-lm: texts end to end, in blocks of max_length tokens")
    prefix: str = Field("", description="seq2seq-lm: put before every source, as in 'translate English to German: '")
    max_target_length: int | None = Field(
        None, gt=0, description="seq2seq-lm: tokens per target; as many as max_length when absent"
    )
    mask_probability: float | None = Field(
        None, gt=0, lt=1, description="masked-lm: share of the tokens that are to be guessed; 0.15 when absent"
    )
    limit: dict[str, int] = Field({}, description="split -> use only its first N rows")
    damaged: Literal["stop", "keep", "drop"] = Field(
        "stop",
        description="rows with bytes that are not UTF-8, surplus cells, broken json: stop, keep or drop them; "
        "rows with missing cells stop nothing, drop leaves them out",
    )

    @property
    def label(self) -> str:
        """A short name for people: the subset, or the last part of the id or of the train file that says something."""
        files = (self.files or {}).get(self.train_split) or next(iter((self.files or {}).values()), "")
        path = PurePath(self.subset or self.id or (files if isinstance(files, str) else next(iter(files), "")))
        return path.parent.name if path.stem in GENERIC and path.parent.name else path.stem

    @model_validator(mode="after")
    def _one_source(self) -> DataConfig:
        if (self.id is None) == (self.files is None):
            raise ValueError("give either `id` or `files`")
        return self


OWN_OPTIONS = {"full": "which has none", "freeze": "which has `layers`"}


class MethodConfig(Section):
    """Which weights are trained. The options are the fields of the method's own PEFT config, under their names."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: MethodKind = Field(
        "full", description="full trains every weight, freeze the last layers, every other a small adapter (PEFT)"
    )
    layers: int | None = Field(
        None, ge=0, description="freeze: how many of the last layers are trained with the head; 0 is the head alone"
    )

    @model_validator(mode="after")
    def _of_a_method(self) -> MethodConfig:
        if "kind" not in self.model_fields_set and self.model_extra:
            raise ValueError(
                f"`{next(iter(self.model_extra))}` is an option of a method: name it with `kind`, e.g. lora"
            )
        if self.kind in ("full", "freeze") and self.model_extra:
            raise ValueError(f"`{next(iter(self.model_extra))}` is no option of {self.kind}, {OWN_OPTIONS[self.kind]}")
        if self.layers is not None and self.kind not in ("full", "freeze"):
            raise ValueError(f"`layers` belongs to kind: freeze; {self.kind} takes layers_to_transform where it has it")
        return self

    def options(self) -> dict[str, Any]:
        """What the file sets of the adapter's PEFT config."""
        return dict(self.model_extra or {})


class TrainingConfig(Section):
    """Fields of `transformers.TrainingArguments`. Those below stand on the form; every other field is accepted too.

    Defaults are the library's, but for `logging_steps` (500 there: a short run would show no curve).
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    num_train_epochs: int | float = Field(3, gt=0, description="passes over the train split")
    max_steps: int = Field(-1, description="optimizer steps; overrides num_train_epochs when above 0")
    learning_rate: float = Field(5e-5, ge=0, description="peak learning rate of AdamW")
    per_device_train_batch_size: int = Field(8, gt=0, description="rows per device and step while training")
    per_device_eval_batch_size: int = Field(8, gt=0, description="rows per device and step while evaluating")
    gradient_accumulation_steps: int = Field(1, gt=0, description="batches per optimizer step")
    lr_scheduler_type: str = Field("linear", description="shape of the learning rate: linear, cosine, constant, ...")
    warmup_steps: int | float = Field(
        0, ge=0, description="steps from 0 to the peak rate; below 1 a share of all steps"
    )
    weight_decay: float = Field(0.0, ge=0, description="AdamW weight decay (not on biases and norms)")
    max_grad_norm: float = Field(1.0, ge=0, description="gradients are clipped to this norm; 0 turns it off")
    label_smoothing_factor: float = Field(0.0, ge=0, lt=1, description="share of the target spread over all labels")
    eval_strategy: Strategy = Field("no", description="evaluate never, every eval_steps, or every epoch")
    eval_steps: int | float | None = Field(
        None, gt=0, description="steps between evaluations; logging_steps when absent"
    )
    save_strategy: Literal["no", "steps", "epoch", "best"] = Field("steps", description="when to write a checkpoint")
    save_steps: int | float = Field(500, gt=0, description="steps between checkpoints")
    save_total_limit: int | None = Field(None, gt=0, description="keep only the newest N checkpoints (and the best)")
    logging_steps: int | float = Field(10, gt=0, description="steps between logged losses")
    load_best_model_at_end: bool = Field(False, description="end with the best checkpoint, not the last")
    metric_for_best_model: str | None = Field(None, description="what best means; loss when absent")
    seed: int = Field(42, ge=0, description="seed of weights, order and dropout")

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `TrainingArguments`: the fields above and whatever else the file sets."""
        return self.model_dump()


class EarlyStopping(Section):
    """Stop when the best metric has not improved for a while."""

    patience: int = Field(3, gt=0, description="evaluations without improvement before the run stops")
    threshold: float = Field(0.0, ge=0, description="what counts as an improvement")


class Samples(Section):
    """What the model is asked at step 0 and at every evaluation, so that its answers can be seen to change."""

    rows: int = Field(
        4, ge=0, le=50, description="rows of the eval split that the model answers at step 0 and at every evaluation"
    )
    texts: list[str | list[str]] = Field(
        [], description="own inputs that it answers as well; `[first, second]` where the task has pairs"
    )
    max_new_tokens: int = Field(32, gt=0, le=1000, description="longest answer of a model that writes, in tokens")

    @field_validator("texts")
    @classmethod
    def _one_or_two(cls, texts: list[str | list[str]]) -> list[str | list[str]]:
        for text in texts:
            if not isinstance(text, str) and len(text) != 2:
                raise ValueError("an input is a text, or a list of two texts")
        return texts


class Embedding(Section):
    """How feature-extraction makes one vector of a text, and what brings the vectors to where they belong."""

    loss: EmbeddingLoss | None = Field(
        None, description="of sentence-transformers; by the shape of the rows when absent: pairs, triples or scores"
    )
    pooling: Literal["mean", "cls", "max", "lasttoken"] | None = Field(
        None, description="how the tokens of a text become one vector; the model's own, else mean, when absent"
    )


class Provenance(Section):
    """What a run recorded about its surroundings; finetui writes it, nobody needs to."""

    model_config = ConfigDict(extra="allow", frozen=True)

    versions: dict[str, str] = {}
    dataset_fingerprints: dict[str, str] = {}
    git_commit: str | None = None
    device: str | None = None
    precision: str | None = None
    chat_template: str | None = None


class RunConfig(Section):
    """Everything that a run is made of."""

    name: str | None = Field(
        None, description="short name, part of the run's folder", pattern=r"^[\w.-]+$", max_length=60
    )
    task: TaskName = Field("sequence-classification", description="what the model learns to do")
    model: ModelConfig
    data: DataConfig
    method: MethodConfig = MethodConfig()
    training: TrainingConfig = TrainingConfig()
    metrics: list[str] | None = Field(
        None, description="names of metrics, or file.py:function of your own; the task's own when absent"
    )
    early_stopping: EarlyStopping | None = None
    samples: Samples = Samples()
    embedding: Embedding = Embedding()
    loss: str | None = Field(
        None, description="a loss of your own, file.py:function or module:function; the model's when absent"
    )
    class_weights: Literal["balanced"] | list[float] | dict[str, float] | None = Field(
        None, description="balanced, one weight per class in order, or class -> weight: rare classes count more"
    )
    stop_on_nan: bool = Field(False, description="end the run when the loss is NaN or infinite")
    baselines: bool = Field(False, description="also score the majority class and TF-IDF with logistic regression")
    trial_batch: bool | None = Field(
        None, description="run the longest batch before step 1, so that memory runs out at once; on a GPU when absent"
    )
    engine: Literal["trainer", "loop"] = Field(
        "trainer", description="what runs the steps: transformers' Trainer, or a short loop on accelerate"
    )
    provenance: Provenance | None = None

    @property
    def title(self) -> str:
        """The name, or one made of model and data."""
        return self.name or f"{self.model.label}-{self.data.label}"
