"""Which boxes are selected and which one is under the pointer, shared by the canvas and the object list."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from yolor_studio.gui.canvas import BoxRef

__all__ = ["Selection"]


class Selection(QObject):
    """The selected boxes and the hovered one; both views bind to it and neither knows the other."""

    changed = Signal()
    hover_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.refs: frozenset[BoxRef] = frozenset()
        self.hovered: BoxRef | None = None

    def set(self, refs: Iterable[BoxRef]) -> None:
        """Select exactly these."""
        fresh = frozenset(refs)
        if fresh != self.refs:
            self.refs = fresh
            self.changed.emit()

    def hover(self, ref: BoxRef | None) -> None:
        """Light up this box everywhere; None for no box."""
        if ref != self.hovered:
            self.hovered = ref
            self.hover_changed.emit()

    @property
    def object_ids(self) -> list[int]:
        """Ids of the selected objects, rising."""
        return sorted(ref.id for ref in self.refs if ref.kind == "object")

    @property
    def prediction_rows(self) -> list[int]:
        """Rows of the selected predictions, rising."""
        return sorted(ref.id for ref in self.refs if ref.kind == "prediction")
