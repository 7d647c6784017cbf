"""What the command palette offers: the keys that do something now, by what they do; and the colours."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from tui import keys, theme_choice
from tui.theme import THEMES

if TYPE_CHECKING:
    from tui.app import FinetuiApp


def commands(app: FinetuiApp, screen: Screen[Any]) -> Iterator[SystemCommand]:
    """The valid keys of `screen`, then those of the whole app, then the themes."""
    listed = {*keys.NOT_IN_PALETTE}
    here = [(active.binding, active.node) for active in screen.active_bindings.values()]
    # The palette is a dialog itself; what works everywhere works again once it is closed.
    everywhere = [(binding, app) for binding in keys.bindings("app") if isinstance(binding, Binding)]
    for binding, node in [*here, *everywhere]:
        if binding.tooltip and binding.action not in listed:
            listed.add(binding.action)
            run = partial(app.run_action, binding.action, node)
            yield SystemCommand(binding.tooltip, f"key: {binding.key_display}", run)
    for word, theme in THEMES.items():
        yield SystemCommand(
            f"colours: {word}", "remembered for the next start", partial(_choose, app, word, theme.name)
        )


def _choose(app: FinetuiApp, word: str, name: str) -> None:
    app.theme = name
    theme_choice.remember(word)
