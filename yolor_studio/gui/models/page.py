"""The models page: a list and details, and the one job that is under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, Qt, QUrl, Signal
from PySide6.QtGui import (
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QHideEvent,
    QKeyEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from yolor_studio.core.errors import StudioError
from yolor_studio.gui import looks
from yolor_studio.gui.dialogs import asking
from yolor_studio.gui.latest import Latest
from yolor_studio.gui.models.details import Details
from yolor_studio.gui.models.rows import HEADING, ROW, ItemDelegate, ItemModel
from yolor_studio.gui.models.shelf import Item, Kind, Refusal, gather, model_key
from yolor_studio.gui.models.texts import job_text
from yolor_studio.gui.models.work import ModelWork
from yolor_studio.gui.pages import Page
from yolor_studio.gui.panels.header import Header
from yolor_studio.gui.panels.lists import PlainList
from yolor_studio.gui.start.drop_zone import dropped_paths
from yolor_studio.gui.studio import BUNDLED_MODEL, Studio

if TYPE_CHECKING:
    from yolor_studio.jobs.model_facts import NetworkFacts

__all__ = ["ModelsPage"]

_LIST_WIDTH = 340


class ModelsPage(Page):
    """Models that can be run and published ones that can be fetched; files are added by dropping them on it."""

    ready = Signal()
    """The list and the details are up to date."""

    def __init__(self, studio: Studio, *, back: str, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Models"), back=back, parent=parent)
        self._studio = studio
        self.work = ModelWork.of(studio)
        self._wanted = model_key(studio.model)
        """The key of the row to select once it is listed."""
        self._shelf, self._facts = Latest(studio.bridge, self), Latest(studio.bridge, self)
        self._shelf.done.connect(self._take_items)
        self._facts.done.connect(self._take_facts)
        self._known_facts: dict[str, NetworkFacts | None] = {}
        self.details = Details(self.work)
        self._model = ItemModel(self)
        self.list = PlainList(self.tr("Models"), row=ROW)
        self._delegate = ItemDelegate(self.work, self.list)
        self.list.setModel(self._model)
        self.list.setItemDelegate(self._delegate)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._show_current())
        self.list.doubleClicked.connect(lambda _index: self._act())
        folder = QPushButton(self.tr("Open models folder"))
        looks.set_icon(folder, "folder-open")
        looks.dress(folder, kind="quiet")
        folder.clicked.connect(self._open_folder)
        self.bar.addWidget(folder)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self._build_left())
        body.addWidget(self.details, 1)
        self.content.addLayout(body, 1)
        self.setAcceptDrops(True)
        self.setFocusProxy(self.list)
        self.setTabOrder(self.add_button, self.list)
        details = self.details
        details.check_wanted.connect(self.check)
        details.download_wanted.connect(self.download)
        details.use_wanted.connect(self.use)
        details.remove_wanted.connect(self.ask_about_removing)
        details.removal_confirmed.connect(self.remove)
        details.cfg_wanted.connect(self._choose_cfg)
        details.names_wanted.connect(self._choose_names)
        details.again_wanted.connect(self._add_again)
        details.rebuilt.connect(self._order_focus)
        self.work.changed.connect(self._show_work)
        self.work.shelf_changed.connect(self._shelf_changed)
        self._was_running = self.work.running
        self.refresh()

    # What a person does

    def refresh(self) -> None:
        """Look again at what there is: the page is shown."""
        files = tuple(self.work.files.values())
        self._shelf.ask(lambda: gather(files))

    def select(self, key: str) -> None:
        """Show the row of this key, if it is listed."""
        row = self._model.row_of(key)
        if row >= 0:
            index = self._model.index(row, 0)
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.list.selectionModel().setCurrentIndex(index, flags)
            self.list.scrollTo(index)

    def add(self, *files: Path) -> None:
        """Add model files, one after the other."""
        for file in files:
            self.work.add(file)

    def add_by_dialog(self) -> None:
        """Ask for a model file and add it."""
        file = asking.model(self, str(Path.home()))
        if file is not None:
            self.add(file)

    def check(self) -> None:
        """Check the model that is shown."""
        item = self.details.item
        if item is not None and item.entry is not None:
            self.work.check(item.entry)

    def download(self) -> None:
        """Fetch the published model that is shown."""
        item = self.details.item
        if item is not None and item.release is not None:
            self.work.download(item.release)

    def use(self) -> None:
        """Pre-label with the model that is shown from now on."""
        item = self.details.item
        if item is not None and item.entry is not None:
            self._studio.choose_model(item.entry.name)
            self._show_current()
            self._studio.tell(self.tr("Pre-labelling uses {name} from now on").format(name=item.name), "ok")

    def ask_about_removing(self) -> None:
        """Ask whether the model that is shown shall go: its files do not come back."""
        item = self.details.item
        if item is not None and item.entry is not None and not item.entry.bundled and not self.work.running:
            self.details.ask_about_removing()

    def remove(self) -> None:
        """Delete the model that is shown; where it was in use, the bundled one takes over."""
        from yolor_studio.detect.library import remove_model

        self.details.drop_question()
        item = self.details.item
        if item is None or item.entry is None:
            return
        try:
            remove_model(item.entry.name)
        except StudioError as error:
            self._studio.tell(str(error), "err")
            return
        if self._studio.model == item.entry.name:
            self._studio.choose_model(BUNDLED_MODEL)
        self._shelf_changed("", model_key(BUNDLED_MODEL))

    # Page

    def hints(self) -> Sequence[tuple[str, str]]:
        item, hints = self.details.item, []
        if item is not None and item.kind is Kind.RELEASE:
            hints.append(("Enter", self.tr("download")))
        elif item is not None and item.entry is not None:
            if item.name != self._studio.model:
                hints.append(("Enter", self.tr("use")))
            if not item.entry.bundled:
                hints.append(("Del", self.tr("remove")))
        return [*hints, ("Esc", self.tr("back"))]

    def cancel(self) -> bool:
        return self.details.drop_question()

    def stop(self) -> None:
        self._shelf.close()
        self._facts.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.list.hasFocus() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._act()
        elif self.list.hasFocus() and event.key() == Qt.Key.Key_Delete:
            item = self.details.item
            if item is not None and item.refused:
                self.work.dismiss(item.key)
            else:
                self.ask_about_removing()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            self._show_dragging(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._show_dragging(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._show_dragging(False)
        event.acceptProposedAction()
        self.add(*dropped_paths(event.mimeData()))

    # The left side

    def _build_left(self) -> QWidget:
        left = QFrame()
        looks.dress(left, line="right")
        left.setFixedWidth(_LIST_WIDTH)
        lines = QVBoxLayout(left)
        lines.setContentsMargins(0, 6, 0, 0)
        lines.setSpacing(0)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 12, 0)
        self._header = Header(self.tr("Models"))
        self.add_button = QPushButton(self.tr("Add…"))
        looks.set_icon(self.add_button, "plus")
        looks.dress(self.add_button, size="panel")
        self.add_button.clicked.connect(self.add_by_dialog)
        top.addWidget(self._header, 1)
        top.addWidget(self.add_button)
        lines.addLayout(top)
        lines.addWidget(self.list, 1)
        self.busy = QPushButton()
        looks.dress(self.busy, kind="link")
        self.busy.setToolTip(self.tr("Show it"))
        self.busy.clicked.connect(lambda: self.select(self.work.key))
        self.busy.hide()
        below = QHBoxLayout()
        below.setContentsMargins(10, 4, 10, 0)
        below.addWidget(self.busy, 0, Qt.AlignmentFlag.AlignLeft)
        lines.addLayout(below)
        self._hint = QLabel()
        self._hint.setWordWrap(True)
        self._hint.setContentsMargins(14, 10, 14, 12)
        looks.set_font(self._hint, looks.SECONDARY)
        self._show_dragging(False)
        lines.addWidget(self._hint)
        return left

    def _show_dragging(self, dragging: bool) -> None:
        self._hint.setText(
            self.tr("Drop it to add it to the models.")
            if dragging
            else self.tr("Drop .onnx, .weights, .pt or .safetensors here. A .pt file is read as tensors only.")
        )
        looks.dress(self._hint, role="accent" if dragging else "tx2", ground="tint" if dragging else "bg")

    def _open_folder(self) -> None:
        from yolor_studio.detect.library import models_folder

        models_folder().mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(models_folder())))

    # Keeping up

    def _take_items(self, items: list[Item]) -> None:
        wanted = self._wanted or (self.details.item.key if self.details.item is not None else "")
        self._model.set_items(items)
        for row in range(self._model.rowCount()):
            self.list.setRowHeight(row, ROW if self._model.item(row) is not None else HEADING)
        count = sum(item.kind is Kind.MODEL for item in items)
        self._header.set_count(f"{count:,}")
        self._wanted = ""
        self.select(wanted if self._model.row_of(wanted) >= 0 else items[0].key)

    def _show_current(self) -> None:
        item = self._model.item(self.list.currentIndex().row())
        self._delegate.in_use = self._studio.model
        self.list.viewport().update()
        facts = None
        if item is not None and item.entry is not None:
            facts = self._known_facts.get(item.entry.sha256)
            if item.entry.sha256 not in self._known_facts:
                self._ask_facts(item)
        self.details.show_item(item, facts, in_use=self._studio.model)
        self._show_busy()
        self.hints_changed.emit()
        if not self._facts.busy:
            self.ready.emit()

    def _ask_facts(self, item: Item) -> None:
        from yolor_studio.jobs.model_facts import network_facts

        entry = item.entry
        assert entry is not None

        def work() -> tuple[str, NetworkFacts | None]:
            try:
                return entry.sha256, network_facts(entry)
            except StudioError:  # a check tells what is wrong with the network
                return entry.sha256, None

        self._facts.ask(work)

    def _take_facts(self, answer: tuple[str, NetworkFacts | None]) -> None:
        self._known_facts[answer[0]] = answer[1]
        self._show_current()

    def _order_focus(self, lost: bool) -> None:
        """Tab goes from the list to the buttons of what is selected."""
        before: QWidget = self.list
        for button in self.details.buttons():
            self.setTabOrder(before, button)
            before = button
        if lost:
            self.list.setFocus()

    def _shelf_changed(self, was: str, key: str) -> None:
        """A person who looks at something else meanwhile goes on looking at it."""
        item = self.details.item
        if not was or item is None or item.key == was:
            self._wanted = key or self._wanted
        self.refresh()

    def _show_busy(self) -> None:
        """Where the job under way is about something else than what is shown, say so below the list."""
        run, item = self.work.run, self.details.item
        elsewhere = run is not None and (item is None or item.key != self.work.key)
        listed = self._model.item(self._model.row_of(self.work.key))
        if run is not None and elsewhere and listed is not None:
            text = f"{listed.name}: {job_text(run, short=True)}"
            width = _LIST_WIDTH - 40
            self.busy.setText(self.busy.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width))
        self.busy.setVisible(elsewhere)

    def _show_work(self) -> None:
        self._show_busy()
        self.list.viewport().update()
        if self.work.running != self._was_running:
            self._was_running = self.work.running
            self._show_current()

    def _act(self) -> None:
        """Enter or a double click: what the first button does."""
        item = self.details.item
        if item is None or self.work.key == item.key:
            return
        if item.kind is Kind.RELEASE:
            self.download()
        elif item.kind is Kind.MODEL:
            self.use()

    def _choose_cfg(self) -> None:
        origin = self._origin()
        given = None if origin is None else asking.network_description(self, str(origin.file.parent))
        if origin is not None and given is not None:
            self._add_again(replace(origin, cfg=given))

    def _choose_names(self) -> None:
        origin = self._origin()
        given = None if origin is None else asking.class_names(self, str(origin.file.parent))
        if origin is not None and given is not None and self._names_fit(given):
            self._add_again(replace(origin, names=given))

    def _names_fit(self, names: Path) -> bool:
        """Whether a file names every class of the model that is shown; what is wrong is told, nothing is lost."""
        from yolor_studio.detect.names import read_names

        item = self.details.item
        if item is not None and item.entry is not None:
            try:
                read_names(names, len(item.entry.classes))
            except (StudioError, OSError) as error:
                self._studio.tell(str(error), "err")
                return False
        return True

    def _origin(self) -> Refusal | None:
        """The file behind what is shown, and what was given along with it."""
        item = self.details.item
        return None if item is None else item.refusal or self.work.origins.get(item.key)

    def _add_again(self, origin: Refusal | None = None) -> None:
        """Add the file that is shown once more, as it was or with what it lacked."""
        from yolor_studio.detect.library import remove_model

        item, origin = self.details.item, origin or self._origin()
        if item is None or origin is None or self.work.running:
            return
        if item.entry is not None:  # it is there without its names
            remove_model(item.entry.name)
        self.work.add(origin.file, cfg=origin.cfg, names=origin.names)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.work.watched = True

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.work.watched = False
