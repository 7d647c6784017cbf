"""The script of a training of sentence embeddings, through sentence-transformers."""

from __future__ import annotations

from typing import Any

from core.errors import FinetuiError
from core.methods.kinds import is_adapter
from core.metrics.retrieval import DEEPEST
from core.scripts import metrics
from core.scripts.run import ScriptRun
from core.scripts.sequence_classification import evaluation
from core.scripts.task_script import TaskScript
from core.scripts.writing import call, fill, keyword_arguments, literal
from core.tasks import sentence_classes

ENCODE = """
    def ids(texts):
        return tokenizer(["" if text is None else str(text) for text in texts]$limit)["input_ids"]


    def tokenize(rows):
        # Each text for itself: the trainer knows by `_input_ids` what the loss compares, in this order.
        return {
            $texts
        }


    # Rows are padded later, batch by batch: each text to the longest of its kind.
    train = data[$train].map(tokenize, batched=True, remove_columns=data[$train].column_names)
    $evaluation
"""
MODEL = """
    # One vector of a text: what sentence-transformers puts around the model.
    $made
    $placed.model = model
    model = $whole
    $length
"""
TRAINER = """
    class Collator:
        \"\"\"Pads each kind of text to its longest in the batch.\"\"\"

        valid_label_columns = ["label"]

        def __call__(self, rows):
            batch = {}
            for name in rows[0]:
                values = [row[name] for row in rows]
                if name == "label":
                    batch[name] = torch.tensor(values, dtype=torch.float32)
                else:
                    padded = tokenizer.pad({"input_ids": values}, return_tensors="pt")
                    batch.update({name.removesuffix("input_ids") + key: value for key, value in padded.items()})
            return batch


    class EmbeddingTrainer(SentenceTransformerTrainer):
        \"\"\"Evaluates rows in their order, and gives the embeddings to `compute_metrics`.\"\"\"

        def __init__(self, *args, compute_metrics=None, **kwargs):
            super().__init__(*args, **kwargs)
            self.compute_metrics = compute_metrics
            self.args.prediction_loss_only = compute_metrics is None

        def get_eval_dataloader(self, eval_dataset=None):
            # The loss compares the rows of a batch with one another: shuffled, it would change by chance alone.
            return Trainer.get_eval_dataloader(self, eval_dataset)

        $sequential
        def prediction_step(self, model, inputs, prediction_loss_only, ignore_keys=None):
            features, labels = self.collect_features(self._prepare_inputs(inputs))
            with torch.no_grad(), self.compute_loss_context_manager():
                found = [model(feature)["sentence_embedding"] for feature in features]
                loss = self.loss.compute_loss_from_embeddings(found, labels)
            if prediction_loss_only:
                return loss.detach(), None, None
            found = torch.stack(found, 1).float()
            return loss.detach(), found, found.new_zeros(len(found)) if labels is None else labels

        def _remove_unused_columns(self, dataset, description=None):
            return dataset  # all of them are for the loss

        def add_model_card_callback(self, default_args_dict):
            pass  # it draws random numbers: dropout would be another
"""
SEQUENTIAL = """
    def get_train_dataloader(self):
        return Trainer.get_train_dataloader(self)  # rows in their order

"""
COSINES = """
    # The cosine of the first two texts of each row.
    unit = guesses / np.maximum(np.linalg.norm(guesses, axis=-1, keepdims=True), 1e-12)
    guesses = np.sum(unit[:, 0] * unit[:, 1], axis=-1, dtype=np.float64)
"""
RANKS = """
    # The texts that come nearest to each anchor, of all positives and negatives; right is the text of its positive.
    unit = guesses / np.maximum(np.linalg.norm(guesses, axis=-1, keepdims=True), 1e-12)
    candidates = np.concatenate(list(unit[:, 1:].transpose(1, 0, 2)))
    nearest = np.argsort(-(unit[:, 0] @ candidates.T), axis=1, kind="stable")[:, :$shown]
    texts = [tuple(ids) for name in $names for ids in evaluation[name]]
"""
RETRIEVAL = """
    ranks = [
        next((rank for rank, found in enumerate(row, 1) if texts[found] == texts[number]), None)
        for number, row in enumerate(nearest)
    ]
    found = {
        "accuracy_at_1": float(np.mean([rank == 1 for rank in ranks])),
        "mrr_at_10": float(np.mean([1 / rank if rank else 0.0 for rank in ranks])),
    }
"""
LISTS = """
    guesses = nearest.tolist()
    labels = [[number for number, text in enumerate(texts) if text == texts[row]] for row in range(len(guesses))]
"""


