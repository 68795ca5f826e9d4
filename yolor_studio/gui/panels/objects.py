"""The list of the boxes in this frame; rows and boxes light each other up, predictions are settled from their rows."""

from __future__ import annotations

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from yolor_studio.core.entities import Origin
from yolor_studio.gui import looks
from yolor_studio.gui.canvas import BoxRef
from yolor_studio.gui.panels import rows
from yolor_studio.gui.panels.lists import PlainList
from yolor_studio.gui.panels.objects_model import ROW_ROLE, ObjectRow, ObjectsModel, score_text
from yolor_studio.gui.selection import Selection
from yolor_studio.gui.session import Session

__all__ = ["ObjectsPanel"]

ROW, TALL_ROW = 26, 44
_REJECT_FROM_RIGHT, _ACCEPT_FROM_RIGHT = 32, 58
_Index = QModelIndex | QPersistentModelIndex


class _Delegate(QStyledItemDelegate):
    def __init__(self, view: PlainList, selection: Selection) -> None:
        super().__init__(view)
        self._selection = selection

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: ObjectRow = index.data(ROW_ROLE)
        rect = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        lit = rows.hovered(option) or self._selection.hovered == row.ref
        painter.save()
        rows.ground(painter, rect.adjusted(6, 0.5, -6, -0.5), is_selected=rows.selected(option), is_hovered=lit)
        line = QRectF(rect.x(), rect.y(), rect.width(), ROW)
        swatch = QRectF(line.x() + 12, line.center().y() - 5.5, 11, 11)
        rows.swatch(painter, swatch, row.colour, dashed=row.ref.kind == "prediction", faint=not row.visible)
        right = self._paint_marks(painter, line, row, lit=lit)
        left = line.x() + 31
        name = QRectF(left, line.y(), right - left - 40, line.height())
        left += rows.text(painter, name, row.name, role="tx" if row.visible else "tx2")
        if row.number is not None:
            rows.text(painter, QRectF(left + 5, line.y(), 60, ROW), str(row.number), role="tx3", tabular=True)
        if rect.height() > ROW + 4:
            self._paint_details(painter, rect, row)
        painter.restore()

    def _paint_marks(self, painter: QPainter, line: QRectF, row: ObjectRow, *, lit: bool) -> float:
        right, top = line.right() - 12, line.center().y() - 7
        if row.ref.kind == "prediction":
            if lit:
                looks.paint_icon(painter, QRectF(right - 14, top, 14, 14), "x", looks.colour("tx2"))
                looks.paint_icon(painter, QRectF(right - 40, top, 14, 14), "check", looks.colour("tx2"))
                right -= 52
            score = QRectF(right - 40, line.y(), 40, line.height())
            role = "warn" if row.doubt else "tx2"
            rows.text(
                painter,
                score,
                score_text(row.score or 0),
                role=role,
                size=looks.SECONDARY,
                tabular=True,
                align=rows.RIGHT,
            )
            return right - 40
        mark = "diamond-fill" if row.keyframe else "diamond"
        looks.paint_icon(painter, QRectF(right - 13, top + 0.5, 13, 13), mark, looks.colour("tx2"))
        right -= 19
        if row.occluded:
            looks.paint_icon(painter, QRectF(right - 13, top + 0.5, 13, 13), "circle-half-fill", looks.colour("tx2"))
            right -= 19
        if row.ignore:
            looks.paint_icon(painter, QRectF(right - 13, top + 0.5, 13, 13), "prohibit", looks.colour("tx2"))
            right -= 19
        return right

    def _paint_details(self, painter: QPainter, rect: QRectF, row: ObjectRow) -> None:
        box = row.box
        line = QRectF(rect.x() + 31, rect.y() + 23, rect.width() - 43, 16)
        taken = rows.text(painter, line, self._origin(row), role="tx3", size=looks.CAPTION, align=rows.RIGHT)
        place = f"{box.x:.1f}, {box.y:.1f} · {box.w:.1f} × {box.h:.1f}"
        line.setRight(line.right() - taken - 6)
        rows.text(painter, line, place, role="tx2", size=looks.CAPTION, tabular=True)

    def _origin(self, row: ObjectRow) -> str:
        match row.origin:
            case Origin.HUMAN:
                return self.tr("corrected") if row.score is not None else self.tr("by hand")
            case Origin.MODEL:
                return self.tr("accepted")
            case Origin.IMPORT:
                return self.tr("imported")
            case _:
                return self.tr("predicted")


