"""The categories: colour, name, how many objects, key and visibility; one of them is what new boxes get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QLabel,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from yolor_studio.core.entities import Category, Change
from yolor_studio.core.errors import StudioError
from yolor_studio.core.palette import COLOURS
from yolor_studio.gui import looks
from yolor_studio.gui.dialogs.naming import ask_name
from yolor_studio.gui.hotkeys import DIGITS, effective_hotkeys
from yolor_studio.gui.panels import rows
from yolor_studio.gui.panels.header import icon_button
from yolor_studio.gui.panels.lists import PlainList
from yolor_studio.gui.session import Session
from yolor_studio.gui.widgets.key_cap import paint_key_cap

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CategoriesPanel", "CategoryEditor"]

ROW = 26
CATEGORY_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


class CategoryEditor:
    """What a person does to categories, as edits; testable without a window."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def objection(self, name: str, *, but: int | None = None) -> str:
        """Why a category cannot have this name, "" when it can."""
        taken = {entry.name.casefold() for entry in self._session.categories if entry.id != but}
        return f"There is a category “{name}” already." if name.casefold() in taken else ""

    def add(self, name: str) -> int:
        """Add a category with the next free digit, and draw with it from now on; its id."""
        taken = {entry.hotkey for entry in self._session.categories}
        in_order = bool(self._session.categories) and taken == {None}
        hotkey = None if in_order else next((digit for digit in DIGITS if digit not in taken), None)
        with self._session.project.edit("Add category") as edit:
            category_id = edit.add_category(name, hotkey=hotkey)
        self._session.set_category(category_id)
        return category_id

    def rename(self, category_id: int, name: str) -> None:
        """Give a category another name; its id stays."""
        with self._session.project.edit("Rename category") as edit:
            edit.update_category(category_id, name=name)

    def recolour(self, category_id: int, colour: int) -> None:
        """Give a category another colour of the palette."""
        with self._session.project.edit("Recolour category") as edit:
            edit.update_category(category_id, colour=colour)

    def set_hotkey(self, category_id: int, hotkey: str | None) -> None:
        """Give a category a digit, taking it from the one that had it."""
        keys: dict[int, str | None] = {entry.id: None for entry in self._session.categories}
        keys.update(effective_hotkeys(self._session.categories))
        keys.update({other: None for other, key in keys.items() if hotkey is not None and key == hotkey})
        keys[category_id] = hotkey
        with self._session.project.edit("Change category key") as edit:
            for entry in self._session.categories:
                if entry.hotkey != keys[entry.id]:
                    edit.update_category(entry.id, hotkey=keys[entry.id])

    def toggle_visible(self, category_id: int) -> None:
        """Show or hide a category's boxes on the canvas."""
        category = self._session.category(category_id)
        if category is not None:
            with self._session.project.edit("Hide category" if category.visible else "Show category") as edit:
                edit.update_category(category_id, visible=not category.visible)

    def merge(self, category_id: int, into: int) -> None:
        """Move everything of a category into another one, class maps too, and drop it."""
        with self._session.project.edit("Merge categories") as edit:
            edit.merge_categories(category_id, into)

    def delete(self, category_id: int, into: int | None = None) -> None:
        """Delete a category; one in use only into another. Raises ProjectError."""
        with self._session.project.edit("Delete category") as edit:
            edit.delete_category(category_id, into=into)


