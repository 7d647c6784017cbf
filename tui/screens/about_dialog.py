"""What the data is: where it lies, its splits, its size on disk, its columns with all their classes and fields."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.figures import size
from tui.text import visible
from tui.widgets.long_text import LongText, Piece

if TYPE_CHECKING:
    from core.data.browse import Browser


MOST_FILES = 20
MOST_ROWS = 50


class AboutDialog(ModalScreen[None]):
    """Scrolls; Escape closes it.

    Args:
        name: what the data is called.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,i,q", "dismiss", show=False),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]
    DEFAULT_CSS = """
    AboutDialog {
        background: $background;
        & #about-box { border: round $primary; padding: 0 1; height: 1fr; }
        & #about-keys { height: 1; padding: 0 1; color: $text-muted; background: $panel; }
    }
    """

    def __init__(self, browser: Browser, name: str) -> None:
        super().__init__()
        self._browser = browser
        self._heading = name

    def compose(self) -> ComposeResult:
        box = Vertical(id="about-box")
        box.border_title = Content(visible(self._heading))
        with box:
            yield LongText()
        yield Static(Content("↑ ↓ PgUp PgDn scroll   Esc back"), id="about-keys")

    def on_mount(self) -> None:
        self.query_one(LongText).focus()
        self.read()

    @work
    async def read(self) -> None:
        self.query_one(LongText).show(await asyncio.to_thread(_pieces, self._browser))


STOPS = "a run stops at it, unless data.damaged says keep or drop"
GOES_ON = "a run takes them as they are shown; data.damaged: drop leaves them out"


def _pieces(browser: Browser) -> list[Piece]:
    from core.data import features

    paths = browser.sources
    pieces: list[Piece] = [("quiet", visible(path)) for path in paths[:MOST_FILES]]
    pieces.append(("quiet", f"{len(paths):,} files, " * (len(paths) > 1) + f"{size(browser.size)} on disk"))
    pieces.append(("text", ""))
    damages = [damage for found in browser.damages.values() for damage in found]
    if damages:
        pieces.append(("title", "damaged"))
        pieces += [("text", f"{visible(damage.place)}: {damage.said}{_which(damage.rows)}") for damage in damages]
        pieces += [("quiet", STOPS if any(damage.stops for damage in damages) else GOES_ON), ("text", "")]
    trees: dict[str, list[str]] = {}
    for split, rows in browser.splits.items():
        columns = features.tree(browser.rows(split).features)
        pieces.append(("title", f"{visible(split)}: {rows:,} rows, {len(browser.columns(split)):,} columns"))
        same = next((name for name, tree in trees.items() if tree == columns), None)
        trees.setdefault(split, columns)
        text = "\n".join(map(visible, columns)) if same is None else f"as {visible(same)}"
        pieces += [("text", text), ("text", "")]
    return pieces


def _which(rows: list[int]) -> str:
    if not rows:
        return ""
    numbers = ", ".join(f"{row:,}" for row in rows[:MOST_ROWS]) + (", …" if len(rows) > MOST_ROWS else "")
    return f" (row{'s' if len(rows) > 1 else ''} {numbers})"
