"""The one table of keys: bindings, footer, help, palette and the README's table are made from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Mode = Literal["datasets", "configure", "monitor", "chat", "runs"]
Where = Literal["app", "datasets", "inspector", "configure", "monitor", "chart", "chat", "runs"]

MODES: tuple[Mode, ...] = ("datasets", "configure", "monitor", "chat", "runs")
TITLES: dict[Where, str] = {
    "app": "Everywhere",
    "datasets": "Datasets",
    "inspector": "Inspector",
    "configure": "Configure",
    "monitor": "Monitor",
    "chart": "Chart",
    "chat": "Chat",
    "runs": "Runs",
}


NOT_IN_PALETTE = ("command_palette", *(f"simulate_key('{arrow}')" for arrow in ("left", "down", "up", "right")))

MOVE = "move left, down, up, right (a choice takes letters)"


@dataclass(frozen=True, slots=True)
class Key:
    """One key and what it does.

    Attributes:
        key: in Textual's words, several separated by commas.
        action: the name of an `action_...` method of the screen (or of the app).
        label: one or two words for the footer; empty: not in the footer.
        help: the sentence for the help screen, the palette and the README.
        priority: goes before the focused widget, so that it works while text is typed.
    """

    where: Where
    key: str
    action: str
    label: str
    help: str
    priority: bool = False

    @property
    def display(self) -> str:
        """The key as people write it."""
        return " ".join(_written(name) for name in self.key.split(","))


TABLE: tuple[Key, ...] = (
    Key("app", "f1", "help", "", "help: every key", priority=True),
    Key("app", "f2", "show('datasets')", "", "Datasets: open data, look at rows and tokens", priority=True),
    Key("app", "f3", "show('configure')", "", "Configure: set up a run and start it", priority=True),
    Key("app", "f4", "show('monitor')", "", "Monitor: watch a run and steer it", priority=True),
    Key("app", "f5", "show('chat')", "", "Chat: talk to a model", priority=True),
    Key("app", "f6", "show('runs')", "", "Runs: every run so far", priority=True),
    Key("app", "question_mark", "screen_keys", "keys", "keys of this screen"),
    Key("app", "ctrl+p", "command_palette", "", "palette: what can be done now", priority=True),
    Key("app", "ctrl+q", "quit", "", "quit", priority=True),
    Key("app", "escape", "back", "", "back to where you came from"),
    Key("app", "h", "simulate_key('left')", "", MOVE),
    Key("app", "j", "simulate_key('down')", "", MOVE),
    Key("app", "k", "simulate_key('up')", "", MOVE),
    Key("app", "l", "simulate_key('right')", "", MOVE),
    Key("datasets", "o", "open", "open", "open other data"),
    Key("datasets", "enter", "row", "row", "show the whole row"),
    Key("datasets", "t", "tokens", "tokens", "what the model gets of the row: tokens, labels, batches"),
    Key("datasets", "slash", "search", "search", "search all texts"),
    Key("datasets", "f", "filter", "filter", "show only some rows: label = 1 and length > 300"),
    Key(
        "datasets",
        "s",
        "statistics",
        "statistics",
        "count labels, lengths, duplicates, overlap of the splits",
    ),
    Key("datasets", "T", "train", "train on this", "configure a run on this data"),
    Key("datasets", "right_square_bracket", "split(1)", "split", "show the next split"),
    Key("datasets", "left_square_bracket", "split(-1)", "", "show the previous split"),
    Key("datasets", "g", "goto", "go to", "go to a row by its number"),
    Key("datasets", "m", "model", "", "show tokens under another tokenizer"),
    Key("datasets", "n", "hit(1)", "", "search: next hit, previous hit"),
    Key("datasets", "N", "hit(-1)", "", "search: next hit, previous hit"),
    Key("datasets", "x", "export", "export", "write the rows that are shown to a file: jsonl, parquet"),
    Key("datasets", "i", "about", "", "what the data is: splits, size, columns, classes"),
    Key("datasets", "escape", "close", "", "stop or leave a search, drop the filter, back to rows"),
    Key("inspector", "1", "page('tokens')", "tokens", "the tokens, an id below each"),
    Key("inspector", "2", "page('labels')", "labels", "what the loss sees: a label below each token"),
    Key("inspector", "3", "page('table')", "table", "all there is to say of each position"),
    Key("inspector", "4", "page('batch')", "batch", "the tensors of a batch, in the order of the run"),
    Key("inspector", "n", "go(1)", "next", "the next row, or the next batch"),
    Key("inspector", "p", "go(-1)", "", "the row or batch before"),
    Key(
        "inspector",
        "w",
        "window",
        "sequence",
        "the row's next sequence: window, text, chosen or rejected",
    ),
    Key("inspector", "t", "tensor", "tensor", "the next tensor of the batch"),
    Key("inspector", "P", "padding", "", "count the padding of the epoch: tokenizes the whole split"),
    Key("inspector", "e", "type", "type", "type a text: it is tokenized at each key"),
    Key("inspector", "c", "compare", "beside", "another tokenizer beside this one, or no longer"),
    Key("inspector", "g", "goto", "", "go to a row or batch by its number"),
    Key("inspector", "escape", "close", "", "from a typed text to the row, else back"),
    Key("configure", "ctrl+r", "start", "check and start", "check the run and show what it costs; then start it", True),
    Key("configure", "ctrl+s", "save", "save", "write the form to a YAML file", priority=True),
    Key("configure", "ctrl+o", "open", "open", "fill the form from a YAML file", priority=True),
    Key("configure", "ctrl+t", "inspect", "inspect", "show what the model gets: tokens, labels, batches", True),
    Key("configure", "ctrl+g", "find", "find", "find a field or any training argument by its name", True),
    Key("configure", "ctrl+n", "new", "new", "empty the form", priority=True),
    Key("configure", "pagedown", "section(1)", "", "next section"),
    Key("configure", "pageup", "section(-1)", "", "previous section"),
    Key("runs", "enter", "open", "open", "open the run in the Monitor", priority=True),
    Key("runs", "u", "take_up", "resume", "go on with it from its last checkpoint"),
    Key("runs", "space", "mark", "mark", "mark the run, or no longer"),
    Key("runs", "C", "compare", "compare", "compare the marked runs: curves, metrics, configs"),
    Key("runs", "c", "chat", "chat", "talk to the run's model"),
    Key("runs", "d", "demo", "demo", "start the built-in demo: city names, five continents"),
    Key("runs", "r", "reload", "reload", "read the runs again"),
    Key("runs", "delete,D", "delete", "delete", "delete the run from disk"),
    Key("runs", "x", "export", "script", "write the run as a plain Python script"),
    Key("monitor", "space", "pause", "pause", "pause after this step"),
    Key("monitor", "space", "resume", "resume", "go on after a pause"),
    Key("monitor", "s", "save", "save", "write a checkpoint now"),
    Key("monitor", "e", "evaluate", "evaluate", "evaluate now"),
    Key("monitor", "x", "stop", "stop", "stop: finish the step, save a checkpoint, end the run"),
    Key("monitor", "left_square_bracket", "halve_rate", "lr", "halve the learning rate"),
    Key("monitor", "right_square_bracket", "double_rate", "lr", "double the learning rate"),
    Key("monitor", "t", "samples", "samples", "show the model's answers over time, or the log again"),
    Key("monitor", "p", "classes", "classes", "show what came out per class, or the log again"),
    Key("monitor", "g", "sample", "ask", "ask the model now: a text of your own, or the samples"),
    Key("monitor", "c", "chat", "chat", "talk to the run's model"),
    Key("monitor", "o", "output", "output", "show what libraries printed (output.log), or the log again"),
    Key("monitor", "enter", "zoom", "chart", "the metric as a full chart (↓ lowest, ↑ highest so far)"),
    Key(
        "monitor",
        "u",
        "take_up",
        "resume",
        "go on with it from its last checkpoint",
    ),
    Key("monitor", "m", "machine", "machine", "show the machine and where the time goes, or the log again"),
    Key("monitor", "slash", "search", "search", "search the log"),
    Key("monitor", "n", "match(1)", "", "log: next match, previous match"),
    Key("monitor", "N", "match(-1)", "", "log: next match, previous match"),
    Key("monitor", "escape", "leave_search", "", "log: leave the search"),
    Key("monitor", "w", "turn_level", "", "log: all, warnings and errors, errors only"),
    Key("monitor", "end", "follow", "", "log: to its end, which it follows from there on"),
    Key("chart", "escape", "close", "back", "leave the cursor, else go back"),
    Key("chart", "right", "cursor(1)", "read", "read the values at a place"),
    Key("chart", "left", "cursor(-1)", "", "read the values at a place"),
    Key("chart", "shift+right", "cursor(10)", "", "go on by ten columns"),
    Key("chart", "shift+left", "cursor(-10)", "", "go on by ten columns"),
    Key("chart", "n", "metric(1)", "next", "show the next metric"),
    Key("chart", "tab", "metric(1)", "", "show the next metric"),
    Key("chart", "p", "metric(-1)", "", "show the previous metric"),
    Key("chart", "shift+tab", "metric(-1)", "", "show the previous metric"),
    Key("chart", "o", "overlay", "overlay", "lay the next of its kind over it, or none"),
    Key("chart", "a", "axis", "axis", "x axis by step, epoch, time or tokens"),
    Key("chart", "l", "log", "log", "logarithmic y axis, or linear again"),
    Key("chart", "plus", "smooth(1)", "smooth", "smooth more"),
    Key("chart", "minus", "smooth(-1)", "", "smooth less"),
    Key("chart", "c", "compare", "compare", "lay other runs over this one"),
    Key("chart", "d", "differences", "config", "show where the configs differ, or hide it"),
    Key("chart", "down", "scroll(1)", "", "scroll the config differences"),
    Key("chart", "up", "scroll(-1)", "", "scroll the config differences"),
    Key("chart", "x", "export", "export", "write it beside the run: CSV, SVG, PNG"),
    Key("chat", "ctrl+o", "choose", "model", "choose another model", True),
    Key("chat", "ctrl+x,escape", "stop", "stop", "stop the answer that is being written", True),
    Key("chat", "escape", "back_to_talk", "", "go on with the model that is loaded"),
    Key("chat", "ctrl+l", "clear", "clear", "clear what was said so far", True),
)


def of(where: Where) -> Iterator[Key]:
    """The keys of a screen, or of the whole app, in the order of the table."""
    return (key for key in TABLE if key.where == where)


def of_action(where: Where, action: str) -> Key:
    """The key that does this."""
    return next(key for key in of(where) if key.action == action)


def rows(where: Where) -> list[tuple[str, str]]:
    """Keys and what they do, for people; keys that do the same kind of thing stand together."""
    found: dict[str, list[str]] = {}
    for key in of(where):
        found.setdefault(key.help, []).append(key.display)
    return [(" ".join(displays), help) for help, displays in found.items()]


def bindings(where: Where) -> list[BindingType]:
    """What a screen's (or the app's) BINDINGS are."""
    return [
        Binding(
            key.key,
            key.action,
            key.label or key.help,
            show=bool(key.label),
            key_display=key.display,
            priority=key.priority,
            tooltip=key.help,
        )
        for key in of(where)
    ]


def markdown() -> str:
    """The README's table."""
    lines = ["| Where | Key | What it does |", "|---|---|---|"]
    for where, title in TITLES.items():
        lines += [f"| {title} | `{keys}` | {help} |" for keys, help in rows(where)]
    return "\n".join(lines) + "\n"


_SIGNS = {
    "question_mark": "?",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "slash": "/",
    "plus": "+",
    "minus": "-",
    "escape": "Esc",
    "delete": "Del",
    "shift": "Shift",
    "ctrl": "Ctrl",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}
_AS_IS = {"space", "enter", "tab", "home", "end", "up", "down", "left", "right"}


def _written(name: str) -> str:
    *modifiers, last = name.split("+")
    if last in _AS_IS or (last[0] == "f" and last[1:].isdigit()):
        last = last.capitalize()
    last = _SIGNS.get(last, last.upper() if modifiers and len(last) == 1 else last)
    return "+".join([*(_SIGNS.get(modifier, modifier) for modifier in modifiers), last])
