"""A row, or a text, as the model gets it: plain values, position by position."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from core import tokens
from core.inspection.recording import Heard, Span, locate
from core.tasks.label_view import IGNORED, LabelView

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

ENDING = 3
"""The token that ends a turn is looked for among so many last ones of what is learned: a line end may follow it."""
NOTHING = "nothing is learned: the loss leaves out every position"


@dataclass(frozen=True, slots=True)
class TokenView:
    """One element of what the model gets. Each list that is not empty has one item per position.

    Attributes:
        ids: positions in the vocabulary.
        pieces: the tokens as people read them.
        special, unknown: whether the token is one of the tokenizer's own, or stands for what it does not know.
        mask: 1 where the model attends, 0 where it does not.
        segments: token_type_ids; empty where the model gets none.
        words: the number of the word in its text; empty where the tokenizer counts none.
        texts: what was tokenized.
        spans: which characters of which text; empty where the tokenizer does not say.
        loss: what the loss sees.
        target: the pieces of the decoder's target; empty where the loss leaves one out. `target_unknown` as `unknown`.
        extra: further inputs of one number each: start_positions, ...
        truncated: tokens that were cut off; `truncated_target` those of the decoder's target.
        window, windows: which of the elements that the row became.
        stops: whether the model learns to stop; None where it does not learn to write. `ending` says so in a line.
    """

    ids: list[int]
    pieces: list[str]
    special: list[bool]
    unknown: list[bool]
    mask: list[int]
    segments: list[int] = field(default_factory=list)
    words: list[int | None] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    spans: list[Span | None] = field(default_factory=list)
    loss: LabelView = field(default_factory=LabelView)
    target: list[str] = field(default_factory=list)
    target_unknown: list[bool] = field(default_factory=list)
    extra: dict[str, float] = field(default_factory=dict)
    truncated: int = 0
    truncated_target: int = 0
    window: int = 0
    windows: int = 1
    stops: bool | None = None
    ending: str = ""

    @property
    def characters_per_token(self) -> float | None:
        """Over what was not cut off; special tokens do not count. None where there is no text."""
        counted = sum(1 for span in self.spans if span is not None)
        return sum(self.reach()) / counted if counted else None

    def reach(self) -> list[int]:
        """Per text, how many of its characters the tokens get to: what comes after was cut off, or is blank."""
        ends = [0] * len(self.texts)
        for span in self.spans:
            if span is not None and span[2] > ends[span[0]]:
                ends[span[0]] = span[2]
        return ends

    def at(self, text: int, char: int) -> int | None:
        """The position whose token stands for a character; of a character in several tokens the first."""
        for position, span in enumerate(self.spans):
            if span is not None and span[0] == text and span[1] <= char < span[2]:
                return position
        return None

    def answer(self, position: int) -> str | None:
        """What the loss compares the model's output at a position with; None where it leaves the position out."""
        labels = self.loss.tokens
        index = position + 1 if self.loss.shifted else position
        return labels[index] if index < len(labels) else None

    @property
    def trained(self) -> int | None:
        """Positions that the loss sees; None where labels are not per position."""
        if not self.loss.tokens or self.loss.points:
            return None
        return sum(label is not None for label in self.loss.tokens[1 if self.loss.shifted else 0 :])

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


def of_text(tokenizer: PreTrainedTokenizerBase, heard: list[Heard], text: str, pair: str | None = None) -> TokenView:
    """A text or pair, untruncated, special tokens included.

    Args:
        tokenizer: of a Recorder that is listening.
        heard: what it hears.
    """
    encoded = tokenizer(text, pair, verbose=False)
    return of_element(tokenizer, dict(encoded), heard)


def of_element(
    tokenizer: PreTrainedTokenizerBase,
    encoded: dict[str, Any],
    heard: list[Heard],
    loss: LabelView | None = None,
    truncated: int = 0,
    truncated_target: int = 0,
    window: int = 0,
    windows: int = 1,
) -> TokenView:
    """One element of what a task's `encode` gives, while the tokenizer that it used was listening."""
    ids = encoded["input_ids"]
    pieces = tokens.pieces(tokenizer)
    unknown = tokenizer.unk_token_id
    special = set(tokenizer.all_special_ids)
    places = locate(ids, heard)
    loss = loss or LabelView()
    stops, ending = None, ""
    if loss.target:
        learned = [token != IGNORED for token in loss.target]
        stops, ending = _end_of(loss.target, learned, special, pieces, truncated_target > 0)
    elif loss.shifted and loss.tokens:
        learned = [False, *(label is not None for label in loss.tokens[1:])]
        if not loss.unlearned:
            stops, ending = _end_of(ids, learned, special, pieces, truncated > 0)
        elif not any(learned):
            stops, ending = False, NOTHING
    return TokenView(
        ids=ids,
        pieces=list(map(pieces.__getitem__, ids)),
        special=list(map(special.__contains__, ids)),
        unknown=[token == unknown for token in ids] if unknown in ids else [False] * len(ids),
        mask=encoded.get("attention_mask") or [1] * len(ids),
        segments=encoded.get("token_type_ids") or [],
        words=places.words if heard else [],
        texts=places.texts,
        spans=places.spans if heard else [],
        loss=loss,
        target=[pieces[token] if token != IGNORED else "" for token in loss.target],
        target_unknown=[token == unknown for token in loss.target],
        extra={name: value for name, value in encoded.items() if isinstance(value, (int, float)) and name != "labels"},
        truncated=truncated,
        truncated_target=truncated_target,
        window=window,
        windows=windows,
        stops=stops,
        ending=ending,
    )


def _end_of(
    ids: list[int], trained: list[bool], special: set[int], pieces: tokens.Pieces, cut: bool
) -> tuple[bool | None, str]:
    """Whether the model learns to stop, and that as a line.

    It does where the last of what is learned in one piece is a special token: the end of the text, or of a turn.
    """
    stretches: list[list[int]] = []
    for index, learned in enumerate(trained):
        if learned and index and trained[index - 1]:
            stretches[-1].append(ids[index])
        elif learned:
            stretches.append([ids[index]])
    if not stretches:
        return False, NOTHING
    ends = [next((token for token in part[: -ENDING - 1 : -1] if token in special), None) for part in stretches]
    names = " ".join(dict.fromkeys(pieces[token] for token in ends if token is not None))
    missing = sum(token is None for token in ends)
    if not missing:
        each = "the end is learned" if len(ends) == 1 else f"the end of each of {len(ends)} learned parts is learned"
        return True, f"{each} ({names}): the model learns to stop"
    why = ", it was cut off" if cut else ""
    if missing < len(ends):
        return False, f"{missing} of {len(ends)} learned parts have no end that is learned{why}"
    return False, f"no end is learned{why}: the model does not learn to stop"
