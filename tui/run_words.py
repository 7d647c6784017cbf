"""What the Monitor says of a run in words: its line, its progress, what to know now, the machine."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from core import commands
from core.runs.state import LIVE
from tui import advice_words
from tui.figures import duration, number, own, size
from tui.status import LOOKS
from tui.text import one_line
from tui.widgets.progress_line import Shown

DAY = 24 * 3600

if TYPE_CHECKING:
    from core.events import RunFailed
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
    over = run.status not in LIVE
    if over or (now is not None and now.phase == "training"):
        if training is None:
            return Shown()
        rate, eta = (None, None) if over or run.status == "paused" else (training.rate, training.eta)
        label = f"epoch {training.epoch:.2f}" if training.epoch is not None else "training"
        return Shown(label, training.done, training.total, training.unit, rate, eta, ends=_ends(training.t, eta))
    done = f"training {100 * training.done // training.total} %" if training is not None and training.total else ""
    label = state.phase or "starting"
    if now is None:
        return Shown(f"{label} {state.detail}".strip() + (f"  ({done})" if done else ""))
    return Shown(label, now.done, now.total, now.unit, now.rate, now.eta, done)


def _ends(t: float, eta: float | None) -> str:
    """The time of day when it will be over; empty where nobody knows, or where it is another day."""
    if eta is None or eta >= DAY:
        return ""
    return time.strftime("%H:%M", time.localtime(t + eta))


def message(run: RunFollower) -> Content:
    """What to know now: how it ended, else what it was asked for, else the gravest advice; may be empty."""
    state = run.state
    if state.failed is not None:
        return _failure(state.failed)
    if state.finished is not None:
        return _ending(state)
    if run.status == "crashed":
        return _crash(state)
    if run.pending:
        asked = ", ".join(_asked(command) for command in run.pending)
        return Content.assemble(("… ", "bold $warning"), f"asked to {asked}: {run.when(run.pending)}")
    if run.answer:
        return Content.assemble(("» ", "bold $success"), one_line(run.answer))
    return Content("\n").join(_advice(state, live=True))


def _advice(state: RunState, live: bool) -> list[Content]:
    """The gravest of what the curves show, and on a line of its own what to try; empty where nothing stands."""
    said = advice_words.gravest(state)
    if said is None:
        return []
    color = {"info": "", "warning": " $warning", "error": " $error"}[said.level]
    lines = [Content.styled(advice_words.SIGNS[said.level] + one_line(said.message), f"bold{color}")]
    hint = advice_words.hint(said, live)
    return [*lines, Content(f"  {advice_words.TRY}{hint}")] if hint else lines


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
    if isinstance(command, commands.ScaleLearningRate):
        return f"multiply the learning rate by {number(command.factor)}"
    if isinstance(command, commands.Sample) and command.text:
        return f"answer {one_line(command.text, 40)!r}"
    return str(commands.to_dict(command)["command"])


def _failure(failed: RunFailed) -> Content:
    lines = [(f"✗ {one_line(failed.title)}", "bold $error")]
    for text in (failed.detail, failed.hint):
        lines += [(f"\n  {one_line(line)}", "") for line in text.splitlines()]
    return Content.assemble(*lines)


def _ending(state: RunState) -> Content:
    """The scores over those of the baselines, the time in all, what the curves showed, and what can be done next."""
    step = state.metrics_step
    name = "this run" if step is None else f"this run at step {step:,}"
    rows = [(f"vs {one_line(baseline)}", scores) for baseline, scores in state.baselines.items()]
    if state.metrics:
        rows.insert(0, (f"{name}, {duration(state.seconds)}", state.metrics))
        ours, *others = _score_lines(rows)
    else:
        ours, others = f"it took {duration(state.seconds)}", _score_lines(rows)
    scores = [Content.styled(ours, "bold"), *(Content.styled(line, "$text-muted") for line in others)]
    verdict = _advice(state, live=False)
    offers = [*(["c talks to the model"] if state.has_model else []), "F6 lists the runs"]
    next_keys = Content.styled(", ".join(offers), "$text-muted")
    no_number = advice_words.no_number(state)  # in place of the verdict, which says the same
    if no_number and state.finished is not None:
        how = f"✗ {state.finished.reason.replace('_', ' ')}, but {no_number}"
        return Content("\n").join([Content.styled(how, "bold $error"), *verdict[1:], *scores, next_keys])
    return Content("\n").join([*scores, *verdict, next_keys])


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
