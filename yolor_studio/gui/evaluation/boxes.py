"""The list of the boxes behind a cell of the matrix: a cut-out, where it is, and how sure the model was."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.evaluation.crops import Crops, paint_boxes
from yolor_studio.gui.evaluation.spots import Spot
from yolor_studio.gui.panels import rows
from yolor_studio.gui.panels.lists import PlainList
from yolor_studio.gui.panels.objects_model import score_text

__all__ = ["BoxList"]

ROW = 52
THUMB = QSizeF(60, 40)
_SPOT = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


class _Model(QAbstractTableModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.spots: list[Spot] = []

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.spots)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        spot = self.spots[index.row()]
        if role == _SPOT:
            return spot
        return spot.name if role == Qt.ItemDataRole.DisplayRole else None

    def refill(self, spots: list[Spot]) -> None:
        self.beginResetModel()
        self.spots = spots
        self.endResetModel()


class _Delegate(QStyledItemDelegate):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.crops: Crops | None = None
        self.colours: tuple[int, ...] = ()
        self.names: Sequence[str] = ()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        spot: Spot = index.data(_SPOT)
        rect = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        rows.ground(
            painter, rect.adjusted(2, 1, -2, -1), is_selected=rows.selected(option), is_hovered=rows.hovered(option)
        )
        thumb = QRectF(rect.x() + 8, rect.center().y() - THUMB.height() / 2, THUMB.width(), THUMB.height())
        painter.fillRect(thumb, looks.colour("well"))
        crop = self.crops.crop(spot, THUMB) if self.crops is not None else None
        if crop is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            into = _fitted(crop.region.size(), thumb)
            painter.drawPixmap(into, crop.pixmap, QRectF(crop.pixmap.rect()))
            paint_boxes(painter, spot, region=crop.region, into=into, colours=self.colours)
        left = thumb.right() + 10
        line = QRectF(left, rect.y() + 7, rect.right() - left - 10, 20)
        rows.text(painter, line, spot.name)
        line.translate(0, 19)
        rows.text(painter, line, self._details(spot), role="tx3", size=looks.CAPTION, tabular=True)
        painter.restore()

    def _details(self, spot: Spot) -> str:
        parts = []
        if spot.found_category is not None and spot.score is not None:
            parts.append(f"{self.names[spot.found_category]} {score_text(spot.score)}")
        if spot.overlap is not None:
            parts.append(self.tr("overlap {share} %").format(share=round(spot.overlap * 100)))
        box = spot.boxes[0]
        parts.append(f"{box.w:,.0f} × {box.h:,.0f} px")
        return " · ".join(parts)


def _fitted(size: QSizeF, into: QRectF) -> QRectF:
    """A rectangle of this shape, as large as fits, in the middle."""
    scale = min(into.width() / size.width(), into.height() / size.height())
    width, height = size.width() * scale, size.height() * scale
    return QRectF(into.center().x() - width / 2, into.center().y() - height / 2, width, height)


class BoxList(PlainList):
    """Enter or a click opens the box."""

    opened = Signal(object)
    """The Spot."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", row=ROW, on_card=True, parent=parent)
        self.setAccessibleName(self.tr("Boxes of the chosen cell"))
        self._model = _Model(self)
        self._delegate = _Delegate(self)
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.clicked.connect(self._open)

    @property
    def spots(self) -> list[Spot]:
        """What is listed."""
        return self._model.spots

    def set_evaluation(self, crops: Crops, *, names: Sequence[str], colours: tuple[int, ...]) -> None:
        """Whose boxes are listed."""
        self._delegate.crops, self._delegate.names, self._delegate.colours = crops, names, colours
        crops.ready.connect(self.viewport().update)

    def show_spots(self, spots: list[Spot]) -> None:
        """List these."""
        self._model.refill(spots)
        self.scrollToTop()

    def step(self, by: int) -> None:
        """Open the box so many rows below the one that is selected, if there is one."""
        row = self.currentIndex().row() + by
        if 0 <= row < len(self.spots):
            self.selectRow(row)
            self._open(self._model.index(row, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(index.data(_SPOT))
