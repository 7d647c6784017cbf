"""A run from the list becomes a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import config_file, events
from core.runs import layout
from core.runs.folder import RunFolder
from core.scripts import export
from tests.pilot.driving import until, until_shown
from tui.app import FinetuiApp


@pytest.fixture
def run(shared: Path, tmp_path: Path) -> RunFolder:
    """A run that ended, on real data."""
    config = config_file.validate(
        {
            "name": "mrpc",
            "model": {"id": str(shared / "models/bert-tiny-uncased")},
            "data": {"id": str(shared / "data/mrpc/validation.jsonl"), "eval_fraction": 0.2, "max_length": 64},
            "metrics": ["accuracy"],
        }
    )
    folder = RunFolder.create(tmp_path / "runs", config)
    names = {"run": str(folder.path), "name": "mrpc", "task": "sequence-classification", "model": "bert"}
    folder.emit(events.RunStarted(t=100.0, method="full", engine="trainer", **names))
    folder.emit(events.RunFinished(t=105.0, reason="completed", run=str(folder.path), metrics={}, seconds=5.0))
    folder.close()
    return folder


async def test_the_script_of_a_run_is_written_where_the_person_says(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = export.script(config_file.load(run.path / layout.CONFIG).config)
    async with FinetuiApp(runs=run.path.parent).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "completed")
        await pilot.press("x")
        await until_shown(pilot, "Write mrpc as a Python script where?", "mrpc.py", "Enter write")
        await pilot.press("enter")
        await until(pilot, (tmp_path / "mrpc.py").exists)
        assert (tmp_path / "mrpc.py").read_text() == expected

        (run.path / "config.yaml").write_text("model: {id: nothing/here}\ndata: {id: ./gone.jsonl}\n")
        await pilot.press("x", "enter")
        await until_shown(pilot, "mrpc.py is there already")
        await pilot.press("enter")
        await until_shown(pilot, "there is no file gone.jsonl")
        assert (tmp_path / "mrpc.py").read_text() == expected
        await pilot.press("escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)
