"""The program's mark: four corners of a box around a point."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from yolor_studio.gui import looks

__all__ = ["Logo", "paint_logo", "window_icon"]


def paint_logo(painter: QPainter, rect: QRectF, ground: QColor) -> None:
    """Draw the mark into a square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = rect.width()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(rect, side * 0.2, side * 0.2)
    pen = QPen(QColor("#FFFFFF"), side * 0.085)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    inset, arm = side * 0.25, side * 0.15
    for dx in (0, 1):
        for dy in (0, 1):
            corner = QPointF(
                rect.right() - inset if dx else rect.left() + inset, rect.bottom() - inset if dy else rect.top() + inset
            )
            along = QPointF(-arm if dx else arm, 0)
            down = QPointF(0, -arm if dy else arm)
            painter.drawPolyline([corner + along, corner, corner + down])
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#FFFFFF"))
    painter.drawEllipse(rect.center(), side * 0.1, side * 0.1)
    painter.restore()


class Logo(QWidget):
    """The mark as a widget of `side` pixels."""

    def __init__(self, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_logo(painter, QRectF(self.rect()), looks.colour("fill"))
        painter.end()


def window_icon() -> QIcon:
    """The mark for the window's frame and the task bar."""
    icon = QIcon()
    for side in (16, 32, 64, 128):
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        paint_logo(painter, QRectF(0, 0, side, side), looks.colour("fill"))
        painter.end()
        icon.addPixmap(pixmap)
    return icon
