"""The way back from a box on the canvas to the figure that it is behind, and to the next box of that figure."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.panels.header import icon_button
from yolor_studio.gui.widgets import ElidedLabel, KeyCap

__all__ = ["WayBack"]

MARGIN = 12
"""Logical pixels from the canvas's upper left corner, as the zoom control has them from its lower right one."""


class WayBack(QFrame):
    """Lies over the canvas until a person goes back or closes it; the canvas keeps the keyboard."""

    back_wanted = Signal()
    step_wanted = Signal(int)
    """-1 for the box before, 1 for the next."""

    def __init__(self, canvas: QWidget, *, key: str) -> None:
        """`key` is what does the same as the button, as text."""
        super().__init__(canvas)
        self._canvas = canvas
        looks.dress(self, kind="floating")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # beside its buttons nothing is drawn below it
        self.setAccessibleName(self.tr("Back to the evaluation"))
        self.back = QPushButton(self.tr("Evaluation"))
        looks.set_icon(self.back, "arrow-left", 16)
        looks.dress(self.back, kind="quiet", size="panel")
        self.back.setToolTip(self.tr("Back to the evaluation, where you left it ({key})").format(key=key))
        self.back.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.back.clicked.connect(self.back_wanted)
        divider = QFrame()
        looks.dress(divider, kind="divider")
        divider.setFixedSize(1, 20)
        self._words = ElidedLabel()
        looks.set_font(self._words, looks.SECONDARY, tabular=True)
        looks.dress(self._words, role="tx2")
        self.previous = self._tool("caret-left", self.tr("The box before"), lambda: self.step_wanted.emit(-1))
        self.next = self._tool("caret-right", self.tr("The next box"), lambda: self.step_wanted.emit(1))
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 3, 4, 3)
        row.setSpacing(6)
        row.addWidget(self.back)
        row.addWidget(KeyCap(key))
        row.addWidget(divider)
        row.addWidget(self._words)
        row.addWidget(self.previous)
        row.addWidget(self.next)
        row.addWidget(self._tool("x", self.tr("Stay here: take this away"), self.hide))
        canvas.installEventFilter(self)

    def say(self, figure: str, *, place: int, count: int) -> None:
        """Show the way back from box `place` (from 0) of the `count` that are listed: "2 of 34 person missed"."""
        self._words.set_text(self.tr("{number} of {figure}").format(number=f"{place + 1:,}", figure=figure))
        self.previous.setEnabled(place > 0)
        self.next.setEnabled(place + 1 < count)
        self.show()
        self.raise_()
        self._place()

    def text(self) -> str:
        """What is said."""
        return self._words.whole_text()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        self._words.setFixedWidth(0)
        room = self._canvas.width() - 2 * MARGIN - self.sizeHint().width()
        self._words.setFixedWidth(max(min(self._words.sizeHint().width(), room), 0))
        self.adjustSize()
        self.move(MARGIN, MARGIN)

    def _tool(self, icon: str, name: str, clicked: Callable[[], object]) -> QToolButton:
        button = icon_button(icon, name, clicked, side=26)
        looks.set_icon(button, icon, 14)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button
