"""A run's events as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator

from core import events
from core.runs.event_words import command_text, dropped_text, taken_text
from tui.advice_words import SIGNS, TRY
from tui.figures import duration, number, own, plural
from tui.text import one_line


def milestones(event: events.Event) -> Iterator[str]:
    """What a person wants to have read in the order in which it happened."""
    match event:
        case events.RunStarted():
            yield f"{one_line(event.name)}: {one_line(event.model)}, {event.task}, {event.method}"
        case events.Evaluated():
            figures = ", ".join(f"{name} {number(value)}" for name, value in own(event.metrics).items())
            yield f"step {event.step or 0}: {figures}"
        case events.CheckpointSaved():
            yield f"step {event.step or 0}: saved {one_line(event.path)}"
        case events.CommandTaken(before=float()):
            yield taken_text(event)
        case events.CommandDeferred():
            yield f"asked to {command_text(event)}: {event.until}"
        case events.CommandDropped():
            yield dropped_text(event)
        case events.Advice(again=False):
            yield SIGNS[event.level] + one_line(event.message)
            if event.hint:
                yield f"  {TRY}{one_line(event.hint)}"
        case events.AdviceWithdrawn():
            yield f"step {event.step or 0}: {one_line(event.message)}"
        case events.Notice(level="warning" | "error"):
            yield f"{event.level}: {one_line(event.message)}"


def figures(progress: events.Progress, loss: float | None) -> str:
    """How far a phase is; `loss` is the training loss by then, None before the first."""
    parts = [
        f"{100 * progress.done // max(progress.total, 1):3d} %",
        f"{progress.done}/{progress.total} {plural(progress.unit)}",
    ]
    if progress.rate:
        parts.append(f"{progress.rate:.1f} {plural(progress.unit)}/s")
    if progress.eta:
        parts.append(f"{duration(progress.eta)} left")
    if progress.phase == "training" and loss is not None:
        parts.append(f"loss {number(loss)}")
    if progress.paused:
        parts.append("paused")
    return "  ".join(parts)
