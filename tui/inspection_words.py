"""What the inspector says of tokens, labels and batches, for the screen and the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import visible

if TYPE_CHECKING:
    from core.inspection.batch import Batch, Tensor
    from core.inspection.padding import Padding
    from core.inspection.view import TokenView

QUOTED = 40
"""Characters of a text that are quoted."""
LONGEST = 30
"""Characters of a piece among others; the line about it has it whole."""

TARGET = 450
"""Characters of the decoder's target that are shown: six lines of 80."""
SEPARATOR = "│"
MASKED = "·"
"""Where the loss leaves a position out."""


def short(piece: str) -> str:
    """A piece, cut where it is long."""
    text = visible(piece)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def pieces(view: TokenView) -> list[str]:
    """The pieces as they stand on the screen: never empty, nothing in them that a terminal obeys."""
    entries = dict(zip(view.ids, zip(view.pieces, view.special, view.unknown, strict=True), strict=True))
    drawn = {token: _drawn(*entry) for token, entry in entries.items()}
    return list(map(drawn.__getitem__, view.ids))


def _drawn(piece: str, special: bool, unknown: bool) -> str:
    return f"✗{short(piece)}" if unknown else f"⟨{short(piece)}⟩" if special else short(piece)


def columns(view: TokenView) -> dict[str, list[str]]:
    """All there is to say of each position; what says nothing of any is left out."""
    count = len(view.ids)
    kinds = [
        "unknown" if bad else "special" if own else "" for own, bad in zip(view.special, view.unknown, strict=True)
    ]
    found = {
        "#": [str(index) for index in range(count)],
        "token": [short(piece) for piece in view.pieces],
        "id": [str(token) for token in view.ids],
        "kind": kinds,
    }
    if view.spans:
        several = len(view.texts) > 1
        found["characters"] = [
            "" if span is None else (f"{span[0] + 1}: " if several else "") + f"{span[1]}-{span[2]}"
            for span in view.spans
        ]
    if view.words:
        found["word"] = ["" if word is None else str(word) for word in view.words]
    if view.segments:
        found["segment"] = [str(segment) for segment in view.segments]
    found["mask"] = [str(bit) for bit in view.mask]
    if view.loss.tokens:
        answers = [view.answer(index) for index in range(count)]
        name = "next token" if view.loss.shifted else "label"
        found[name] = ["· (-100)" if answer is None else visible(answer) for answer in answers]
    if view.loss.parts:
        found["part"] = [visible(part) for part in view.loss.parts]
    return {name: column for name, column in found.items() if any(column)}


def counts(view: TokenView) -> str:
    """How many tokens there are, and what they stand for."""
    said = [f"{len(view.ids):,} token{'s' if len(view.ids) != 1 else ''}"]
    if view.characters_per_token is not None:
        said.append(f"{view.characters_per_token:.2f} chars per token")
    if any(view.unknown):
        said.append(f"{sum(view.unknown)} unknown ✗")
    if view.truncated:
        said.append(f"✂ {view.truncated:,} more cut off")
    if view.windows > 1:
        said.append(window(view))
    return " · ".join(said)


def window(view: TokenView) -> str:
    """Which of the sequences that a row became."""
    return f"{visible(view.loss.name) or 'window'} {view.window + 1} of {view.windows}"


def loss(view: TokenView) -> str:
    """What the loss sees of it, in a line."""
    said = [f"label of the row: {view.loss.row}"] if view.loss.row else []
    said += [view.loss.note] if view.loss.note else []
    if view.trained is not None:
        places = len(view.ids) - (1 if view.loss.shifted else 0)
        left_out = " (· is -100)" if view.trained < places else ""
        said.append(f"{view.trained:,} of {places:,} positions in the loss{left_out}")
        if view.loss.shifted:
            unlearned = "↛ becomes less likely here than under the reference model"
            said.append(unlearned if view.loss.unlearned else "→ what shall come next")
    if view.loss.target:
        learned = sum(bool(piece) for piece in view.target)
        unknown = f", {sum(view.target_unknown):,} of them unknown ✗" if any(view.target_unknown) else ""
        said.append(f"the decoder learns {learned:,} tokens{unknown}")
        if view.truncated_target:
            said.append(f"✂ {view.truncated_target:,} more cut off")
    rest = {name: value for name, value in view.extra.items() if not (view.loss.row and name == "label")}
    said += [f"{name} = {value:g}{_at(view, name, value)}" for name, value in rest.items()]
    return " · ".join(map(visible, said)) or "no labels: the loss makes its own, or there is none"


