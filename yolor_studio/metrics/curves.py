"""Precision, recall and F1 over the score limit, and the limit at which F1 is best."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.metrics.matching import CATEGORY, CROWD, SCORE, Match, best_first

__all__ = ["GRID", "Curve", "Point", "curves_of"]

GRID = np.linspace(0, 1, 101)
"""The recalls and the score limits at which curves are sampled."""
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Point:
    """What a score limit gives: from this score on, `right` of `boxes` are found and `wrong` detections are none."""

    score: float
    right: int
    wrong: int
    boxes: int

    @property
    def precision(self) -> float | None:
        """The share of the detections that are right; None without any."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        """The share of the boxes that are found; None without any."""
        return self.right / self.boxes if self.boxes else None

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 where nothing is found."""
        return 2 * self.right / (self.right + self.wrong + self.boxes) if self.right else 0.0

    def as_json(self) -> dict[str, Any]:
        """Score, precision, recall, f1 and the counts."""
        return {
            "score": self.score,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "right": self.right,
            "wrong": self.wrong,
            "missed": self.boxes - self.right,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """M detections that count, best score first, and how many boxes there are to find."""

    scores: NDArray[np.float64]
    """[M] falling."""
    right: NDArray[np.int64]
    """[M] how many of the detections down to this one are right."""
    boxes: int

    def at(self, score: float) -> Point:
        """What the limit `score` gives."""
        count = int(np.searchsorted(-self.scores, -score, side="right"))
        right = int(self.right[count - 1]) if count else 0
        return Point(score, right, count - right, self.boxes)

    def best(self) -> Point | None:
        """The limit with the best F1, of equal ones the highest; None where nothing is right."""
        if not self.boxes or not len(self.scores) or not self.right[-1]:
            return None
        last = np.append(self.scores[1:] != self.scores[:-1], True)  # a limit takes all of one score or none
        f1 = np.where(last, 2 * self.right / (np.arange(1, len(self.right) + 1) + self.boxes), 0)
        return self.at(float(self.scores[int(f1.argmax())]))

    def precision_over_recall(self) -> NDArray[np.float64]:
        """[101] the best precision with which each recall of GRID, or more, is reached; 0 where it is not. Its mean is
        average precision, as pycocotools computes it."""
        if not self.boxes or not len(self.right):
            return np.zeros(len(GRID))
        recall = self.right / self.boxes
        precision = self.right / (np.arange(1, len(self.right) + 1) + np.spacing(1))
        best = np.maximum.accumulate(precision[::-1])[::-1]
        at = np.searchsorted(recall, GRID, side="left")
        return np.where(at < len(best), best[np.minimum(at, len(best) - 1)], 0)

    def over_score(self) -> dict[str, NDArray[np.float64]]:
        """ "precision", "recall" and "f1" [101] at each score limit of GRID; precision is NaN where nothing is left."""
        count = np.searchsorted(-self.scores, -GRID, side="right")
        right = np.where(count > 0, np.concatenate(([0], self.right))[count], 0)
        return {
            "precision": np.divide(right, count, out=np.full(len(GRID), np.nan), where=count > 0),
            "recall": right / max(self.boxes, 1),
            "f1": 2 * right / np.maximum(count + self.boxes, 1),
        }

    def as_json(self) -> dict[str, list[float | None]]:
        """The sampled curves, in four digits; None for NaN."""
        curves = {"precision_over_recall": self.precision_over_recall(), **self.over_score()}
        return {
            name: [None if value != value else value for value in np.round(values, _DIGITS).tolist()]
            for name, values in curves.items()
        }


def curves_of(
    truth: NDArray[np.float64], found: NDArray[np.float64], matched: Match, *, categories: int
) -> tuple[Curve, tuple[Curve, ...]]:
    """The curve of all boxes together, and one for each category; excused detections do not count."""
    rows = best_first(found)
    rows = rows[~matched.excused[rows]]
    scores, right, of_category = found[rows, SCORE], (matched.truth[rows] >= 0).astype(np.int64), found[rows, CATEGORY]
    boxes = np.bincount(truth[truth[:, CROWD] == 0, CATEGORY].astype(np.int64), minlength=categories + 1)
    grouped = np.argsort(of_category, kind="stable")
    edges = np.searchsorted(of_category[grouped], np.arange(1, categories + 2))
    per_category = (grouped[start:stop] for start, stop in pairwise(edges))
    return (
        Curve(scores, np.cumsum(right), int(boxes.sum())),
        tuple(
            Curve(scores[own], np.cumsum(right[own]), int(count))
            for own, count in zip(per_category, boxes[1:], strict=True)
        ),
    )
