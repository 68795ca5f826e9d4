"""A bar of three pixels: how far something is."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from yolor_studio.gui.panels import rows

__all__ = ["ThinBar"]


class ThinBar(QWidget):
    """Filled to a share, in the colour of a role."""

    def __init__(self, role: str = "accent", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._role = role
        self._share = 0.0
        self.setFixedHeight(3)

    def set_share(self, share: float) -> None:
        """Fill to `share`, 0 to 1."""
        if share != self._share:
            self._share = share
            self.setAccessibleName(f"{share:.0%}")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rows.bar(painter, QRectF(self.rect()), self._share, self._role)
        painter.end()
