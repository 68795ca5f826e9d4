"""The simple timeline: ruler, review strip, number of boxes, playhead. Tracks get lanes below it later."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QToolTip, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.widgets.strip_columns import (
    NOT_VISITED,
    Review,
    Window,
    column_ranges,
    most_boxes,
    runs,
    tick_step,
    worst_states,
)

RULER, REVIEW, BOXES = 20, 14, 20
"""Row heights in logical pixels."""
_LABELS_APART, _TICKS_APART = 80.0, 8.0
_DRAG_FROM = 3
_EDGE = 8
"""Logical pixels left free before the first and after the last frame."""


class FrameStrip(QAbstractSlider):
    """Shows up to some hundred thousand frames; click or drag seeks, a drag on the review row marks a span.

    Wheel pans, Ctrl-wheel zooms on the pointer. The rows come from one cached picture that is made from numpy columns;
    moving the playhead repaints two thin strips.
    """

    seek_requested = Signal(object)
    """A frame (int) to show, while dragging too."""
    span_marked = Signal(object)
    """(first, last) frame, both included, dragged over on the review row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Timeline"))
        self._count = 0
        self._states = np.zeros(1, np.uint8)
        self._boxes = np.full(1, NOT_VISITED, np.int32)
        self._name_width = 0
        self._notes = ("", "")
        self._window = Window(0.0, 1.0, 1)
        self._whole = True
        self._rows: QPixmap | None = None
        self._dragging = ""
        self._pressed_at = QPoint()
        self._span: tuple[int, int] | None = None
        self._time_of: Callable[[int], str] | None = None

    # What is shown

    def set_frames(self, count: int) -> None:
        """Show a media of `count` frames, all untouched and not visited, the whole of it in view."""
        self._count = count
        self._states = np.zeros(max(count, 1), np.uint8)
        self._boxes = np.full(max(count, 1), NOT_VISITED, np.int32)
        self.setRange(0, max(count - 1, 0))
        self._whole = True
        self._refit()

    def set_states(self, states: ArrayLike) -> None:
        """Show review states, uint8 [frames] of `Review`."""
        self._states = self._checked(states, np.uint8)
        self._forget_rows()

    def set_counts(self, counts: ArrayLike) -> None:
        """Show numbers of boxes, int32 [frames]; NOT_VISITED where no run has looked."""
        self._boxes = self._checked(counts, np.int32)
        self._forget_rows()

    def set_notes(self, review: str, boxes: str) -> None:
        """What the name column says at the right of its rows, such as "199 of 480"."""
        self._notes = (review, boxes)
        self.update(0, 0, self._name_width, self.height())

    def set_name_width(self, width: int) -> None:
        """The width of the name column, the same as the media panel's; 0 for none."""
        self._name_width = width
        self._refit()

    def set_time_of(self, time_of: Callable[[int], str] | None) -> None:
        """How the tooltip tells a frame's time."""
        self._time_of = time_of

    def set_frame(self, frame: int) -> None:
        """Move the playhead, without asking to seek; the view follows when it leaves."""
        if frame == self.value():
            return
        self._update_playhead()
        self.setValue(frame)
        if not self._dragging and not self._window.start <= frame < self._window.start + self._window.span:
            self._set_window(self._window.moved(frame - self._window.start - self._window.span / 8, self._count))
        self._update_playhead()

    def frame(self) -> int:
        """The playhead's frame."""
        return self.value()

    def x_of(self, frame: float) -> float:
        """Where a frame begins, in logical pixels of the widget."""
        return self._left() + self._window.x_of(frame)

    def sizeHint(self) -> QSize:
        return QSize(600, RULER + REVIEW + BOXES)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, RULER + REVIEW + BOXES)

    # Events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        where = event.position().toPoint()
        if event.button() != Qt.MouseButton.LeftButton or where.x() < self._name_width or not self._count:
            return
        self._pressed_at = where
        self._dragging = "span?" if RULER <= where.y() < RULER + REVIEW else "seek"
        if self._dragging == "seek":
            self._seek(self._frame_at(where.x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        where = event.position().toPoint()
        if self._dragging == "span?" and abs(where.x() - self._pressed_at.x()) >= _DRAG_FROM:
            self._dragging = "span"
        if self._dragging == "seek":
            self._seek(self._frame_at(where.x()))
        elif self._dragging == "span":
            ends = sorted((self._frame_at(self._pressed_at.x()), self._frame_at(where.x())))
            self._span = (ends[0], ends[1])
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        dragging, self._dragging = self._dragging, ""
        span, self._span = self._span, None
        if dragging == "span?":
            self._seek(self._frame_at(self._pressed_at.x()))
        elif dragging == "span" and span is not None:
            self.update()
            self.span_marked.emit(span)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        notches = (delta.y() or delta.x()) / 120
        if not notches or not self._count:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._whole = False
            at = event.position().x() - self._left()
            self._set_window(self._window.zoomed(0.8**notches, at, self._count))
        else:
            self._set_window(self._window.moved(-notches * self._window.span / 8, self._count))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, here = event.key(), self.value()
        targets = {
            Qt.Key.Key_Left: here - 1,
            Qt.Key.Key_Right: here + 1,
            Qt.Key.Key_PageUp: here - 10,
            Qt.Key.Key_PageDown: here + 10,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: self._count - 1,
        }
        target = targets.get(Qt.Key(key))
        if target is None:
            event.ignore()
        else:
            self._seek(min(max(target, 0), max(self._count - 1, 0)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._refit()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._forget_rows()
        super().changeEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._count:
            frame = self._frame_at(event.pos().x())
            time = f" · {self._time_of(frame)}" if self._time_of is not None else ""
            QToolTip.showText(event.globalPos(), self.tr("Frame {0}").format(frame) + time, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._rows is None or self._rows.devicePixelRatio() != ratio:
            self._rows = self._render(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._rows)
        if self._span is not None:
            left, right = self.x_of(self._span[0]), self.x_of(self._span[1] + 1)
            painter.fillRect(QRectF(left, RULER, right - left, REVIEW), looks.colour("accent", 0.6))
        if self._count:
            self._paint_playhead(painter)
        painter.end()

    # Inside

    def _checked(self, values: ArrayLike, kind: type) -> NDArray:
        out = np.ascontiguousarray(values, kind)
        if out.shape != (max(self._count, 1),) and self._count:
            raise ValueError(f"The strip shows {self._count} frames, not {out.shape}.")
        return out if len(out) else np.zeros(1, kind)

    def _left(self) -> int:
        return self._name_width + _EDGE

    def _frame_at(self, x: float) -> int:
        return self._window.frame_at(x - self._left(), self._count)

    def _seek(self, frame: int) -> None:
        if frame != self.value():
            self.set_frame(frame)
            self.seek_requested.emit(frame)

    def _refit(self) -> None:
        width = max(self.width() - self._left() - _EDGE, 1)
        span = float(max(self._count, 1)) if self._whole else min(self._window.span, float(max(self._count, 1)))
        self._window = Window(0.0 if self._whole else self._window.start, span, width).moved(0, self._count)
        self._forget_rows()

    def _set_window(self, window: Window) -> None:
        if window != self._window:
            self._window = window
            self._forget_rows()

    def _forget_rows(self) -> None:
        self._rows = None
        self.update()

    def _update_playhead(self) -> None:
        x = round(self.x_of(self.value() + 0.5))
        self.update(x - 40, 0, 80, RULER)
        self.update(x - 1, RULER, 3, self.height() - RULER)

    def _render(self, ratio: float) -> QPixmap:
        """Everything but the playhead."""
        rows = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        rows.setDevicePixelRatio(ratio)
        rows.fill(looks.colour("bg"))
        painter = QPainter(rows)
        painter.fillRect(0, 0, self.width(), RULER, looks.colour("chrome"))
        if self._count:
            self._paint_ruler(painter)
            self._paint_columns(painter, ratio)
        self._paint_names(painter)
        painter.end()
        return rows

    def _paint_ruler(self, painter: QPainter) -> None:
        window, left = self._window, self._left()
        painter.setFont(looks.font(looks.CAPTION, tabular=True))
        minor, major = tick_step(window, _TICKS_APART), tick_step(window, _LABELS_APART)
        last = min(window.start + window.span, self._count)
        for frame in range(-(-int(window.start) // minor) * minor, int(np.ceil(last)), minor):
            x = round(left + window.x_of(frame + 0.5))
            labelled = frame % major == 0
            painter.fillRect(x, RULER - (8 if labelled else 4), 1, 8 if labelled else 4, looks.colour("line2"))
            if labelled:
                painter.setPen(looks.colour("tx3"))
                painter.drawText(
                    QRectF(x + 4, 0, _LABELS_APART, RULER - 4), Qt.AlignmentFlag.AlignVCenter, f"{frame:,}"
                )

    def _paint_columns(self, painter: QPainter, ratio: float) -> None:
        """One column per device pixel, so that thin marks stay sharp."""
        window = self._window
        fine = Window(window.start, window.span, max(round(window.width * ratio), 1))
        first, last = column_ranges(fine, self._count)
        painter.save()
        painter.translate(self._left(), 0)
        painter.scale(1 / ratio, 1)
        self._paint_review(painter, worst_states(self._states, first, last), ratio)
        self._paint_boxes(painter, most_boxes(self._boxes, first, last), fine)
        painter.restore()

    def _paint_review(self, painter: QPainter, states: NDArray[np.uint8], ratio: float) -> None:
        top, height = RULER + 3, REVIEW - 6
        for begin, end, state in runs(states):
            area = QRectF(begin, top, end - begin, height)
            if state == Review.REVIEWED:
                painter.fillRect(area, looks.colour("review"))
                continue
            painter.fillRect(area, looks.colour("raised"))
            if state == Review.EMPTY:
                painter.fillRect(area, QBrush(looks.colour("review"), Qt.BrushStyle.BDiagPattern))
                painter.setPen(QPen(looks.colour("review"), 0))
                painter.drawRect(area.adjusted(0, 0, -ratio, -1))
            elif state == Review.SKIPPED:
                painter.fillRect(QRectF(begin, top + height / 2, end - begin, 1), looks.colour("tx3"))

    def _paint_boxes(self, painter: QPainter, boxes: NDArray[np.int32], window: Window) -> None:
        bottom, room = RULER + REVIEW + BOXES - 1, BOXES - 4
        top = max(int(self._boxes.max()), 1)
        gap = 1 if window.scale >= 4 else 0
        colour, hatch = looks.colour("tx3", 0.5), QBrush(looks.colour("line2"), Qt.BrushStyle.BDiagPattern)
        for begin, end, count in runs(self._keyed(boxes, window)):
            number = int(boxes[begin]) if count >= 0 else count
            if number == NOT_VISITED:
                painter.fillRect(QRectF(begin, bottom - room, end - begin, room), hatch)
            elif number > 0:
                height = max(round(room * number / top), 1)
                painter.fillRect(QRectF(begin, bottom - height, max(end - begin - gap, 1), height), colour)

    def _keyed(self, boxes: NDArray[np.int32], window: Window) -> NDArray:
        """Values whose runs are the bars to draw: equal neighbours are one bar only while frames have no gap."""
        if window.scale < 4:
            return boxes
        first, _ = column_ranges(window, self._count)
        return np.where(boxes == NOT_VISITED, NOT_VISITED, first)

    def _paint_names(self, painter: QPainter) -> None:
        if not self._name_width:
            return
        painter.fillRect(0, 0, self._name_width, self.height(), looks.colour("bg"))
        painter.fillRect(self._name_width - 1, 0, 1, self.height(), looks.colour("line"))
        painter.setFont(looks.font(looks.CAPTION))
        names = (self.tr("Frame"), self.tr("Review"), self.tr("Boxes"))
        tops = (0, RULER, RULER + REVIEW, RULER + REVIEW + BOXES)
        for i, (name, note) in enumerate(zip(names, ("", *self._notes), strict=True)):
            area = QRectF(12, tops[i], self._name_width - 24, tops[i + 1] - tops[i])
            painter.setPen(looks.colour("tx2"))
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
            painter.setPen(looks.colour("tx3"))
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, note)

    def _paint_playhead(self, painter: QPainter) -> None:
        x = round(self.x_of(self.value() + 0.5))
        if x < self._name_width or x > self.width():
            return
        painter.setFont(looks.font(looks.CAPTION, looks.SEMIBOLD, tabular=True))
        text = f"{self.value():,}"
        width = painter.fontMetrics().horizontalAdvance(text) + 12
        flag = QRect(min(max(x - width // 2, self._name_width), self.width() - width), 1, width, RULER - 3)
        # Labels under the flag are left out: the ruler's ground around it hides them.
        painter.fillRect(flag.adjusted(-14, 0, 30, 0), looks.colour("chrome"))
        painter.fillRect(QRectF(x, flag.bottom(), 1, self.height() - flag.bottom()), looks.colour("tx"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(looks.colour("tx"))
        painter.drawRoundedRect(flag, 3, 3)
        painter.setPen(looks.colour("bg"))
        painter.drawText(QRectF(QPointF(flag.topLeft()), flag.size()), Qt.AlignmentFlag.AlignCenter, text)
