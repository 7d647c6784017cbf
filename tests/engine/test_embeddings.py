"""Sentence embeddings on the paraphrases of MRPC: the losses of a plain script, texts that find one another, and a
model that SentenceTransformer loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from scipy.stats import spearmanr

from core import config_file, events, inference
from core.runs.reader import RunReader
from core.training import engine, preflight

TEXTS = ("The pie business does not fit our strategy.", "Pies are no part of what the company plans.")
TRAINING = {
    "per_device_train_batch_size": 16,
    "per_device_eval_batch_size": 200,
    "learning_rate": 5e-4,
    "num_train_epochs": 1,
    "logging_steps": 1,
    "seed": 7,
}
EVALUATED = {"eval_strategy": "epoch", "eval_on_start": True}


@pytest.fixture(scope="module")
def files(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Files of pairs that say the same, and of pairs with 1 where they do, else 0."""
    folder = tmp_path_factory.mktemp("pairs")
    found: dict[str, dict[str, str]] = {"pairs": {}, "scored": {}}
    for split, count in (("train", 320), ("validation", 200)):
        with (shared / f"data/mrpc/{split}.jsonl").open() as file:
            rows = [json.loads(line) for line in file]
        alike = [{"anchor": row["sentence1"], "positive": row["sentence2"]} for row in rows if row["label"] == 1]
        scored = [{name: row[name] for name in ("sentence1", "sentence2", "label")} for row in rows]
        for name, lines in (("pairs", alike), ("scored", scored)):
            path = folder / f"{name}-{split}.jsonl"
            path.write_text("".join(json.dumps(row) + "\n" for row in lines[:count]))
            found[name][split] = str(path)
    return found


@pytest.fixture
def embeddings(shared: Path, files: dict[str, dict[str, str]]) -> Any:
    def make(kind: str = "pairs", sections: dict[str, Any] | None = None, **training: Any) -> Any:
        plain = {
            "name": kind,
            "task": "feature-extraction",
            "model": {"id": str(shared / "models/bert-tiny-uncased"), "dtype": "float32"},
            "data": {"files": files[kind], "max_length": 48},
            "training": {**TRAINING, **training},
        }
        return config_file.validate({**plain, **(sections or {})})

    return make


def cosine(model: Path | str) -> float:
    """As sentence-transformers computes it."""
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(model), device="cpu")
    return float(theirs.similarity(*theirs.encode(list(TEXTS))[:, None])[0, 0])


def said(folder: Any, kind: type) -> list[Any]:
    return [event for event in RunReader(folder.path).read_all() if isinstance(event, kind)]


def script(model: Path, files: dict[str, str], output: Path) -> list[dict[str, float]]:
    """What anybody would write with sentence-transformers."""
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
        losses,
    )
    from transformers import set_seed

    set_seed(7)
    model = SentenceTransformer(str(model), device="cpu")
    model.max_seq_length = 48
    trainer = SentenceTransformerTrainer(
        model=model,
        args=SentenceTransformerTrainingArguments(
            str(output), **TRAINING, **EVALUATED, report_to="none", save_strategy="no", disable_tqdm=True
        ),
        train_dataset=Dataset.from_json(files["train"]),
        eval_dataset=Dataset.from_json(files["validation"]),
        loss=losses.MultipleNegativesRankingLoss(model),
    )
    trainer.train()
    return trainer.state.log_history


