"""Beyond AP: what each score limit gives, the limit to choose, and what was taken for what, at an overlap of 0.5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.metrics.confusion import Pairing, pair_up
from yolor_studio.metrics.curves import GRID, Curve, Point, curves_of
from yolor_studio.metrics.matching import SCORE, Match, match

__all__ = ["BACKGROUND", "IOU", "Analysis", "analyse"]

IOU = 0.5
BACKGROUND = "background"
"""The label of the matrix's last row and column in JSON."""
KEPT_FROM = 0.05
"""Detections below are part of the curves but of no matrix: no limit that a person can set lies below."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """Ground truth and detections with what became of them. Pictures and categories are numbered from 1."""

    categories: tuple[tuple[int, str], ...]
    """(id, name)."""
    truth: NDArray[np.float64]
    """[N, 8] picture, category, x, y, w, h, area, crowd."""
    found: NDArray[np.float64]
    """[M, 7] picture, category, x, y, w, h, score: those that a matrix can count."""
    matched: Match
    """Of `found`, over all categories."""
    overall: Curve
    """All categories together."""
    curves: tuple[Curve, ...]
    """One per category."""

    @property
    def best(self) -> Point | None:
        """The score limit with the best F1 over all boxes; None where nothing was found."""
        return self.overall.best()

    def pairing(self, score: float) -> Pairing:
        """What was taken for what from this score on."""
        return pair_up(self.truth, self.found, self.matched, score=score, categories=len(self.categories))

    def confusion_json(self) -> dict[str, Any]:
        """The matrix at the best score limit, 0.5 where there is none."""
        best = self.best
        score = best.score if best is not None else 0.5
        return {
            "score": score,
            "iou": IOU,
            "labels": [name for _, name in self.categories] + [BACKGROUND],
            "matrix": self.pairing(score).matrix.tolist(),
        }

    def curves_json(self) -> dict[str, Any]:
        """The curves sampled at 101 recalls and 101 score limits."""
        grid = np.round(GRID, 2).tolist()
        return {
            "recall_grid": grid,
            "score_grid": grid,
            "all": self.overall.as_json(),
            "per_category": [
                {"id": identity, "name": name, **curve.as_json()}
                for (identity, name), curve in zip(self.categories, self.curves, strict=True)
                if curve.boxes
            ],
        }


def analyse(
    categories: Sequence[tuple[int, str]], *, truth: NDArray[np.float64], found: NDArray[np.float64]
) -> Analysis:
    """Match `found` [M, 7] with `truth` [N, 8], rows as in `Analysis`, and draw the curves."""
    by_category = match(truth, found, iou=IOU)
    overall, curves = curves_of(truth, found, by_category, categories=len(categories))
    best = overall.best()
    kept = found[found[:, SCORE] >= min(KEPT_FROM, best.score if best is not None else KEPT_FROM)]
    matched = match(truth, kept, iou=IOU, by_category=False)
    return Analysis(tuple(categories), truth, kept, matched, overall, curves)
