"""The rows of "Objects in this frame": the objects by id, then the shown predictions by falling score."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from yolor_studio.core.entities import Box, Origin
from yolor_studio.gui.canvas import BoxRef
from yolor_studio.gui.session import Session

__all__ = ["ROW_ROLE", "ObjectRow", "ObjectsModel", "score_text"]

ROW_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


def score_text(score: float) -> str:
    """A score as people read it here: ".77"; a certain one is "1.0"."""
    return f"{score:.2f}"[1:] if score < 0.995 else "1.0"


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One box of the frame."""

    ref: BoxRef
    name: str
    colour: int
    visible: bool
    box: Box
    number: int | None = None
    """The object's track id."""
    occluded: bool = False
    keyframe: bool = True
    origin: Origin | None = None
    """None for predictions."""
    score: float | None = None
    doubt: bool = False
    ignore: bool = False


class ObjectsModel(QAbstractTableModel):
    """One column, one row a box."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.rows: list[ObjectRow] = []
        self._row_of: dict[BoxRef, int] = {}

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{row.name} {row.number if row.number is not None else score_text(row.score or 0)}"
        return None

    def row_of(self, ref: BoxRef) -> int | None:
        """The row of a box, None when it is not listed."""
        return self._row_of.get(ref)

    def refill(self, objects: list[ObjectRow], predictions: list[ObjectRow]) -> None:
        """List these."""
        fresh = [*objects, *predictions]
        if [row.ref for row in fresh] == [row.ref for row in self.rows]:
            self.rows = fresh
            if fresh:
                self.dataChanged.emit(self.index(0, 0), self.index(len(fresh) - 1, 0))
            return
        self.beginResetModel()
        self.rows = fresh
        self._row_of = {row.ref: number for number, row in enumerate(fresh)}
        self.endResetModel()
