"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real data sets and small real models beside the project; a test that needs them is skipped where they are absent."""
    if not SHARED.is_dir():
        pytest.skip(f"no {SHARED}: the real models and data sets are not on this machine")
    return SHARED
