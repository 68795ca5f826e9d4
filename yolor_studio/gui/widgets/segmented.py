"""A segmented control: one of a few choices, side by side in a frame."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QIcon, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from yolor_studio.gui import looks

_ICON, _SIDE, _GAP = 16, 10, 6
_HEIGHT = 24


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
        self._buttons: dict[object, Segment] = {}

    def add(self, key: object, text: str, *, icon: str = "", tooltip: str = "", shortcut: str = "") -> Segment:
        """Add a choice; the first one is chosen. `shortcut` is only shown: the key is somebody else's."""
        button = Segment(shortcut)
        looks.dress(button, kind="segment")
        button.setText(text)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if icon:
            button.setIcon(looks.icon(icon))
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


class Segment(QToolButton):
    """One choice: an icon, a text and its key in small letters, whichever it has, in the middle of the button."""

    def __init__(self, shortcut: str) -> None:
        super().__init__()
        self._shortcut = shortcut

    def sizeHint(self) -> QSize:
        # As wide as when it is the chosen one: choosing moves nothing.
        parts = self._parts(looks.font(looks.BODY, looks.MEDIUM))
        return QSize(sum(parts) + _GAP * (len([part for part in parts if part]) - 1) + 2 * _SIDE, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text, option.icon = "", QIcon()  # pyright: ignore[reportAttributeAccessIssue]
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        parts = self._parts(self.font())
        left = (self.width() - sum(parts) - _GAP * (len([part for part in parts if part]) - 1)) // 2
        lit, enabled = self.isChecked() or self.underMouse(), self.isEnabled()
        icon_width, text_width, key_width = parts
        if icon_width:
            state = QIcon.State.On if self.isChecked() else QIcon.State.Off
            mode = QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled
            corner = QPoint(left, (self.height() - _ICON) // 2)
            self.icon().paint(painter, QRect(corner, QSize(_ICON, _ICON)), Qt.AlignmentFlag.AlignCenter, mode, state)
            left += icon_width + _GAP
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if text_width:
            painter.setPen(looks.colour(("tx" if lit else "tx2") if enabled else "dis"))
            painter.drawText(QRect(left, 0, text_width, self.height()), middle, self.text())
            left += text_width + _GAP
        if key_width:
            painter.setFont(looks.font(looks.CAPTION))
            painter.setPen(looks.colour("tx3" if enabled else "dis"))
            painter.drawText(QRect(left, 0, key_width, self.height()), middle, self._shortcut)
        painter.end()

    def _parts(self, font: QFont) -> tuple[int, int, int]:
        """Widths of icon, text and key; 0 for what it does not have."""
        text = QFontMetrics(font).horizontalAdvance(self.text())
        key = QFontMetrics(looks.font(looks.CAPTION)).horizontalAdvance(self._shortcut)
        return 0 if self.icon().isNull() else _ICON, text, key
