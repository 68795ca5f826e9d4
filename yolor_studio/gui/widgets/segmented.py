"""A segmented control: one of a few choices, side by side in a frame."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from yolor_studio.gui import looks


class Segmented(QFrame):
    """Exclusive choices; the arrow keys go through them, Tab goes past them."""

    chosen = Signal(object)
    """The key of the choice that a person made."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        looks.dress(self, kind="segmented")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(2, 2, 2, 2)
        self._row.setSpacing(2)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.buttonClicked.connect(self._tell)
        self._buttons: dict[object, QToolButton] = {}

    def add(self, key: object, text: str, *, icon: str = "", tooltip: str = "") -> QToolButton:
        """Add a choice; the first one is chosen."""
        button = QToolButton()
        looks.dress(button, kind="segment")
        button.setText(text)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setMinimumHeight(24)
        if icon:
            button.setIcon(looks.icon(icon))
            button.setIconSize(QSize(16, 16))
            style = Qt.ToolButtonStyle
            button.setToolButtonStyle(style.ToolButtonTextBesideIcon if text else style.ToolButtonIconOnly)
        if tooltip:
            button.setToolTip(tooltip)
            button.setAccessibleName(tooltip)
        self._buttons[key] = button
        self._group.addButton(button)
        self._row.addWidget(button)
        button.setChecked(len(self._buttons) == 1)
        return button

    def choice(self) -> object:
        """The key of what is chosen, None without choices."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), None)

    def choose(self, key: object) -> None:
        """Choose without telling. Raises KeyError for an unknown key."""
        self._buttons[key].setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self._buttons:
            super().keyPressEvent(event)
            return
        keys = list(self._buttons)
        button = self._buttons[keys[(keys.index(self.choice()) + step) % len(keys)]]
        button.setChecked(True)
        button.setFocus(Qt.FocusReason.TabFocusReason)
        self._tell()

    def _tell(self) -> None:
        self.chosen.emit(self.choice())
