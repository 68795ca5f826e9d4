"""The list of recent projects."""

from __future__ import annotations

import datetime
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.panels import rows
from yolor_studio.gui.panels.lists import PlainList
from yolor_studio.gui.panels.media_delegate import paint_thumbnail
from yolor_studio.gui.settings import RecentProject, thumbnails_folder

__all__ = ["RecentList", "day_text", "state_text"]

ROW = 56
PROJECT_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


def day_text(opened: str, now: datetime.datetime) -> str:
    """When a project was open, as people say it: "today, 14:32", "yesterday", "12 November"."""
    try:
        then = datetime.datetime.fromisoformat(opened)
    except ValueError:
        return ""
    days = (now.date() - then.date()).days
    if days == 0:
        return f"today, {then:%H:%M}"
    if days == 1:
        return "yesterday"
    day = f"{then.day} {then:%B}"
    return day if then.year == now.year else f"{day} {then.year}"


def state_text(project: RecentProject) -> str:
    """How far a project is: "7 media · 52 % reviewed"."""
    if not project.media:
        return "empty"
    media = "1 media" if project.media == 1 else f"{project.media:,} media"
    if not project.reviewed:
        return f"{media} · not started"
    return f"{media} · {int(100 * project.reviewed / max(project.frames, 1))} % reviewed"


class _Model(QAbstractTableModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.projects: list[RecentProject] = []
        self.missing: set[str] = set()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.projects)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        project = self.projects[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return Path(project.path).stem
        if role == Qt.ItemDataRole.ToolTipRole:
            return project.path
        return project if role == PROJECT_ROLE else None

    def refill(self, projects: list[RecentProject]) -> None:
        self.beginResetModel()
        self.projects = list(projects)
        self.missing = {item.path for item in projects if not Path(item.path).exists()}
        self.endResetModel()


class _Delegate(QStyledItemDelegate):
    def __init__(self, model: _Model, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._pixmaps: dict[str, QPixmap] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(300, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        project: RecentProject = index.data(PROJECT_ROLE)
        rect = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        missing = project.path in self._model.missing
        painter.save()
        lit = rows.hovered(option) or rows.selected(option)
        rows.ground(painter, rect.adjusted(0, 1, 0, -1), is_selected=False, is_hovered=lit)
        picture = QRectF(rect.x() + 8, rect.y() + 8, 64, 40)
        paint_thumbnail(painter, picture, self._pixmap(project), faint=missing)
        left, right = picture.right() + 12, rect.right() - 10
        when = day_text(project.opened, datetime.datetime.now())
        top, below = QRectF(left, rect.y() + 10, right - left, 18), QRectF(left, rect.y() + 28, right - left, 17)
        taken = rows.text(painter, top, when, role="tx3", size=looks.SECONDARY, align=rows.RIGHT)
        top.setRight(right - taken - 12)
        rows.text(painter, top, Path(project.path).stem, size=looks.BODY, weight=looks.MEDIUM)
        state = self.tr("moved or deleted") if missing else state_text(project)
        role = "warn" if missing else "tx2"
        taken = rows.text(painter, below, state, role=role, size=looks.SECONDARY, align=rows.RIGHT)
        below.setRight(right - taken - 12)
        rows.text(painter, below, _short(project.path), role="tx3", size=looks.SECONDARY)
        painter.restore()

    def _pixmap(self, project: RecentProject) -> QPixmap | None:
        if not project.thumbnail:
            return None
        if project.thumbnail not in self._pixmaps:
            self._pixmaps[project.thumbnail] = QPixmap(str(thumbnails_folder() / Path(project.thumbnail).name))
        return self._pixmaps[project.thumbnail]


def _short(path: str) -> str:
    home = str(Path.home())
    return f"~{path[len(home) :]}" if path.startswith(home) else path


class RecentList(PlainList):
    """Recent projects, one click each."""

    chosen = Signal(object)
    """A RecentProject that is there."""
    lost = Signal(object)
    """A RecentProject whose file is not where it was."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Recent projects"), row=ROW, parent=parent)
        self._model = _Model(self)
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(self._model, self))
        self.clicked.connect(self._choose)

    def refill(self, projects: list[RecentProject]) -> None:
        """List these."""
        self._model.refill(projects)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        project: RecentProject = index.data(PROJECT_ROLE)
        (self.lost if project.path in self._model.missing else self.chosen).emit(project)
