"""Nothing looks for garbage while libraries are imported: that would hold the screen up, for a quarter of a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app_on_pty import AppOnPty


def test_the_collector_rests_until_the_imports_are_done(open_app: Callable[..., AppOnPty], tmp_path: Path) -> None:
    app = open_app("imports")
    app.wait_for_text("F6 Runs")
    app.type("\x1bOQ")  # F2: what it draws comes after all that follows the first paint
    app.wait_for_text("open")
    (tmp_path / "painted").touch()
    app.wait_for(lambda: (tmp_path / "afterwards").exists() and (tmp_path / "afterwards").read_text())
    assert (tmp_path / "meanwhile").read_text() == "off"
    assert (tmp_path / "afterwards").read_text() == "on"