def script(run: ScriptRun) -> TaskScript:
    """The parts of a training of embeddings.

    Raises:
        FinetuiError: the script could not load what the run had.
    """
    _refuse(run)
    task: Any = run.task
    data, config = run.config.data, run.config
    names = [name for name in ("anchor", "positive", "negative") if name in task.columns]
    texts = [f'"{name}_input_ids": ids(rows[{literal(task.columns[name])}]),' for name in names]
    if task.range:
        texts.append(f'"label": [float(value) for value in rows[{literal(task.columns["score"])}]],')
    code = fill(
        ENCODE,
        limit=", truncation=True, max_length=MAX_LENGTH" if data.max_length else "",
        texts="\n".join(texts),
        train=literal(data.train_split),
        evaluation=evaluation(run, "tokenize, batched=True"),
    )
    task.meet(run.tokenizer, config)  # chooses the loss
    chosen, options = sentence_classes.TODAY.get(task.chosen_loss, (task.chosen_loss, {}))
    imports, made = _around(run)
    more, score = _score(run, [f"{name}_input_ids" for name in names])
    sequential = config.training.arguments().get("train_sampling_strategy") == "sequential"
    return TaskScript(
        [
            "import torch", f"from sentence_transformers.sentence_transformer.losses import {chosen}",
            "from transformers import Trainer", *imports, *more,
        ],
        {"MAX_LENGTH": data.max_length} if data.max_length else {},
        code,
        "Collator()",
        score=score,
        after_model=made,
        trainer="EmbeddingTrainer",
        trainer_code=fill(TRAINER, sequential=fill(SEQUENTIAL) + "\n" if sequential else ""),
        trainer_base="SentenceTransformerTrainer",
        trainer_options={"loss": call(chosen, keyword_arguments(options), ["model"])},
        arguments="SentenceTransformerTrainingArguments",
        library="sentence_transformers",
        loop="its loss and its batches are sentence-transformers'",
    )  # fmt: skip


def _refuse(run: ScriptRun) -> None:
    hint = "repeat the run with its config"
    if run.config.model.from_config is not None:
        reason = "model.from_config: sentence-transformers loads a model by its name"
        raise FinetuiError("there is no script of embeddings from new weights", reason, hint)
    if is_adapter(run.config.method.kind) and run.config.training.load_best_model_at_end:
        reason = "training.load_best_model_at_end: sentence-transformers does not load an adapter back"
        raise FinetuiError("there is no script of this run", reason, hint)


def _around(run: ScriptRun) -> tuple[list[str], str]:
    """Imports, and code that makes a SentenceTransformer of `model`."""
    config = run.config.model
    options = {"revision": config.revision} if config.revision else {}
    source = literal({**options, **({"trust_remote_code": True} if config.trust_remote_code else {})})
    given = {} if source == "{}" else dict.fromkeys(("model_kwargs", "config_kwargs", "processor_kwargs"), source)
    imports = ["from sentence_transformers import SentenceTransformer"]
    wanted = run.config.embedding.pooling
    length = "model.max_seq_length = MAX_LENGTH" if run.config.data.max_length else ""
    if wanted is None and sentence_classes.modules_file(config.id or "", config.revision) is not None:
        # Its own modules say how a vector is made of a text.
        made = f"around = {call('SentenceTransformer', {**given, 'device': 'model.device'}, ['MODEL'])}"
        return imports, fill(MODEL, made=made, placed="around[0]", whole="around", length=length)
    pooling = wanted or sentence_classes.default_pooling(run.architecture)
    imports.append("from sentence_transformers.sentence_transformer.modules import Pooling, Transformer")
    modules = f"[transformer, Pooling(transformer.get_embedding_dimension(), {literal(pooling)})]"
    return imports, fill(
        MODEL,
        made=f"transformer = {call('Transformer', given, ['MODEL'])}",
        placed="transformer",
        whole=f"SentenceTransformer(modules={modules}, device=model.device)",
        length=length,
    )


def _score(run: ScriptRun, names: list[str]) -> tuple[list[str], str]:
    wanted = run.config.metrics or []
    others = [name for name in wanted if name != "retrieval"]
    imports, returned = metrics.score(others)
    if not wanted:
        return [], ""
    imports = [*imports, "import numpy as np"]
    if getattr(run.task, "range"):  # noqa: B009
        return imports, f"{fill(COSINES)}\n{returned}"
    parts = [fill(RANKS, shown=str(DEEPEST), names=literal(names[1:]))]
    if "retrieval" in wanted:
        parts.append(fill(RETRIEVAL))
        returned = returned.replace("return ", "return found | ", 1) if returned else "return found"
    if others:
        parts.append(fill(LISTS))
    return imports, "\n".join([*parts, returned])
