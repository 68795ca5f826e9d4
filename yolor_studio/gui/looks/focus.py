"""The focus ring: 2 px in the accent, 1 px away from whatever the keyboard has reached."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QWidget,
)
from shiboken6 import isValid

from yolor_studio.gui.looks import theme

_WIDTH, _AWAY, _RADIUS = 2, 1, 8
_RINGED = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)


class FocusFollower(QObject):
    """Puts a ring around the focused widget of each window; a style sheet cannot draw outside a widget.

    Fields have the ring whenever they have the focus, buttons and lists only when the keyboard brought it.
    """

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._ring: FocusRing | None = None
        app.focusChanged.connect(self._on_focus)

    @Slot()
    def _on_focus(self) -> None:
        """Takes none of the signal's arguments: the widget that lost the focus may be half destroyed."""
        now = QApplication.focusWidget()
        if self._ring is not None and isValid(self._ring):
            self._ring.leave()
        self._ring = None
        if now is None or not _wants_ring(now):
            return
        window, parent = now.window(), now.parentWidget()
        self._ring = window.findChild(FocusRing, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if self._ring is None:
            self._ring = FocusRing(window)
        self._ring.enter(parent if isinstance(parent, (QAbstractSpinBox, QComboBox)) else now)


class FocusRing(QWidget):
    """A window's ring; it lies over everything else in it and lets the pointer through."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._around: QWidget | None = None
        self.hide()

    def enter(self, widget: QWidget) -> None:
        """Lie around a widget and follow it."""
        self._around = widget
        widget.installEventFilter(self)
        self._place()
        self.show()
        self.raise_()

    def leave(self) -> None:
        """Go away."""
        if self._around is not None and isValid(self._around):
            self._around.removeEventFilter(self)
        self._around = None
        self.hide()

    def around(self) -> QWidget | None:
        """The widget that has the ring."""
        return self._around

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._around:
            if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
                self._place()
            elif event.type() == QEvent.Type.Hide:
                self.leave()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("accent"), _WIDTH))
        half = _WIDTH / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(half, half, -half, -half), _RADIUS, _RADIUS)
        painter.end()

    def _place(self) -> None:
        if self._around is None:
            return
        corner = self._around.mapTo(self.window(), QPoint(0, 0))
        reach = _WIDTH + _AWAY
        ring = QRect(corner, self._around.size()).adjusted(-reach, -reach, reach, reach)
        self.setGeometry(ring.intersected(self.window().rect()))  # all of it is seen around a list at the edge


def _wants_ring(widget: QWidget) -> bool:
    if not isinstance(widget, _RINGED) or isinstance(widget, QScrollBar) or widget.isWindow():
        return False
    if widget.window().windowType() == Qt.WindowType.Popup:
        return False  # a combo box's list
    parent = widget.parentWidget()
    if (
        isinstance(widget, QLineEdit)
        and not widget.hasFrame()
        and not isinstance(parent, (QAbstractSpinBox, QComboBox))
    ):
        return False  # part of something that has the ring, or alone on a sheet of its own
    if parent is not None and isinstance(parent.parentWidget(), QAbstractItemView):
        return False  # an editor inside a list has its row for a frame
    if isinstance(widget, (QLineEdit, QAbstractSpinBox)):
        return True
    return widget.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
