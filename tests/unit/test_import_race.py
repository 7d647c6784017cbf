"""Data is opened while another thread still imports transformers, as the app's warm-up does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.command_line import environment

CODE = """
import sys, threading, time
from importlib.abc import MetaPathFinder
from pathlib import Path


class Slow(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "transformers.utils":
            half_way.set()
            time.sleep(2)


half_way = threading.Event()
sys.meta_path.insert(0, Slow())
import datasets
threading.Thread(target=lambda: __import__("transformers")).start()
assert half_way.wait(30)

from core.config import DataConfig
from core.data import sources

file = Path("rows.jsonl")
file.write_text('{"text": "a"}\\n')
print(sources.open_splits(DataConfig(files={"train": str(file)}))["train"][0])
"""


def test_a_half_imported_library_breaks_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True
    )
    assert done.stdout.strip() == "{'text': 'a'}", done.stderr
