"""Whole runs that guess masked tokens: of a plain text, stopped and resumed, and in use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core import config_file, events, inference
from core.config import RunConfig
from core.errors import FinetuiError
from core.inspection.inspector import Inspector
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.training import engine
from core.training.trainer import Steered


@pytest.fixture
def plays(shared: Path, tmp_path: Path) -> Callable[..., RunConfig]:
    """Lines of Shakespeare in blocks of 32 tokens; keyword arguments go to `training`."""
    text = (shared / "data/tinyshakespeare/input.txt").read_text(encoding="utf-8")
    (tmp_path / "plays.txt").write_text(text[:12_000], encoding="utf-8")

    def make(**training: Any) -> RunConfig:
        return config_file.validate(
            {
                "name": "plays",
                "task": "masked-lm",
                "model": {"id": str(shared / "models/bert-tiny-uncased"), "dtype": "float32"},
                "data": {
                    "files": {"train": str(tmp_path / "plays.txt")},
                    "eval_fraction": 0.2,
                    "max_length": 32,
                    "packing": True,
                },
                "samples": {"rows": 1, "texts": ["to [MASK] or not to be"]},
                "training": {
                    "per_device_train_batch_size": 16,
                    "learning_rate": 1e-3,
                    "logging_steps": 1,
                    "save_strategy": "no",
                    "max_steps": 10,
                    **training,
                },
            }
        )

    return make


def _said(folder: RunFolder, kind: type[Any]) -> list[Any]:
    return [event for event in RunReader(folder.path).read_all() if isinstance(event, kind)]


def _losses(folder: RunFolder) -> dict[int, float]:
    return {event.step: event.metrics["loss"] for event in _said(folder, events.StepLogged)}


def test_masks_do_not_depend_on_what_happens_beside_them(
    plays: Callable[..., RunConfig], new_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Evaluations change no mask, a resumed run goes on as the whole one, and the batch view shows what is trained."""
    seen: list[dict[str, Any]] = []
    step = Steered.training_step

    def remember(self: Steered, model: Any, inputs: Any, *more: Any, **options: Any) -> Any:
        seen.append({name: tensor.clone() for name, tensor in inputs.items()})
        return step(self, model, inputs, *more, **options)

    config = plays(eval_strategy="steps", eval_steps=5, save_strategy="steps", save_steps=5)
    monkeypatch.setattr(Steered, "training_step", remember)
    whole = new_folder(config)
    outcome = engine.run(config, whole)
    assert isinstance(outcome, events.RunFinished), outcome
    expected = _losses(whole)

    assert isinstance(engine.run(plays(), new_folder(plays())), events.RunFinished)
    with_evaluations, without = seen[:10], seen[10:]
    for some, other in zip(with_evaluations, without, strict=True):
        assert all(torch.equal(some[name], other[name]) for name in some)

    for path in (whole.path / "checkpoints").glob("checkpoint-10"):
        path.rename(whole.path / "checkpoints" / "later")
    resumed = engine.run(config, RunFolder(whole.path), resume=True)
    assert isinstance(resumed, events.RunFinished), resumed
    assert resumed.metrics == outcome.metrics
    assert _losses(whole) == expected  # the steps after the checkpoint came once more, with the same losses

    view = Inspector(config).batches("train")
    numbers = [0, 9]  # of the first and of a later epoch
    assert view.read(9).epoch > 0
    for number in numbers:
        shown = {tensor.name: torch.tensor(tensor.values) for tensor in view.read(number).tensors}
        assert all(torch.equal(shown[name], seen[number][name]) for name in shown), number


def test_masked_tokens_are_learned_and_filled_in(plays: Callable[..., RunConfig], new_folder: Any) -> None:
    config = plays(max_steps=24, learning_rate=3e-3, eval_strategy="steps", eval_steps=12, logging_steps=6)
    folder = new_folder(config)

    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished), outcome
    losses = list(_losses(folder).values())
    assert losses[-1] < losses[0] - 0.5
    assert outcome.metrics.keys() == {"eval_loss", "eval_accuracy", "eval_perplexity"}
    assert outcome.metrics["eval_perplexity"] < 5000  # untrained it is that of the vocabulary, 30,522
    assert outcome.metrics["eval_accuracy"] > 0.02
    sampled = _said(folder, events.Sampled)[-1].samples
    assert [set(sample) for sample in sampled] == [
        {"input", "answer", "probability", "expected", "correct"},
        {"input", "answer", "probability"},
    ]
    predictor = inference.load(folder.path)
    assert (predictor.writes, predictor.fields) == (False, ("text",))
    found = predictor.predict("to be or [MASK] to be, that is the [MASK]")
    assert len(found.labels or ()) == 5
    shares = [score.probability for score in found.labels or ()]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1
    assert found.note == "the first of 2 masks; fill it in to ask for the next"
    with pytest.raises(FinetuiError, match=r"no \[MASK\] in this text"):
        predictor.predict("to be or not")


def test_a_head_made_anew_is_not_called_a_rate_too_high(plays: Callable[..., RunConfig], new_folder: Any) -> None:
    """It begins at ln(30522) = 10.33."""
    folder = new_folder(plays())

    outcome = engine.run(plays(max_steps=3, learning_rate=5e-5), folder)

    assert isinstance(outcome, events.RunFinished), outcome
    assert min(_losses(folder).values()) > 10
    assert [advice.kind for advice in _said(folder, events.Advice)] == []
