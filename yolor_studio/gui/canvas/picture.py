"""The shown frame, painted at any zoom: averaged when much reduced, smooth up to 200 %, square pixels beyond."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from yolor_studio.core.geometry import ViewTransform

SMOOTH_UP_TO = 2.0
"""Device pixels per picture pixel up to which the picture is smoothed."""
AVERAGED_BELOW = 0.5
"""Device pixels per picture pixel below which bilinear sampling would skip pixels."""


class Picture:
    """A QImage over the pixels of a BGRA array, which are shared and not copied."""

    def __init__(self, bgra: NDArray[np.uint8], *, size: tuple[int, int] | None = None) -> None:
        height, width = bgra.shape[:2]
        self._pixels = np.ascontiguousarray(bgra)
        self.size = size or (width, height)
        """Width and height of the coordinates, which exceed the pixels when a huge picture is shown scaled."""
        self._image = _image_over(self._pixels)
        self._resampled: tuple[object, QImage] | None = None

    def paint(self, painter: QPainter, view: ViewTransform, *, ratio: float, size: tuple[int, int]) -> None:
        """Paint what is seen in a widget of `size`; all lengths here are device pixels.

        Only the painter's clip differs between painting all and painting a part again, so that the part joins the rest
        without a seam.
        """
        area = self._device_area(view, ratio)
        seen = area.intersected(QRectF(0, 0, *size))
        if seen.isEmpty():
            return
        zoom = area.width() / self._image.width()
        if zoom > SMOOTH_UP_TO:
            left, top = math.floor(seen.left()), math.floor(seen.top())
            painter.drawImage(left, top, self._magnified(area, seen))
        elif zoom < AVERAGED_BELOW:
            painter.drawImage(area.topLeft(), self._reduced(round(area.width()), round(area.height())))
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(area, self._image)

    def _device_area(self, view: ViewTransform, ratio: float) -> QRectF:
        x, y = round(view.dx * ratio), round(view.dy * ratio)
        return QRectF(x, y, self.size[0] * view.scale * ratio, self.size[1] * view.scale * ratio)

    def _reduced(self, width: int, height: int) -> QImage:
        """The whole picture averaged down."""
        key = (max(width, 1), max(height, 1))
        if self._resampled is None or self._resampled[0] != key:
            self._resampled = (key, _image_over(_averaged(self._pixels, *key)))
        return self._resampled[1]

    def _magnified(self, area: QRectF, seen: QRectF) -> QImage:
        """What is seen with every picture pixel as a square: each device pixel shows the one under its middle."""
        key = (area.getRect(), seen.getRect())
        if self._resampled is None or self._resampled[0] != key:
            xs = _sources(
                seen.left(), seen.right(), area.left(), area.width() / self._image.width(), self._image.width()
            )
            ys = _sources(
                seen.top(), seen.bottom(), area.top(), area.height() / self._image.height(), self._image.height()
            )
            rows = self._pixels.view(np.uint32)[ys[0] : ys[-1] + 1, :, 0]
            large = rows[:, xs][ys - ys[0]]
            self._resampled = (key, _image_over(large.view(np.uint8).reshape(*large.shape, 4)))
        return self._resampled[1]


def _averaged(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The pixels at a smaller size. Halving averages 20 times as fast as any other factor, and what is left to do
    after it skips no pixel when interpolated."""
    import cv2  # loaded with the first large picture, not at start

    rows, columns = pixels.shape[:2]
    while columns >= 2 * width and rows >= 2 * height and columns % 2 == rows % 2 == 0:
        columns, rows = columns // 2, rows // 2
        pixels = np.asarray(cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    skips = width < AVERAGED_BELOW * columns or height < AVERAGED_BELOW * rows
    how = cv2.INTER_AREA if skips else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)


def _image_over(bgra: NDArray[np.uint8]) -> QImage:
    """A QImage that shares the array's pixels and keeps it alive."""
    height, width = bgra.shape[:2]
    return QImage(bgra.data, width, height, bgra.strides[0], QImage.Format.Format_RGB32)


def _sources(low: float, high: float, origin: float, zoom: float, count: int) -> NDArray[np.int64]:
    """The picture's rows (or columns) under the middles of the device pixels from `low` to `high`."""
    at = np.arange(math.floor(low), math.ceil(high)) + 0.5
    return np.clip(np.floor((at - origin) / zoom).astype(np.int64), 0, count - 1)
