"""The table of categories: sorted by a click on a heading; a row shows its curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractTableModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.panels import rows
from yolor_studio.gui.panels.lists import PlainList

__all__ = ["CategoryRow", "CategoryTable", "percent"]

ROW, NARROW = 26, 520
_ROW = Qt.ItemDataRole.UserRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_Index = QModelIndex | QPersistentModelIndex


def percent(share: float | None, *, digits: int = 1) -> str:
    """A share as people read it: "61.8"; a dash where there is nothing to measure by."""
    return "–" if share is None else f"{share * 100:.{digits}f}"


def _tr(text: str) -> str:
    return QCoreApplication.translate("evaluation", text)


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """The figures of one category, or of all."""

    category: int | None
    """A place in the evaluation's categories, from 0; None for all together."""
    name: str
    colour: int
    boxes: int
    ap: float | None
    ap50: float | None
    precision: float | None
    """At the limit that is set, as recall."""
    recall: float | None
    best: float | None
    """Its own best score limit."""

    def cell(self, column: int) -> str:
        """What stands in a column."""
        return (
            self.name,
            f"{self.boxes:,}",
            percent(self.ap),
            percent(self.ap50),
            percent(self.precision),
            percent(self.recall),
            f"{self.best:.2f}" if self.best is not None else "–",
        )[column]

    def key(self, column: int) -> tuple[bool, float | str]:
        """By what a column is sorted; what has no figure comes last when rising."""
        value = (
            self.name.casefold(), self.boxes, self.ap, self.ap50, self.precision, self.recall, self.best,
        )[column]  # fmt: skip
        return (value is None, 0.0 if value is None else value)


class _Model(QAbstractTableModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.heads = tuple(map(_tr, ("Category", "Boxes", "AP", "AP50", "Precision", "Recall", "Best limit")))
        self.hints = (
            "",
            _tr("Boxes that you labelled"),
            _tr("Average precision over overlaps of 0.50 to 0.95, in percent"),
            _tr("Average precision at an overlap of 0.50, in percent"),
            _tr("Of what the model shows at the limit, the share that is right"),
            _tr("Of your boxes, the share that the model shows at the limit"),
            _tr("The score limit with the best balance of precision and recall (F1) for this category"),
        )
        self.rows: list[CategoryRow] = []
        self.order: tuple[int, Qt.SortOrder] = (2, Qt.SortOrder.DescendingOrder)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.heads)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == _ROW:
            return row
        return row.cell(index.column()) if role == Qt.ItemDataRole.DisplayRole else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            column, order = self.order
            arrow = " ↓" if order == Qt.SortOrder.DescendingOrder else " ↑"
            return self.heads[section] + (arrow if section == column else "")
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.hints[section] or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def refill(self, listed: Sequence[CategoryRow]) -> None:
        listed = self._sorted(listed)
        if [row.category for row in listed] == [row.category for row in self.rows]:
            self.rows = listed
            if listed:
                self.dataChanged.emit(self.index(0, 0), self.index(len(listed) - 1, len(self.heads) - 1))
            return
        self.beginResetModel()
        self.rows = listed
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.order = (column, order)
        self.beginResetModel()
        self.rows = self._sorted(self.rows)
        self.endResetModel()

    def _sorted(self, listed: Sequence[CategoryRow]) -> list[CategoryRow]:
        column, order = self.order
        falling = order == Qt.SortOrder.DescendingOrder
        listed = sorted(listed, key=lambda row: -1 if row.category is None else row.category)
        whole = [row for row in listed if row.category is None]
        with_figure = [row for row in listed if row.category is not None and not row.key(column)[0]]
        without = [row for row in listed if row.category is not None and row.key(column)[0]]
        with_figure.sort(key=lambda row: row.key(column), reverse=falling)
        return [*whole, *with_figure, *without]


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(60, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: CategoryRow = index.data(_ROW)
        rect = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        if rows.selected(option):
            painter.fillRect(rect, looks.colour("tint"))
        weight = looks.MEDIUM if row.category is None else looks.REGULAR
        if index.column() == 0:
            left = rect.x() + 8
            if row.category is not None:
                rows.swatch(painter, QRectF(left, rect.center().y() - 5.5, 11, 11), row.colour)
                left += 19
            rows.text(painter, QRectF(left, rect.y(), rect.right() - left - 4, rect.height()), row.name, weight=weight)
        else:
            cell = rect.adjusted(2, 0, -8, 0)
            text = row.cell(index.column())
            role = "tx3" if text == "–" or index.column() == 1 else "tx"
            rows.text(painter, cell, text, role=role, weight=weight, tabular=True, align=_RIGHT)
        painter.restore()


class CategoryTable(PlainList):
    """One row for all categories, then one each."""

    chosen = Signal(object)
    """The place of the category, None for all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", row=ROW, on_card=True, parent=parent)
        self.setAccessibleName(self.tr("Figures by category"))
        self._model = _Model(self)
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(self))
        head = self.horizontalHeader()
        head.setVisible(True)
        head.setHighlightSections(False)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setSectionsClickable(True)
        head.setMinimumSectionSize(48)
        for column, width in enumerate((62, 56, 66, 80, 66, 88), 1):
            head.resizeSection(column, width)
        # The arrow stands in the heading's text: Qt's own is painted over it.
        head.setStyleSheet("QHeaderView::up-arrow, QHeaderView::down-arrow { image: none; width: 0; height: 0; }")
        head.setSortIndicator(*self._model.order)
        self.setSortingEnabled(True)
        head.sortIndicatorChanged.connect(lambda *_: self._select())
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._category: int | None = None
        self.selectionModel().currentRowChanged.connect(self._tell)

    @property
    def category(self) -> int | None:
        """The chosen one; None for all."""
        return self._category

    @property
    def names(self) -> list[str]:
        """The rows' names from the top."""
        return [row.name for row in self._model.rows]

    def show_rows(self, listed: Sequence[CategoryRow]) -> None:
        """List these; the chosen one stays chosen."""
        self._model.refill(listed)
        self._select()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setColumnHidden(len(self._model.heads) - 1, self.width() < NARROW)  # names need the room

    def choose(self, category: int | None) -> None:
        """Choose a row without telling."""
        self._category = category
        self._select()

    def _select(self) -> None:
        for number, row in enumerate(self._model.rows):
            if row.category == self._category:
                blocked = self.selectionModel().blockSignals(True)
                self.selectRow(number)
                self.selectionModel().blockSignals(blocked)
                self.viewport().update()
                return

    def _tell(self, current: QModelIndex) -> None:
        if current.isValid():
            row: CategoryRow = current.data(_ROW)
            if row.category != self._category:
                self._category = row.category
                self.chosen.emit(row.category)
