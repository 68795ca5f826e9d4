"""The floating zoom control in the canvas's lower right corner."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from yolor_studio.gui import looks

MARGIN = 12
"""Logical pixels between the control and the canvas's corner."""


class ZoomControl(QFrame):
    """Minus, the zoom in per cent, plus, fit and 1:1."""

    zoom_out = Signal()
    zoom_in = Signal()
    fit = Signal()
    actual = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        looks.dress(self, kind="floating")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 3, 4, 3)
        row.setSpacing(0)
        self._value = QLabel("100 %")
        looks.set_font(self._value, looks.BODY, looks.MEDIUM, tabular=True)
        self._value.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._value.setMinimumWidth(46)
        row.addWidget(self._button("minus", self.tr("Zoom out"), self.zoom_out))
        row.addWidget(self._value)
        row.addWidget(self._button("plus", self.tr("Zoom in"), self.zoom_in))
        divider = QFrame()
        looks.dress(divider, kind="divider")
        divider.setFixedSize(1, 20)
        row.addSpacing(4)
        row.addWidget(divider)
        row.addSpacing(4)
        row.addWidget(self._button("corners-out", self.tr("Fit the picture"), self.fit))
        actual = self._button("", self.tr("One picture pixel per screen pixel"), self.actual)
        actual.setText("1:1")
        looks.set_font(actual, looks.SECONDARY, looks.MEDIUM)
        row.addWidget(actual)
        self.setAccessibleName(self.tr("Zoom"))

    def set_zoom(self, zoom: float) -> None:
        """Show a zoom; 1.0 is 100 %."""
        self._value.setText(f"{zoom * 100:.0f} %")

    def _button(self, icon: str, name: str, signal: object) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setFixedSize(26, 26)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setToolTip(name)
        button.setAccessibleName(name)
        if icon:
            looks.set_icon(button, icon, 14)
        button.clicked.connect(signal)
        return button
