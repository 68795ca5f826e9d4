"""A sheet over the window: a dark veil, and a panel in its middle that keeps the keyboard until it is closed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QPushButton, QToolButton, QVBoxLayout, QWidget

from yolor_studio.gui import looks

__all__ = ["Sheet"]

VEIL = 148
"""Black at 58 %."""


class Sheet(QWidget):
    """Covers its host; `panel` holds the content. Esc and a click beside the panel close it where that is allowed."""

    closed = Signal()

    def __init__(self, host: QWidget, *, width: int, top_third: bool = False) -> None:
        super().__init__(host)
        self._host, self._width, self._top_third = host, width, top_third
        self._before = None
        self.closable = True
        self.panel = QFrame(self)
        looks.dress(self.panel, kind="sheet")
        self.content = QVBoxLayout(self.panel)
        self.content.setContentsMargins(0, 0, 0, 0)
        self.content.setSpacing(0)
        host.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Show the sheet and give it the keyboard."""
        self._before = self.window().focusWidget()
        self.setGeometry(self._host.rect())
        self.place()
        self.show()
        self.raise_()
        self.panel.setFocus()

    def close_sheet(self) -> None:
        """Take the sheet away and give the keyboard back."""
        if self.isVisible():
            self.hide()
            if self._before is not None:
                self._before.setFocus()
            self.closed.emit()

    def stop(self) -> None:
        """End what is under way and close: the window closes."""
        self.close_sheet()

    def place(self) -> None:
        """Put the panel where it belongs, no larger than the host."""
        width = min(self._width, self.width() - 32)
        self.panel.setFixedWidth(width)
        self.content.activate()
        height = min(self.panel.sizeHint().height(), self.height() - 32)
        # What hangs from the top keeps its place while it gets lower.
        top = self.height() // 8 if self._top_third else (self.height() - height) // 2
        self.panel.setGeometry((self.width() - width) // 2, top, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0, VEIL))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.closable and not self.panel.geometry().contains(event.position().toPoint()):
            self.close_sheet()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.closable:
            self.close_sheet()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._press_default()
        event.accept()

    def _press_default(self) -> None:
        """Enter presses the button that has the keyboard, else the default one, as in a dialog."""
        here = self.window().focusWidget()
        if isinstance(here, (QPushButton, QToolButton)):
            here.click()
            return
        for button in self.findChildren(QPushButton):
            if button.isDefault() and button.isVisible() and button.isEnabled():
                button.click()
                return

    def focusNextPrevChild(self, following: bool) -> bool:
        """Keep Tab inside the sheet."""
        widgets = [
            widget
            for widget in self.findChildren(QWidget)
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            and widget.focusProxy() is None  # a spin box's field, which only passes the focus on
            and widget.isVisible()
            and widget.isEnabled()
        ]
        if not widgets:
            return False
        here = self.window().focusWidget()
        at = widgets.index(here) if here in widgets else -1
        widgets[(at + (1 if following else -1)) % len(widgets)].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._host.rect())
            self.place()
        return False
