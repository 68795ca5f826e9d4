"""Augmentation on numpy pictures: mosaic, scale and shift, flip, colour. Boxes stay on their objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolor_studio.train.samples import Labels, PictureStore

GREY = 114
"""The colour of the letterbox border and of what a mosaic leaves open."""
_MIN_SIDE = 2.0
_MIN_VISIBLE = 0.2


@dataclass(frozen=True, slots=True)
class Augment:
    """How strongly pictures are varied."""

    scale: tuple[float, float] = (0.5, 1.5)
    translate: float = 0.1
    """Largest shift, as a share of the picture's side."""
    flip: float = 0.5
    """Probability of a horizontal flip."""
    hsv: tuple[float, float, float] = (0.015, 0.7, 0.4)
    """Largest relative change of hue, saturation and value."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A picture as the network sees it once.

    pixels: uint8 [H, W, 3]; boxes: float32 [N, 4] x1, y1, x2, y2; classes: int64 [N]; places: float32 [R, 4] where
    not everything is known; unknown: bool [R, C], the classes that may be there without a box.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    places: NDArray[np.float32]
    unknown: NDArray[np.bool_]


def mosaic(
    store: PictureStore, indices: Sequence[int], *, size: int, augment: Augment, rng: np.random.Generator
) -> View:
    """Four pictures around a random centre of a `size` x `size` canvas, all at one random zoom; a picture larger than
    its corner shows a random part of itself."""
    zoom = rng.uniform(*augment.scale)
    reach = (0.5 + augment.translate) * size * zoom
    centre_x, centre_y = (size / 2 + rng.uniform(-reach, reach, 2)).round().astype(int).clip(0, size)
    canvas = _Canvas(size, store.classes)
    for corner, index in enumerate(indices):
        height, width = _laid_size(store, index, size=size, zoom=zoom)
        across = (centre_x, size) if corner % 2 else (0, centre_x)
        down = (centre_y, size) if corner // 2 else (0, centre_y)
        left = _place(across, width, towards_end=corner % 2 == 0, rng=rng)
        top = _place(down, height, towards_end=corner // 2 == 0, rng=rng)
        window = (across[0], down[0], across[1], down[1])
        canvas.paste(store, index, left=left, top=top, width=width, height=height, window=window)
    return _finish(canvas.view(), augment, rng)


def single(store: PictureStore, index: int, *, size: int, augment: Augment, rng: np.random.Generator) -> View:
    """One picture, letterboxed to `size` x `size` pixels, then scaled and shifted at random."""
    height, width = _laid_size(store, index, size=size, zoom=rng.uniform(*augment.scale))
    reach = augment.translate * size + np.maximum(np.array([width, height]) - size, 0) / 2
    middle = np.array([size - width, size - height]) / 2
    left, top = (middle + rng.uniform(-reach, reach)).round().astype(int)
    canvas = _Canvas(size, store.classes)
    canvas.paste(store, index, left=left, top=top, width=width, height=height, window=(0, 0, size, size))
    return _finish(canvas.view(), augment, rng)


def _laid_size(store: PictureStore, index: int, *, size: int, zoom: float) -> tuple[int, int]:
    """(height, width) at which a picture is laid: fitted to the canvas, or as it is stored, times `zoom`."""
    stored = store.size(index)
    scale = zoom * (1 if store.native(index) else size / max(stored))
    return max(1, round(stored[0] * scale)), max(1, round(stored[1] * scale))


def _place(span: tuple[int, int], length: int, *, towards_end: bool, rng: np.random.Generator) -> int:
    """Where along an axis a picture begins: touching the mosaic's centre, or covering the span at random."""
    free = span[1] - span[0] - length
    if free < 0:
        return int(span[0] + rng.integers(free, 1))
    return span[1] - length if towards_end else span[0]


class _Canvas:
    """A grey square onto which scaled pictures are laid."""

    def __init__(self, size: int, classes: int) -> None:
        self._pixels = np.full((size, size, 3), GREY, np.uint8)
        self._boxes = [np.zeros((0, 4), np.float32)]
        self._classes = [np.zeros(0, np.int64)]
        self._places = [np.zeros((0, 4), np.float32)]
        self._unknown = [np.zeros((0, classes), np.bool_)]

    def paste(
        self,
        store: PictureStore,
        index: int,
        *,
        left: int,
        top: int,
        width: int,
        height: int,
        window: tuple[int, int, int, int],
    ) -> None:
        """Lay a picture, scaled to `width` x `height`, at (left, top); what lies outside x1, y1, x2, y2 is cut off."""
        import cv2

        x1, y1 = max(left, window[0]), max(top, window[1])
        x2, y2 = min(left + width, window[2]), min(top + height, window[3])
        if x1 >= x2 or y1 >= y2:
            return
        pixels = store.pixels(index, side=max(width, height))
        scaled = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)
        self._pixels[y1:y2, x1:x2] = scaled[y1 - top : y2 - top, x1 - left : x2 - left]
        stored_height, stored_width = store.size(index)
        labels = store.labels(index).scaled(width / stored_width, height / stored_height)
        moved = labels.boxes + np.array([left, top, left, top], np.float32)
        self._keep(labels, moved, seen=np.array([x1, y1, x2, y2], np.float32))

    def _keep(self, labels: Labels, boxes: NDArray[np.float32], *, seen: NDArray[np.float32]) -> None:
        """A box cut down to a remnant is not learned, and its place is no background either."""
        cut = np.concatenate([np.maximum(boxes[:, :2], seen[:2]), np.minimum(boxes[:, 2:], seen[2:])], 1)
        sides = (cut[:, 2:] - cut[:, :2]).clip(0)
        whole = (boxes[:, 2:] - boxes[:, :2]).prod(1)
        good = ~labels.crowd & (sides >= _MIN_SIDE).all(1) & (sides.prod(1) >= _MIN_VISIBLE * whole)
        self._boxes.append(cut[good])
        self._classes.append(labels.classes[good])
        doubtful = cut[(sides.prod(1) > 0) & ~good]
        self._places.append(doubtful)
        self._unknown.append(np.ones((len(doubtful), len(labels.labelled)), np.bool_))
        if not labels.labelled.all():
            self._places.append(seen[None])
            self._unknown.append(~labels.labelled[None])

    def view(self) -> View:
        return View(
            self._pixels,
            np.concatenate(self._boxes),
            np.concatenate(self._classes),
            np.concatenate(self._places),
            np.concatenate(self._unknown),
        )


def _finish(view: View, augment: Augment, rng: np.random.Generator) -> View:
    pixels = vary_colour(view.pixels, rng.uniform(-1, 1, 3) * augment.hsv)
    if rng.random() >= augment.flip:
        return View(pixels, view.boxes, view.classes, view.places, view.unknown)
    width = pixels.shape[1]
    flipped = np.ascontiguousarray(pixels[:, ::-1])
    return View(flipped, _mirror(view.boxes, width), view.classes, _mirror(view.places, width), view.unknown)


def _mirror(boxes: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    return np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], 1)


def vary_colour(rgb: NDArray[np.uint8], change: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The picture with hue, saturation and value multiplied by 1 + `change` (hue wraps around)."""
    import cv2

    steps = np.arange(256)
    hue, saturation, value = 1 + change
    tables = np.stack([(steps * hue) % 180, (steps * saturation).clip(0, 255), (steps * value).clip(0, 255)], -1)
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    varied = cv2.LUT(hsv, tables.astype(np.uint8)[None])
    return np.asarray(cv2.cvtColor(varied, cv2.COLOR_HSV2RGB), np.uint8)
