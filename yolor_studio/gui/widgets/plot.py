"""Curves over one axis: grid, legend, a readout under the pointer, and a limit that a person can drag."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.looks.tokens import LIGHT, contrast

__all__ = ["Marker", "Plot", "Series", "line_colour", "ticks"]

_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 26, 38
_LEAST_CONTRAST = 2.2
_KEY_STEP = 0.01
_LINE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT_LINE = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One curve; a NaN in `y` is a gap."""

    name: str
    """In the legend and the readout; empty for a curve that is only context."""
    x: NDArray[np.floating]
    y: NDArray[np.floating]
    colour: str
    """A role of the looks, or #RRGGBB."""
    width: float = 1.5
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Marker:
    """A ring on a curve with a word beside it."""

    x: float
    y: float
    text: str


def line_colour(colour: str) -> QColor:
    """A role's colour, or a data colour that is dark enough for lines on the light theme's ground."""
    if not colour.startswith("#"):
        return looks.colour(colour)
    out = QColor(colour)
    while not looks.is_dark() and contrast(out.name(), LIGHT["raised"]) < _LEAST_CONTRAST:
        out = out.darker(112)
    return out


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from `low` to `high`, at most about `most` of them."""
    if not math.isfinite(high - low) or high <= low:
        return [low]
    step = 10 ** math.floor(math.log10((high - low) / max(most, 1)))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10, 20) if (high - low) / (step * factor) <= most)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


class Plot(QWidget):
    """Curves; where a limit is set, clicks, drags and the arrow keys move it and `picked` tells where to."""

    picked = Signal(float)

    def __init__(self, name: str, *, x_label: str, y_label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._labels = (x_label, y_label)
        self._series: Sequence[Series] = ()
        self._x = self._y = (0.0, 1.0)
        self._marker: Marker | None = None
        self._limit: float | None = None
        self._pointer: float | None = None
        self._empty = ""

    def set_series(
        self,
        series: Sequence[Series],
        *,
        x_range: tuple[float, float] = (0.0, 1.0),
        y_range: tuple[float, float] | None = (0.0, 1.0),
        empty: str = "",
    ) -> None:
        """Draw these, later ones over earlier ones; without a `y_range` from 0 to the largest value. `empty` is said
        in place of curves where there are none."""
        self._series, self._empty = tuple(series), empty
        self._x = x_range if x_range[1] > x_range[0] else (x_range[0], x_range[0] + 1)
        if y_range is None:
            tops = [float(np.nanmax(each.y)) for each in series if np.isfinite(each.y).any()]
            top = max(tops, default=1.0)
            y_range = (0.0, top * 1.08 if top > 0 else 1.0)
        self._y = y_range
        self.update()

    def set_marker(self, marker: Marker | None) -> None:
        """Ring a point."""
        self._marker = marker
        self.update()

    def set_limit(self, x: float | None) -> None:
        """Draw the limit that can be dragged; None for a plot without one."""
        self._limit = x
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if x is None else Qt.FocusPolicy.StrongFocus)
        if x is not None:
            self.setAccessibleDescription(f"{self._labels[0]} {x:.2f}")
        self.update()

    def limit_x(self) -> float:
        """Where the limit stands, in logical pixels from the left; the left end where there is none."""
        return self._px(self._limit if self._limit is not None else self._x[0])

    def sizeHint(self) -> QSize:
        return QSize(420, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 150)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint_grid(painter)
        area = self._area()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.setClipRect(area.adjusted(-1, -2, 2, 2))
        for series in self._series:
            self._paint_curve(painter, series)
        painter.restore()
        self._paint_limit(painter)
        self._paint_marker(painter)
        self._paint_legend(painter)
        if not self._series and self._empty:
            painter.setFont(looks.font(looks.SECONDARY))
            painter.setPen(looks.colour("tx3"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._empty)
        painter.end()

    def _area(self) -> QRectF:
        return QRectF(_LEFT, _TOP, max(self.width() - _LEFT - _RIGHT, 1), max(self.height() - _TOP - _BOTTOM, 1))

    def _px(self, x: float) -> float:
        area = self._area()
        return area.left() + (x - self._x[0]) / (self._x[1] - self._x[0]) * area.width()

    def _py(self, y: float) -> float:
        area = self._area()
        return area.bottom() - (y - self._y[0]) / (self._y[1] - self._y[0]) * area.height()

    def _paint_grid(self, painter: QPainter) -> None:
        area = self._area()
        painter.setFont(looks.font(looks.CAPTION, tabular=True))
        rows = ticks(*self._y, most=max(int(area.height() // 36), 2))
        columns = ticks(*self._x, most=max(int(area.width() // 70), 2))
        for value in rows:
            y = round(self._py(value)) + 0.5
            painter.setPen(looks.colour("line"))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(looks.colour("tx3"))
            painter.drawText(QRectF(0, y - 8, _LEFT - 8, 16), _RIGHT_LINE, f"{value:,g}")
        for value in columns:
            at = QRectF(self._px(value) - 40, area.bottom() + 4, 80, 16)
            painter.drawText(at, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, f"{value:,g}")
        text = f"{self._labels[1]} over {self._labels[0]}"
        painter.drawText(QRectF(area.left(), area.bottom() + 20, area.width(), 16), _LINE, text)

    def _paint_curve(self, painter: QPainter, series: Series) -> None:
        colour = line_colour(series.colour)
        colour.setAlphaF(0.4 if series.faint else 1.0)
        pen = QPen(colour, series.width)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        finite = np.isfinite(series.y)
        for run in np.split(np.arange(len(series.x)), np.flatnonzero(~finite)):
            points = [QPointF(self._px(float(series.x[i])), self._py(float(series.y[i]))) for i in run if finite[i]]
            if len(points) == 1:
                painter.setBrush(colour)
                painter.drawEllipse(points[0], 1.5, 1.5)
            elif points:
                painter.drawPolyline(QPolygonF(points))

    def _paint_limit(self, painter: QPainter) -> None:
        if self._limit is None:
            return
        area, x = self._area(), self._px(self._limit)
        painter.setPen(QPen(looks.colour("tx"), 1))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setBrush(looks.colour("tx"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(
            QPolygonF([QPointF(x - 5, area.top() - 6), QPointF(x + 5, area.top() - 6), QPointF(x, area.top() + 1)])
        )
        if self.hasFocus():
            painter.setPen(QPen(looks.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(x - 8, area.top() - 9, 16, 13), 4, 4)

    def _paint_marker(self, painter: QPainter) -> None:
        marker = self._marker
        if marker is None:
            return
        at = QPointF(self._px(marker.x), self._py(marker.y))
        painter.setPen(QPen(looks.colour("tx"), 2))
        painter.setBrush(looks.colour("bg"))
        painter.drawEllipse(at, 4, 4)
        painter.setFont(looks.font(looks.CAPTION, looks.MEDIUM, tabular=True))
        width = QFontMetricsF(painter.font()).horizontalAdvance(marker.text) + 2
        area = self._area()
        left = at.x() + 9 if at.x() + 9 + width <= area.right() else at.x() - 9 - width
        top = at.y() - 22 if at.y() - 22 >= area.top() else at.y() + 6
        place = QRectF(left, top, width, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(looks.colour("chrome" if looks.is_dark() else "raised", 0.85))  # curves run below the word
        painter.drawRoundedRect(place.adjusted(-3, 0, 2, 0), 3, 3)
        painter.setPen(looks.colour("tx"))
        painter.drawText(place, _LINE, marker.text)

    def _paint_legend(self, painter: QPainter) -> None:
        # The main curve, which is the widest, is named first: in a narrow plot the last ones find no room.
        named = sorted((each for each in self._series if each.name), key=lambda each: -each.width)
        area, left = self._area(), float(_LEFT)
        painter.setFont(looks.font(looks.CAPTION, tabular=True))
        metrics = QFontMetricsF(painter.font())
        for series in named:
            text = series.name + self._value_text(series)
            width = metrics.horizontalAdvance(text) + 2
            if left + 18 + width > area.right():
                return
            painter.setPen(QPen(line_colour(series.colour), 2))
            painter.drawLine(QPointF(left, 9), QPointF(left + 12, 9))
            painter.setPen(looks.colour("tx2"))
            painter.drawText(QRectF(left + 18, 1, width, 16), _LINE, text)
            left += 18 + width + 14
        if self._pointer is not None:
            painter.setPen(looks.colour("tx3"))
            text = f"{self._labels[0]} {self._pointer:,.3g}"
            if left + metrics.horizontalAdvance(text) < area.right():
                painter.drawText(QRectF(left, 1, area.right() - left, 16), _RIGHT_LINE, text)

    def _value_text(self, series: Series) -> str:
        """The value under the pointer, else nothing."""
        if self._pointer is None or not len(series.x):
            return ""
        y = float(series.y[int(np.abs(series.x - self._pointer).argmin())])
        return f" {y:,.3g}" if math.isfinite(y) else ""

    # Pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._limit is not None:
            self._pick(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area, x = self._area(), event.position().x()
        if event.buttons() & Qt.MouseButton.LeftButton and self._limit is not None:
            self._pick(x)
        inside = area.left() <= x <= area.right()
        self._pointer = self._x_at(x) if inside and self._series else None
        near = self._limit is not None and abs(x - self._px(self._limit)) < 6
        self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pointer = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_Up: 1}.get(
            Qt.Key(event.key())
        )
        if step is None or self._limit is None:
            super().keyPressEvent(event)
            return
        span = self._x[1] - self._x[0]
        self._tell(round(self._limit / (_KEY_STEP * span) + step) * _KEY_STEP * span)

    def _x_at(self, px: float) -> float:
        area = self._area()
        return self._x[0] + (px - area.left()) / area.width() * (self._x[1] - self._x[0])

    def _pick(self, px: float) -> None:
        self._tell(self._x_at(px))

    def _tell(self, x: float) -> None:
        self.picked.emit(min(max(x, self._x[0]), self._x[1]))
