"""The metrics of the form: names that fit the task, and code of one's own that is asked about before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core import user_code
from tests.pilot.driving import driven, text, type_in, until, until_shown
from tests.pilot.test_configure import bert, fill, form_of, go_to, reviews  # noqa: F401
from tui.screens.start_dialog import StartDialog

OWN = "def share(predictions, references):\n    return 0.5\n"


async def test_names_that_fit_are_offered_and_others_refused(tmp_path: Path, reviews: str, bert: str) -> None:  # noqa: F811
    async with driven(tmp_path / "runs", "f3", size=(120, 40)) as pilot:
        screen = await form_of(pilot)
        await fill(pilot, bert, reviews)
        row = screen.form.form.row(("metrics",))
        assert row is not None
        await until(pilot, lambda: "glue/mrpc" in row.suggestions)
        assert "bleu" not in row.suggestions
        await go_to(pilot, "metrics")
        await until_shown(pilot, "one of: accuracy, f1")
        await type_in(pilot, "accuracy, matt")
        await until_shown(pilot, "accuracy, matthews_correlation")
        await pilot.press("right")
        await until(pilot, lambda: row.text == "accuracy, matthews_correlation")
        await type_in(pilot, ", bleu", "down")
        await until_shown(pilot, "✗ bleu does not fit; accuracy, f1")
        await go_to(pilot, "metrics")
        await pilot.press(*["backspace"] * 6, "down")
        await until(pilot, lambda: "does not fit" not in text(pilot))


async def test_code_is_asked_about_before_it_runs(
    tmp_path: Path, own_place: Path, reviews: str, bert: str, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.delenv(user_code.ALLOW)
    (own_place / "own.py").write_text(OWN)
    async with driven(tmp_path / "runs", "f3") as pilot:
        await form_of(pilot)
        await fill(pilot, bert, reviews)
        await go_to(pilot, "metrics")
        await type_in(pilot, "own.py:share")
        await pilot.press("ctrl+r")
        await until_shown(pilot, "Run this code?", "own.py", "Run it")
        await pilot.press("escape")
        await until(pilot, lambda: "Run this code?" not in text(pilot))
        name = str(own_place / "own.py:share")
        assert user_code.unknown({name: "metrics"}) == [own_place / "own.py"]
        await pilot.press("ctrl+r")
        await until_shown(pilot, "Run this code?")
        await pilot.press("left", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, StartDialog))
        assert user_code.unknown({name: "metrics"}) == []
        await until_shown(pilot, "Start")
        (own_place / "own.py").write_text(OWN + "# changed\n")
        assert user_code.unknown({name: "metrics"}) == [own_place / "own.py"]


def test_picture(snap_compare: Any, tmp_path: Path, reviews: str, bert: str) -> None:  # noqa: F811
    from tui.app import FinetuiApp

    async def run(pilot: Any) -> None:
        await pilot.press("f3")
        screen = await form_of(pilot)
        await fill(pilot, bert, reviews)
        row = screen.form.form.row(("metrics",))
        await until(pilot, lambda: row.suggestions)
        await go_to(pilot, "metrics")
        await type_in(pilot, "accuracy, bleu", "down")
        await until_shown(pilot, "✗ bleu does not fit")
        await go_to(pilot, "metrics")
        await until_shown(pilot, "one of: accuracy")

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=(80, 24), run_before=run)
