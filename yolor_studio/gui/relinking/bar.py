"""The line above the canvas that says which media are missing, while another one is in view."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from yolor_studio.core.entities import Media
from yolor_studio.gui import looks
from yolor_studio.gui.panels.header import icon_button
from yolor_studio.gui.widgets import ElidedLabel

__all__ = ["MissingBar"]

_HEIGHT = 36
_NAMED = 3


class MissingBar(QFrame):
    """Stays until what is missing is found, or until it is closed."""

    find_wanted = Signal()
    cancel_wanted = Signal()
    closed = Signal()

    def __init__(self, *, read_only: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        looks.dress(self, ground="warntint", line="bottom")
        self.setFixedHeight(_HEIGHT)
        self._icon, self._words = QLabel(), ElidedLabel()
        looks.set_font(self._words, looks.BODY)
        self.find_button, self.cancel_button = QPushButton(self.tr("Find in folder…")), QPushButton(self.tr("Cancel"))
        for button, signal in ((self.find_button, self.find_wanted), (self.cancel_button, self.cancel_wanted)):
            looks.dress(button, size="panel")
            button.clicked.connect(signal)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self._words, 1)
        row.addWidget(self.find_button)
        row.addWidget(self.cancel_button)
        self.close_button = icon_button("x", self.tr("Close"), self.closed.emit)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._media = ""
        self._read_only = read_only
        self._draw_icon()
        self.show_busy("")
        self.hide()

    def show_media(self, missing: Sequence[Media], total: int) -> None:
        """Say which of the `total` media are missing."""
        names = ", ".join(media.name for media in missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
        if len(missing) == 1:
            text = self.tr("{name} was not found where it was.").format(name=names)
        else:
            text = self.tr("{count} of {total} media were not found where they were: {names}").format(
                count=f"{len(missing):,}", total=f"{total:,}", names=names
            )
        self._media = text
        self._words.set_text(text)
        self.setAccessibleName(text)

    def show_busy(self, text: str) -> None:
        """A search is under way: say how far it is, and let it be stopped. Empty: it has ended."""
        self._words.set_text(text or self._media)
        self.find_button.setVisible(not text and not self._read_only)
        self.cancel_button.setVisible(bool(text))

    def text(self) -> str:
        """What is said."""
        return self._words.whole_text()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icon()

    def _draw_icon(self) -> None:
        self._icon.setPixmap(looks.pixmap("link-break", "warn", 16, ratio=self.devicePixelRatioF()))
