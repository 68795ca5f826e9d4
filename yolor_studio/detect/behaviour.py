"""Whether a model behaves as the contract says: what every model can be checked for, also without its network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.yolor.contract import BOXES, EMBEDDINGS, INPUT, SCORES, TAGS

_SLACK = 1e-4
"""By which a score may leave 0..1: rounding."""


Found = Mapping[str, NDArray[np.float32]]
"""A model's outputs by name."""


def run(session: Any, images: NDArray[np.uint8]) -> Found:
    """What an onnxruntime session gives for images [N, H, W, 3]."""
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {INPUT: images}), strict=True))


def breach(found: Found, *, pictures: int, classes: int) -> str:
    """What breaks the contract in a model's outputs, as a sentence for people; empty when nothing does."""
    shapes = {
        BOXES: (pictures, None, 4),
        SCORES: (pictures, None, classes),
        TAGS: (pictures, classes),
        EMBEDDINGS: (pictures, None, None),
    }
    for name, array in found.items():
        if array.dtype != np.float32:
            return f"The output {name} is {array.dtype} and not float32."
        if not _fits(array.shape, shapes[name]):
            return f"The output {name} has the shape {list(array.shape)} for {pictures} pictures of {classes} classes."
        if not np.isfinite(array).all():
            return f"The output {name} holds values that are not numbers."
    rows = {name: array.shape[1] for name, array in found.items() if array.ndim == 3}
    if len(set(rows.values())) > 1:
        return f"Its outputs have different numbers of rows: {rows}."
    for name in (SCORES, TAGS):
        values = found.get(name)
        if values is not None and values.size and not (values.min() >= -_SLACK and values.max() <= 1 + _SLACK):
            return f"Its {name} lie between {values.min():.3g} and {values.max():.3g} instead of 0 and 1."
    best = found[SCORES].max(axis=2, initial=0.0)
    if (np.diff(best, axis=1) > _SLACK).any():
        return "Its rows are not ordered by their best class."
    return _breach_of_vectors(found, best)


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(want in (None, side) for side, want in zip(shape, wanted, strict=True))


def _breach_of_vectors(found: Found, best: NDArray[np.float32]) -> str:
    if EMBEDDINGS not in found:
        return ""
    lengths = np.linalg.norm(found[EMBEDDINGS], axis=2)[best > 0]
    if lengths.size and np.abs(lengths - 1).max() > _SLACK:
        return f"Its embeddings have lengths from {lengths.min():.3g} to {lengths.max():.3g} instead of 1."
    return ""


def spread(first: Found, second: Found) -> float:
    """The largest difference of two answers' best scores, row by row."""
    one, other = (found[SCORES].max(axis=2, initial=0.0) for found in (first, second))
    rows = min(one.shape[1], other.shape[1])
    return float(np.abs(one[:, :rows] - other[:, :rows]).max(initial=0.0))


def from_batch(session: Any, images: NDArray[np.uint8]) -> float:
    """The largest difference of scores between pictures [2, H, W, 3] that are run together and one by one."""
    together = run(session, images)
    return max(
        spread(
            run(session, images[index : index + 1]),
            {name: array[index : index + 1] for name, array in together.items()},
        )
        for index in range(len(images))
    )
