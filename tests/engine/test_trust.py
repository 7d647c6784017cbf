"""A model's own Python code runs when the person who uses it says so, whatever the folder says of itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core import config_file, inference
from core.errors import NeedsTrust
from core.runs.folder import RunFolder

CODE = """
import pathlib
from transformers import LlamaForCausalLM

pathlib.Path({marker!r}).touch()

class Odd(LlamaForCausalLM):
    pass
"""


@pytest.fixture
def stranger(shared: Path, tmp_path: Path) -> Path:
    """A run folder from elsewhere, whose config trusts the model that lies in it."""
    config = config_file.validate(
        {
            "task": "causal-lm",
            "model": {"id": "somebody/odd", "trust_remote_code": True},
            "data": {"id": "somebody/data", "max_length": 32},
        }
    )
    folder = RunFolder.create(tmp_path / "runs", config)
    folder.write_config(config)
    shutil.copytree(shared / "models/stories260K", folder.model, dirs_exist_ok=True)
    settings = json.loads((folder.model / "config.json").read_text())
    settings["auto_map"] = {"AutoModelForCausalLM": "odd_code.Odd"}
    (folder.model / "config.json").write_text(json.dumps(settings))
    (folder.model / "odd_code.py").write_text(CODE.format(marker=str(tmp_path / "it ran")))
    return folder.path


def test_the_folder_cannot_trust_itself(stranger: Path, tmp_path: Path) -> None:
    with pytest.raises(NeedsTrust, match="brings Python code of its own") as caught:
        inference.load(stranger)
    assert "--trust-remote-code" in caught.value.hint
    assert not (tmp_path / "it ran").exists()


def test_the_person_can(stranger: Path, tmp_path: Path) -> None:
    predictor = inference.load(stranger, trust_remote_code=True)
    assert (tmp_path / "it ran").exists()
    assert type(predictor._model).__name__ == "Odd"
    list(predictor.stream("a", max_new_tokens=2))
    assert 1 <= predictor.generated <= 2