class _View(PlainList):
    """Settles predictions by clicks on the two marks of a row."""

    settled = Signal(object, bool)
    """(row of a prediction, accepted?)."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        row = self.indexAt(at).data(ROW_ROLE)
        if event.button() == Qt.MouseButton.LeftButton and isinstance(row, ObjectRow) and row.ref.kind == "prediction":
            from_right = self.viewport().width() - at.x()
            if from_right < _ACCEPT_FROM_RIGHT:
                self.settled.emit(row.ref.id, from_right >= _REJECT_FROM_RIGHT)
                return
        super().mousePressEvent(event)


class ObjectsPanel(QWidget):
    """The boxes of the frame in view."""

    accept_requested = Signal(object)
    """Rows of predictions."""
    reject_requested = Signal(object)
    menu_requested = Signal(object, object)
    """(BoxRef, QPoint on the screen)."""

    def __init__(self, session: Session, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = selection
        self.model = ObjectsModel(session, self)
        self.view = _View(self.tr("Objects in this frame"), row=ROW)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setModel(self.model)
        self.view.setItemDelegate(_Delegate(self.view, selection))
        self.view.settled.connect(self._settle)
        self.view.doubleClicked.connect(self._accept_index)
        self.view.pointed.connect(self._point)
        self.view.customContextMenuRequested.connect(self._context_menu)
        self.view.selectionModel().selectionChanged.connect(self._rows_chosen)
        self._empty = QLabel()
        self.say_hidden(0)
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(12, 2, 12, 12)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        looks.dress(self._empty, role="tx3")
        looks.set_font(self._empty, looks.SECONDARY)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.setSpacing(0)
        layout.addWidget(self._empty)
        layout.addWidget(self.view, 1)
        self._filling = False
        self._tall: list[int] = []
        selection.changed.connect(self._show_selection)
        self._lit: BoxRef | None = None
        selection.hover_changed.connect(self._show_hover)

    def refill(self, objects: list[ObjectRow], predictions: list[ObjectRow]) -> None:
        """List the boxes of the frame."""
        self._filling = True
        self.model.refill(objects, predictions)
        self._filling = False
        self._empty.setVisible(not self.model.rows)
        self.view.setVisible(bool(self.model.rows))
        self._show_selection()

    def say_hidden(self, count: int) -> None:
        """Where nothing is listed, say why: there is nothing, or `count` predictions are not shown."""
        if count == 1:
            self._empty.setText(self.tr("Nothing is shown in this frame. 1 prediction is below the score or rejected."))
        elif count:
            text = self.tr("Nothing is shown in this frame. {count} predictions are below the score or rejected.")
            self._empty.setText(text.format(count=f"{count:,}"))
        else:
            self._empty.setText(self.tr("Nothing in this frame. Draw a box, or mark the frame reviewed and empty."))

    def _rows_chosen(self, _selected: QItemSelection, _deselected: QItemSelection) -> None:
        if not self._filling:
            refs = [self.model.rows[index.row()].ref for index in self.view.selectionModel().selectedRows()]
            self._selection.set(refs)

    def _show_selection(self) -> None:
        numbers = sorted(row for ref in self._selection.refs if (row := self.model.row_of(ref)) is not None)
        model = self.view.selectionModel()
        if sorted(index.row() for index in model.selectedRows()) != numbers:
            chosen = QItemSelection()
            for number in numbers:
                index = self.model.index(number, 0)
                chosen.select(index, index)
            self._filling = True
            model.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self._filling = False
        for number in self._tall:
            self.view.setRowHeight(number, ROW)
        self._tall = numbers[:1] if len(numbers) == 1 else []
        for number in self._tall:
            self.view.setRowHeight(number, TALL_ROW)
            self.view.scrollTo(self.model.index(number, 0))

    def _show_hover(self) -> None:
        """Paint only the two rows that change: the pointer crosses many boxes on its way."""
        for ref in (self._lit, self._selection.hovered):
            row = self.model.row_of(ref) if ref is not None else None
            if row is not None:
                self.view.update(self.model.index(row, 0))
        self._lit = self._selection.hovered

    def _point(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE) if index.isValid() else None
        self._selection.hover(row.ref if isinstance(row, ObjectRow) else None)

    def _settle(self, row: int, accepted: bool) -> None:
        (self.accept_requested if accepted else self.reject_requested).emit([row])

    def _accept_index(self, index: QModelIndex) -> None:
        ref: BoxRef = index.data(ROW_ROLE).ref
        if ref.kind == "prediction":
            self.accept_requested.emit([ref.id])

    def _context_menu(self, at: QPoint) -> None:
        row = self.view.indexAt(at).data(ROW_ROLE)
        if isinstance(row, ObjectRow):
            if row.ref not in self._selection.refs:
                self._selection.set([row.ref])
            self.menu_requested.emit(row.ref, self.view.viewport().mapToGlobal(at))
