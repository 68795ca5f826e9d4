"""The pre-label button, which turns into the running job in place: progress, pause, cancel."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QWidget,
)

from yolor_studio.gui import looks
from yolor_studio.gui.widgets.elided import ElidedLabel

HEIGHT = 28
_RUNNING_WIDTH, _SMALL_WIDTH = 384, 236
_BAR = 2


class JobButton(QWidget):
    """Idle a button; running, paused, stopped or done a strip with a 2 px bar on its lower edge."""

    started = Signal()
    """The button was pressed."""
    pause_requested = Signal()
    resume_requested = Signal()
    cancel_requested = Signal()
    action_requested = Signal()
    """The button of a stopped job was pressed."""
    dismissed = Signal()
    """A finished job's strip was closed; the button is back."""

    def __init__(self, text: str, icon: str, parent: QWidget | None = None, *, split: bool = True) -> None:
        """`split`: whether a drop-down arrow stands beside the button."""
        super().__init__(parent)
        self._icon_name = icon
        self._split = split
        self._small = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._idle = self._build_idle(text)
        self._strip = _JobStrip()
        self._strip.primary.clicked.connect(self._press_primary)
        self._strip.closing.clicked.connect(self._press_close)
        self._strip.action.clicked.connect(self.action_requested)
        self._stack.addWidget(self._idle)
        self._stack.addWidget(self._strip)
        self._state = "idle"

    def set_text(self, text: str, tooltip: str = "") -> None:
        """Rename the idle button."""
        self._main.setText(text)
        self._main.setToolTip(tooltip)
        self.updateGeometry()

    def set_menu(self, menu: QMenu) -> None:
        """What the drop-down arrow opens, such as the ranges."""
        self._more.setMenu(menu)

    def set_small(self, small: bool) -> None:
        """In a narrow window: no title and no rate, only count and time left."""
        self._small = small
        self._strip.title.setVisible(not small)
        self.updateGeometry()

    def state(self) -> str:
        """ "idle", "running", "paused", "stopped" or "done"."""
        return self._state

    def show_idle(self) -> None:
        """The button again."""
        self._turn("idle")

    def show_running(self, title: str, *, done: int, total: int | None, detail: str = "", short: str = "") -> None:
        """Progress: `detail` is "312 of 480 · 41 frames/s · 4 s left", `short` the same for a narrow window."""
        strip = self._strip
        strip.show_state(self._icon_name, "accent", title, short if self._small and short else detail)
        strip.set_buttons(primary="pause", primary_name=self.tr("Pause"), close_name=self.tr("Cancel"))
        strip.set_bar(done / total if total else None, "accent")
        self._turn("running")

    def show_paused(self, title: str, *, done: int, total: int | None, detail: str = "") -> None:
        """Held by the person."""
        strip = self._strip
        strip.show_state("pause", "tx2", title, detail)
        strip.set_buttons(primary="play", primary_name=self.tr("Resume"), close_name=self.tr("Cancel"))
        strip.set_bar(done / total if total else None, "tx2")
        self._turn("paused")

    def show_stopped(self, title: str, *, share: float, detail: str = "", action: str = "") -> None:
        """Stopped by an error; `action` is the way on."""
        strip = self._strip
        strip.show_state("warning", "warn", title, detail)
        strip.set_buttons(action=action, close_name="" if action else self.tr("Close"))
        strip.set_bar(share, "warn")
        self._turn("stopped")

    def show_done(self, title: str, *, detail: str = "") -> None:
        """Finished."""
        strip = self._strip
        strip.show_state("check-circle", "ok", title, detail)
        strip.set_buttons(close_name=self.tr("Close"))
        strip.set_bar(1.0, "review")
        self._turn("done")

    def sizeHint(self) -> QSize:
        if self._state == "idle":
            return QSize(self._idle.sizeHint().width(), HEIGHT)
        return QSize(_SMALL_WIDTH if self._small else _RUNNING_WIDTH, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _build_idle(self, text: str) -> QWidget:
        idle = QWidget()
        row = QHBoxLayout(idle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._main, self._more = QPushButton(text), QPushButton()
        looks.dress(self._main, kind="split-main" if self._split else "primary")
        looks.set_icon(self._main, self._icon_name, role="on-fill")
        self._main.clicked.connect(self.started)
        looks.dress(self._more, kind="split-more")
        looks.set_icon(self._more, "caret-down", 12, role="on-fill")
        self._more.setAccessibleName(self.tr("More ways to run"))
        row.addWidget(self._main)
        row.addWidget(self._more)
        self._more.setHidden(not self._split)
        return idle

    def _turn(self, state: str) -> None:
        if state == self._state:
            return
        self._state = state
        focused = self.hasFocus() or self.focusWidget() is not None
        self._stack.setCurrentWidget(self._idle if state == "idle" else self._strip)
        if focused:  # the focused part may be hidden now; keep the keyboard here
            (self._main if state == "idle" else self._strip.closing).setFocus()
        self.updateGeometry()

    def _press_primary(self) -> None:
        (self.pause_requested if self._state == "running" else self.resume_requested).emit()

    def _press_close(self) -> None:
        if self._state in ("running", "paused"):
            self.cancel_requested.emit()
        else:
            self.show_idle()
            self.dismissed.emit()


class _JobStrip(QFrame):
    """Icon, title, detail, buttons, and the bar on the lower edge."""

    def __init__(self) -> None:
        super().__init__()
        looks.dress(self, kind="job")
        row = QHBoxLayout(self)
        row.setContentsMargins(9, 0, 3, 1)
        row.setSpacing(4)
        self._icon, self.title, self._detail = QLabel(), QLabel(), ElidedLabel()
        looks.set_font(self.title, looks.BODY, looks.MEDIUM)
        looks.set_font(self._detail, looks.SECONDARY, tabular=True)
        looks.dress(self._detail, role="tx2")
        self.action = QPushButton()
        looks.dress(self.action, size="panel")
        self.primary, self.closing = QToolButton(), QToolButton()
        for button in (self.primary, self.closing):
            button.setFixedSize(24, 24)
        looks.set_icon(self.closing, "x", 14)
        row.addWidget(self._icon)
        row.addSpacing(3)
        row.addWidget(self.title)
        row.addSpacing(4)
        row.addWidget(self._detail, 1)
        row.addWidget(self.action)
        row.addWidget(self.primary)
        row.addWidget(self.closing)
        self._share: float | None = 0.0
        self._role = "accent"

    def show_state(self, icon: str, role: str, title: str, detail: str) -> None:
        self._icon.setPixmap(looks.pixmap(icon, role, 16, ratio=self.devicePixelRatioF()))
        self.title.setText(title)
        self._detail.set_text(detail)
        self.setAccessibleName(title)
        self.setAccessibleDescription(detail)

    def set_buttons(self, *, primary: str = "", primary_name: str = "", close_name: str = "", action: str = "") -> None:
        self.primary.setVisible(bool(primary))
        if primary:
            looks.set_icon(self.primary, primary, 14)
        for button, name in ((self.primary, primary_name), (self.closing, close_name)):
            button.setToolTip(name)
            button.setAccessibleName(name)
        self.closing.setVisible(bool(close_name))
        self.action.setText(action)
        self.action.setVisible(bool(action))

    def set_bar(self, share: float | None, role: str) -> None:
        """A share of 0..1, None while the total is unknown."""
        self._share, self._role = share, role
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inside = QPainterPath()
        inside.addRoundedRect(QRectF(self.rect()), 6, 6)
        painter.setClipPath(inside)
        top = self.height() - _BAR
        painter.fillRect(QRectF(0, top, self.width(), _BAR), looks.colour("line2"))
        if self._share is None:
            painter.fillRect(QRectF(self.width() * 0.35, top, self.width() * 0.3, _BAR), looks.colour(self._role))
        else:
            painter.fillRect(QRectF(0, top, self.width() * min(self._share, 1.0), _BAR), looks.colour(self._role))
        painter.end()
