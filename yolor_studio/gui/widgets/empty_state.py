"""What an empty place shows: why it is empty, and the one action that fills it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.widgets.key_cap import KeyCap

_ICON = 24


class EmptyState(QWidget):
    """An icon, a heading, a reason, and a button or keys."""

    acted = Signal()
    """The button was pressed."""

    def __init__(
        self,
        icon: str,
        title: str,
        *,
        reason: str = "",
        action: str = "",
        keys: tuple[tuple[str, str], ...] = (),
        parent: QWidget | None = None,
    ) -> None:
        """`keys` are (key, what it does)."""
        super().__init__(parent)
        self._icon_name = icon
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 16, 12, 16)
        column.setSpacing(4)
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title, self._reason = QLabel(title), QLabel(reason)
        looks.set_font(self._title, looks.BODY, looks.SEMIBOLD)
        looks.set_font(self._reason, looks.SECONDARY)
        looks.dress(self._reason, role="tx2")
        for label in (self._title, self._reason):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
        column.addStretch(1)
        column.addWidget(self._icon)
        column.addSpacing(4)
        column.addWidget(self._title)
        column.addWidget(self._reason)
        self._button = QPushButton(action)
        looks.dress(self._button, kind="soft", size="panel")  # the filled button is the top bar's
        self._button.clicked.connect(self._act)
        column.addSpacing(6)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        if keys:
            column.addLayout(self._key_row(keys))
        column.addStretch(1)
        self._draw_icon()
        # Only now: what has no parent yet would be shown as a window of its own.
        self._reason.setVisible(bool(reason))
        self._button.setVisible(bool(action))

    def set_texts(self, title: str, *, reason: str = "", action: str = "") -> None:
        """Say something else."""
        self._title.setText(title)
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))
        self._button.setText(action)
        self._button.setVisible(bool(action))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icon()

    def _draw_icon(self) -> None:
        pixmap: QPixmap = looks.pixmap(self._icon_name, "tx2", _ICON, ratio=self.devicePixelRatioF())
        self._icon.setPixmap(pixmap)

    def _key_row(self, keys: tuple[tuple[str, str], ...]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addStretch(1)
        for key, does in keys:
            row.addWidget(KeyCap(key))
            label = QLabel(does)
            looks.set_font(label, looks.SECONDARY)
            row.addWidget(label)
        row.addStretch(1)
        return row

    def _act(self) -> None:
        self.acted.emit()
