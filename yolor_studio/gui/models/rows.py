"""The list of the models page: its model with headings between the groups, and the painting of a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.models.shelf import Item, Kind
from yolor_studio.gui.models.texts import job_share, job_text, short_refusal
from yolor_studio.gui.models.work import ModelWork
from yolor_studio.gui.panels import rows

__all__ = ["HEADING", "ROW", "ItemDelegate", "ItemModel"]

ROW, HEADING = 60, 30
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class _Heading:
    text: str


class ItemModel(QAbstractTableModel):
    """One column; headings stand above published models and files."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Item | _Heading] = []

    def set_items(self, items: Sequence[Item]) -> None:
        """Show these."""
        self.beginResetModel()
        self._rows = []
        for kind, heading in ((Kind.MODEL, ""), (Kind.FILE, ""), (Kind.RELEASE, self.tr("To download"))):
            group = [item for item in items if item.kind is kind]
            if heading and group:
                self._rows.append(_Heading(heading))
            self._rows.extend(group)
        self.endResetModel()

    def item(self, row: int) -> Item | None:
        """The item of a row; None for a heading, and outside."""
        entry = self._rows[row] if 0 <= row < len(self._rows) else None
        return entry if isinstance(entry, Item) else None

    def row_of(self, key: str) -> int:
        """The row of an item; -1 if it is not listed."""
        return next((row for row, entry in enumerate(self._rows) if isinstance(entry, Item) and entry.key == key), -1)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1

    def flags(self, index: _Index) -> Qt.ItemFlag:
        listed = self.item(index.row()) is not None
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if listed else Qt.ItemFlag.NoItemFlags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self._rows[index.row()] if index.isValid() else None
        if role == Qt.ItemDataRole.UserRole:
            return entry
        if isinstance(entry, _Heading):
            return entry.text if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) else None
        if entry is not None and role == Qt.ItemDataRole.DisplayRole:
            return entry.name
        if entry is not None and role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (entry.name, entry.about, entry.figures)))
        return None


class ItemDelegate(QStyledItemDelegate):
    """Icon, name with a badge, where it comes from, figures; the progress of the job that is about it."""

    def __init__(self, work: ModelWork, parent: QWidget) -> None:
        super().__init__(parent)
        self._work = work
        self.in_use = ""
        """The name of the model that pre-labelling uses."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, ROW if isinstance(index.data(Qt.ItemDataRole.UserRole), Item) else HEADING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        entry = index.data(Qt.ItemDataRole.UserRole)
        rect = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        if isinstance(entry, Item):
            self._paint_item(painter, rect, option, entry)
        elif entry is not None:
            place = rect.adjusted(14, 8, -14, 0)
            rows.text(painter, place, entry.text, role="tx2", size=looks.SECONDARY, weight=looks.SEMIBOLD)
        painter.restore()

    def _paint_item(self, painter: QPainter, rect: QRectF, option: QStyleOptionViewItem, item: Item) -> None:
        ground = rect.adjusted(6, 1, -6, -1)
        rows.ground(painter, ground, is_selected=rows.selected(option), is_hovered=rows.hovered(option))
        icon, role = _icon(item)
        if item.kind is Kind.MODEL and item.name == self.in_use:
            role = "accent"
        looks.paint_icon(painter, QRectF(rect.x() + 16, rect.y() + 20, 18, 18), icon, looks.colour(role))
        left, right = rect.x() + 46, rect.right() - 16
        width = self._paint_badge(painter, right, rect.y() + 7, item)
        rows.text(painter, QRectF(left, rect.y() + 6, right - left - width, 17), item.name, weight=looks.MEDIUM)
        second, third = (QRectF(left, rect.y() + top, right - left, 16) for top in (23, 39))
        working = self._work.run if item.key == self._work.key else None
        if working is not None:
            rows.text(painter, second, job_text(working, short=True), role="tx2", size=looks.SECONDARY, tabular=True)
            rows.bar(painter, QRectF(left, rect.y() + 45, right - left, 3), job_share(working), "accent")
            return
        if item.refused and item.refusal is not None:
            sentence = short_refusal(item.refusal.sentence, item.name)
            rows.text(painter, second, sentence, role="err", size=looks.SECONDARY, cut=Qt.TextElideMode.ElideRight)
        else:
            rows.text(painter, second, item.about, role="tx2", size=looks.SECONDARY)
        rows.text(painter, third, item.figures, role="tx3", size=looks.CAPTION, tabular=True)

    def _paint_badge(self, painter: QPainter, right: float, top: float, item: Item) -> float:
        """The badge at the row's right end; the width that it takes."""
        text, ground, role = self._badge(item)
        if not text:
            return 0.0
        width = QFontMetricsF(looks.font(looks.CAPTION, looks.MEDIUM)).horizontalAdvance(text) + 10
        place = QRectF(right - width, top, width, 15)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(looks.colour(ground))
        painter.drawRoundedRect(place, 3, 3)
        centre = Qt.AlignmentFlag.AlignCenter
        rows.text(painter, place, text, role=role, size=looks.CAPTION, weight=looks.MEDIUM, align=centre)
        return width + 8

    def _badge(self, item: Item) -> tuple[str, str, str]:
        if item.refused:
            return self.tr("cannot be used"), "errtint", "err"
        if item.kind is Kind.MODEL and item.name == self.in_use:
            return self.tr("in use"), "raised" if looks.is_dark() else "tint", "accent"
        if item.report is not None:
            ok = item.report.ok
            return (self.tr("checked"), "oktint", "ok") if ok else (self.tr("differs"), "errtint", "err")
        return "", "", ""


def _icon(item: Item) -> tuple[str, str]:
    if item.refused:
        return "prohibit", "err"
    return ("download-simple" if item.kind is Kind.RELEASE else "cube"), "tx2"
