"""What was taken for what: the confusion matrix with a row and a column for nothing at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolor_studio.metrics.matching import CATEGORY, CROWD, SCORE, Match

__all__ = ["Pairing", "pair_up"]


@dataclass(frozen=True, slots=True, eq=False)
class Pairing:
    """P ground truth boxes and detections at one score limit, each in one pair; what found nothing, or was not found,
    is paired with nothing. Crowds, ignored boxes and detections on them are left out."""

    truth: NDArray[np.int64]
    """[P] ground truth row, -1 for none."""
    found: NDArray[np.int64]
    """[P] detection row, -1 for none."""
    true_category: NDArray[np.int64]
    """[P] 0-based; the number of categories stands for nothing."""
    found_category: NDArray[np.int64]
    categories: int

    @property
    def matrix(self) -> NDArray[np.int64]:
        """[C + 1, C + 1]: rows are the truth, columns the model; the last ones are nothing: missed, made up."""
        side = self.categories + 1
        return np.bincount(self.true_category * side + self.found_category, minlength=side * side).reshape(side, side)

    @property
    def involved(self) -> list[int]:
        """The rows (and columns) of the matrix that a person should see, rising: the categories that occur in the truth
        or were detected from the score on, and nothing."""
        return sorted({*self.true_category.tolist(), *self.found_category.tolist(), self.categories})

    def cell(self, row: int, column: int) -> NDArray[np.int64]:
        """The pairs counted in one cell of the matrix."""
        return np.flatnonzero((self.true_category == row) & (self.found_category == column))


def pair_up(
    truth: NDArray[np.float64], found: NDArray[np.float64], matched: Match, *, score: float, categories: int
) -> Pairing:
    """Pair the boxes and detections from `score` on as `matched` (a matching over all categories) says."""
    kept = np.flatnonzero((found[:, SCORE] >= score) & ~matched.excused)
    partner = matched.truth[kept]
    missing = truth[:, CROWD] == 0
    missing[partner[partner >= 0]] = False
    missed = np.flatnonzero(missing)
    truth_rows = np.concatenate((partner, missed))
    found_rows = np.concatenate((kept, np.full(len(missed), -1)))
    return Pairing(
        truth_rows,
        found_rows,
        _categories(truth, truth_rows, categories),
        _categories(found, found_rows, categories),
        categories,
    )


def _categories(rows: NDArray[np.float64], which: NDArray[np.int64], categories: int) -> NDArray[np.int64]:
    out = np.full(len(which), categories, np.int64)
    out[which >= 0] = rows[which[which >= 0], CATEGORY].astype(np.int64) - 1
    return out
