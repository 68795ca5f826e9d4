"""A push button that shows its key inside, as "Accept visible [Space]"."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QStylePainter, QWidget

from yolor_studio.gui.widgets.key_cap import key_cap_width, paint_key_cap

_GAP = 8
_ICON_GAP = 4
"""As QPushButton has it in its width; it leaves 2 of them free."""


class KeyButton(QPushButton):
    """A push button with a key cap to the right of its text; without a key a plain one."""

    def __init__(self, text: str = "", key: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._key = key

    def set_key(self, key: str) -> None:
        """Show another key, or none."""
        self._key = key
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return hint if not self._key else QSize(hint.width() + self._key_room(), hint.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._key:
            super().paintEvent(event)
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option)
        content, room = self._content_width(), self._key_room()
        left = (self.width() - content - room) // 2
        option.rect.setRect(left - 20, option.rect.y(), content + 40, option.rect.height())  # pyright: ignore[reportAttributeAccessIssue]
        painter.drawControl(QStyle.ControlElement.CE_PushButtonLabel, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        role = "tx2" if self.isEnabled() else "dis"
        paint_key_cap(painter, left + content + _GAP, self.height() / 2, self._key, role=role)
        painter.end()

    def _content_width(self) -> int:
        width = self.fontMetrics().horizontalAdvance(self.text())
        if not self.icon().isNull():
            width += self.iconSize().width() + _ICON_GAP
        return width

    def _key_room(self) -> int:
        return _GAP + round(key_cap_width(self._key))
