"""A table view set up as a plain list: one column, no grid, no headers, rows that light up under the pointer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

__all__ = ["PlainList"]


class PlainList(QTableView):
    """Rows painted by a delegate; tells which row the pointer is over, None (an invalid index) when over none."""

    pointed = Signal(QModelIndex)

    def __init__(self, name: str, *, row: int, on_card: bool = False, parent: QWidget | None = None) -> None:
        """`on_card`: the card's ground shows through."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setDefaultSectionSize(row)
        self.setShowGrid(False)
        # The delegates paint the grounds of rows; the view's own would reach from edge to edge.
        ground = "background-color: transparent; " if on_card else ""
        self.setStyleSheet(
            f"QTableView {{ {ground}selection-background-color: transparent; }}"
            "QTableView::item:selected, QTableView::item:hover { background: transparent; }"
        )
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._pointed = QModelIndex()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._point(self.indexAt(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(QModelIndex())

    def _point(self, index: QModelIndex) -> None:
        if index != self._pointed:
            self._pointed = index
            self.pointed.emit(index)
