"""What the five screens have in common: the line of screens above, the line of keys below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from tui import keys
from tui.widgets.header import HeaderLine
from tui.widgets.key_line import KeyLine

if TYPE_CHECKING:
    from tui.app import FinetuiApp


class FinetuiScreen(Screen[None]):
    """A screen that a function key shows. It is made when it is first shown and kept from then on.

    A subclass sets MODE, BINDINGS (`keys.bindings(MODE)`), CSS_PATH, and composes its middle in `compose_body`.
    A FinetuiError that an action or a thread worker raises becomes the error dialog by itself; any other handler
    calls `self.finetui.show_error`.
    """

    MODE: ClassVar[keys.Mode]

    # Textual repaints the whole screen when the focus moves. Nothing but the two widgets looks different then, and they
    # see to it themselves: a key must not wait for that beside a training.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def compose(self) -> ComposeResult:
        yield self.header()
        yield from self.compose_body()
        yield KeyLine()

    def header(self) -> HeaderLine:
        """The top line."""
        return HeaderLine(self.MODE)

    def compose_body(self) -> ComposeResult:
        """The widgets between the top line and the bottom line."""
        raise NotImplementedError

    def kept(self) -> object:
        """What a person filled in here, for the screen that is made anew if this one fails; None where nothing is."""
        return None

    def take_kept(self, kept: Any) -> None:
        """Begin with what `kept` gave; called before the screen is shown."""

    @property
    def finetui(self) -> FinetuiApp:
        """The app, with its own type."""
        return cast("FinetuiApp", self.app)
