"""What moves on top of the base layer: hovered and selected boxes, handles, drafts, crosshair and notes.

Each function that paints has a twin that says where, so that a pointer move repaints only the places that changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QRegion

from yolor_studio.core import palette
from yolor_studio.core.entities import Box
from yolor_studio.core.geometry import corners_of, handle_point, handles_of
from yolor_studio.gui.canvas.base_layer import Frame, tag_place
from yolor_studio.gui.canvas.lines import device_rects, line_colour, paint_box, paint_handle, paint_hatch, paint_marked
from yolor_studio.gui.canvas.model import Flag
from yolor_studio.gui.canvas.tags import note_pixmap

_CROSS, _CROSS_SHADE = QColor(255, 255, 255, 128), QColor(0, 0, 0, 89)
_BAND, _BAND_FILL = QColor(255, 255, 255, 200), QColor(255, 255, 255, 26)
MANY = 200
"""More selected boxes than this are painted in the base layer; more moving ones as one, without tags."""


@dataclass(slots=True)
class Overlay:
    """What is on top now; boxes and points in picture coordinates, rows of the scene."""

    hovered: int | None = None
    selected: list[int] = field(default_factory=list)
    moving: dict[int, Box] = field(default_factory=dict)
    measured: bool = False
    """Whether the moving box shows its size."""
    draft: Box | None = None
    draft_colour: int = 0
    points: tuple[tuple[float, float], ...] = ()
    band: Box | None = None
    cross: tuple[float, float] | None = None


def region(frame: Frame, overlay: Overlay) -> QRegion:
    """Everywhere the overlay paints, in device pixels."""
    if len(overlay.moving) > MANY:
        return QRegion(0, 0, *frame.size)
    out = QRegion()
    for row, big in _on_top(overlay):
        rect = _device(frame, _box(frame, overlay, row))
        reach = round(6 * frame.ratio)
        out += QRect(QPoint(rect[0], rect[1]), QPoint(rect[2], rect[3])).adjusted(-reach, -reach, reach, reach)
        out += _tag(frame, overlay, row, big)[0]
        if overlay.measured and row in overlay.moving:
            out += _size_note(frame, overlay.moving[row])[0]
    for box in (overlay.draft, overlay.band):
        if box is not None:
            rect = _device(frame, box)
            reach = round(4 * frame.ratio)
            out += QRect(QPoint(rect[0], rect[1]), QPoint(rect[2], rect[3])).adjusted(-reach, -reach, reach, reach)
    if overlay.draft is not None:
        out += _size_note(frame, overlay.draft)[0]
    for point in overlay.points:
        x, y = _device_point(frame, point)
        reach = round(6 * frame.ratio)
        out += QRect(x - reach, y - reach, 2 * reach, 2 * reach)
    if overlay.cross is not None:
        for rect in (*_cross_rects(frame, overlay.cross), _cross_note(frame, overlay.cross)[0]):
            out += rect
    return out


def paint(painter: QPainter, frame: Frame, overlay: Overlay) -> None:
    """Paint the overlay; the painter's unit is a device pixel."""
    if len(overlay.moving) > MANY:
        _paint_many(painter, frame, overlay.moving)
        return
    for row, big in _on_top(overlay):
        _paint_row(painter, frame, overlay, row, big)
    for row, big in _on_top(overlay):
        painter.drawPixmap(*_tag(frame, overlay, row, big))
    if len(overlay.selected) == 1 and not frame.scene.has(overlay.selected[0], Flag.LOCKED):
        _paint_handles(painter, frame, _box(frame, overlay, overlay.selected[0]))
    if overlay.measured:
        for box in overlay.moving.values():
            painter.drawPixmap(*_size_note(frame, box))
    if overlay.cross is not None:
        _paint_cross(painter, frame, overlay.cross)
    if overlay.draft is not None:
        _paint_draft(painter, frame, overlay)
    if overlay.band is not None:
        _paint_band(painter, frame, overlay.band)


def _paint_many(painter: QPainter, frame: Frame, moving: dict[int, Box]) -> None:
    rows = np.fromiter(moving, np.intp)
    corners = np.array([corners_of(box) for box in moving.values()])
    paint_marked(painter, frame.scene, rows, device_rects(corners, frame.view, frame.ratio), ratio=frame.ratio)


def _on_top(overlay: Overlay) -> Iterator[tuple[int, bool]]:
    """The rows painted again on top and whether they are selected, hovered first so that the selected ones win."""
    selected = set(overlay.selected)
    if overlay.hovered is not None and overlay.hovered not in selected:
        yield overlay.hovered, False
    for row in overlay.moving:
        if row not in selected:
            yield row, True
    for row in overlay.selected:
        yield row, True


def _box(frame: Frame, overlay: Overlay, row: int) -> Box:
    return overlay.moving.get(row) or frame.scene.box(row)


def _device(frame: Frame, box: Box) -> tuple[int, int, int, int]:
    x1, y1 = _device_point(frame, (box.x, box.y))
    x2, y2 = _device_point(frame, (box.right, box.bottom))
    return x1, y1, x2, y2


