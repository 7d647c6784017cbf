from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from app_on_pty import AppOnPty


@pytest.fixture
def open_app(tmp_path: Path) -> Iterator[Callable[..., AppOnPty]]:
    """Opens the app on a terminal of its own, with runs and log under `tmp_path`: `open_app("train", "100")`."""
    opened = []

    def open_one(*arguments: str, **options: bool) -> AppOnPty:
        app = AppOnPty(str(tmp_path / "runs"), *arguments, log=tmp_path / "state", **options)
        opened.append(app)
        return app

    yield open_one
    for app in opened:
        app.close()
