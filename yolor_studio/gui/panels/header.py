"""The heading of a panel or section: its name, a count, small buttons, and a caret where it folds."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from yolor_studio.gui import looks

__all__ = ["Header", "icon_button"]

HEIGHT = 36


def icon_button(name: str, tooltip: str, clicked: Callable[[], object] | None = None, *, side: int = 24) -> QToolButton:
    """A flat square button with an icon."""
    button = QToolButton()
    looks.set_icon(button, name)
    button.setFixedSize(side, side)
    button.setToolTip(tooltip)
    button.setAccessibleName(tooltip)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if clicked is not None:
        button.clicked.connect(lambda _checked=False: clicked())
    return button


class Header(QWidget):
    """One line above a panel's content."""

    folded = Signal(bool)
    """A person folded (True) or unfolded the section."""

    def __init__(self, title: str, *, folds: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(12, 0, 8, 0)
        self._layout.setSpacing(0)
        self._caret: QToolButton | None = None
        if folds:
            self._layout.setContentsMargins(6, 0, 8, 0)
            self._caret = icon_button("caret-down", self.tr("Fold"), self._toggle, side=20)
            self._caret.setIconSize(QSize(12, 12))
            self._layout.addWidget(self._caret)
            self._layout.addSpacing(2)
        self._title = QLabel(title)
        looks.set_font(self._title, looks.HEADING, looks.SEMIBOLD)
        self._count = QLabel()
        looks.dress(self._count, role="tx3")
        looks.set_font(self._count, looks.SECONDARY, tabular=True)
        self._layout.addWidget(self._title)
        self._layout.addSpacing(6)
        self._layout.addWidget(self._count)
        self._layout.addStretch(1)
        self._is_folded = False

    def set_count(self, text: str) -> None:
        """Say how many there are, beside the name."""
        self._count.setText(text)

    def add_button(self, button: QToolButton) -> QToolButton:
        """Put a button at the right end."""
        self._layout.addWidget(button)
        return button

    def set_plain(self, plain: bool) -> None:
        """Under a tab of the same name only the count and the buttons are needed."""
        self._title.setVisible(not plain)
        if self._caret is not None:
            self._caret.setVisible(not plain)

    def set_folded(self, folded: bool) -> None:
        """Show the caret of this state."""
        self._is_folded = folded
        if self._caret is not None:
            self._caret.setIcon(looks.icon("caret-right" if folded else "caret-down"))
            self._caret.setToolTip(self.tr("Unfold") if folded else self.tr("Fold"))

    def _toggle(self) -> None:
        self.set_folded(not self._is_folded)
        self.folded.emit(self._is_folded)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._caret is not None:
            self._toggle()
        super().mouseDoubleClickEvent(event)
