"""An icon that stands by itself and follows the theme."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from yolor_studio.gui import looks

__all__ = ["IconLabel"]


class IconLabel(QWidget):
    """Paints one icon in the colour of a role."""

    def __init__(self, name: str, role: str = "tx2", side: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._role = name, role
        self.setFixedSize(side, side)

    def set_icon(self, name: str, role: str) -> None:
        """Show another icon."""
        if (name, role) != (self._name, self._role):
            self._name, self._role = name, role
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        looks.paint_icon(painter, QRectF(self.rect()), self._name, looks.colour(self._role))
        painter.end()
