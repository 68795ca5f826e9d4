"""The picture of a key, as a label and for delegates."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from yolor_studio.gui import looks

HEIGHT = 16
"""Logical pixels."""
_PADDING = 4.5


def key_cap_width(text: str) -> float:
    """The width of a key cap in logical pixels; at least as wide as high."""
    return max(QFontMetricsF(looks.font(looks.CAPTION, looks.MEDIUM)).horizontalAdvance(text) + 2 * _PADDING, HEIGHT)


def paint_key_cap(painter: QPainter, x: float, middle: float, text: str, *, role: str = "tx2") -> float:
    """Paint a key cap with its left side at `x`, centred on `middle`; returns its width."""
    width = key_cap_width(text)
    area = QRectF(x + 0.5, middle - HEIGHT / 2 + 0.5, width - 1, HEIGHT - 1)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(looks.colour("line2"))
    painter.setBrush(looks.colour("raised"))
    painter.drawRoundedRect(area, 3, 3)
    painter.setFont(looks.font(looks.CAPTION, looks.MEDIUM))
    painter.setPen(looks.colour(role))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
    return width


class KeyCap(QWidget):
    """Shows one key."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_text(self, text: str) -> None:
        """Show another key."""
        self._text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(key_cap_width(self._text)), HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_key_cap(painter, 0, self.height() / 2, self._text)
        painter.end()