def target(view: TokenView) -> list[str]:
    """The pieces of the decoder's target, each with what is between two, as many as can be taken in."""
    shown, room = [], TARGET
    for piece, bad in zip(view.target, view.target_unknown, strict=True):
        shown.append(f"{'✗' if bad else ''}{short(piece) or MASKED}{SEPARATOR}")
        room -= len(shown[-1])
        if room < 0:
            break
    left = len(view.target) - len(shown)
    return [*shown, f" and {left:,} more"] if left else shown


def token(view: TokenView, position: int) -> tuple[str, str]:
    """A token in two lines: what it is, and what the loss makes of it."""
    if not view.ids:
        return "no tokens", ""
    first = [f"{position}: {visible(view.pieces[position])}", f"id {view.ids[position]}"]
    if view.unknown[position]:
        first.append("unknown to the tokenizer")
    elif view.special[position]:
        first.append("special")
    if view.spans:
        span = view.spans[position]
        first.append(_characters(view, span) if span is not None else "no characters")
    return " · ".join(first), " · ".join([*_place(view, position), *_learned(view, position)])


def batch(view: Batch) -> str:
    """How its rows were chosen, and how many of them are cut."""
    cut = f" · ✂ {len(view.truncated)} cut" if view.truncated else " · none cut"
    epoch = f"epoch {view.epoch + 1} · " if view.epoch else ""
    elements = f"{len(view.rows)} element{'s' if len(view.rows) != 1 else ''}"
    elements += f", each {' and '.join(map(visible, view.sequences))}," if view.sequences else ""
    return f"{epoch}{elements} {view.order}{cut}"


def batch_short(view: Batch) -> str:
    """Which batch it is."""
    return f"batch {view.number:,} of {view.per_epoch:,} per epoch"


def batch_row(row: int, sequence: str) -> str:
    """A row of a tensor by what of the data it is."""
    return f"row {row:,} {visible(sequence)}".rstrip()


def tensor(view: Tensor) -> str:
    """Name, type and shape, and the share of padding."""
    shape = "×".join(map(str, view.shape)) or "one number"
    padding = "" if view.padding is None else f" · {view.padding:.1%} padding"
    return f"{visible(view.name)} · {view.dtype} · {shape}{padding}"


def padding(view: Padding) -> str:
    """What padding costs in an epoch, and what grouping by length saves."""
    if view.is_grouped:
        return (
            f"padding over the epoch: {view.now:.1%}, as the rows are grouped by length; shuffled {view.random:.1%}:"
            f" {view.saved:.1%} of the positions are saved"
        )
    return (
        f"padding over the epoch: {view.now:.1%}; grouped by length {view.grouped:.1%}, which saves {view.saved:.1%}"
        " of the positions (training.train_sampling_strategy: group_by_length)"
    )


def _place(view: TokenView, position: int) -> list[str]:
    said = []
    if view.words and (word := view.words[position]) is not None:
        said.append(f"word {word}")
    if view.segments:
        said.append(f"segment {view.segments[position]}")
    return [*said, f"mask {view.mask[position]}"]


def _learned(view: TokenView, position: int) -> list[str]:
    part = view.loss.parts[position] if view.loss.parts else ""
    said = [f"part {visible(part)}"] if part else []
    if not view.loss.tokens:
        return said
    answer = view.answer(position)
    if answer is None:
        last = view.loss.shifted and position == len(view.ids) - 1
        return [*said, "nothing comes after it" if last else "not in the loss (-100)"]
    shall = "the output here shall" + (" not" if view.loss.unlearned else "") + " be"
    return [*said, f"{shall if view.loss.shifted else 'label'} {visible(answer)}"]


def _characters(view: TokenView, span: tuple[int, int, int]) -> str:
    text, start, end = span
    of = f" of text {text + 1}" if len(view.texts) > 1 else ""
    return f"chars {start}-{end}{of} “{_quote(view.texts[text][start:end])}”"


def _at(view: TokenView, name: str, value: float) -> str:
    position = int(value)
    if not name.endswith("_positions") or not 0 <= position < len(view.pieces):
        return ""
    return f" {view.pieces[position]}"


def _quote(text: str) -> str:
    line = visible(text)
    return line if len(line) <= QUOTED else line[: QUOTED - 1] + "…"
