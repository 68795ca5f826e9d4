"""The large target for files, which says what dropping them would do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.locating import SUFFIX

__all__ = ["DropZone", "drop_text", "dropped_paths"]

_RADIUS = 10.0


def dropped_paths(data: QMimeData) -> list[Path]:
    """The files and folders of a drag."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def drop_text(paths: Sequence[Path]) -> str:
    """What dropping these would do: "Open 3 videos"."""
    from yolor_studio.media import IMAGE_SUFFIXES, VIDEO_SUFFIXES

    if any(path.suffix.lower() == SUFFIX for path in paths):
        return "Open the project"
    kinds = {
        "video": sum(path.suffix.lower() in VIDEO_SUFFIXES for path in paths),
        "picture": sum(path.suffix.lower() in IMAGE_SUFFIXES for path in paths),
        "folder": sum(path.is_dir() for path in paths),
    }
    parts = [f"{count:,} {name}{'s' if count != 1 else ''}" for name, count in kinds.items() if count]
    return "Open " + " and ".join(parts) if parts else "Nothing here can be opened"


class _IconTile(QWidget):
    def __init__(self, name: str, side: int, *, icon: int, ground: str, role: str) -> None:
        super().__init__()
        self.setFixedSize(side, side)
        self._name, self._icon, self._ground, self._role = name, icon, ground, role

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(looks.colour(self._ground))
        radius = 10 if self.width() > 40 else 7
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        offset = (self.width() - self._icon) / 2
        looks.paint_icon(painter, QRectF(offset, offset, self._icon, self._icon), self._name, looks.colour(self._role))
        painter.end()


def icon_tile(name: str, side: int, *, icon: int, ground: str = "raised", role: str = "accent") -> QWidget:
    """A rounded square with an icon in it."""
    return _IconTile(name, side, icon=icon, ground=ground, role=role)


class DropZone(QWidget):
    """Takes drops, and has the three ways to open something."""

    dropped = Signal(list)
    video_wanted = Signal()
    folder_wanted = Signal()
    project_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._dragging = False
        self._title = QLabel(self.tr("Drop a video, pictures or a project here"))
        looks.set_font(self._title, looks.TITLE, looks.SEMIBOLD)
        kinds = QLabel(self.tr("Video MP4, MOV, MKV, WebM, AVI · pictures JPEG, PNG, TIFF, WebP · a folder of either"))
        kinds.setWordWrap(True)
        looks.dress(kinds, role="tx2")
        looks.set_font(kinds, looks.SECONDARY)
        keep = QLabel(self.tr("Files stay where they are. The project only refers to them."))
        looks.dress(keep, role="tx3")
        looks.set_font(keep, looks.SECONDARY)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        self.open_video = self._button("film-strip", self.tr("Open video"), kind="primary")
        self.open_folder = self._button("folder-open", self.tr("Open folder"))
        self.open_project = self._button("file", self.tr("Open project"))
        for button, signal in (
            (self.open_video, self.video_wanted),
            (self.open_folder, self.folder_wanted),
            (self.open_project, self.project_wanted),
        ):
            button.clicked.connect(signal)
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(0)
        layout.addStretch(1)
        layout.addWidget(icon_tile("film-strip", 56, icon=26, ground="tint"), 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(16)
        for label, gap in ((self._title, 4), (kinds, 18)):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(label)
            layout.addSpacing(gap)
        layout.addLayout(buttons)
        layout.addSpacing(14)
        keep.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(keep)
        layout.addStretch(1)

    @staticmethod
    def _button(icon: str, text: str, *, kind: str = "") -> QPushButton:
        button = QPushButton(text)
        looks.set_icon(button, icon, role="on-fill" if kind == "primary" else "tx2")
        looks.dress(button, kind=kind, size="dialog")
        return button

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        paths = dropped_paths(event.mimeData())
        if paths:
            self._title.setText(drop_text(paths))
            self._set_dragging(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._set_dragging(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._set_dragging(False)
        event.acceptProposedAction()
        self.dropped.emit(dropped_paths(event.mimeData()))

    def _set_dragging(self, dragging: bool) -> None:
        self._dragging = dragging
        if not dragging:
            self._title.setText(self.tr("Drop a video, pictures or a project here"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(looks.colour("accent"), 2) if self._dragging else QPen(QColor(looks.colour("line2")), 1)
        if not self._dragging:
            pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.setBrush(looks.colour("tint" if self._dragging else "chrome"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), _RADIUS, _RADIUS)
        painter.end()
