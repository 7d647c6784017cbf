"""With local data and a local model nothing asks the network: check, training, saving, loading for use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core import config_file

SCRIPT = Path(__file__).parent / "offline_run.py"


@pytest.mark.parametrize("method", ["full", "lora"])
def test_no_network_call(method: str, mrpc: Any, tmp_path: Path) -> None:
    sections = {"method": {"kind": method}, "metrics": ["accuracy", "f1", "matthews_correlation"]}
    config = mrpc(sections, max_steps=2, eval_strategy="steps", eval_steps=1, save_steps=1)
    # Not even an offline switch: with it set, a call that should not be there would stay unseen.
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_OFFLINE")}
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "runs"],
        input=json.dumps(config_file.to_data(config)),
        env={**environment, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the network was used" not in done.stderr
