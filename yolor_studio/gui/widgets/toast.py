"""A message that floats over the canvas for a while, with at most one action."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QPropertyAnimation, Qt, QTimer
from PySide6.QtWidgets import QFrame, QGraphicsOpacityEffect, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from yolor_studio.gui import looks

_SHOWN, _SHOWN_WITH_ACTION = 6000, 10_000
_FADE_IN, _FADE_OUT = 120, 80
_ABOVE = 16
_WIDEST = 480
_ICONS = {
    "ok": ("check-circle-fill", "ok"),
    "info": ("info-fill", "accent"),
    "warn": ("warning-fill", "warn"),
    "err": ("warning-circle-fill", "err"),
}


class Toast(QFrame):
    """One message at a time, above the lower middle of its host; errors stay until closed."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        looks.dress(self, kind="toast")
        self.setAccessibleName(self.tr("Message"))
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        self._icon, self._text, self._action, self._close = QLabel(), QLabel(), QPushButton(), QToolButton()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        looks.dress(self._action, kind="link")
        looks.dress(self._action, size="panel")
        self._action.clicked.connect(self._act)
        looks.set_icon(self._close, "x", 13)
        self._close.setFixedSize(24, 24)
        self._close.setAccessibleName(self.tr("Close"))
        self._close.clicked.connect(self.dismiss)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        row.addSpacing(8)
        row.addWidget(self._action)
        row.addWidget(self._close)
        self._on_action: Callable[[], object] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        self._opacity = QGraphicsOpacityEffect(self)
        self.setGraphicsEffect(self._opacity)
        self._fade = QPropertyAnimation(self._opacity, b"opacity", self)
        self._fade.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._fade.finished.connect(self._faded)
        host.installEventFilter(self)
        self.hide()

    def say(
        self, text: str, kind: str = "ok", *, action: str = "", on_action: Callable[[], object] | None = None
    ) -> None:
        """Show a message in place of the one before. `kind`: "ok", "info", "warn" or "err"; `action` names the one
        thing that can be done, `on_action` does it."""
        glyph, role = _ICONS[kind]
        self._icon.setPixmap(looks.pixmap(glyph, role, 17, ratio=self.devicePixelRatioF()))
        self._text.setText(text)
        self.setAccessibleDescription(text)
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self._on_action = on_action
        self._place()
        self.show()
        self.raise_()
        self._start_fade(1.0, _FADE_IN)
        self._timer.stop()
        if kind != "err":
            self._timer.start(_SHOWN_WITH_ACTION if action else _SHOWN)

    def text(self) -> str:
        """What is said, empty when nothing is."""
        return self._text.text() if self.isVisible() else ""

    def dismiss(self) -> None:
        """Take the message away."""
        self._timer.stop()
        self._start_fade(0.0, _FADE_OUT)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._host and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        widest = min(_WIDEST, self._host.width() - 2 * _ABOVE)
        natural = self._natural_width()
        self.setFixedWidth(max(min(natural, widest), 1))
        self._row.activate()
        height = self._row.totalHeightForWidth(self.width())
        self.resize(self.width(), height if height > 0 else self.sizeHint().height())
        self.move((self._host.width() - self.width()) // 2, self._host.height() - self.height() - _ABOVE)

    def _natural_width(self) -> int:
        """The width on one line."""
        width = self._text.fontMetrics().horizontalAdvance(self._text.text()) + 12 + 17 + 8 + 16 + 24 + 8 + 8
        if self._action.text():
            width += self._action.sizeHint().width() + 8
        return width + 6

    def _start_fade(self, opacity: float, milliseconds: int) -> None:
        self._fade.stop()
        self._fade.setDuration(looks.duration(milliseconds))
        self._fade.setStartValue(self._opacity.opacity() if self.isVisible() else 0.0)
        self._fade.setEndValue(opacity)
        self._fade.start()

    def _faded(self) -> None:
        if self._fade.endValue() == 0.0:
            self.hide()

    def _act(self) -> None:
        act = self._on_action
        self.dismiss()
        if act is not None:
            act()
