"""What every test may use."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

# A cache of their own, before anything reads where it is: tests neither see nor fill the person's.
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="finetui-tests-")
os.environ["XDG_STATE_HOME"] = f"{os.environ['HF_HOME']}/state"
# The functions that a test writes are its own; what is refused else has tests of its own.
os.environ["FINETUI_TRUST_CODE"] = "1"

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_unconfigure() -> None:
    shutil.rmtree(os.environ["HF_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real data sets and small real models beside the project; a test that needs them skips where they are absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no {SHARED}: the real models and data sets are not on this machine")
    return SHARED
