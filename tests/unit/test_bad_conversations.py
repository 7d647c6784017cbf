"""A conversation that cannot be read is found by its number, and all of them by the pre-flight."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core import config_file, events
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.training import engine, preflight

pytest.importorskip("trl", reason="the extra `chat` is not installed")

GOOD = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]


@pytest.fixture
def config(shared: Path, tmp_path: Path) -> Any:
    rows = [{"messages": GOOD} for _ in range(230)]
    rows[3] = {"messages": [{"role": "robot", "content": "a"}, *GOOD[1:]]}
    rows[217] = {"messages": [*GOOD, {"role": "robot", "content": "c"}]}
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return config_file.validate(
        {
            "task": "chat",
            "model": {"id": str(shared / "models/stories260K"), "chat_template": "plain"},
            "data": {"files": {"train": str(tmp_path / "rows.jsonl")}},
        }
    )


def test_a_run_names_the_first_row(config: Any, tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "runs", config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFailed)
    assert outcome.title == "row 3 of train: nobody knows the role 'robot'"
    assert outcome.exit_code == 2
    said = RunReader(folder.path).read_all()
    assert "loading" not in {event.phase for event in said if isinstance(event, events.PhaseChanged)}


def test_the_pre_flight_names_all(config: Any) -> None:
    report = preflight.check(config, trial=False)
    (finding,) = (finding for finding in report.findings if finding.code == "unreadable_row")
    assert (finding.severity, finding.count, finding.rows) == ("error", 2, [3, 217])
    assert "nobody knows the role 'robot'" in finding.message


def test_data_without_any_conversation_is_refused_at_once(config: Any, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"messages": [{"role": "robot", "content": "a"}]}) + "\n")
    with pytest.raises(config_file.FinetuiError, match="nobody knows the role 'robot'"):
        preflight.check(config, trial=False)
