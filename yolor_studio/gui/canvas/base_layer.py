"""The cached layer under everything that moves: the picture with all boxes and tags at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QPainter, QPixmap

from yolor_studio.core.geometry import ViewTransform, box_of, place_tag
from yolor_studio.gui.canvas.lines import device_rects, line_colour, paint_box, paint_dense, paint_hatch, paint_marked
from yolor_studio.gui.canvas.model import Flag, Scene
from yolor_studio.gui.canvas.picture import Picture
from yolor_studio.gui.canvas.tags import TagLook, tag_pixmap

DENSE_ABOVE = 300
"""With more boxes in view the lines are thin and tags appear on hover and selection only."""
TAG_FROM_WIDTH = 24.0
"""A box narrower than this (logical pixels) shows its tag on hover only."""
_OUTSIDE = 3
"""Logical pixels that an outline with its dark rule reaches outside a box."""


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
    marked: frozenset[int] = frozenset()
    """Rows that are painted as selected here, because there are too many for the overlay."""


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
            frame.picture.paint(painter, frame.view, ratio=frame.ratio, size=frame.size)
        # A tag may lie anywhere in view; where there are tags there are few boxes, so all of them are gone through.
        reach = round(_OUTSIDE * frame.ratio)
        seen = area.adjusted(-reach, -reach, reach, reach) if self.dense else QRect(0, 0, *frame.size)
        rows = _rows_in(rects, seen)
        if lifted:
            rows = rows[~np.isin(rows, np.fromiter(lifted, np.intp))]
        _paint_boxes(painter, frame, rows, rects[rows], self.dense)
        if frame.marked:
            marked = rows[np.isin(rows, np.fromiter(frame.marked, np.intp))]
            paint_marked(painter, frame.scene, marked, rects[marked], ratio=frame.ratio)
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
            painter.drawPixmap(*tag_place(frame, int(rows[i]), big=False))


def tag_place(frame: Frame, row: int, *, big: bool, rect: QRectF | None = None) -> tuple[QRect, QPixmap]:
    """Where the tag of a box goes, in device pixels, and its picture; `rect` replaces the stored box while it is
    dragged (view coordinates)."""
    scene, ratio = frame.scene, frame.ratio
    pixmap = tag_pixmap(TagLook(scene.labels[row], int(scene.colours[row]), int(scene.flags[row]), big, ratio))
    box = frame.view.box_to_view(box_of(scene.corners[row]))
    if rect is not None:
        box = type(box)(rect.x(), rect.y(), rect.width(), rect.height())
    width, height = pixmap.width() / ratio, pixmap.height() / ratio
    view = (frame.size[0] / ratio, frame.size[1] / ratio)
    x, y = place_tag(box, width, height, view=view, outside=1)
    return QRect(round(x * ratio), round(y * ratio), pixmap.width(), pixmap.height()), pixmap
