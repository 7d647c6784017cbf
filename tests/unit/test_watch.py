"""What libraries warn of becomes notices, each text once."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

from core import events, hardware
from core.config import DataConfig, ModelConfig, RunConfig
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.training.reporter import Reporter
from core.training.watch import watching


def test_warnings_of_both_kinds_are_said_once_and_still_go_where_they_went(tmp_path: Path) -> None:
    config = RunConfig(model=ModelConfig(id="m"), data=DataConfig(id="d"))
    folder = RunFolder.create(tmp_path, config)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        shown = warnings.showwarning
        with watching(folder, Reporter(folder), hardware.read):
            for _ in range(2):
                warnings.warn("this goes away soon", UserWarning, stacklevel=1)
                logging.getLogger("transformers.models").warning("\x1b[33mweights are new\x1b[0m")
            logging.getLogger("torch").error("it broke")
            logging.getLogger("transformers.tokenization_utils_base").warning(
                "Token indices sequence length is longer than the specified maximum (712 > 512)."
            )
        assert warnings.showwarning is shown
    folder.close()
    assert [str(warning.message) for warning in seen] == ["this goes away soon"] * 2
    said = [event for event in RunReader(folder.path).read_all() if isinstance(event, events.Notice)]
    assert [(notice.message, notice.level, notice.source) for notice in said] == [
        ("UserWarning: this goes away soon", "warning", "test_watch"),
        ("weights are new", "warning", "transformers"),
        ("it broke", "error", "torch"),
    ]
