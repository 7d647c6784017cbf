"""What a newcomer reads: what this is, and which key begins."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.text import one_line

LINES = (
    ("d", "start the demo: teach a model which continent a city is on"),
    ("", "(offline, half a minute; then ask it about Toulouse)"),
    ("", ""),
    ("F2", "open data: csv, json, parquet, txt, a folder, or a Hub id"),
    ("F3", "set up a run and start it"),
    ("F5", "talk to a model"),
    ("", ""),
    ("F1", "every key"),
    ("Ctrl+P", "what can be done now"),
    ("Ctrl+Q", "quit"),
)


class Welcome(Widget):
    """`folder` is where runs will be kept."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"welcome--title", "welcome--key", "welcome--quiet"}
    folder: reactive[str] = reactive("")

    def render(self) -> Content:
        title, key, quiet = (self.get_visual_style(f"welcome--{part}") for part in ("title", "key", "quiet"))
        lines = [
            Content.styled("Fine-tune transformers from this terminal", title),
            Content.styled("See what the model sees, watch it learn, talk to it.", quiet),
            Content(""),
        ]
        for name, text in LINES:
            lines.append(Content.assemble((name.rjust(6), key), "  ", text if name else Content.styled(text, quiet)))
        lines += [Content(""), Content.styled(f"No runs yet. They will be kept in {one_line(self.folder)}", quiet)]
        return Content("\n").join(lines)
