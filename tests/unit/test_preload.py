"""Shared libraries that are loaded before the packages they belong to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import environment

CODE = """
import sys
from pathlib import Path
from tui.preload import preload

preload()
assert not {"torch", "pyarrow"} & set(sys.modules)
maps = Path("/proc/self/maps").read_text()
print("libtorch_cpu.so" in maps, "libarrow.so" in maps)
import torch, pyarrow
print(torch.ones(3).sum().item(), pyarrow.array([1, 2]).to_pylist())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="loads by the names that the files have on Linux")
def test_libraries_are_loaded_and_their_packages_not(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["True True", "3.0 [1, 2]"], done.stderr


def test_packages_that_are_absent_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui import preload

    monkeypatch.setattr(preload, "LIBRARIES", {"no_such_package": "lib.so", "json": "no_such_file.so"})
    preload.preload()
