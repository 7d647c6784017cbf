"""Which losses of sentence-transformers take which rows."""

from __future__ import annotations

from core.errors import FinetuiError

LOSSES: dict[str, tuple[str, ...]] = {
    "pairs": ("MultipleNegativesRankingLoss", "MultipleNegativesSymmetricRankingLoss"),
    "triples": ("MultipleNegativesRankingLoss", "TripletLoss"),
    "pairs with a score": ("CoSENTLoss", "CosineSimilarityLoss", "AnglELoss"),
}
"""Shape of the rows -> the losses that take it, the default first."""


def choose(wanted: str | None, shape: str, scores: tuple[float, float] | None, column: str) -> str:
    """The loss that is wanted, or the default of the shape.

    Args:
        scores: the least and the greatest score; None without scores.
        column: where they stand.

    Raises:
        FinetuiError: it does not take these rows.
    """
    fit = LOSSES[shape]
    if wanted is not None and wanted not in fit:
        raise FinetuiError(
            f"{wanted} does not take {shape}",
            f"embedding.loss: {wanted}",
            f"choose {' or '.join(fit)}",
            key="embedding.loss",
        )
    chosen = wanted or fit[0]
    if chosen == "CosineSimilarityLoss" and scores and not -1 <= scores[0] <= scores[1] <= 1:
        raise FinetuiError(
            "CosineSimilarityLoss brings the cosine to the score itself, and cosines are -1 to 1",
            f"column `{column}` has {scores[0]:g} to {scores[1]:g}",
            "scale the scores, or choose CoSENTLoss, which only takes their order",
            key="embedding.loss",
        )
    return chosen