class _Model(QAbstractTableModel):
    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.counts: dict[int, int] = {}
        self.keys: dict[int, str] = {}
        self.refresh()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._session.categories)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        category = self._session.categories[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return category.name
        return category if role == CATEGORY_ROLE else None

    def refresh(self) -> None:
        self.beginResetModel()
        self.counts = dict(self._session.project.counts().objects_by_category)
        self.keys = effective_hotkeys(self._session.categories)
        self.endResetModel()


class _Delegate(QStyledItemDelegate):
    def __init__(self, model: _Model, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        category: Category = index.data(CATEGORY_ROLE)
        rect = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        rows.ground(
            painter, rect.adjusted(6, 0.5, -6, -0.5), is_selected=rows.selected(option), is_hovered=rows.hovered(option)
        )
        middle, right = rect.center().y(), rect.right() - 12
        rows.swatch(painter, QRectF(rect.x() + 12, middle - 5.5, 11, 11), category.colour, faint=not category.visible)
        name = "eye" if category.visible else "eye-slash"
        looks.paint_icon(painter, QRectF(right - 14, middle - 7, 14, 14), name, looks.colour("tx2"))
        key = self._model.keys.get(category.id)
        if key:
            paint_key_cap(painter, right - 40, middle, key)
        count = f"{self._model.counts.get(category.id, 0):,}"
        rows.text(
            painter,
            QRectF(right - 120, rect.y(), 72, rect.height()),
            count,
            role="tx2",
            size=looks.SECONDARY,
            tabular=True,
            align=rows.RIGHT,
        )
        rows.text(
            painter,
            QRectF(rect.x() + 31, rect.y(), right - 96 - rect.x() - 31, rect.height()),
            category.name,
            role="tx" if category.visible else "tx2",
        )
        painter.restore()


class CategoriesPanel(QWidget):
    """The list of categories; its header's buttons come from `buttons`."""

    chosen = Signal(object)
    """A person chose a category id: for the selected boxes, or for drawing."""
    failed = Signal(str)
    counted = Signal(str)
    """The number for the heading."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._editor = CategoryEditor(session)
        self._model = _Model(session, self)
        self.view = PlainList(self.tr("Categories"), row=ROW)
        self.view.setModel(self._model)
        self.view.setItemDelegate(_Delegate(self._model, self.view))
        self.view.customContextMenuRequested.connect(self._context_menu)
        self.view.clicked.connect(self._clicked)
        self.view.doubleClicked.connect(lambda index: self._rename(index.data(CATEGORY_ROLE)))
        self._empty = QLabel(self.tr("None yet. A model brings its own, or add one."))
        self._empty.setContentsMargins(12, 2, 12, 4)
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        looks.set_font(self._empty, looks.SECONDARY)
        looks.dress(self._empty, role="tx3")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 6)
        layout.setSpacing(0)
        layout.addWidget(self._empty)
        layout.addWidget(self.view, 1)
        session.changed.connect(self._on_change)
        session.category_changed.connect(self._show_chosen)
        self._fit()
        self._show_chosen()

    def buttons(self) -> list[QToolButton]:
        """The buttons for the section's heading."""
        more = icon_button("dots-three", self.tr("More about the chosen category"), self._more)
        return [icon_button("plus", self.tr("Add a category"), self.add), more]

    def add(self) -> int | None:
        """Ask for a name and add a category; its id, None when the person cancelled."""
        name = ask_name(
            self.tr("Add a category"), self.tr("Add category"), objection=self._editor.objection, parent=self.window()
        )
        return self._editor.add(name) if name else None

    def heading_count(self) -> str:
        """The number for the heading."""
        return f"{len(self._session.categories):,}"

    def _clicked(self, index: QModelIndex) -> None:
        category: Category = index.data(CATEGORY_ROLE)
        at = self.view.viewport().mapFromGlobal(self.view.cursor().pos())
        if at.x() > self.view.viewport().width() - 30:
            self._editing(lambda: self._editor.toggle_visible(category.id))
            self._show_chosen()
        else:
            self.chosen.emit(category.id)

    def _rename(self, category: Category) -> None:
        name = ask_name(
            self.tr("Rename “{name}”").format(name=category.name),
            self.tr("Rename"),
            text=category.name,
            objection=lambda text: self._editor.objection(text, but=category.id),
            parent=self.window(),
        )
        if name and name != category.name:
            self._editing(lambda: self._editor.rename(category.id, name))

    def _more(self) -> None:
        for row, category in enumerate(self._session.categories):
            if category.id == self._session.category_id:
                rect = self.view.visualRect(self._model.index(row, 0))
                self._context_menu(rect.bottomLeft() + QPoint(40, 0))

    def _context_menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at - QPoint(0, 1))
        if not index.isValid():
            return
        category: Category = index.data(CATEGORY_ROLE)
        menu = QMenu(self)
        menu.addAction(looks.icon("pencil-simple"), self.tr("Rename…"), lambda: self._rename(category))
        colours = menu.addMenu(looks.icon("palette"), self.tr("Colour"))
        for number in range(len(COLOURS)):
            action = colours.addAction(_swatch_icon(number), _COLOUR_NAMES[number])
            action.triggered.connect(
                lambda _checked=False, number=number: self._editing(lambda: self._editor.recolour(category.id, number))
            )
        keys = menu.addMenu(looks.icon("keyboard"), self.tr("Key"))
        for digit in (*DIGITS, None):
            action = keys.addAction(digit or self.tr("No key"))
            action.setCheckable(True)
            action.setChecked(self._model.keys.get(category.id) == digit)
            action.triggered.connect(
                lambda _checked=False, digit=digit: self._editing(lambda: self._editor.set_hotkey(category.id, digit))
            )
        menu.addAction(
            looks.icon("eye-slash" if category.visible else "eye"),
            self.tr("Hide its boxes") if category.visible else self.tr("Show its boxes"),
            lambda: self._editing(lambda: self._editor.toggle_visible(category.id)),
        )
        menu.addSeparator()
        others = [other for other in self._session.categories if other.id != category.id]
        merge = menu.addMenu(looks.icon("intersect"), self.tr("Merge into"))
        merge.setEnabled(bool(others))
        for other in others:
            merge.addAction(
                _swatch_icon(other.colour),
                other.name,
                lambda other=other: self._editing(lambda: self._editor.merge(category.id, other.id)),
            )
        self._add_delete(menu, category, others)
        menu.exec(self.view.viewport().mapToGlobal(at))
        menu.deleteLater()

    def _add_delete(self, menu: QMenu, category: Category, others: list[Category]) -> None:
        if not self._model.counts.get(category.id):
            menu.addAction(
                looks.icon("trash"), self.tr("Delete"), lambda: self._editing(lambda: self._editor.delete(category.id))
            )
            return
        delete = menu.addMenu(looks.icon("trash"), self.tr("Delete, its boxes become"))
        delete.setEnabled(bool(others))
        for other in others:
            delete.addAction(
                _swatch_icon(other.colour),
                other.name,
                lambda other=other: self._editing(lambda: self._editor.delete(category.id, other.id)),
            )

    def _editing(self, edit: Callable[[], object]) -> None:
        try:
            edit()
        except StudioError as error:
            self.failed.emit(str(error))

    def _on_change(self, change: Change) -> None:
        if change.tables & {"categories", "objects", "media"}:
            self._model.refresh()
            self._fit()
            self._show_chosen()

    def _fit(self) -> None:
        self._empty.setVisible(not self._session.categories)
        self.view.setVisible(bool(self._session.categories))
        self.view.setMinimumHeight(min(len(self._session.categories), 3) * ROW + 2)
        self.view.updateGeometry()
        self.counted.emit(self.heading_count())

    def _show_chosen(self) -> None:
        ids = [category.id for category in self._session.categories]
        if self._session.category_id in ids:
            self.view.selectRow(ids.index(self._session.category_id))
        else:
            self.view.clearSelection()


def _swatch_icon(colour: int) -> QIcon:
    pixmap = QPixmap(32, 32)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    rows.swatch(painter, QRectF(4, 4, 24, 24), colour)
    painter.end()
    return QIcon(pixmap)


_COLOUR_NAMES = (
    "Azure", "Amber", "Teal", "Magenta", "Lime", "Orchid", "Coral", "Violet", "Ice", "Olive", "Mauve", "Sand",
)  # fmt: skip
