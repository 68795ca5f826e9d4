"""Learned implicit vectors, painted: one bar a channel from the mean, what stands out in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.panels import rows
from yolor_studio.gui.widgets import ElidedLabel

if TYPE_CHECKING:
    from yolor_studio.yolor.implicit import ImplicitVector

__all__ = ["ImplicitColumn", "VectorPlot"]

HEIGHT = 36
_LABEL, _COUNT = 148, 44
_FAINT = 0.6
_OUTLIER = 2.0
"""Standard deviations from the mean beyond which a bar is painted in full."""


class VectorPlot(QWidget):
    """One vector: its stride, its bars, its number of values. The pointer tells a channel's meaning and value."""

    def __init__(self, vector: ImplicitVector, names: Sequence[str], *, role: str, reach: float) -> None:
        """`reach` is the deviation from the mean that fills the height, the same for plots to be compared."""
        super().__init__()
        self._vector, self._names, self._role, self._reach = vector, names, role, reach
        self._values = np.asarray(vector.values, np.float64)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        low, mean, high = self._values.min(), self._values.mean(), self._values.max()
        self.setAccessibleName(
            f"{vector.way.value} {vector.where}: {len(self._values)} values, {low:.3f} to {high:.3f}, mean {mean:.3f}"
        )
        self.setAccessibleDescription(vector.reason)

    def sizeHint(self) -> QSize:
        return QSize(320, HEIGHT)

    def meaning(self, channel: int) -> str:
        """ "anchor 12 × 23, car: 1.071", or "channel 40: 0.012"."""
        from yolor_studio.yolor.implicit import FIELDS

        value = f"{self._values[channel]:.3f}"
        if self._vector.layout() is None:
            return self.tr("channel {number}: {value}").format(number=channel, value=value)
        anchor, field = divmod(channel, len(FIELDS) + self._vector.classes)
        across, down = self._vector.anchors[anchor]
        index = field - len(FIELDS)
        name = FIELDS[field] if index < 0 else self._names[index] if index < len(self._names) else str(index)
        return self.tr("anchor {width:g} × {height:g}, {name}: {value}").format(
            width=across, height=down, name=name, value=value
        )

    def place(self) -> str:
        """Where it acts, in short: its stride, and its task where that is not the boxes."""
        stride, task = self._vector.stride, self._vector.task
        text = self.tr("stride {stride}").format(stride=stride) if stride else self.tr("one cell")
        return text if task in ("", "boxes") else self.tr("{task}, {place}").format(task=task, place=text)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            channel = self._channel_at(event.pos().x())
            text = self._vector.reason if channel is None else self.meaning(channel)
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ground = self._ground()
        label = QRectF(0, 0, _LABEL - 8, HEIGHT)
        rows.text(painter, label, self.place(), role="tx2", size=looks.SECONDARY)
        count = QRectF(ground.right() + 8, 0, _COUNT - 8, HEIGHT)
        rows.text(
            painter, count, f"{len(self._values):,}", role="tx3", size=looks.SECONDARY, tabular=True, align=rows.RIGHT
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(looks.colour("bg" if looks.is_dark() else "chrome"))
        painter.drawRoundedRect(ground, 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint_anchors(painter, ground)
        self._paint_bars(painter, ground)
        painter.end()

    def _paint_anchors(self, painter: QPainter, ground: QRectF) -> None:
        """Lines between the anchors of a prediction."""
        for number in range(1, len(self._vector.anchors)):
            x = ground.x() + ground.width() * number / len(self._vector.anchors)
            painter.fillRect(QRectF(round(x), ground.y() + 3, 1, ground.height() - 6), looks.colour("line2"))

    def _paint_bars(self, painter: QPainter, ground: QRectF) -> None:
        middle, half = round(ground.center().y()), ground.height() / 2 - 3
        painter.fillRect(QRectF(ground.x() + 4, middle, ground.width() - 8, 1), looks.colour("line2"))
        full, faint = looks.colour(self._role), looks.colour(self._role, _FAINT)
        deviations, spread = self._values - self._values.mean(), self._values.std()
        inner = ground.adjusted(4, 0, -4, 0)
        for x, width, deviation in _bars(deviations, inner):
            length = min(abs(deviation) / self._reach, 1.0) * half if self._reach else 0.0
            colour: QColor = full if abs(deviation) > _OUTLIER * spread else faint
            top = middle - length if deviation > 0 else middle
            painter.fillRect(QRectF(x, top, width, max(length, 1.0)), colour)

    def _ground(self) -> QRectF:
        return QRectF(_LABEL, 2, max(self.width() - _LABEL - _COUNT, 20), HEIGHT - 4)

    def _channel_at(self, x: float) -> int | None:
        inner = self._ground().adjusted(4, 0, -4, 0)
        if not inner.contains(QPointF(x, inner.center().y())):
            return None
        return min(int((x - inner.x()) / inner.width() * len(self._values)), len(self._values) - 1)


def _bars(values: NDArray[np.float64], place: QRectF) -> list[tuple[float, float, float]]:
    """(x, width, value) of every bar; where channels are narrower than a pixel, each bar stands for the farthest."""
    columns = min(len(values), max(int(place.width()), 1))
    step = place.width() / columns
    gap = 1.0 if step >= 3 else 0.0
    bars = []
    for column in range(columns):
        share = values[column * len(values) // columns : (column + 1) * len(values) // columns]
        bars.append((place.x() + column * step, max(step - gap, 1.0), float(share[np.argmax(np.abs(share))])))
    return bars


class ImplicitColumn(QWidget):
    """The vectors that act in one way, under a heading with their range."""

    def __init__(self, title: str, vectors: Sequence[ImplicitVector], names: Sequence[str], *, role: str) -> None:
        super().__init__()
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(4)
        values = [np.asarray(vector.values) for vector in vectors]
        low, high = min(v.min() for v in values), max(v.max() for v in values)
        reach_text = f"{low:.2f} {self.tr('to')} {high:.2f}".replace("-", "−")
        head = ElidedLabel(f"{title} · {reach_text}")
        looks.set_font(head, looks.SECONDARY, looks.MEDIUM, tabular=True)
        lines.addWidget(head)
        reach = max(float(np.abs(v - v.mean()).max()) for v in values)
        for vector in vectors:
            lines.addWidget(VectorPlot(vector, names, role=role, reach=reach))
        lines.addStretch(1)
