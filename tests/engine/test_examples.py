"""Every example trains two steps on a few rows, with what is at hand in the place of what it fetches.

Then it is written as a script, in each style. What the scripts do is for test_scripts.py; here they are only read.
"""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import Any

import pytest

from core import config_file, events, yaml12
from core.errors import FinetuiError
from core.runs import layout
from core.runs.reader import RunReader
from core.scripts import export
from core.training import engine
from tests.engine import stand_ins

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = [str(path.relative_to(EXAMPLES)) for path in sorted(EXAMPLES.rglob("*.yaml"))]

NO_LOOP = ("preference", "feature-extraction")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_trains(name: str, shared: Path, tmp_path: Path, new_folder: Any) -> None:
    example = EXAMPLES / name
    raw = yaml12.read(example).data
    raw.setdefault("task", "sequence-classification")  # the default
    if raw["task"] in ("chat", "preference"):
        pytest.importorskip("trl", reason="the extra `chat` is not installed")
    if raw["task"] == "feature-extraction":
        pytest.importorskip("sentence_transformers", reason="the extra `embeddings` is not installed")
    config = config_file.load(example, stand_ins.settings(example, raw, shared, tmp_path)).config
    folder = new_folder(config)

    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished), outcome
    assert outcome.step == 2
    logged = [event for event in RunReader(folder.path).read_all() if isinstance(event, events.StepLogged)]
    losses = [event.metrics["loss"] for event in logged if "loss" in event.metrics]
    assert len(losses) == 2
    assert all(map(math.isfinite, losses)), losses
    if raw["training"].get("eval_strategy", "no") != "no":
        assert "eval_loss" in outcome.metrics
    read_scripts(folder.path)


def read_scripts(run: Path) -> None:
    """The scripts of a run are Python, and import nothing of finetui."""
    config = config_file.load(run / layout.CONFIG).config
    for style in export.STYLES:
        if style == "loop" and config.task in NO_LOOP:
            with pytest.raises(FinetuiError, match=f"no loop for {config.task}"):
                export.script(config, style)
            continue
        tree = ast.parse(export.script(config, style))
        modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        modules += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
        assert not {"core", "tui", "finetui"} & {str(module).partition(".")[0] for module in modules}


def test_the_names_of_examples_are_those_of_their_files() -> None:
    for name in NAMES:
        assert yaml12.read(EXAMPLES / name).data["name"] == Path(name).stem, name
