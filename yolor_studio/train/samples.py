"""Pictures to learn from: decoded once into one memory-mapped file of uint8 pixels, their boxes beside it.

Each picture is followed by its half, so that shrinking never needs more than a factor of two: that is quick and does
not alias.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_PIXELS, _INDEX = "pixels.bin", "index.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """What is known about one picture.

    boxes: float32 [N, 4] as x1, y1, x2, y2 in the picture's pixels; classes: int64 [N]; crowd: bool [N], True where
    the box covers things that were not told apart: neither learned nor background; labelled: bool [C], the classes of
    which every object has a box.
    """

    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    labelled: NDArray[np.bool_]
    native: bool = False
    """Whether the picture is always shown about as large as it is stored, however small the canvas: for objects that
    would become too small."""

    def scaled(self, factor_x: float, factor_y: float) -> Labels:
        """The same labels for the picture enlarged by these factors."""
        boxes = self.boxes * np.array([factor_x, factor_y] * 2, np.float32)
        return replace(self, boxes=boxes)


class PictureStore:
    """Decoded pictures in a folder: `pixels.bin` (mapped, never read whole) and `index.npz` (sizes, boxes)."""

    def __init__(self, folder: Path) -> None:
        """Open what `write_store` wrote."""
        with (folder / _INDEX).open("rb") as file, np.load(file, allow_pickle=False) as index:
            self._sizes: NDArray[np.int64] = index["sizes"]
            self._boxes: NDArray[np.float32] = index["boxes"]
            self._classes: NDArray[np.int64] = index["classes"]
            self._crowd: NDArray[np.bool_] = index["crowd"]
            self._labelled: NDArray[np.bool_] = index["labelled"]
            self._native: NDArray[np.bool_] = index["native"]
            counts: NDArray[np.int64] = index["counts"]
        self._first_box = np.concatenate([[0], np.cumsum(counts)])
        self._halves = _half(self._sizes)
        self._first_byte = np.concatenate([[0], np.cumsum((self._sizes.prod(1) + self._halves.prod(1)) * 3)])
        self._pixels = np.memmap(folder / _PIXELS, np.uint8, "r", shape=(int(self._first_byte[-1]),))

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def classes(self) -> int:
        """The number of classes."""
        return self._labelled.shape[1]

    def size(self, index: int) -> tuple[int, int]:
        """(height, width) of picture `index` as stored."""
        height, width = self._sizes[index].tolist()
        return height, width

    def native(self, index: int) -> bool:
        """See Labels."""
        return bool(self._native[index])

    def pixels(self, index: int, *, side: int | None = None) -> NDArray[np.uint8]:
        """uint8 [H, W, 3] RGB, a read-only view; its half where that is enough for a longest side of `side`."""
        first, size = self._first_byte[index], self._sizes[index]
        if side is not None and side <= self._halves[index].max():
            first, size = first + size.prod() * 3, self._halves[index]
        return self._pixels[first : first + size.prod() * 3].reshape(*size, 3)

    def labels(self, index: int) -> Labels:
        """The boxes of picture `index`."""
        rows = slice(self._first_box[index], self._first_box[index + 1])
        return Labels(
            self._boxes[rows], self._classes[rows], self._crowd[rows], self._labelled[index], self.native(index)
        )

    @property
    def box_classes(self) -> NDArray[np.int64]:
        """[boxes] the class of every box, one picture after the other."""
        return self._classes

    def class_counts(self) -> NDArray[np.int64]:
        """[pictures, C]: how many boxes of each class each picture has, crowds left out."""
        counts = np.zeros((len(self), self.classes), np.int64)
        picture = np.repeat(np.arange(len(self)), np.diff(self._first_box))
        np.add.at(counts, (picture[~self._crowd], self._classes[~self._crowd]), 1)
        return counts


class NumberedBoxes(PictureStore):
    """The pictures with each box's number in the store in place of its class, so that a view tells which boxes it
    kept."""

    def labels(self, index: int) -> Labels:
        """The boxes of picture `index`, numbered as in `box_classes`."""
        first, last = self._first_box[index : index + 2].tolist()
        return replace(super().labels(index), classes=np.arange(first, last))


def write_store(folder: Path, pictures: Iterable[tuple[NDArray[np.uint8], Labels]], *, side: int) -> PictureStore:
    """Write RGB pictures, shrunk to at most `side` pixels a side, with their labels, and open the result."""
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    sizes: list[tuple[int, int]] = []
    known: list[Labels] = []
    with (folder / _PIXELS).open("wb") as out:
        for rgb, labels in pictures:
            height, width = rgb.shape[:2]
            scale = min(1.0, side / max(height, width))
            new = max(1, round(width * scale)), max(1, round(height * scale))
            small = rgb if scale == 1 else cv2.resize(rgb, new, interpolation=cv2.INTER_AREA)
            half = cv2.resize(small, ((new[0] + 1) // 2, (new[1] + 1) // 2), interpolation=cv2.INTER_AREA)
            out.write(np.ascontiguousarray(small).tobytes())
            out.write(half.tobytes())
            sizes.append((new[1], new[0]))
            known.append(labels.scaled(new[0] / width, new[1] / height))
    if not known:
        raise ValueError("There are no pictures to learn from")
    np.savez(
        folder / _INDEX,
        sizes=np.array(sizes, np.int64),
        counts=np.array([len(labels.boxes) for labels in known], np.int64),
        boxes=np.concatenate([labels.boxes for labels in known]).reshape(-1, 4).astype(np.float32),
        classes=np.concatenate([labels.classes for labels in known]).astype(np.int64),
        crowd=np.concatenate([labels.crowd for labels in known]).astype(np.bool_),
        labelled=np.stack([labels.labelled for labels in known]).astype(np.bool_),
        native=np.array([labels.native for labels in known], np.bool_),
    )
    return PictureStore(folder)


def _half(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    return (sizes + 1) // 2


def balanced_weights(store: PictureStore, *, most: float = 4.0) -> NDArray[np.float64]:
    """[pictures] how often to draw each picture, summing to 1: by its rarest class, as the square root of how rare
    that class is beside the mean class, at least 1 and at most `most` (repeat-factor sampling of LVIS)."""
    counts = store.class_counts()
    share = (counts > 0).mean(0)
    present = share[share > 0]
    if not len(present):
        return np.full(len(store), 1 / len(store))
    factor = np.sqrt(present.mean() / np.maximum(share, 1e-9)).clip(1, most)
    weights = np.where(counts > 0, factor, 1.0).max(1)
    return weights / weights.sum()
