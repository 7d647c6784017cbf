"""Sentence embeddings: texts that belong together come close, through sentence-transformers' Trainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.data import columns
from core.data.columns import Role
from core.errors import FinetuiError
from core.predictions import Prediction
from core.tasks import embedding_limits, embedding_losses, ranking, scores, sentence_classes, text_columns
from core.tasks.arrays import array
from core.tasks.base import Answer, LabelView, Question, Rows, Task
from core.tasks.text_columns import IDS

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import (
        EvalPrediction,
        PreTrainedModel,
        PreTrainedTokenizerBase,
        Trainer,
        TrainingArguments,
    )

    from core.config import DataConfig, RunConfig
    from core.metrics.collect import Pairs
    from core.tasks.scoring import Reader

TEXTS = ("anchor", "positive", "negative")


class FeatureExtraction(Task):
    """Pairs that belong together, triples with one that does not, or pairs with a score."""

    roles = (
        Role("anchor", "the text that is searched with", True,
             ("anchor", "query", "question", "sentence1", "sentence_A", "text", "premise"), "texts"),
        Role("positive", "the text that belongs to it, or that is scored against it", True,
             ("positive", "document", "passage", "answer", "sentence2", "sentence_B", "text_pair", "hypothesis"),
             "texts"),
        Role("negative", "a text that does not belong to it", False, ("negative",)),
        Role("score", "how near the two are: any numbers, more is nearer", False, ("score", "similarity", "label")),
    )  # fmt: skip
    auto_class = "AutoModel"
    peft_task_type = "FEATURE_EXTRACTION"
    fields = ("first text", "second text")
    reads_in_order = True
    config_beside_adapter = False  # there is no head; with one, SentenceTransformer takes the folder for a whole model
    set_elsewhere = sentence_classes.ELSEWHERE
    never_in_loop = "sentence-transformers' Trainer makes a loss of the texts of a batch, not of a model's outputs"

    def __init__(self, data: DataConfig, train: Dataset, evaluation: Dataset | None) -> None:
        given = dict(data.columns)
        if given.get("anchor") and given.get("positive"):  # the rows are described: a further column would change them
            given = {"negative": "", "score": "", **given}
        found = columns.resolve(self.roles, train.column_names, given, train.features)
        self.columns = embedding_limits.without_other(found, data.columns)
        splits = {data.train_split: train}
        if evaluation is not None:
            name = data.eval_split or "evaluation"
            columns.require(self.columns, evaluation.column_names, name)
            splits[name] = evaluation
        self._texts = [name for name in TEXTS if name in self.columns]
        self.shape = "triples" if "negative" in self.columns else "pairs"
        self.range: tuple[float, float] | None = None
        if "score" in self.columns:
            self.shape = "pairs with a score"
            self.range = scores.check(self.columns["score"], splits)
        self.label_names = []
        self.metric_kinds = ("numbers",) if self.range else ("rankings",)
        self.notes = [self._say_shape()]

    @classmethod
    def trainer_class(cls) -> type[Trainer]:
        return sentence_classes.trainer()

    @classmethod
    def arguments_class(cls) -> type[TrainingArguments]:
        return sentence_classes.arguments()

    def meet(self, tokenizer: PreTrainedTokenizerBase, config: RunConfig) -> None:
        sentence_classes.library()
        embedding_limits.check(config, tokenizer, ranks=not self.range)
        self._tokenizer, self._config = tokenizer, config
        self.chosen_loss = embedding_losses.choose(
            config.embedding.loss, self.shape, self.range, self.columns.get("score", "")
        )
        self.notes.append(f"loss: {self.chosen_loss}")

    def trainer_options(self, model: PreTrainedModel, arguments: TrainingArguments) -> dict[str, Any]:
        """The model as sentence-transformers knows it, around the one that is there, and the loss over it."""
        wanted = self._config
        whole = sentence_classes.around(
            model,
            self._tokenizer,
            wanted.model.id,
            wanted.model.revision,
            wanted.embedding.pooling,
            wanted.data.max_length,
        )
        return {"model": whole, "loss": sentence_classes.loss(self.chosen_loss, whole)}

    def loss_of(
        self, model: PreTrainedModel, arguments: TrainingArguments
    ) -> Callable[[dict[str, torch.Tensor]], torch.Tensor]:
        loss = self.trainer_options(model, arguments)["loss"]

        def made(batch: dict[str, torch.Tensor]) -> torch.Tensor:
            """As `collect_features` of the library's Trainer takes the texts of a batch apart."""
            texts = [
                {key.removeprefix(f"{name}_"): value for key, value in batch.items() if key.startswith(f"{name}_")}
                for name in self._texts
            ]
            found: torch.Tensor = loss(texts, batch.get("label"))
            return found

        return made

    @classmethod
    def in_use(cls, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, ref: str) -> Any:
        return sentence_classes.around(model, tokenizer, ref).eval()

    @property
    def default_metrics(self) -> list[str]:
        return ["spearman"] if self.range else ["retrieval"]

    def model_options(self) -> dict[str, Any]:
        return {}

    def encode(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> dict[str, list[Any]]:
        """Each text of a row for itself.

        Returns:
            `anchor_input_ids`, `positive_input_ids`, ...: what the losses take; `label`, the score. No attention masks:
            equal ones would be taken for duplicates by `batch_sampler: no_duplicates`; the collator makes them.
        """
        found: dict[str, list[Any]] = {
            f"{name}_{IDS}": tokenizer(
                ["" if text is None else str(text) for text in rows[self.columns[name]]],
                truncation=max_length is not None,
                max_length=max_length,
                verbose=False,
            )[IDS]
            for name in self._texts
            if self.columns[name] in rows
        }
        if self.range and self.columns["score"] in rows:
            found["label"] = [float(value) for value in rows[self.columns["score"]]]
        return found

    def sequences(self, encoded: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Each text of the row: the model embeds them one by one."""
        rest = {name: value for name, value in encoded.items() if not name.endswith(IDS)}
        texts = ((name, f"{name}_{IDS}") for name in self._texts)
        return [{IDS: encoded[ids], "text": name, **rest} for name, ids in texts if ids in encoded]

    def label_view(self, encoded: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> LabelView:
        """A text of the row, and how near its embedding is to come to those of others."""
        name = encoded["text"]
        if "label" in encoded:
            return LabelView(row=f"score {encoded['label']:g}", name=name)
        if name == "negative":
            note = "farther from the anchor than the positive"
        else:
            note = "anchor and positive: nearer than the texts of other rows"
        return LabelView(note=note, name=name)

    def collator(self, tokenizer: PreTrainedTokenizerBase) -> Callable[[list[Any]], dict[str, Any]]:
        """Each text padded to the longest of its kind in the batch, with its attention mask; `label` float32."""
        return text_columns.Collator(tokenizer)

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> torch.Tensor:
        embeddings: torch.Tensor = logits
        return embeddings

    def reader(self, encoded: Dataset | None) -> Reader:
        """Of embeddings [rows, texts, dimensions]: the cosine beside the score, or what each anchor finds."""
        texts = None if encoded is None else [encoded[name] for name in self._names()[1:]]

        def read(prediction: EvalPrediction) -> Pairs:
            embeddings = array(prediction.predictions)
            if self.range:
                return {"numbers": (ranking.cosines(embeddings), array(prediction.label_ids))}
            return {"rankings": ranking.rank(embeddings, texts)}

        return read

    def questions(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> list[Question]:
        """Anchors with their positives."""
        encoded = self.encode(rows, tokenizer, max_length)
        names = self._names()[:2]
        return [
            Question(
                str(rows[self.columns["anchor"]][row]),
                {name: encoded[name][row] for name in names},
                str(rows[self.columns["positive"]][row]),
                f"{encoded['label'][row]:.4g}" if "label" in encoded else None,
            )
            for row in range(len(encoded[names[0]]))
        ]

    def typed_question(
        self, text: str, pair: str | None, tokenizer: PreTrainedTokenizerBase, max_length: int | None
    ) -> Question:
        if not pair or not text.strip():
            raise FinetuiError("two texts are compared", text, "give a second one")
        texts = dict(zip(self._names(), (text, pair), strict=False))
        ids = {name: tokenizer(said, truncation=True, max_length=max_length)[IDS] for name, said in texts.items()}
        return Question(text, ids, pair)

    def answers(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        questions: Sequence[Question],
        max_new_tokens: int,
        stop: Callable[[], bool],
    ) -> list[Answer]:
        """The cosine of each pair."""
        pairs = [[question.encoded[name] for question in questions] for name in self._names()[:2]]
        cosines = ranking.cosines(text_columns.embed(model, tokenizer, pairs))
        return [Answer(f"{value:.3f}") for value in cosines]

    @classmethod
    def predict(
        cls,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        texts: Sequence[str],
        max_length: int | None,
        data: DataConfig | None,
    ) -> Prediction:
        """The cosine of the embeddings of two texts, -1 to 1."""
        if len(texts) != 2:
            raise FinetuiError("two texts are compared", " ".join(texts), "give a second one")
        ids = [[tokenizer(text, truncation=max_length is not None, max_length=max_length)[IDS]] for text in texts]
        return Prediction(similarity=float(ranking.cosines(text_columns.embed(model, tokenizer, ids))[0]))

    def _names(self) -> list[str]:
        return [f"{name}_{IDS}" for name in self._texts]

    def _say_shape(self) -> str:
        if not self.range:
            return f"{self.shape}: what stands in other rows of a batch counts as not belonging to the anchor"
        return f"{self.shape} {self.range[0]:g} to {self.range[1]:g} from column `{self.columns['score']}`"