def test_losses_are_those_of_a_plain_script_and_texts_find_one_another(
    shared: Path, files: dict[str, dict[str, str]], embeddings: Any, new_folder: Any, tmp_path: Path
) -> None:
    history = script(shared / "models/bert-tiny-uncased", files["pairs"], tmp_path / "plain")
    config = embeddings(sections={"samples": {"texts": [list(TEXTS)]}}, **EVALUATED)
    folder = new_folder(config)
    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished), outcome
    logged = [event.metrics for event in said(folder, events.StepLogged)]
    for name in ("loss", "grad_norm", "learning_rate"):
        assert [metrics[name] for metrics in logged] == [entry[name] for entry in history if "loss" in entry], name
    plain = [entry["eval_loss"] for entry in history if "eval_loss" in entry]
    ours = [event.metrics["eval_loss"] for event in said(folder, events.Evaluated)]
    assert ours == pytest.approx(plain, rel=1e-5), "one batch: its order does not matter"
    assert logged[-1]["num_input_tokens_seen"] > 5_000

    before, after = (event.metrics for event in said(folder, events.Evaluated))
    assert after["eval_accuracy_at_1"] > before["eval_accuracy_at_1"] + 0.05, (before, after)
    assert after["eval_mrr_at_10"] > before["eval_mrr_at_10"]

    from sentence_transformers import SentenceTransformer

    assert SentenceTransformer(str(folder.model), device="cpu").max_seq_length == 48
    theirs = cosine(folder.model)
    for ref in (folder.path, folder.model):
        assert inference.load(ref).predict(*TEXTS).similarity == pytest.approx(theirs, abs=1e-5)
    last = said(folder, events.Sampled)[-1].samples[-1]
    assert (last["input"], last["pair"], float(last["answer"])) == (*TEXTS, pytest.approx(theirs, abs=1e-3))
    copy = tmp_path / "elsewhere"
    folder.model.rename(copy)
    assert inference.resolve(str(copy)).task == "feature-extraction", "without its run"


ADALORA = {"kind": "adalora", "init_r": 4, "target_r": 2, "tinit": 1, "tfinal": 1, "deltaT": 1}


@pytest.mark.parametrize("method", [{"kind": "lora", "r": 4}, ADALORA], ids=["lora", "adalora"])
def test_an_adapter_is_trained_brought_back_and_loaded(method: Any, embeddings: Any, new_folder: Any) -> None:
    config = embeddings(
        sections={"method": method},
        max_steps=6,
        learning_rate=1e-2,
        eval_strategy="steps",
        save_strategy="steps",
        eval_steps=2,
        save_steps=2,
        load_best_model_at_end=True,
        metric_for_best_model="accuracy_at_1",
    )
    folder = new_folder(config)
    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished), outcome
    best = max(event.metrics["eval_accuracy_at_1"] for event in said(folder, events.Evaluated))
    assert outcome.metrics["eval_accuracy_at_1"] == best
    ours = inference.load(folder.path).predict(*TEXTS).similarity
    assert abs(ours - cosine(config.model.id)) > 1e-5, "it was trained"
    if method["kind"] != "adalora":  # whose cut matrices transformers, which loads adapters there, does not take
        assert ours == pytest.approx(cosine(folder.model), abs=1e-5)


def test_scores_are_learned_in_their_order(files: dict[str, dict[str, str]], embeddings: Any, new_folder: Any) -> None:
    config = embeddings("scored", {"trial_batch": True}, eval_strategy="epoch", max_steps=8)
    folder = new_folder(config)
    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished), outcome
    notices = [event.message for event in said(folder, events.Notice)]
    assert "loss: CoSENTLoss" in notices
    rows = [json.loads(line) for line in Path(files["scored"]["validation"]).read_text().splitlines()]
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(folder.model), device="cpu")
    sides = [theirs.encode([row[name] for row in rows]) for name in ("sentence1", "sentence2")]
    cosines = theirs.similarity_pairwise(*sides)
    expected = spearmanr(cosines, [row["label"] for row in rows]).statistic
    assert outcome.metrics["eval_spearman"] == pytest.approx(expected, abs=1e-3)
    assert {sample["expected"] for sample in said(folder, events.Sampled)[-1].samples} <= {"0", "1"}


@pytest.mark.parametrize(
    ("kind", "sections"), [("pairs", {}), ("scored", {}), ("pairs", {"method": {"kind": "lora", "r": 2}})]
)
def test_the_check_knows_the_memory_of_a_training(kind: str, sections: dict[str, Any], embeddings: Any) -> None:
    """The loss of the library is followed, too: what it holds grows with the batch, the weights do not."""
    small, large = (
        preflight.check(embeddings(kind, sections, per_device_train_batch_size=size), trial=False).cost
        for size in (4, 32)
    )
    assert large["weights_bytes"] == small["weights_bytes"]
    assert large["activations_bytes"] > 1.5 * small["activations_bytes"] > 0
    assert large["memory_bytes"] > small["memory_bytes"]
