"""The line at the lower edge: saved, what is in view, the device, the keys that work now, and the zoom."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.panels.icon_label import IconLabel
from yolor_studio.gui.widgets import ElidedLabel, KeyCap

__all__ = ["StatusLine"]

HEIGHT = 24
NOTICE_MS = 15_000


class StatusLine(QFrame):
    """Parts drop from the right when there is no room: hints, device, then media facts; saved and zoom stay."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        looks.dress(self, ground="chrome", line="top")
        self._icon = IconLabel("check-circle-fill", "ok", 14)
        self._parts = {name: _label() for name in ("saved", "media", "device", "zoom")}
        self._hints = QWidget()
        self._hints_line = QHBoxLayout(self._hints)
        self._hints_line.setContentsMargins(0, 0, 0, 0)
        self._hints_line.setSpacing(6)
        self._notice = ElidedLabel()
        self._notice.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        looks.set_font(self._notice, looks.SECONDARY)
        looks.dress(self._notice, role="warn")
        self._notice_end = QTimer(self)
        self._notice_end.setSingleShot(True)
        self._notice_end.setInterval(NOTICE_MS)
        self._notice_end.timeout.connect(self._fit)
        self._dividers = [_divider(), _divider(), _divider()]
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(8)
        layout.addWidget(self._icon)
        layout.addWidget(self._parts["saved"])
        layout.addWidget(self._dividers[0])
        layout.addWidget(self._parts["media"])
        layout.addWidget(self._dividers[1])
        layout.addWidget(self._parts["device"])
        layout.addWidget(self._notice, 1)
        layout.addStretch(0)
        layout.addWidget(self._hints)
        layout.addWidget(self._dividers[2])
        layout.addWidget(self._parts["zoom"])
        self._shown_hints: tuple[tuple[str, str], ...] = ()

    def set_saved(self, text: str, *, icon: str = "check-circle-fill", role: str = "ok") -> None:
        """Say whether everything is stored."""
        self._icon.set_icon(icon, role)
        self._set("saved", text)

    def set_media(self, text: str) -> None:
        """Facts about the media in view."""
        self._set("media", text)

    def set_device(self, text: str) -> None:
        """The device that runs the model."""
        self._set("device", text)

    def say(self, notice: str) -> None:
        """Say a sentence once, for a while, in place of the keys."""
        shown = self._notice.whole_text() if self._notice_end.isActive() else ""
        self._notice.set_text(f"{shown} {notice}".strip())
        self._notice_end.start()
        self._fit()

    def set_zoom(self, text: str) -> None:
        """The zoom."""
        self._set("zoom", text)

    def notice(self) -> str:
        """What is said for a while; empty when nothing is."""
        return self._notice.whole_text()

    def text(self, part: str) -> str:
        """What a part says: "saved", "media", "device" or "zoom"."""
        return self._parts[part].text()

    def set_hints(self, hints: Sequence[tuple[str, str]]) -> None:
        """Keys that work now, as ("A D", "step") pairs."""
        if tuple(hints) == self._shown_hints:
            return
        self._shown_hints = tuple(hints)
        while (item := self._hints_line.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()  # until it is deleted it would lie under the new ones
                widget.deleteLater()
        for keys, what in hints:
            for key in keys.split():
                self._hints_line.addWidget(KeyCap(key))
            label = _label()
            label.setText(what)
            self._hints_line.addWidget(label)
            self._hints_line.addSpacing(8)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _set(self, part: str, text: str) -> None:
        self._parts[part].setText(text)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - 24
        room -= 22 + self._width("saved") + self._width("zoom")
        for part, divider in (("media", 0), ("device", 1)):
            width = self._width(part)
            fits = bool(self._parts[part].text()) and width <= room
            self._parts[part].setVisible(fits)
            self._dividers[divider].setVisible(fits)
            room -= width if fits else 0
        hints = self._hints.sizeHint().width() + 16
        told = self._notice_end.isActive()
        if not told:
            self._notice.set_text("")
        self._hints.setVisible(bool(self._shown_hints) and hints <= room and not told)
        self._dividers[2].setVisible(self._hints.isVisibleTo(self) and bool(self._parts["zoom"].text()))

    def _width(self, part: str) -> int:
        return self._parts[part].sizeHint().width() + 17


def _label() -> QLabel:
    label = QLabel()
    looks.dress(label, role="tx2")
    looks.set_font(label, looks.SECONDARY, tabular=True)
    return label


def _divider() -> QFrame:
    divider = QFrame()
    divider.setFixedSize(QSize(1, 12))
    looks.dress(divider, ground="line2", kind="divider")
    divider.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return divider
