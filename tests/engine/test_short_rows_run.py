"""A run over a csv with short rows trains, and its log names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core import config_file, events
from core.runs.reader import RunReader
from core.training import engine


def test_the_log_names_rows_with_missing_cells(shared: Path, tmp_path: Path, new_folder: Any) -> None:
    rows = "label,text,note\n" + "0,a good one,x\n1,a bad one\n" * 4
    (tmp_path / "train.csv").write_text(rows)
    config = config_file.validate(
        {
            "task": "sequence-classification",
            "model": {"id": str(shared / "models/bert-tiny-uncased")},
            "data": {"files": {"train": str(tmp_path / "train.csv")}},
            "training": {"max_steps": 1},
            "metrics": [],
        }
    )
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    (said,) = [
        event
        for event in RunReader(folder.path).read_all()
        if isinstance(event, events.Notice) and event.level == "warning"
    ]
    assert said.message == (
        "train: train.csv, line 3: 4 rows have fewer cells than the header, the missing ones are null; kept"
    )
