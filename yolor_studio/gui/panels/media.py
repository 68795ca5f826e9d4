"""The left panel: every media with its picture and how much of it is reviewed."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from yolor_studio.core.entities import Change
from yolor_studio.gui import looks
from yolor_studio.gui.panels.header import Header, icon_button
from yolor_studio.gui.panels.lists import PlainList
from yolor_studio.gui.panels.media_delegate import RAIL_ROW, ROW, MediaDelegate
from yolor_studio.gui.panels.media_model import MediaFilter, MediaModel
from yolor_studio.gui.panels.progress_bar import ThinBar
from yolor_studio.gui.session import Session
from yolor_studio.gui.thumbnails import Thumbnails

__all__ = ["MediaPanel"]


class MediaPanel(QFrame):
    """The media list with its filter, and the total; as a rail it shows pictures only."""

    add_requested = Signal()
    rail_opened = Signal()
    """The rail's button was pressed: show the whole list over the canvas, or fold it again."""
    remove_requested = Signal(object)
    find_requested = Signal(object)
    """The file of a media (Media) is to be found, by picking it."""
    find_in_folder_requested = Signal()

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        looks.dress(self, ground="bg")
        self.model = MediaModel(session, self)
        self._header = Header(self.tr("Media"))
        self._header.add_button(icon_button("plus", self.tr("Add media"), self.add_requested.emit))
        self._close_rail = icon_button("caret-left", self.tr("Fold the media list"), self.rail_opened.emit)
        self._header.add_button(self._close_rail)
        self._open_rail = icon_button("film-strip", self.tr("Show the media list"), self.rail_opened.emit, side=32)
        self._filter = self._build_filter()
        self.view = self._build_view(thumbnails)
        self._empty = QLabel(self.tr("No media yet. Drop a video or a folder of pictures on the window."))
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(16, 24, 16, 24)
        looks.dress(self._empty, role="tx2")
        self._footer = _Footer()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._header)
        layout.addWidget(self._open_rail, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._filter)
        layout.addWidget(self._empty)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._footer)
        session.changed.connect(self._on_change)
        session.place_changed.connect(self._show_place)
        thumbnails.ready.connect(lambda _media_id: self.view.viewport().update())
        self.set_rail(False)
        self._show_totals()
        self._show_place()

    def set_rail(self, rail: bool, *, closable: bool = False) -> None:
        """Show pictures only, in 44 px, or the whole list; `closable` when the list lies over the canvas."""
        self._delegate.rail = rail
        self._open_rail.setVisible(rail)
        self._close_rail.setVisible(closable)
        looks.dress(self, line="right" if closable else "")
        for widget in (self._header, self._filter, self._footer):
            widget.setVisible(not rail)
        self.view.verticalHeader().setDefaultSectionSize(RAIL_ROW if rail else ROW)
        self._empty.setVisible(not rail and not self._session.media)
        self.view.viewport().update()

    def _build_filter(self) -> QWidget:
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(12, 0, 12, 8)
        field = QLineEdit()
        field.setPlaceholderText(self.tr("Filter"))
        field.setAccessibleName(self.tr("Filter media by name"))
        field.addAction(looks.icon("magnifying-glass"), QLineEdit.ActionPosition.LeadingPosition)
        funnel = field.addAction(looks.icon("funnel-simple"), QLineEdit.ActionPosition.TrailingPosition)
        funnel.setToolTip(self.tr("Show all, or only what is not finished"))
        funnel.triggered.connect(lambda: self._filter_menu(field))
        field.textChanged.connect(self.model.set_text)
        looks.dress(field, size="panel")
        layout.addWidget(field)
        return holder

    def _filter_menu(self, field: QLineEdit) -> None:
        menu = QMenu(self)
        group = QActionGroup(menu)
        for which, text in (
            (MediaFilter.ALL, self.tr("All media")),
            (MediaFilter.OPEN, self.tr("Not finished")),
            (MediaFilter.DONE, self.tr("Finished")),
        ):
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(self.model.filter is which)
            action.triggered.connect(lambda _checked=False, which=which: self.model.set_filter(which))
            group.addAction(action)
        menu.exec(field.mapToGlobal(QPoint(0, field.height() + 2)))
        menu.deleteLater()

    def _build_view(self, thumbnails: Thumbnails) -> PlainList:
        view = PlainList(self.tr("Media"), row=ROW)
        view.setModel(self.model)
        self._delegate = MediaDelegate(self.model, thumbnails, view)
        view.setItemDelegate(self._delegate)
        view.customContextMenuRequested.connect(self._context_menu)
        view.selectionModel().currentRowChanged.connect(self._row_chosen)
        return view

    def _row_chosen(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            media = self.model.media_at(current.row())
            if self._session.current is None or media.id != self._session.current.id:
                self._session.go(media.id, self._session.frame_of(media.id))

    def _show_place(self) -> None:
        media = self._session.current
        row = self.model.row_of(media.id) if media is not None else None
        selection = self.view.selectionModel()
        if row is None:
            selection.clearSelection()
        elif selection.currentIndex().row() != row or not selection.hasSelection():
            self.view.selectRow(row)

    def _context_menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        if not index.isValid():
            return
        media = self.model.media_at(index.row())
        menu = QMenu(self)
        find = in_folder = None
        if self.model.lost(media):
            text = self.tr("Find the original…") if self.model.changed(media) else self.tr("Find…")
            find = menu.addAction(looks.icon("link-break"), text)
            in_folder = menu.addAction(looks.icon("folder-open"), self.tr("Find in folder…"))
            for action in (find, in_folder):
                action.setEnabled(not self._session.project.read_only)
            menu.addSeparator()
        remove = menu.addAction(looks.icon("trash"), self.tr("Remove from the project"))
        remove.setEnabled(not self._session.project.read_only)
        chosen = menu.exec(self.view.viewport().mapToGlobal(at))
        menu.deleteLater()
        if chosen is None:
            return
        if chosen is remove:
            self.remove_requested.emit(media)
        elif chosen is find:
            self.find_requested.emit(media)
        elif chosen is in_folder:
            self.find_in_folder_requested.emit()

    def _on_change(self, change: Change) -> None:
        if change.tables & {"media", "frame_states"}:
            self._show_totals()
        if "media" in change.tables:
            self._show_place()

    def _show_totals(self) -> None:
        self._header.set_count(f"{len(self._session.media):,}")
        counts = self._session.project.counts()
        self._footer.show_total(counts.reviewed, counts.frames)
        self._empty.setVisible(not self._delegate.rail and not self._session.media)


class _Footer(QWidget):
    """How many frames of the whole project are reviewed."""

    def __init__(self) -> None:
        super().__init__()
        looks.dress(self, line="top")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._label = QLabel(self.tr("Reviewed"))
        looks.dress(self._label, role="tx2")
        looks.set_font(self._label, looks.SECONDARY)
        self._reviewed, self._of = QLabel(), QLabel()
        for figures in (self._reviewed, self._of):
            looks.set_font(figures, looks.SECONDARY, tabular=True)
        looks.dress(self._of, role="tx2")
        self._bar = ThinBar("review")
        top = QWidget()
        line = QHBoxLayout(top)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self._label)
        line.addStretch(1)
        line.addWidget(self._reviewed)
        line.addSpacing(4)
        line.addWidget(self._of)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 10)
        layout.setSpacing(5)
        layout.addWidget(top)
        layout.addWidget(self._bar)

    def show_total(self, reviewed: int, frames: int) -> None:
        """Say how many of how many."""
        self._reviewed.setText(f"{reviewed:,}")
        self._of.setText(self.tr("of {frames} frames").format(frames=f"{frames:,}"))
        self._bar.set_share(reviewed / frames if frames else 0.0)
