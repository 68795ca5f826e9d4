"""Box outlines in device pixels: whole numbers, no antialiasing, the same width at every zoom.

All functions here paint with a painter whose unit is one device pixel.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPixmap

from yolor_studio.core import palette
from yolor_studio.core.geometry import Corners, ViewTransform
from yolor_studio.gui.canvas.model import Flag, Scene
from yolor_studio.gui.canvas.rect_buffer import RectBuffer

Rects = NDArray[np.int64]
"""[N, 4] x1, y1, x2, y2 in device pixels: the line runs around these."""

_BLACK_60, _BLACK_45 = QColor(0, 0, 0, 153), QColor(0, 0, 0, 115)
_OFFERED_LINE = QColor(255, 255, 255, 140)
_HANDLE_EDGE, _HANDLE = QColor("#0B0C0E"), QColor("#FFFFFF")


def device_rects(corners: Corners, view: ViewTransform, ratio: float) -> Rects:
    """[N, 4] picture corners as whole device pixels."""
    return np.rint(view.corners_to_view(corners) * ratio).astype(np.int64)


@lru_cache(maxsize=64)
def line_colour(index: int, flags: int = 0) -> QColor:
    """The colour of a box's line: three quarters of it when locked, pale white when only offered."""
    if flags & Flag.OFFERED:
        return _OFFERED_LINE
    colour = QColor(palette.colour_of(index))
    if flags & Flag.LOCKED:
        colour.setAlphaF(0.75)
    return colour


def fill_frame(painter: QPainter, rect: tuple[int, int, int, int], width: int, outside: int, colour: QColor) -> None:
    """Paint a frame of `width` pixels, `outside` of them outside the rectangle: four rectangles that do not overlap,
    so that translucent colours stay even."""
    x1, y1, x2, y2 = rect[0] - outside, rect[1] - outside, rect[2] + outside, rect[3] + outside
    if x2 - x1 <= 2 * width or y2 - y1 <= 2 * width:
        painter.fillRect(QRect(x1, y1, max(x2 - x1, width), max(y2 - y1, width)), colour)
        return
    painter.fillRect(QRect(x1, y1, x2 - x1, width), colour)
    painter.fillRect(QRect(x1, y2 - width, x2 - x1, width), colour)
    painter.fillRect(QRect(x1, y1 + width, width, y2 - y1 - 2 * width), colour)
    painter.fillRect(QRect(x2 - width, y1 + width, width, y2 - y1 - 2 * width), colour)


def paint_box(
    painter: QPainter, rect: tuple[int, int, int, int], colour: QColor, *, logical_width: int, ratio: float, flags: int
) -> None:
    """Paint one outline: the dark rule one logical pixel to each side, the line solid, dashed or dotted on it."""
    width, rule = max(round(logical_width * ratio), 1), max(round(ratio), 1)
    outside = width // 2
    broken = flags & (Flag.DASHED | Flag.OFFERED)
    fill_frame(painter, rect, width + 2 * rule, outside + rule, _BLACK_45 if broken else _BLACK_60)
    if not broken:
        fill_frame(painter, rect, width, outside, colour)
        return
    dash = (2.0, 4.0) if flags & Flag.OFFERED else (7.0, 4.0)
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    pen.setDashPattern([part * ratio / width for part in dash])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    centre = width / 2 - outside
    painter.drawRect(QRectF(QPointF(rect[0] + centre, rect[1] + centre), QPointF(rect[2] - centre, rect[3] - centre)))


def paint_dense(painter: QPainter, scene: Scene, rows: NDArray[np.intp], rects: Rects, *, ratio: float) -> None:
    """Paint many outlines at once, one logical pixel wide: every dark rule first, then the lines colour by colour."""
    width = max(round(ratio), 1)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_HANDLE_EDGE)
    painter.drawRects(_edges.fill(_edge_rects(rects, 3 * width, width)))
    keys = scene.colours[rows].astype(np.int64) * 256 + scene.flags[rows]
    for key in np.unique(keys):
        index, flags = int(key) // 256, int(key) % 256
        colour = line_colour(index, flags & (Flag.LOCKED | Flag.OFFERED))
        same = rects[keys == key]
        if flags & Flag.DASHED:
            _stroke_dashed(painter, same, colour, width)
            continue
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRects(_edges.fill(_edge_rects(same, width, 0)))


def paint_marked(painter: QPainter, scene: Scene, rows: NDArray[np.intp], rects: Rects, *, ratio: float) -> None:
    """Paint many boxes as selected: wide lines and a tint of their colour, without handles and tags."""
    width = max(round(3 * ratio), 1)
    painter.setPen(Qt.PenStyle.NoPen)
    for index in np.unique(scene.colours[rows]):
        same = rects[scene.colours[rows] == index]
        tint = QColor(palette.colour_of(int(index)))
        painter.setBrush(tint)
        painter.drawRects(_edges.fill(_edge_rects(same, width, width // 2)))
        tint.setAlphaF(0.07)
        painter.setBrush(tint)
        painter.drawRects(_edges.fill(same))


_edges = RectBuffer()


def _edge_rects(rects: Rects, width: int, outside: int) -> Rects:
    """The four edges of every rectangle as thin rectangles, [4 N, 4]: a pen of that width would be stroked as a path,
    three times as slow."""
    x1, y1, x2, y2 = (rects + np.array((-outside, -outside, outside, outside))).T
    edges = (
        (x1, y1, x2, y1 + width),
        (x1, y2 - width, x2, y2),
        (x1, y1 + width, x1 + width, y2 - width),
        (x2 - width, y1 + width, x2, y2 - width),
    )
    return np.concatenate([np.stack(edge, 1) for edge in edges])


def _stroke_dashed(painter: QPainter, rects: Rects, colour: QColor, width: int) -> None:
    pen = QPen(colour, width)
    pen.setDashPattern([7.0, 4.0])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = rects.copy()
    inner[:, 2:] -= width - 1  # a pen's rectangle reaches one pixel further than a filled one
    painter.drawRects(_edges.fill(inner))


def paint_hatch(painter: QPainter, rect: tuple[int, int, int, int], ratio: float) -> None:
    """Hatch an occluded box: white lines at 45 degrees, 1.2 px wide, 7 apart, 20 %."""
    painter.save()
    painter.setBrushOrigin(QPointF(rect[0], rect[1]))
    painter.fillRect(QRect(rect[0], rect[1], rect[2] - rect[0], rect[3] - rect[1]), QBrush(_hatch_tile(ratio)))
    painter.restore()


@lru_cache(maxsize=8)
def _hatch_tile(ratio: float) -> QPixmap:
    """One period of the hatch: lines of 1.2 with 7 between repeat every 8.2 * sqrt(2) = 11.6 pixels on an axis."""
    side = round(11.6 * ratio)
    tile = QPixmap(side, side)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(255, 255, 255, 51), 1.2 * ratio))
    for shift in (-side, 0, side):
        painter.drawLine(QPointF(shift - 1, side + 1), QPointF(shift + side + 1, -1))
    painter.end()
    return tile


def paint_handle(painter: QPainter, x: float, y: float, ratio: float) -> None:
    """A white square of 7 logical pixels with a dark edge of one, centred on a device pixel."""
    inner, edge = max(round(7 * ratio), 1), max(round(ratio), 1)
    left, top = round(x) - inner // 2, round(y) - inner // 2
    painter.fillRect(QRect(left - edge, top - edge, inner + 2 * edge, inner + 2 * edge), _HANDLE_EDGE)
    painter.fillRect(QRect(left, top, inner, inner), _HANDLE)