def _device_point(frame: Frame, point: tuple[float, float]) -> tuple[int, int]:
    x, y = frame.view.to_view(*point)
    return round(x * frame.ratio), round(y * frame.ratio)


def _paint_row(painter: QPainter, frame: Frame, overlay: Overlay, row: int, selected: bool) -> None:
    scene = frame.scene
    rect = _device(frame, _box(frame, overlay, row))
    flags = int(scene.flags[row])
    fill = QColor(palette.colour_of(int(scene.colours[row])))
    fill.setAlphaF(0.07 if selected else 0.10)
    if row in overlay.moving and flags & Flag.OCCLUDED:
        paint_hatch(painter, rect, frame.ratio)
    painter.fillRect(QRect(rect[0], rect[1], rect[2] - rect[0], rect[3] - rect[1]), fill)
    line = line_colour(int(scene.colours[row]), flags & (Flag.LOCKED | Flag.OFFERED))
    look = 0 if selected else flags
    paint_box(painter, rect, line, logical_width=3, ratio=frame.ratio, flags=look)


def _tag(frame: Frame, overlay: Overlay, row: int, big: bool) -> tuple[QRect, QPixmap]:
    moved = overlay.moving.get(row)
    if moved is None:
        return tag_place(frame, row, big=big)
    return tag_place(frame, row, big=big, rect=QRectF(*frame.view.box_to_view(moved)))


def _paint_handles(painter: QPainter, frame: Frame, box: Box) -> None:
    shown = frame.view.box_to_view(box)
    device = Box(*_device_point(frame, (box.x, box.y)), 0, 0)
    x2, y2 = _device_point(frame, (box.right, box.bottom))
    device = Box(device.x, device.y, x2 - device.x, y2 - device.y)
    for handle in handles_of(shown.w, shown.h):
        paint_handle(painter, *handle_point(device, handle), frame.ratio)


def _size_note(frame: Frame, box: Box) -> tuple[QRect, QPixmap]:
    """The size in picture pixels, below the lower right corner, kept in the view."""
    pixmap = note_pixmap(f"{box.w:.1f} × {box.h:.1f}", frame.ratio)
    _, _, right, bottom = _device(frame, box)
    gap = round(8 * frame.ratio)
    x = min(max(right - pixmap.width(), 0), frame.size[0] - pixmap.width())
    y = min(max(bottom + gap, 0), frame.size[1] - pixmap.height())
    return QRect(x, y, pixmap.width(), pixmap.height()), pixmap


def _cross_rects(frame: Frame, cross: tuple[float, float]) -> tuple[QRect, QRect]:
    """The two strips of the crosshair with their shades, inside the picture only."""
    size = frame.picture.size if frame.picture is not None else (0, 0)
    x1, y1, x2, y2 = _device(frame, Box(0, 0, *size))
    x, y = _device_point(frame, cross)
    thick = max(round(frame.ratio), 1)
    return QRect(x1, y, x2 - x1, 2 * thick), QRect(x, y1, 2 * thick, y2 - y1)


def _cross_note(frame: Frame, cross: tuple[float, float]) -> tuple[QRect, QPixmap]:
    pixmap = note_pixmap(f"{cross[0]:.1f}, {cross[1]:.1f}", frame.ratio)
    x, y = _device_point(frame, cross)
    gap = round(10 * frame.ratio)
    left = x + gap if x + gap + pixmap.width() <= frame.size[0] else x - gap - pixmap.width()
    top = y + gap if y + gap + pixmap.height() <= frame.size[1] else y - gap - pixmap.height()
    return QRect(left, top, pixmap.width(), pixmap.height()), pixmap


def _paint_cross(painter: QPainter, frame: Frame, cross: tuple[float, float]) -> None:
    across, down = _cross_rects(frame, cross)
    thick = across.height() // 2
    painter.fillRect(across.adjusted(0, thick, 0, 0), _CROSS_SHADE)
    painter.fillRect(down.adjusted(thick, 0, 0, 0), _CROSS_SHADE)
    painter.fillRect(across.adjusted(0, 0, 0, -thick), _CROSS)
    painter.fillRect(down.adjusted(0, 0, -thick, 0), _CROSS)
    painter.drawPixmap(*_cross_note(frame, cross))


def _paint_draft(painter: QPainter, frame: Frame, overlay: Overlay) -> None:
    if overlay.draft is None:
        return
    rect = _device(frame, overlay.draft)
    colour = QColor(palette.colour_of(overlay.draft_colour))
    paint_box(painter, rect, colour, logical_width=2, ratio=frame.ratio, flags=0)
    for point in overlay.points:
        paint_handle(painter, *_device_point(frame, point), frame.ratio * 0.7)
    painter.drawPixmap(*_size_note(frame, overlay.draft))


def _paint_band(painter: QPainter, frame: Frame, band: Box) -> None:
    x1, y1, x2, y2 = _device(frame, band)
    painter.fillRect(QRect(x1, y1, x2 - x1, y2 - y1), _BAND_FILL)
    pen = QPen(_BAND, max(round(frame.ratio), 1))
    pen.setDashPattern([4.0, 3.0])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRect(x1, y1, x2 - x1, y2 - y1))
