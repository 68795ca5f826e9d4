"""The tags that name boxes: each distinct one is drawn once into a pixmap and then only copied."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from yolor_studio.core import palette
from yolor_studio.gui import looks
from yolor_studio.gui.canvas.model import Flag

_DARK_TAG = QColor(0, 0, 0, round(0.82 * 255))
_OFFERED = QColor("#C9CCD2")
_NOTE_INK = QColor("#E9EAED")
_MARKS = ((Flag.BETWEEN, "diamond"), (Flag.OCCLUDED, "circle-half-fill"), (Flag.LOCKED, "lock-simple-fill"))
_PADDING, _MARK, _RADIUS = 6.0, 11.0, 3.0


class TagLook(NamedTuple):
    """Everything a tag's picture depends on."""

    label: str
    colour: int
    flags: int
    big: bool
    ratio: float


@lru_cache(maxsize=4096)
def tag_pixmap(look: TagLook) -> QPixmap:
    """The tag at its device pixel ratio: 17 logical pixels high, 18 when big (selected)."""
    open_look = look.flags & (Flag.DASHED | Flag.OFFERED)
    font = looks.font(12 if look.big else 11, looks.MEDIUM if open_look else looks.SEMIBOLD)
    marks = [glyph for flag, glyph in _MARKS if look.flags & flag]
    text_width = QFontMetricsF(font).horizontalAdvance(look.label)
    width = 2 * _PADDING + text_width + len(marks) * (_MARK + 4)
    height = 18.0 if look.big else 17.0
    pixmap = _blank(width, height, look.ratio)
    painter = QPainter(pixmap)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    area = QRectF(0, 0, width, height)
    ink = _paint_open(painter, area, look) if open_look else _paint_filled(painter, area, look)
    painter.setFont(font)
    painter.setPen(ink)
    painter.drawText(area.adjusted(_PADDING, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, look.label)
    x = _PADDING + text_width + 4
    for glyph in marks:
        looks.paint_icon(painter, QRectF(x, (height - _MARK) / 2, _MARK, _MARK), glyph, ink)
        x += _MARK + 4
    painter.end()
    return pixmap


@lru_cache(maxsize=256)
def note_pixmap(text: str, ratio: float) -> QPixmap:
    """A small dark note, for coordinates and sizes: 17 logical pixels high."""
    font = looks.font(11, looks.MEDIUM, tabular=True)
    width, height = 2 * _PADDING + QFontMetricsF(font).horizontalAdvance(text), 17.0
    pixmap = _blank(width, height, ratio)
    painter = QPainter(pixmap)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_DARK_TAG)
    painter.drawRoundedRect(QRectF(0, 0, width, height), _RADIUS, _RADIUS)
    painter.setFont(font)
    painter.setPen(_NOTE_INK)
    painter.drawText(QRectF(0, 0, width, height), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return pixmap


def _blank(width: float, height: float, ratio: float) -> QPixmap:
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.fill(Qt.GlobalColor.transparent)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _paint_open(painter: QPainter, area: QRectF, look: TagLook) -> QColor:
    """A prediction's tag: dark, dashed edge in its colour; returns the ink."""
    ink = _OFFERED if look.flags & Flag.OFFERED else QColor(palette.colour_of(look.colour))
    painter.setBrush(_DARK_TAG)
    pen = QPen(ink, 1.0)
    pen.setDashPattern([3.0, 2.0])
    painter.setPen(pen)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
    return ink


def _paint_filled(painter: QPainter, area: QRectF, look: TagLook) -> QColor:
    """An object's tag: filled with its colour, square where it meets the box; returns the ink."""
    shape = QPainterPath()
    shape.setFillRule(Qt.FillRule.WindingFill)
    shape.addRoundedRect(area, _RADIUS, _RADIUS)
    shape.addRect(QRectF(QPointF(0, area.bottom() - _RADIUS), QPointF(_RADIUS, area.bottom())))
    ink = QColor(palette.ink_on(look.colour))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.fillPath(shape, QColor(palette.colour_of(look.colour)))
    if palette.is_striped(look.colour):
        stripes = QColor(ink)
        stripes.setAlphaF(0.22)
        painter.fillPath(shape, QBrush(stripes, Qt.BrushStyle.BDiagPattern))
    return ink
