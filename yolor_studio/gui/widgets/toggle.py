"""A switch: on or off, at once."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from yolor_studio.gui import looks

_WIDTH, _HEIGHT = 28, 16


class Toggle(QAbstractButton):
    """A checkable button that looks like a switch; Space turns it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        role = "fill" if self.isChecked() else "tx3"
        painter.setBrush(looks.colour(role if self.isEnabled() else "line2"))
        top = (self.height() - _HEIGHT) / 2
        painter.drawRoundedRect(QRectF(0, top, _WIDTH, _HEIGHT), _HEIGHT / 2, _HEIGHT / 2)
        painter.setBrush(QColor("#FFFFFF"))
        x = _WIDTH - _HEIGHT + 2 if self.isChecked() else 2
        painter.drawEllipse(QRectF(x, top + 2, _HEIGHT - 4, _HEIGHT - 4))
        painter.end()
