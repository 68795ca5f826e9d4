"""Which detection found which ground truth box: greedy, the best score first, as pycocotools does it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["Match", "best_first", "match"]

_PAIRS_AT_ONCE = 1 << 20
IMAGE, CATEGORY, BOX, CROWD = 0, 1, slice(2, 6), 7
SCORE = 6
_ALMOST_ONE = 1 - 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """What became of M detections. A detection is decided without regard to lower scores, so that this is the matching
    at every score limit: the detections from that score on."""

    truth: NDArray[np.int64]
    """[M] the ground truth row that each one found; -1 for none."""
    excused: NDArray[np.bool_]
    """[M] whether it found nothing but lies on a crowd or ignored box of its category: neither right nor wrong."""


def best_first(found: NDArray[np.float64]) -> NDArray[np.int64]:
    """The rows of detections [M, 7] by falling score; those of equal score by picture, then as they come."""
    return np.lexsort((found[:, IMAGE], -found[:, SCORE]))


def match(
    truth: NDArray[np.float64], found: NDArray[np.float64], *, iou: float = 0.5, by_category: bool = True
) -> Match:
    """Match detections `found` [M, 7] (image, category, x, y, w, h, score) with `truth` [N, 8] (image, category, x, y,
    w, h, area, crowd).

    The best score comes first and takes the free box that it overlaps most, from `iou` on; of boxes that it overlaps
    equally its own category's, else the last. With `by_category` it looks at its own category alone, as average
    precision does; otherwise at every one, as a confusion matrix does. Crowds are taken by nobody.
    """
    real = np.flatnonzero(truth[:, CROWD] == 0)
    detection, box, overlap = _pairs(truth[real], found, iou=iou, by_category=by_category)
    box = real[box]
    rank = np.empty(len(found), np.int64)
    rank[best_first(found)] = np.arange(len(found))
    same = truth[box, CATEGORY] == found[detection, CATEGORY]
    order = np.lexsort((-box, ~same, -overlap, rank[detection]))
    taken, matched = np.zeros(len(truth), bool), np.full(len(found), -1, np.int64)
    # Few detections overlap a box this much, so that a plain loop over the pairs costs less than it seems.
    for row, target in zip(detection[order].tolist(), box[order].tolist(), strict=True):
        if matched[row] < 0 and not taken[target]:
            matched[row] = target
            taken[target] = True
    excused = np.zeros(len(found), bool)
    excused[_pairs(truth[truth[:, CROWD] != 0], found, iou=iou, by_category=True, of_detection=True)[0]] = True
    return Match(matched, excused & (matched < 0))


def _pairs(
    truth: NDArray[np.float64],
    found: NDArray[np.float64],
    *,
    iou: float,
    by_category: bool,
    of_detection: bool = False,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """(detection, ground truth row, overlap) of those in one picture (and category) that overlap by `iou` or more; with
    `of_detection` the overlap is the share of the detection's own area."""
    keys, wanted = _key(truth, by_category), _key(found, by_category)
    by_key = np.argsort(keys, kind="stable")
    first = np.searchsorted(keys[by_key], wanted, side="left")
    count = np.searchsorted(keys[by_key], wanted, side="right") - first
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    for rows in _slices(count):
        counts = count[rows]
        detection = np.repeat(np.arange(rows.start, rows.stop), counts)
        within = np.arange(len(detection)) - np.repeat(np.cumsum(counts) - counts, counts)
        box = by_key[np.repeat(first[rows], counts) + within]
        overlap = _overlap(truth[box, BOX], found[detection, BOX], of_detection=of_detection)
        enough = overlap >= min(iou, _ALMOST_ONE)
        parts.append((detection[enough], box[enough], overlap[enough]))
    return (
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
    )


def _key(rows: NDArray[np.float64], by_category: bool) -> NDArray[np.int64]:
    image = rows[:, IMAGE].astype(np.int64)
    return (image << 32) + rows[:, CATEGORY].astype(np.int64) if by_category else image


def _slices(counts: NDArray[np.int64]) -> list[slice]:
    """Consecutive rows with about a million pairs together: all pairs at once might not fit into memory."""
    number = np.cumsum(counts) // _PAIRS_AT_ONCE
    edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(counts)]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def _overlap(truth: NDArray[np.float64], found: NDArray[np.float64], *, of_detection: bool) -> NDArray[np.float64]:
    low = np.maximum(truth[:, :2], found[:, :2])
    high = np.minimum(truth[:, :2] + truth[:, 2:], found[:, :2] + found[:, 2:])
    shared = np.clip(high - low, 0, None).prod(1)
    own = found[:, 2:].prod(1)
    whole = own if of_detection else own + truth[:, 2:].prod(1) - shared
    return np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)
