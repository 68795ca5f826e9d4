"""The score slider under a histogram of scores: what lies under the limit is grey."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from yolor_studio.gui import looks

LOWEST, HIGHEST = 0.05, 1.0
"""The scores at the ends of the track; predictions below the lowest are not kept."""
_STEPS_PER_ONE = 100
_BARS, _GAP, _GROOVE, _KNOB = 36, 6, 3, 13
"""Heights in logical pixels: bars, gap to the groove, groove; the handle's diameter."""


class HistogramSlider(QAbstractSlider):
    """A slider in steps of 0.01 whose bars lie exactly over its track.

    The ends of bars and track are the widget's ends less half a handle, so the handle's centre stands under the very
    score that it means.
    """

    score_changed = Signal(object)
    """The limit (float), while it is dragged too."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setRange(round(LOWEST * _STEPS_PER_ONE), round(HIGHEST * _STEPS_PER_ONE))
        self.setSingleStep(1)
        self.setPageStep(5)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self._counts = np.zeros(0)
        self._over = False
        self.valueChanged.connect(self._tell)

    def score(self) -> float:
        """The limit."""
        return self.value() / _STEPS_PER_ONE

    def set_score(self, score: float) -> None:
        """Set the limit; tells only if it differs."""
        self.setValue(round(score * _STEPS_PER_ONE))

    def set_counts(self, counts: ArrayLike) -> None:
        """Show a histogram: [N] counts in equal bins from LOWEST to HIGHEST."""
        self._counts = np.asarray(counts, np.float64)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(264, _BARS + _GAP + _KNOB + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def x_of(self, score: float) -> float:
        """Where a score lies on the track, in logical pixels from the widget's left."""
        left, width = self._track()
        return left + (score - LOWEST) / (HIGHEST - LOWEST) * width

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint_bars(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        left, width = self._track()
        at, middle = self.x_of(self.score()), self._middle()
        groove = QRectF(left, middle - _GROOVE / 2, width, _GROOVE)
        painter.setBrush(looks.colour("line2"))
        painter.drawRoundedRect(groove, 1.5, 1.5)
        painter.setBrush(looks.colour("accent" if self.isEnabled() else "dis"))
        painter.drawRoundedRect(QRectF(at, groove.top(), left + width - at, _GROOVE), 1.5, 1.5)
        knob = QRectF(at - _KNOB / 2, middle - _KNOB / 2, _KNOB, _KNOB)
        painter.setPen(looks.colour("accent" if self._over or self.isSliderDown() else "tx3"))
        painter.setBrush(QColor("#FFFFFF"))
        painter.drawEllipse(knob.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = abs(event.position().x() - self.x_of(self.score())) <= _KNOB
        if over != self._over:
            self._over = over
            self.update()
        if self.isSliderDown():
            self._follow(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the panel scrolls; a limit changed by accident hides predictions

    def leaveEvent(self, event: QEvent) -> None:
        self._over = False
        self.update()

    def _follow(self, event: QMouseEvent) -> None:
        left, width = self._track()
        share = (event.position().x() - left) / max(width, 1)
        self.set_score(LOWEST + min(max(share, 0.0), 1.0) * (HIGHEST - LOWEST))

    def _tell(self) -> None:
        self.update()
        self.score_changed.emit(self.score())

    def _track(self) -> tuple[float, float]:
        """Left and width of the track; the handle may reach over its ends by half."""
        return _KNOB / 2, max(self.width() - _KNOB, 1)

    def _middle(self) -> float:
        return _BARS + _GAP + _KNOB / 2

    def _paint_bars(self, painter: QPainter) -> None:
        left, width = self._track()
        painter.fillRect(QRectF(left, _BARS, width, 1), looks.colour("line2"))
        top = float(self._counts.max()) if self._counts.size else 0.0
        if top <= 0:
            return
        heights = np.sqrt(self._counts / top) * _BARS  # the rare high scores stay visible beside many low ones
        edges = np.rint(left + np.linspace(0, width, len(heights) + 1))
        grey, lit = looks.colour("line2"), looks.colour("accent", 0.85)
        limit = self.score()
        bins = LOWEST + (HIGHEST - LOWEST) * np.arange(len(heights)) / len(heights)
        for i in np.flatnonzero(heights > 0):
            height = max(round(float(heights[i])), 1)
            bar = QRectF(edges[i], _BARS - height, max(edges[i + 1] - edges[i] - 1, 1), height)
            painter.fillRect(bar, lit if bins[i] >= limit - 1e-9 else grey)
