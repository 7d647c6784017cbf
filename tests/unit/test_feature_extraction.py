"""Sentence embeddings: which rows are taken, what the losses get, what is refused, what a ranking is worth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, Features, Value
from transformers import AutoModel, AutoTokenizer, EvalPrediction

from core import config_file, inference, metrics, tasks
from core.config import DataConfig
from core.errors import BadRows, FinetuiError
from core.inspection.inspector import Inspector
from core.tasks import ranking, sentence_classes
from core.tasks.embedding_losses import LOSSES
from core.tasks.feature_extraction import FeatureExtraction

PAIRS = {"anchor": ["a cat sits", "rain", "two dogs"], "positive": ["the cat is sitting", "it rains", "dogs , two"]}
TRIPLES = {**PAIRS, "negative": ["a dog runs", "sun", "three cats"]}
SCORED = {**PAIRS, "score": [0.9, 0.5, 0.1]}
SHAPES = {"pairs": PAIRS, "triples": TRIPLES, "pairs with a score": SCORED}


@pytest.fixture(scope="module")
def bert(shared: Path) -> tuple[Any, Any]:
    folder = shared / "models/bert-tiny-uncased"
    return AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)


def bound(rows: dict[str, list[Any]], **data: Any) -> FeatureExtraction:
    return FeatureExtraction(DataConfig.model_validate({"id": "x", **data}), Dataset.from_dict(rows), None)


def config(shared: Path, **sections: Any) -> Any:
    plain = {
        "task": "feature-extraction",
        "model": {"id": str(shared / "models/bert-tiny-uncased")},
        "data": {"id": "x"},
    }
    return config_file.validate({**plain, **sections})


def batch_of(task: FeatureExtraction, rows: dict[str, list[Any]], tokenizer: Any, limit: int | None = None) -> Any:
    encoded = task.encode(rows, tokenizer, limit)
    count = len(encoded["anchor_input_ids"])
    names = [name for name in encoded if name not in task.kept_back]
    return encoded, task.collator(tokenizer)([{name: encoded[name][row] for name in names} for row in range(count)])


def test_columns_say_what_the_rows_are() -> None:
    assert bound(PAIRS).shape == "pairs"
    assert bound(TRIPLES).shape == "triples"
    assert bound(SCORED).range == (0.1, 0.9)
    mrpc = {"sentence1": ["a", "b"], "sentence2": ["c", "d"], "label": [0, 1]}
    assert bound(mrpc).columns == {"anchor": "sentence1", "positive": "sentence2", "score": "label"}
    assert bound(mrpc, columns={"score": ""}).shape == "pairs"
    named = {"anchor": "sentence1", "positive": "sentence2"}
    assert bound(mrpc, columns=named).columns == named, "what is named is not guessed beyond"
    assert bound(mrpc, columns={"anchor": "sentence1"}).shape == "pairs with a score"
    assert bound(mrpc, columns={**named, "score": "label"}).shape == "pairs with a score"
    assert bound(TRIPLES, columns={"anchor": "anchor", "positive": "positive"}).shape == "pairs"
    assert bound({**TRIPLES, "label": [1, 1, 0]}).shape == "triples", "a guess gives way"
    assert bound({**TRIPLES, "label": [1, 1, 0]}, columns={"score": "label"}).shape == "pairs with a score"
    with pytest.raises(FinetuiError, match="a negative or a score"):
        bound({**TRIPLES, "label": [1, 1, 0]}, columns={"score": "label", "negative": "negative"})


@pytest.mark.parametrize(
    ("scores", "error", "title"),
    [
        ([0.5, None, float("nan")], BadRows, "2 of 3 rows have no score"),
        ([1, 1, 1], FinetuiError, "every row has the same score: 1"),
        (["a", "b", "c"], FinetuiError, "holds no scores"),
    ],
)
def test_scores_that_say_nothing_are_refused(scores: list[Any], error: type, title: str) -> None:
    with pytest.raises(error, match=title):
        bound({**PAIRS, "score": scores})


def test_class_labels_are_scores_too() -> None:
    features = Features(
        {"anchor": Value("string"), "positive": Value("string"), "label": ClassLabel(names=["other", "same"])}
    )
    rows = Dataset.from_dict({**PAIRS, "label": [0, 1, 1]}, features=features)
    assert FeatureExtraction(DataConfig(id="x"), rows, None).range == (0, 1)


def test_each_text_is_a_tensor_of_its_own(bert: Any) -> None:
    _, tokenizer = bert
    task = bound(SCORED)
    encoded, batch = batch_of(task, SCORED, tokenizer, 5)
    assert sorted(batch) == [
        "anchor_attention_mask", "anchor_input_ids", "label", "positive_attention_mask", "positive_input_ids",
    ]  # fmt: skip
    expected = tokenizer(SCORED["anchor"], truncation=True, max_length=5, padding=True, return_tensors="pt")
    assert batch["anchor_input_ids"].tolist() == expected["input_ids"].tolist()
    assert batch["anchor_attention_mask"].tolist() == expected["attention_mask"].tolist()
    assert batch["positive_input_ids"].shape == (3, 5)
    assert batch["label"].tolist() == pytest.approx([0.9, 0.5, 0.1])
    element = {name: values[0] for name, values in encoded.items()}
    anchor, positive = task.sequences(element)
    assert anchor["input_ids"] == element["anchor_input_ids"]
    assert positive["input_ids"] == element["positive_input_ids"]
    views = [task.label_view(sequence, tokenizer) for sequence in (anchor, positive)]
    assert [(view.name, view.row) for view in views] == [("anchor", "score 0.9"), ("positive", "score 0.9")]


@pytest.mark.filterwarnings("error:The Multiple")
@pytest.mark.parametrize(("shape", "loss"), [(shape, loss) for shape, fit in LOSSES.items() for loss in fit])
def test_every_loss_takes_what_the_collator_gives(shape: str, loss: str, bert: Any, shared: Path) -> None:
    model, tokenizer = bert
    rows = SHAPES[shape]
    task = bound(rows)
    task.meet(tokenizer, config(shared, embedding={"loss": loss}))
    _, batch = batch_of(task, rows, tokenizer)
    options = task.trainer_options(model, None)  # type: ignore[arg-type]
    features, labels = task.trainer_class().collect_features(None, batch)  # type: ignore[attr-defined]
    value = options["loss"](features, labels)
    assert type(options["loss"]).__name__ == sentence_classes.TODAY.get(loss, (loss,))[0]
    assert torch.isfinite(value)
    assert value.requires_grad
    texts = [rows[name] for name in ("anchor", "positive", "negative") if name in rows]
    theirs = options["loss"](
        [dict(tokenizer(side, padding=True, return_tensors="pt")) for side in texts],
        torch.tensor(rows["score"]) if "score" in rows else None,
    )
    assert value.item() == pytest.approx(theirs.item(), abs=1e-6), "as from texts"


@pytest.mark.parametrize(
    ("rows", "sections", "title"),
    [
        (PAIRS, {"embedding": {"loss": "CoSENTLoss"}}, "CoSENTLoss does not take pairs"),
        (SCORED, {"embedding": {"loss": "TripletLoss"}}, "TripletLoss does not take pairs with a score"),
        ({**PAIRS, "score": [0, 3, 5]}, {"embedding": {"loss": "CosineSimilarityLoss"}}, "brings the cosine"),
        (PAIRS, {"training": {"batch_eval_metrics": True}}, "over all rows at once"),
        (PAIRS, {"training": {"train_sampling_strategy": "group_by_length"}}, "grouped by length"),
    ],
)
def test_what_does_not_fit_is_refused(rows: Any, sections: dict[str, Any], title: str, bert: Any, shared: Path) -> None:
    with pytest.raises(FinetuiError, match=title):
        bound(rows).meet(bert[1], config(shared, **sections))


@pytest.mark.parametrize(("rows", "name"), [(PAIRS, "spearman"), (SCORED, "retrieval")])
def test_a_metric_of_other_rows_is_refused(rows: Any, name: str) -> None:
    with pytest.raises(FinetuiError, match=f"{name} does not fit"):
        metrics.check([name], bound(rows).metric_kinds, 0)


def test_an_encoder_with_a_decoder_is_refused(bert: Any, shared: Path) -> None:
    wanted = config(shared, model={"id": str(shared / "models/bart-g2p-en-us")})
    with pytest.raises(FinetuiError, match="an encoder with a decoder"):
        bound(PAIRS).meet(bert[1], wanted)


def test_without_the_package_the_way_to_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(FinetuiError) as caught:
        tasks.task_class("feature-extraction").arguments_class()
    assert caught.value.hint == "pip install 'finetui[embeddings]'"
    assert caught.value.key == "task"


def test_a_decoder_without_a_pad_token_makes_embeddings(shared: Path) -> None:
    from core import models

    folder = shared / "models/stories260K"
    tokenizer = models.load_tokenizer(config(shared, model={"id": str(folder)}).model)
    model = AutoModel.from_pretrained(folder).eval()
    whole = FeatureExtraction.in_use(model, tokenizer, str(folder))
    alone = FeatureExtraction.predict(whole, tokenizer, ["One day", "A much longer text than that"], 32, None)
    task = bound(PAIRS)
    asked = [task.typed_question(text, "A much longer text than that", tokenizer, 32) for text in ("One day", "One")]
    together = task.answers(whole, tokenizer, asked, 0, lambda: False)
    assert float(together[0].text) == pytest.approx(alone.similarity, abs=1e-3), "padding changes nothing"


def test_another_pooling_and_modules_of_the_model_are_kept(bert: Any, tmp_path: Path) -> None:
    from sentence_transformers.sentence_transformer.modules import Normalize

    model, tokenizer = bert
    state = torch.random.get_rng_state()
    whole = sentence_classes.around(model, tokenizer, None, pooling="cls", max_length=16)
    assert torch.equal(state, torch.random.get_rng_state())
    whole.append(Normalize())
    whole.save_pretrained(str(tmp_path / "model"), create_model_card=False)
    again = sentence_classes.around(model, tokenizer, str(tmp_path / "model"))
    assert [type(module).__name__ for module in again] == ["Transformer", "Pooling", "Normalize"]
    assert again[1].pooling_mode == "cls"
    assert inference.load(tmp_path / "model").task == "feature-extraction"
    batch = dict(tokenizer(["a text"], return_tensors="pt"))
    with torch.no_grad():
        first = model(**batch).last_hidden_state[:, 0]
        assert torch.allclose(again(batch)["sentence_embedding"], torch.nn.functional.normalize(first), atol=1e-6)


def test_a_ranking_counts_equal_texts_as_right() -> None:
    generator = np.random.default_rng(0)
    embeddings = generator.normal(size=(30, 3, 8)).astype(np.float32)
    embeddings[4, 1] = embeddings[9, 1]
    texts = [[[row] for row in range(30)], [[100 + row] for row in range(30)]]
    texts[0][4] = texts[0][9]
    nearest, right = ranking.rank(embeddings, texts)
    assert right[4] == right[9] == [4, 9]
    assert right[5] == [5]
    unit = embeddings / np.linalg.norm(embeddings, axis=-1, keepdims=True)
    candidates = np.concatenate([unit[:, 1], unit[:, 2]])
    expected = np.argsort(-(unit[:, 0] @ candidates.T), axis=1, kind="stable")[:, :10]
    assert nearest == expected.tolist()
    found = metrics.compute(["retrieval"], nearest, right)
    ranks = [
        next((at for at, item in enumerate(row, 1) if item in hits), 0)
        for row, hits in zip(nearest, right, strict=True)
    ]
    assert found["accuracy_at_1"] == pytest.approx(np.mean([rank == 1 for rank in ranks]))
    assert found["mrr_at_10"] == pytest.approx(np.mean([1 / rank if rank else 0 for rank in ranks]))


def test_scores_are_held_against_cosines() -> None:
    task = bound(SCORED)
    embeddings = np.array([[[1.0, 0], [2, 0]], [[1, 0], [1, 1]], [[1, 0], [0, 3]]], np.float32)
    found = task.metrics(["spearman", "mse"])(EvalPrediction(embeddings, np.array([1.0, 0.5, 0.0])))  # type: ignore[misc]
    assert found["spearman"] == pytest.approx(1.0)
    assert found["mse"] == pytest.approx((0.5**0.5 - 0.5) ** 2 / 3)


def test_the_inspector_shows_the_tensors_of_both_texts(shared: Path, tmp_path: Path) -> None:
    Dataset.from_dict({name: values * 4 for name, values in PAIRS.items()}).to_json(tmp_path / "train.jsonl")
    looked = Inspector(
        config(
            shared,
            data={"files": {"train": str(tmp_path / "train.jsonl")}, "max_length": 16},
            training={"per_device_train_batch_size": 5},
        )
    )
    anchor, positive = looked.row("train", 0)
    assert (anchor.loss.name, positive.loss.name) == ("anchor", "positive")
    assert [*anchor.texts, *positive.texts] == [PAIRS["anchor"][0], PAIRS["positive"][0]]
    batches = looked.batches("train")
    batch = batches.read(0)
    assert {tensor.name: tensor.shape[0] for tensor in batch.tensors} == {
        "anchor_input_ids": 5, "anchor_attention_mask": 5, "positive_input_ids": 5, "positive_attention_mask": 5,
    }  # fmt: skip
    ids = next(tensor for tensor in batch.tensors if tensor.name == "positive_input_ids")
    assert ids.filled, "what is padding is known"
    assert 0 <= batches.padding().now < 1
