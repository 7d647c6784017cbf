"""The cards of a run, as many beside each other as fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from tui.buckets import Buckets
from tui.metrics import Metric
from tui.widgets.metric_card import MetricCard

CARD_WIDTH = 20
WIDE = 100
WIDE_CARD = 28
"""On a screen of WIDE cells or more, cards grow before they multiply."""


class CardGrid(VerticalScroll, can_focus=False):
    """Shows a card per metric, in the order in which `show` names them. Arrows go from card to card."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "go(-1, 0)", show=False),
        Binding("right", "go(1, 0)", show=False),
        Binding("up", "go(0, -1)", show=False),
        Binding("down", "go(0, 1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._cards: dict[str, MetricCard] = {}
        self._order: list[str] = []

    def show(self, metrics: Sequence[Metric], values: Mapping[str, Buckets], changed: set[str]) -> None:
        """Draw these metrics; only the cards of the changed ones are painted anew."""
        names = [metric.name for metric in metrics]
        if names != self._order:
            self._order = names
            self._arrange(metrics, values)
            return
        for name in changed & self._cards.keys():
            self._cards[name].show(values[name])

    async def clear(self) -> None:
        """Take all cards away: another run has others."""
        self._cards, self._order = {}, []
        await self.remove_children()

    @property
    def focused(self) -> Metric | None:
        """What the card that has the focus is about."""
        return next((card.metric for card in self._cards.values() if card.has_focus), None)

    def action_go(self, across: int, down: int) -> None:
        """Focus the next card in a direction, if there is one."""
        cards = [*self._cards.values()]
        at = next((place for place, card in enumerate(cards) if card.has_focus), 0)
        target = at + across + down * (self.styles.grid_size_columns or 1)
        if 0 <= target < len(cards):
            cards[target].focus()

    def _arrange(self, metrics: Sequence[Metric], values: Mapping[str, Buckets]) -> None:
        self._cards = {metric.name: self._cards.get(metric.name) or MetricCard(metric) for metric in metrics}
        for place, (name, card) in enumerate(self._cards.items()):
            card.show(values.get(name, Buckets()))
            if not card.is_attached:
                self.mount(card, before=place if place < len(self.children) else None)
        self._fit()

    def on_resize(self, event: events.Resize) -> None:
        self._fit()

    def _fit(self) -> None:
        count = max(1, len(self._cards))
        width = self.container_size.width
        fitting = max(1, width // (CARD_WIDTH if width < WIDE else WIDE_CARD))
        rows = -(-count // fitting)
        self.styles.grid_size_columns = -(-count // rows)
