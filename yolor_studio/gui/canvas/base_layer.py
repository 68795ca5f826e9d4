"""The cached layer under everything that moves: the picture with all boxes and tags at rest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from yolor_studio.core.geometry import ViewTransform, box_of, place_tag
from yolor_studio.gui.canvas.lines import device_rects, line_colour, paint_box, paint_dense, paint_hatch
from yolor_studio.gui.canvas.model import Flag, Scene
from yolor_studio.gui.canvas.tags import TagLook, tag_pixmap

DENSE_ABOVE = 300
"""With more boxes in view the lines are thin and tags appear on hover and selection only."""
TAG_FROM_WIDTH = 24.0
"""A box narrower than this (logical pixels) shows its tag on hover only."""
SMOOTH_UP_TO = 2.0
"""Device pixels per picture pixel up to which the picture is smoothed."""
_OUTSIDE = 3
"""Logical pixels that an outline with its dark rule reaches outside a box."""


class Picture:
    """The shown frame: a QImage over the pixels of a BGRA array, and a reduced copy for views under half size."""

    def __init__(self, bgra: NDArray[np.uint8], *, size: tuple[int, int] | None = None) -> None:
        height, width = bgra.shape[:2]
        self._pixels = np.ascontiguousarray(bgra)
        self.size = size or (width, height)
        """Width and height of the coordinates, which exceed the pixels when a huge picture is shown scaled."""
        self._image = QImage(self._pixels.data, width, height, self._pixels.strides[0], QImage.Format.Format_RGB32)
        self._reduced: tuple[tuple[int, int], QImage] | None = None

    def paint(self, painter: QPainter, view: ViewTransform, *, ratio: float, clip: QRect) -> None:
        """Paint the part inside `clip`; the painter's unit is a device pixel."""
        area = self._device_area(view, ratio)
        seen = area.intersected(QRectF(clip))
        if seen.isEmpty():
            return
        image = self._image
        zoom = area.width() / image.width()
        if zoom < 0.5:
            image = self._reduced_to(max(round(area.width()), 1), max(round(area.height()), 1))
        across, down = image.width() / area.width(), image.height() / area.height()
        # Whole source pixels, so that a partly repainted picture joins the rest without a seam.
        left, top = math.floor((seen.left() - area.left()) * across), math.floor((seen.top() - area.top()) * down)
        right = min(math.ceil((seen.right() - area.left()) * across) + 1, image.width())
        bottom = min(math.ceil((seen.bottom() - area.top()) * down) + 1, image.height())
        left, top = max(left - 1, 0), max(top - 1, 0)
        target = QRectF(
            area.left() + left / across, area.top() + top / down, (right - left) / across, (bottom - top) / down
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, 1 != zoom <= SMOOTH_UP_TO)
        painter.drawImage(target, image, QRectF(left, top, right - left, bottom - top))

    def _device_area(self, view: ViewTransform, ratio: float) -> QRectF:
        x, y = round(view.dx * ratio), round(view.dy * ratio)
        return QRectF(x, y, self.size[0] * view.scale * ratio, self.size[1] * view.scale * ratio)

    def _reduced_to(self, width: int, height: int) -> QImage:
        """The whole picture averaged down to a size in device pixels: bilinear alone would skip pixels."""
        if self._reduced is None or self._reduced[0] != (width, height):
            import cv2  # loaded with the first large picture, not at start

            small = cv2.resize(self._pixels, (width, height), interpolation=cv2.INTER_AREA)
            image = QImage(small.data, width, height, small.strides[0], QImage.Format.Format_RGB32)
            self._reduced = ((width, height), image)
        return self._reduced[1]


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything the base layer shows."""

    picture: Picture | None
    scene: Scene
    view: ViewTransform
    size: tuple[int, int]
    """Of the widget, in device pixels."""
    ratio: float
    ground: QColor


class BaseLayer:
    """Keeps the painted layer and repaints all of it, or just the part around a few boxes."""

    def __init__(self) -> None:
        self._pixmap = QPixmap()
        self.dense = False
        """Whether more than DENSE_ABOVE boxes are in view."""

    @property
    def pixmap(self) -> QPixmap:
        """The layer in device pixels."""
        return self._pixmap

    def render(self, frame: Frame, lifted: frozenset[int]) -> None:
        """Paint everything but the boxes in the rows `lifted`."""
        if self._pixmap.width() != frame.size[0] or self._pixmap.height() != frame.size[1]:
            self._pixmap = QPixmap(*frame.size)
        rects = device_rects(frame.scene.corners, frame.view, frame.ratio)
        whole = QRect(0, 0, *frame.size)
        self.dense = len(_rows_in(rects, whole)) > DENSE_ABOVE
        self._paint(frame, lifted, rects, whole)

    def patch(self, frame: Frame, lifted: frozenset[int], area: QRect) -> None:
        """Paint again what lies in `area` (device pixels), after a box was lifted, put down or changed."""
        self._paint(frame, lifted, device_rects(frame.scene.corners, frame.view, frame.ratio), area)

    def _paint(self, frame: Frame, lifted: frozenset[int], rects: NDArray[np.int64], area: QRect) -> None:
        painter = QPainter(self._pixmap)
        painter.setClipRect(area)
        painter.fillRect(area, frame.ground)
        if frame.picture is not None:
            frame.picture.paint(painter, frame.view, ratio=frame.ratio, clip=area)
        reach = round(24 * frame.ratio)  # a tag above a box outside the area may reach into it
        wide = round(200 * frame.ratio)
        rows = _rows_in(rects, area.adjusted(-wide if not self.dense else -reach, -reach, reach, reach))
        if lifted:
            rows = rows[~np.isin(rows, np.fromiter(lifted, np.intp))]
        _paint_boxes(painter, frame, rows, rects[rows], self.dense)
        painter.end()


def _rows_in(rects: NDArray[np.int64], area: QRect) -> NDArray[np.intp]:
    """The rows whose rectangles touch the area."""
    return np.flatnonzero(
        (rects[:, 0] <= area.right())
        & (rects[:, 2] >= area.left())
        & (rects[:, 1] <= area.bottom())
        & (rects[:, 3] >= area.top())
    )


def _paint_boxes(
    painter: QPainter, frame: Frame, rows: NDArray[np.intp], rects: NDArray[np.int64], dense: bool
) -> None:
    scene, ratio = frame.scene, frame.ratio
    flags = scene.flags[rows]
    for i in np.flatnonzero(flags & Flag.OCCLUDED):
        paint_hatch(painter, tuple(rects[i].tolist()), ratio)
    if dense:
        paint_dense(painter, scene, rows, rects, ratio=ratio)
        return
    for row, rect, flag in zip(rows.tolist(), rects.tolist(), flags.tolist(), strict=True):
        colour = line_colour(int(scene.colours[row]), flag & (Flag.LOCKED | Flag.OFFERED))
        paint_box(painter, tuple(rect), colour, logical_width=2, ratio=ratio, flags=flag)
    sides = rects[:, 2:] - rects[:, :2]
    for i in np.argsort(-(sides[:, 0] * sides[:, 1]), kind="stable"):  # the smallest box's tag comes out on top
        if sides[i, 0] >= TAG_FROM_WIDTH * ratio:
            paint_tag(painter, frame, int(rows[i]), big=False)


def paint_tag(painter: QPainter, frame: Frame, row: int, *, big: bool, rect: QRectF | None = None) -> QRect:
    """Paint a box's tag where there is room; `rect` replaces the stored box while it is dragged (view coordinates).
    Returns its place in device pixels."""
    place, pixmap = tag_place(frame, row, big=big, rect=rect)
    painter.drawPixmap(place, pixmap)
    return place


def tag_place(frame: Frame, row: int, *, big: bool, rect: QRectF | None = None) -> tuple[QRect, QPixmap]:
    """Where the tag of a box goes, in device pixels, and its picture."""
    scene, ratio = frame.scene, frame.ratio
    pixmap = tag_pixmap(TagLook(scene.labels[row], int(scene.colours[row]), int(scene.flags[row]), big, ratio))
    box = frame.view.box_to_view(box_of(scene.corners[row]))
    if rect is not None:
        box = type(box)(rect.x(), rect.y(), rect.width(), rect.height())
    width, height = pixmap.width() / ratio, pixmap.height() / ratio
    view = (frame.size[0] / ratio, frame.size[1] / ratio)
    x, y = place_tag(box, width, height, view=view, outside=2 if big else 1)
    return QRect(round(x * ratio), round(y * ratio), pixmap.width(), pixmap.height()), pixmap
