"""All commands, found by typing: the command palette and the category picker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from yolor_studio.gui import looks
from yolor_studio.gui.dialogs.sheet import Sheet
from yolor_studio.gui.panels import rows
from yolor_studio.gui.widgets import key_cap_width, paint_key_cap

__all__ = ["Choice", "Palette"]

ROW, MOST_ROWS = 32, 10
CHOICE_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose."""

    text: str
    act: Callable[[], object]
    group: str = ""
    keys: tuple[str, ...] = ()
    icon: str = ""
    colour: int | None = None
    """A category's palette index, in place of an icon."""
    enabled: bool = True


class _Model(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.choices: list[Choice] = []

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.choices)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        choice = self.choices[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return choice.text
        return choice if role == CHOICE_ROLE else None

    def refill(self, choices: list[Choice]) -> None:
        self.beginResetModel()
        self.choices = choices
        self.endResetModel()


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        choice: Choice = index.data(CHOICE_ROLE)
        rect = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        rows.ground(
            painter, rect.adjusted(6, 1, -6, -1), is_selected=rows.selected(option), is_hovered=rows.hovered(option)
        )
        icon = QRectF(rect.x() + 16, rect.center().y() - 8, 16, 16)
        if choice.colour is not None:
            rows.swatch(painter, icon.adjusted(2, 2, -2, -2), choice.colour)
        elif choice.icon:
            looks.paint_icon(painter, icon, choice.icon, looks.colour("tx2" if choice.enabled else "dis"))
        left = rect.x() + 44
        role = "tx" if choice.enabled else "dis"
        left += rows.text(painter, QRectF(left, rect.y(), 320, ROW), choice.text, role=role, size=looks.BODY)
        rows.text(painter, QRectF(left + 8, rect.y(), 120, ROW), choice.group, role="tx3", size=looks.SECONDARY)
        right = rect.right() - 16
        for key in reversed(choice.keys):
            width = key_cap_width(key)
            paint_key_cap(painter, right - width, rect.center().y(), key)
            right -= width + 4
        painter.restore()


class Palette(Sheet):
    """A field over a list; what is typed narrows the list, Enter or a click does the chosen thing."""

    def __init__(self, host: QWidget, find: Callable[[str], Sequence[Choice]], *, hint: str, placeholder: str) -> None:
        super().__init__(host, width=520, top_third=True)
        self._find = find
        self.field = QLineEdit()
        self.field.setPlaceholderText(placeholder)
        self.field.setAccessibleName(placeholder)
        self.field.setFrame(False)
        self.field.setStyleSheet("QLineEdit { border: 0; background: transparent; padding: 0; }")
        looks.set_font(self.field, 14)
        self.field.addAction(looks.icon("magnifying-glass"), QLineEdit.ActionPosition.LeadingPosition)
        about = QLabel(hint)
        looks.dress(about, role="tx3")
        looks.set_font(about, looks.SECONDARY)
        top = QFrame()
        looks.dress(top, line="bottom")
        line = QHBoxLayout(top)
        line.setContentsMargins(12, 6, 16, 6)
        line.addWidget(self.field, 1)
        line.addWidget(about)
        self._model = _Model(self)
        self.view = QListView()
        self.view.setModel(self._model)
        self.view.setItemDelegate(_Delegate(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.clicked.connect(self._take)
        self.content.addWidget(top)
        self.content.addSpacing(5)
        self._nothing = QLabel(self.tr("Nothing has this name."))
        self._nothing.setFixedHeight(ROW)
        self._nothing.setContentsMargins(44, 0, 16, 0)
        looks.dress(self._nothing, role="tx3")
        self.content.addWidget(self.view)
        self.content.addWidget(self._nothing)
        self.content.addSpacing(5)
        self.field.textChanged.connect(self._narrow)
        self.field.installEventFilter(self)
        self._narrow("")

    def open(self) -> None:
        """Show the palette with an empty field."""
        super().open()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._move(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take(self.view.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _narrow(self, text: str) -> None:
        self._model.refill(list(self._find(text)))
        self.view.setFixedHeight(min(len(self._model.choices), MOST_ROWS) * ROW)
        self.view.setVisible(bool(self._model.choices))
        self._nothing.setVisible(not self._model.choices)
        if self._model.choices:
            self.view.setCurrentIndex(self._model.index(0))
        if self.isVisible():
            self.place()

    def _move(self, by: int) -> None:
        count = len(self._model.choices)
        if count:
            self.view.setCurrentIndex(self._model.index((self.view.currentIndex().row() + by) % count))

    def _take(self, index: QModelIndex) -> None:
        if index.isValid():
            choice: Choice = index.data(CHOICE_ROLE)
            if choice.enabled:
                self.close_sheet()
                choice.act()
