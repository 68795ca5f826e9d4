"""Whether a model behaves as the contract says: what every model can be checked for, also without its network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.yolor.contract import BOXES, INPUT, SCORES

_SLACK = 1e-4
"""By which a score may leave 0..1: rounding."""


def run(session: Any, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The boxes [N, K, 4] and scores [N, K, classes] that an onnxruntime session gives for images [N, H, W, 3]."""
    boxes, scores = session.run([BOXES, SCORES], {INPUT: images})
    return boxes, scores


def breach(boxes: NDArray[Any], scores: NDArray[Any], *, pictures: int, classes: int) -> str:
    """What breaks the contract in a model's outputs, as a sentence for people; empty when nothing does."""
    for name, array, last in ((BOXES, boxes, 4), (SCORES, scores, classes)):
        if array.dtype != np.float32:
            return f"The output {name} is {array.dtype} and not float32."
        if array.ndim != 3 or array.shape[0] != pictures or array.shape[2] != last:
            return f"The output {name} has the shape {list(array.shape)} for {pictures} pictures and {last} columns."
        if not np.isfinite(array).all():
            return f"The output {name} holds values that are not numbers."
    if boxes.shape[1] != scores.shape[1]:
        return f"It gives {boxes.shape[1]:,} boxes and {scores.shape[1]:,} rows of scores."
    if scores.size and not (scores.min() >= -_SLACK and scores.max() <= 1 + _SLACK):
        return f"Its scores lie between {scores.min():.3g} and {scores.max():.3g} instead of 0 and 1."
    best = scores.max(axis=2, initial=0.0)
    if (np.diff(best, axis=1) > _SLACK).any():
        return "Its rows are not ordered by their best class."
    return ""


def spread(first: tuple[NDArray[Any], NDArray[Any]], second: tuple[NDArray[Any], NDArray[Any]]) -> float:
    """The largest difference of two answers' scores, row by row."""
    rows = min(first[1].shape[1], second[1].shape[1])
    difference = np.abs(first[1][:, :rows].max(axis=2) - second[1][:, :rows].max(axis=2))
    return float(difference.max(initial=0.0))


def from_batch(session: Any, images: NDArray[np.uint8]) -> float:
    """The largest difference of scores between pictures [2, H, W, 3] that are run together and one by one."""
    together = run(session, images)
    return max(
        spread(
            run(session, images[index : index + 1]), (together[0][index : index + 1], together[1][index : index + 1])
        )
        for index in range(len(images))
    )
