"""What the Monitor says of a run in words: its line, its progress, what to know now, the machine."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from core import commands
from tui.figures import duration, number, own, size
from tui.status import LOOKS
from tui.text import one_line
from tui.widgets.progress_line import Shown

if TYPE_CHECKING:
    from core.events import RunFailed, RunFinished
    from core.runs.state import RunState
    from tui.follow import RunFollower


def headline(run: RunFollower) -> tuple[Content, str]:
    """How the run stands and what it is called; and what it is made of."""
    look, started = LOOKS[run.status], run.state.started
    name = one_line(started.name if started else run.path.name)
    made_of = [started.model, started.method, started.task] if started else []
    return (
        Content.assemble((look.text, f"bold {look.color}"), "  ", (name, "bold")),
        " · ".join(one_line(part) for part in made_of if part),
    )


def progress(run: RunFollower) -> Shown:
    """The phase that is under way; over a finished run the whole training."""
    state = run.state
    training, now = state.training, state.progress
    over = run.status not in ("running", "paused", "waiting")
    if over or (now is not None and now.phase == "training"):
        if training is None:
            return Shown()
        rate, eta = (None, None) if over or run.status == "paused" else (training.rate, training.eta)
        label = f"epoch {training.epoch:.2f}" if training.epoch is not None else "training"
        return Shown(label, training.done, training.total, training.unit, rate, eta)
    done = f"training {100 * training.done // training.total} %" if training is not None and training.total else ""
    label = state.phase or "starting"
    if now is None:
        return Shown(f"{label} {state.detail}".strip() + (f"  ({done})" if done else ""))
    return Shown(label, now.done, now.total, now.unit, now.rate, now.eta, done)


def message(run: RunFollower) -> Content:
    """What to know now: how it ended, else what it was asked for, else the latest advice; may be empty."""
    state = run.state
    if state.failed is not None:
        return _failure(state.failed)
    if state.finished is not None:
        return _ending(state.finished, state)
    if run.status == "crashed":
        return _crash(state)
    if run.pending:
        asked = ", ".join(_asked(command) for command in run.pending)
        return Content.assemble(("… ", "bold $warning"), f"asked to {asked}: it answers after its step")
    if state.advice:
        advice = state.advice[-1]
        good = advice.level == "info"
        first = (one_line(advice.message), "bold") if good else (f"! {one_line(advice.message)}", "bold $warning")
        return Content.assemble(first, f"  {one_line(advice.hint)}" if advice.hint else "")
    return Content("")


def machine(state: RunState) -> str:
    """The machine in one line; empty as long as it was not read."""
    read = state.hardware
    if read is None:
        return ""
    parts = [f"cpu {read.cpu_percent:.0f} %", f"memory {size(read.memory_used)} of {size(read.memory_total)}"]
    for device in read.devices:
        power = f" {device['power_w']:.0f} W" if device.get("power_w") else ""
        heat = f" {device['temperature_c']:.0f} °C" if device.get("temperature_c") else ""
        load = f" {device['utilization']:.0f} %" if device.get("utilization") is not None else ""
        parts.append(f"gpu{load}{power}{heat}")
    if state.finished is not None or state.failed is not None:
        parts[0] = f"at the end: {parts[0]}"
    return " · ".join([*parts, f"disk {size(read.disk_free)} free"])


def _asked(command: commands.Command) -> str:
    if isinstance(command, commands.SetLearningRate):
        return f"set the learning rate to {number(command.value)}"
    if isinstance(command, commands.Sample) and command.text:
        return f"answer {one_line(command.text, 40)!r}"
    return str(commands.to_dict(command)["command"])


def _failure(failed: RunFailed) -> Content:
    lines = [(f"✗ {one_line(failed.title)}", "bold $error")]
    for text in (failed.detail, failed.hint):
        lines += [(f"\n  {one_line(line)}", "") for line in text.splitlines()]
    return Content.assemble(*lines)


def _ending(finished: RunFinished, state: RunState) -> Content:
    """The final figures over those of the baselines, and what can be done next."""
    ours, *others = _score_lines(
        [
            (f"this run, {duration(finished.seconds)}", finished.metrics),
            *((f"vs {one_line(name)}", scores) for name, scores in state.baselines.items()),
        ]
    )
    quiet = [*others, "c talks to the model, F6 lists the runs"]
    return Content("\n").join([Content.styled(ours, "bold"), *(Content.styled(line, "$text-muted") for line in quiet)])


def _score_lines(rows: Sequence[tuple[str, Mapping[str, float]]]) -> list[str]:
    """One line per row with each metric in a column of its own, and the row's name at the end."""
    cells = [{key: f"{_title(key)} {number(value)}" for key, value in own(scores).items()} for _, scores in rows]
    widths: dict[str, int] = {}
    for row in cells:
        widths |= {key: max(len(cell), widths.get(key, 0)) for key, cell in row.items()}
    return [
        "".join(row.get(key, "").ljust(width + 2) for key, width in widths.items()) + name
        for row, (name, _) in zip(cells, rows, strict=True)
    ]


def _crash(state: RunState) -> Content:
    seen = time.strftime("%H:%M:%S", time.localtime(state.last_t))
    saved = (
        f"last checkpoint: {one_line(state.checkpoints[-1].path)}" if state.checkpoints else "no checkpoint was saved"
    )
    first = (f"✗ the process that trained it is gone; its last word was at {seen}", "bold $error")
    return Content.assemble(first, f"\n  {saved}\n  o shows what was printed last")


def _title(metric: str) -> str:
    return one_line(metric.removeprefix("eval_").replace("_", " "))
