"""What is said of an event in one line: in the log of a run, in a shell, where a command was given."""

from __future__ import annotations

from core import events


def line(event: events.Event, seconds: float) -> tuple[events.Level, str] | None:
    """What the log of a run says of an event, and how loud; None where it says nothing.

    Args:
        seconds: how long the run has taken, in all its lives.
    """
    match event:
        case events.RunStarted():
            resumed = "" if event.resumed_from is None else f", resumed from step {event.resumed_from}"
            return "info", f"started {event.name}{resumed}"
        case events.PhaseChanged():
            return "info", f"{event.phase} {event.detail}".rstrip()
        case events.Evaluated():
            return "info", f"step {event.step or 0}: {_scores_text(event.metrics)}"
        case events.Sampled():
            return "info", _samples_text(event)
        case events.BaselineScored():
            return "info", f"baseline {event.name}: {_scores_text(event.metrics)}"
        case events.CheckpointSaved():
            return "info", f"saved {event.path}"
        case events.CommandTaken():
            return "info", taken_text(event)
        case events.CommandDeferred():
            return "info", f"asked to {command_text(event)}: {event.until}"
        case events.CommandDropped():
            return "warning", dropped_text(event)
        case events.AdviceWithdrawn():
            return "info", event.message
        case events.Advice() | events.Notice():
            return event.level, event.message
        case events.RunFinished():
            return "info", f"{event.reason.replace('_', ' ')} after {seconds:.0f} s"
        case events.RunFailed():
            return "error", event.title
    return None


def _scores_text(metrics: dict[str, float]) -> str:
    scores = {name.removeprefix("eval_"): value for name, value in metrics.items()}
    return ", ".join(
        f"{name} {value:.4g}" for name, value in scores.items() if not name.endswith(("runtime", "per_second"))
    )


def _samples_text(event: events.Sampled) -> str:
    judged = [sample for sample in event.samples if "correct" in sample]
    right = f", {sum(bool(sample['correct']) for sample in judged)} of {len(judged)} right" if judged else ""
    return f"step {event.step or 0}: {len(event.samples)} samples{right}"


def taken_text(event: events.CommandTaken) -> str:
    """What a command changed, or that it was taken."""
    if event.before is not None and event.after is not None:
        return f"lr {event.before:.4g} → {event.after:.4g}; the schedule goes on from there"
    return f"took command {command_text(event)}"


def dropped_text(event: events.CommandDropped) -> str:
    """That a command came to nothing, and why."""
    return f"dropped command {command_text(event)}: {event.reason}"


def command_text(event: events.CommandTaken | events.CommandDeferred | events.CommandDropped) -> str:
    """`save`, `set learning rate 1e-05`, `scale learning rate 0.5`, `sample TEXT`, `sample TEXT | SECOND TEXT`."""
    name = str(event.command.get("command", "?")).replace("_", " ")
    value = event.command.get("value", event.command.get("factor"))
    texts = [str(event.command.get(field) or "") for field in ("text", "text_pair")]
    asked = " | ".join(text for text in texts if text)
    return " ".join([name, *([f"{value:g}"] if value is not None else []), asked]).rstrip()
