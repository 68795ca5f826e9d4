"""The shares of train, val and test as one bar, with their figures below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QWidget

from yolor_studio.gui import looks

__all__ = ["SPLIT_ROLES", "SplitBar"]

SPLIT_ROLES = {"train": "split-train", "val": "split-val", "test": "split-test"}
_BAR, _HEIGHT = 18, 40


class SplitBar(QWidget):
    """Painted; its accessible description says the figures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._splits: list[tuple[str, int]] = []
        self.setFixedHeight(_HEIGHT)
        self.setAccessibleName(self.tr("Split"))

    def show_splits(self, splits: Sequence[tuple[str, int]]) -> None:
        """Show (name, frames) of each split."""
        self._splits = list(splits)
        self.setAccessibleDescription(", ".join(f"{name} {frames:,}" for name, frames in splits))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        total = sum(frames for _, frames in self._splits)
        inside = QPainterPath()
        inside.addRoundedRect(QRectF(0, 0, self.width(), _BAR), 4, 4)
        painter.save()
        painter.setClipPath(inside)
        painter.fillRect(QRectF(0, 0, self.width(), _BAR), looks.colour("raised"))
        left = 0.0
        for name, frames in self._splits:
            width = self.width() * frames / total if total else 0.0
            painter.fillRect(QRectF(left, 0, max(width - 1, 0), _BAR), looks.colour(SPLIT_ROLES.get(name, "tx3")))
            left += width
        painter.restore()
        self._paint_figures(painter, total)
        painter.end()

    def _paint_figures(self, painter: QPainter, total: int) -> None:
        font = looks.font(looks.SECONDARY, tabular=True)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        x, top, height = 0.0, _BAR + 5, 16
        for name, frames in self._splits:
            painter.fillRect(QRectF(x, top + 4, 8, 8), looks.colour(SPLIT_ROLES.get(name, "tx3")))
            x += 14
            painter.setPen(looks.colour("tx"))
            painter.drawText(QRectF(x, top, 60, height), name)
            x += metrics.horizontalAdvance(name) + 6
            share = f" · {100 * frames / total:.0f} %" if total else ""
            figures = f"{frames:,}{share}" if frames else self.tr("none")
            painter.setPen(looks.colour("tx2"))
            painter.drawText(QRectF(x, top, 160, height), figures)
            x += metrics.horizontalAdvance(figures) + 16
