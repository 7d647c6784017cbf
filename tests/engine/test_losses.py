"""Class weights and a loss of one's own, from the config to what is learned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import config_file, events, user_code
from core.config import RunConfig
from core.errors import FinetuiError
from core.runs import layout
from core.training import engine, prepare


@pytest.fixture
def spam(shared: Path) -> Callable[..., RunConfig]:
    """bert-tiny on text messages, of which one in eight is spam."""

    def make(**sections: Any) -> RunConfig:
        files = {split: str(shared / f"data/sms_spam/{split}.jsonl") for split in ("train", "test")}
        data = {
            "model": {"id": str(shared / "models/bert-tiny-uncased"), "dtype": "float32"},
            "data": {"files": files, "eval_split": "test", "max_length": 32} | {"limit": {"train": 320, "test": 200}},
            "metrics": ["recall", "accuracy"],
            "samples": {"rows": 0},
            "training": {"max_steps": 12, "per_device_train_batch_size": 16, "learning_rate": 1e-4},
        }
        return config_file.validate({**data, **sections})

    return make


def test_class_weights_find_the_rare_class(spam: Any, new_folder: Any) -> None:
    recall = {}
    for weights in (None, "balanced"):
        config = spam(class_weights=weights)
        outcome = engine.run(config, new_folder(config))
        assert isinstance(outcome, events.RunFinished), outcome
        recall[weights] = outcome.metrics["eval_recall"]
    assert recall["balanced"] > recall[None] + 0.2


def test_balanced_weights_are_those_of_scikit_learn_and_are_written_down(spam: Any, shared: Path) -> None:
    import numpy as np
    from sklearn.utils.class_weight import compute_class_weight

    checked = prepare.check(spam(class_weights="balanced"))
    expected = compute_class_weight("balanced", classes=np.array(["ham", "spam"]), y=np.array(checked.train["label"]))
    assert checked.config.class_weights == pytest.approx(dict(zip(("ham", "spam"), expected, strict=True)))

    tags = spam(
        task="token-classification",
        class_weights="balanced",
        metrics=None,
        data={"files": {"train": str(shared / "data/wnut17/train.jsonl")}, "limit": {"train": 50}},
    )
    checked = prepare.check(tags)
    words = np.concatenate([np.array(row) for row in checked.train["ner_tags"]])
    present = sorted(set(words))
    expected = compute_class_weight("balanced", classes=np.array(present), y=words)
    given = checked.config.class_weights
    scale = len(present) / len(given)  # a class of the checkpoint's list that no word has counts as a class too
    assert {name: given[name] for name in present} == pytest.approx(
        {name: weight * scale for name, weight in zip(present, expected, strict=True)}
    )


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"class_weights": [1.0]}, "1 class weights for 2 classes"),
        ({"class_weights": {"ham": 1.0, "egg": 2.0}}, "class weights need one per class"),
        ({"class_weights": {"ham": 1.0, "spam": -2.0}}, "class weights are numbers above 0"),
        ({"class_weights": {"ham": 0.0, "spam": 1.0}}, "class weights are numbers above 0"),
        ({"class_weights": "balanced", "loss": "a:b"}, "a loss of your own takes no class weights"),
        (
            {"class_weights": "balanced", "training": {"label_smoothing_factor": 0.1}},
            "label smoothing is part of the library's own loss",
        ),
        ({"loss": "no_such_module_here:loss"}, "there is no code at no_such_module_here"),
        ({"loss": "json:no_such_function"}, "there is no function `no_such_function` in __init__.py"),
        ({"loss": "json"}, "`loss` names no function"),
        ({"loss": "/nowhere/loss.py:loss"}, "there is no code at /nowhere/loss.py"),
    ],
)
def test_a_loss_that_does_not_fit_is_refused(sections: dict[str, Any], said: str, spam: Any) -> None:
    with pytest.raises(FinetuiError) as refused:
        prepare.check(spam(**sections))
    assert refused.value.title == said


OWN = """
def short(outputs, labels):
    return outputs["logits"].sum()

def broken(outputs, labels, num_items_in_batch=None):
    return outputs["logits"] @ labels.float()[None]

def number(outputs, labels, **more):
    return 0.5

def per_row(outputs, labels, num_items_in_batch=None):
    return outputs["logits"].sum(-1)
"""


def test_a_loss_that_takes_no_count_is_refused_before_weights_are_read(spam: Any, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    with pytest.raises(FinetuiError, match="short does not take") as refused:
        prepare.check(spam(loss=f"{tmp_path / 'own.py'}:short"))
    assert "def short(outputs, labels, num_items_in_batch=None)" in refused.value.hint


@pytest.mark.parametrize("which", ["trainer", "loop"])
@pytest.mark.parametrize(
    ("name", "said"), [("broken", "failed"), ("number", "gives no number"), ("per_row", "gives no number")]
)
def test_a_loss_that_fails_is_said_to_be_the_persons(
    name: str, said: str, which: str, spam: Any, new_folder: Any, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text(OWN)
    config = spam(loss=f"{tmp_path / 'own.py'}:{name}", engine=which)
    outcome = engine.run(config, new_folder(config))
    assert isinstance(outcome, events.RunFailed)
    assert (outcome.title, outcome.key, outcome.exit_code) == (f"the loss {name} {said}", "loss", 1)
    assert "defect" not in outcome.hint


def test_tasks_with_another_loss_refuse(spam: Any, shared: Path) -> None:
    lines = {"files": {"train": str(shared / "data/tinyshakespeare/input.txt")}, "limit": {"train": 20}}
    stories = {"id": str(shared / "models/stories260K")}
    with pytest.raises(FinetuiError) as refused:
        prepare.check(spam(task="causal-lm", metrics=None, model=stories, data=lines, class_weights="balanced"))
    assert refused.value.title == "class weights do not fit this task"


def test_code_is_found_beside_the_config_and_never_in_a_run_folder(tmp_path: Path) -> None:
    own, run = tmp_path / "own", tmp_path / "run"
    for folder in (own, run):
        folder.mkdir()
        (folder / "beside.py").write_text("NUMBER = 7\n")
        (folder / "my_losses.py").write_text("import beside\n\ndef loss(*_, **__):\n    return beside.NUMBER\n")
        (folder / "config.yaml").write_text("model: {id: x}\ndata: {id: y}\nloss: my_losses:loss\n")
    (run / layout.EVENTS).write_text("")

    loaded = config_file.load(own / "config.yaml").config
    assert loaded.loss == f"{own / 'my_losses.py'}:loss"
    assert user_code.load(loaded.loss, "loss")() == 7

    with pytest.raises(FinetuiError) as refused:
        user_code.load(config_file.load(run / "config.yaml").config.loss or "", "loss")
    assert refused.value.title == "code in a run folder is not run"
