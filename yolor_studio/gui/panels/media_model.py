"""The media list's model: an array of media with their share reviewed, filtered by name and state."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from yolor_studio.core.entities import Change, FrameState, Media
from yolor_studio.gui.session import Session

__all__ = ["MediaFilter", "MediaModel"]

MEDIA_ROLE = Qt.ItemDataRole.UserRole

_Index = QModelIndex | QPersistentModelIndex


class MediaFilter(Enum):
    """Which media the list shows."""

    ALL = "all"
    OPEN = "not finished"
    DONE = "finished"


class MediaModel(QAbstractTableModel):
    """One column, one row a media; the review figures are read when a row is first painted."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._rows: list[Media] = []
        self._row_of: dict[int, int] = {}
        self._reviewed: dict[int, int] = {}
        self._missing: dict[int, bool] = {}
        self._changed: frozenset[int] = frozenset()
        self._text = ""
        self._filter = MediaFilter.ALL
        session.changed.connect(self._on_change)
        self._refill()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        media = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return media.name
        if role == Qt.ItemDataRole.ToolTipRole:
            notes = media.info.get("notes", ())
            return "\n".join([str(self._session.project.media_path(media)), *notes])
        if role == MEDIA_ROLE:
            return media
        return None

    def media_at(self, row: int) -> Media:
        """The media in a row."""
        return self._rows[row]

    def row_of(self, media_id: int) -> int | None:
        """The row of a media, None when it is filtered away."""
        return self._row_of.get(media_id)

    def reviewed(self, media: Media) -> int:
        """How many frames of the media's working step are reviewed or skipped."""
        if media.id not in self._reviewed:
            states = self._session.project.frame_states(media.id)
            self._reviewed[media.id] = sum(
                state is not FrameState.UNTOUCHED and frame % media.step == 0 for frame, state in states.items()
            )
        return self._reviewed[media.id]

    def share(self, media: Media) -> float:
        """The share of the media's working step that is reviewed, 0 to 1."""
        frames = -(-media.frames // media.step)
        return self.reviewed(media) / frames if frames else 0.0

    def missing(self, media: Media) -> bool:
        """Whether the media's file is not where the project says."""
        if media.id not in self._missing:
            from yolor_studio.media import there

            self._missing[media.id] = not there(media, self._session.project.media_path(media))
        return self._missing[media.id]

    def changed(self, media: Media) -> bool:
        """Whether another file was found in the media's place."""
        return media.id in self._changed

    def lost(self, media: Media) -> bool:
        """Whether the media's own file is not there."""
        return self.changed(media) or self.missing(media)

    def look_again(self, changed: frozenset[int]) -> None:
        """Look for the files anew; `changed`: the media in whose place another file was found."""
        self._missing.clear()
        self._changed = changed
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, 0))

    def set_text(self, text: str) -> None:
        """Show only media whose name contains this."""
        self._text = text.strip().lower()
        self._refill()

    def set_filter(self, which: MediaFilter) -> None:
        """Show only media of this state."""
        self._filter = which
        self._refill()

    @property
    def filter(self) -> MediaFilter:
        """The state that is shown."""
        return self._filter

    def _wanted(self, media: Media) -> bool:
        if self._text and self._text not in media.name.lower():
            return False
        if self._filter is MediaFilter.ALL:
            return True
        return (self.share(media) >= 1) is (self._filter is MediaFilter.DONE)

    def _refill(self) -> None:
        self.beginResetModel()
        self._rows = [media for media in self._session.media if self._wanted(media)]
        self._row_of = {media.id: row for row, media in enumerate(self._rows)}
        self.endResetModel()

    def _on_change(self, change: Change) -> None:
        if "media" in change.tables:
            self._missing.clear()
            self._reviewed.clear()
            self._refill()
        elif "frame_states" in change.tables:
            for media_id in change.media or list(self._reviewed):
                self._reviewed.pop(media_id, None)
            if self._filter is MediaFilter.ALL and self._rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, 0))
            else:
                self._refill()
