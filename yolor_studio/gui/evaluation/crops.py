"""Small pictures of boxes, cut out on a thread when a list first paints them; the newest request comes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap

from yolor_studio.core.entities import Box
from yolor_studio.core.palette import colour_of
from yolor_studio.gui.bridge import Bridge
from yolor_studio.gui.evaluation.spots import Spot
from yolor_studio.gui.thumbnails import image_of

__all__ = ["Crop", "Crops", "paint_boxes", "region_of"]

MOST_KEPT, MOST_WAITING, MOST_PICTURES = 400, 40, 2
LONGEST_SIDE = 160
_MARGIN, _LEAST_REGION = 0.45, 48.0


@dataclass(frozen=True, slots=True)
class Crop:
    """A cut-out, and where in the picture it was."""

    pixmap: QPixmap
    region: QRectF


def region_of(boxes: tuple[Box, ...], width: int, height: int, *, ratio: float) -> QRectF:
    """The part of a picture around boxes, about `ratio` times as wide as high, inside the picture."""
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    wide = max((right - left) * (1 + 2 * _MARGIN), _LEAST_REGION)
    high = max((bottom - top) * (1 + 2 * _MARGIN), _LEAST_REGION)
    wide, high = max(wide, high * ratio), max(high, wide / ratio)
    wide, high = min(wide, width), min(high, height)
    x = min(max((left + right - wide) / 2, 0), width - wide)
    y = min(max((top + bottom - high) / 2, 0), height - high)
    return QRectF(x, y, wide, high)


class Crops(QObject):
    """Cut-outs of an evaluation's pictures; `ready` says that one has come."""

    ready = Signal()

    def __init__(
        self, read: Callable[[int], NDArray[np.uint8] | str], bridge: Bridge, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._read = read
        self._sink = bridge.sink(self._take)
        self._kept: OrderedDict[Spot, Crop | None] = OrderedDict()
        self._pictures: OrderedDict[int, NDArray[np.uint8] | str] = OrderedDict()
        self._wake = threading.Condition()
        self._waiting: list[tuple[Spot, QSizeF]] = []
        self._closed = False
        self._thread: threading.Thread | None = None

    def crop(self, spot: Spot, size: QSizeF) -> Crop | None:
        """The cut-out for a frame of this size; None while it is not there or where the picture cannot be read."""
        if spot in self._kept:
            self._kept.move_to_end(spot)
            return self._kept[spot]
        self._kept[spot] = None
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        with self._wake:
            self._waiting.append((spot, size))
            while len(self._waiting) > MOST_WAITING:
                self._kept.pop(self._waiting.pop(0)[0], None)  # asked for again when it is painted again
            self._wake.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="crops", daemon=True)
            self._thread.start()
        return None

    def close(self) -> None:
        """End the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                spot, size = self._waiting.pop()
            self._sink((spot, self._cut(spot, size)))

    def _cut(self, spot: Spot, size: QSizeF) -> tuple[QImage, QRectF] | None:
        picture = self._pictures.get(spot.picture)
        if picture is None:
            picture = self._pictures[spot.picture] = self._read(spot.picture)
            while len(self._pictures) > MOST_PICTURES:
                self._pictures.popitem(last=False)
        if isinstance(picture, str):
            return None
        height, width = picture.shape[:2]
        region = region_of(spot.boxes, width, height, ratio=size.width() / size.height())
        x, y = int(region.x()), int(region.y())
        cut = picture[y : y + max(round(region.height()), 1), x : x + max(round(region.width()), 1)]
        image = image_of(np.ascontiguousarray(cut))
        if max(image.width(), image.height()) > LONGEST_SIDE:
            image = image.scaled(
                LONGEST_SIDE,
                LONGEST_SIDE,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        return image, region

    def _take(self, answer: tuple[Spot, tuple[QImage, QRectF] | None]) -> None:
        spot, cut = answer
        if cut is not None and not self._closed and spot in self._kept:
            self._kept[spot] = Crop(QPixmap.fromImage(cut[0]), cut[1])
            self.ready.emit()


def paint_boxes(
    painter: QPainter, spot: Spot, *, region: QRectF, into: QRectF, colours: tuple[int, ...], width: float = 1.5
) -> None:
    """Draw a spot's boxes over its picture: the truth solid, the detection dashed, each in its category's colour."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setClipRect(into)
    across, down = into.width() / region.width(), into.height() / region.height()
    for box, category, dashed in (
        (spot.true_box, spot.true_category, False),
        (spot.found_box, spot.found_category, True),
    ):
        if box is None or category is None:
            continue
        rect = QRectF(
            into.x() + (box.x - region.x()) * across,
            into.y() + (box.y - region.y()) * down,
            box.w * across,
            box.h * down,
        )
        painter.setPen(QPen(QColor(0, 0, 0, 150), width + 2))
        painter.drawRect(rect)
        pen = QPen(QColor(colour_of(colours[category])), width)
        if dashed:
            pen.setDashPattern([3.5, 2])
        painter.setPen(pen)
        painter.drawRect(rect)
    painter.restore()
