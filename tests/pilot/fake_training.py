"""A stand-in for the engine where a test is about what happens before a run trains."""

from __future__ import annotations

import time

from core.config import RunConfig
from core.events import RunFinished, RunStarted
from core.runs.folder import RunFolder


class FakeInstantEngine:
    """Finishes every run at once. `configs` are those that it was given, `resumed` the runs that went on."""

    def __init__(self) -> None:
        self.configs: list[RunConfig] = []
        self.resumed: list[str] = []

    def __call__(self, config: RunConfig, folder: RunFolder, resume: bool = False) -> RunFinished:
        self.configs.append(config)
        now = time.time()
        run = str(folder.path)
        if resume:
            self.resumed.append(folder.path.name)
        folder.emit(
            RunStarted(
                t=now,
                run=run,
                name=config.title,
                task=config.task,
                model=config.model.label,
                method=config.method.kind,
                engine=config.engine,
                resumed_from=10 if resume else None,
            )
        )
        finished = RunFinished(t=now, reason="completed", run=run, metrics={})
        folder.emit(finished)
        return finished
