"""The workspace of one open project: top bar, media, canvas, right panel and timeline, by the window's size."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from yolor_studio.core.entities import Change, FrameState
from yolor_studio.gui.canvas import BoxRef, Canvas, Tool
from yolor_studio.gui.canvas_link import CanvasLink
from yolor_studio.gui.editing import Editor
from yolor_studio.gui.frames import FramePicture
from yolor_studio.gui.job_run import Outcome
from yolor_studio.gui.panels.categories import CategoriesPanel
from yolor_studio.gui.panels.media import MediaPanel
from yolor_studio.gui.panels.objects import ObjectsPanel
from yolor_studio.gui.panels.objects_model import ObjectRow
from yolor_studio.gui.panels.predictions import PredictionsPanel
from yolor_studio.gui.panels.right import RightPanel
from yolor_studio.gui.panels.top_bar import TopBar
from yolor_studio.gui.panels.transport import TransportPanel
from yolor_studio.gui.player import Player
from yolor_studio.gui.relinking import Relinking
from yolor_studio.gui.session import Session
from yolor_studio.gui.studio import Studio
from yolor_studio.gui.thumbnails import Thumbnails
from yolor_studio.gui.widgets import Splitter, Toast

__all__ = ["Workspace"]

WIDE, NARROW, TALL = 1440, 1280, 800
LEFT, LEAST_LEFT, MOST_LEFT, RIGHT, LEAST_RIGHT, RAIL = 240, 200, 480, 300, 264, 44
Panel = Literal["left", "right", "bottom"]


class Workspace(QWidget):
    """Everything on screen while a project is open; it knows the studio and asks for commands by id."""

    command_requested = Signal(str)
    category_chosen = Signal(object)
    menu_requested = Signal(object, object)
    """(BoxRef or None, place on the screen)."""
    state_changed = Signal()
    """Selection, predictions, tool, panels or place changed: commands may be enabled otherwise now."""

    def __init__(self, studio: Studio, session: Session, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio, self._session, self._editor = studio, session, editor
        self.predictions_shown = 0
        self.canvas = Canvas()
        self.toast = Toast(self.canvas)
        self.player = Player(session, self)
        self.thumbnails = Thumbnails(session.project, studio.bridge, self)
        self.top_bar = TopBar(studio, session)
        self.media = MediaPanel(session, self.thumbnails)
        self.categories = CategoriesPanel(session)
        self.predictions = PredictionsPanel(session)
        self.objects = ObjectsPanel(session, studio.selection)
        self.predicted = ObjectsPanel(session, studio.selection)
        self.right = RightPanel(
            session, self.categories, self.predictions, objects=self.objects, predicted=self.predicted
        )
        self.transport = TransportPanel(session, self.player, studio.bridge)
        self.link = CanvasLink(session, studio.selection, editor, canvas=self.canvas, bridge=studio.bridge)
        self.relinking = Relinking(studio, session, canvas=self.canvas, link=self.link)
        self._open = {name: studio.settings.panels.get(name, True) for name in ("left", "right", "bottom")}
        self._rail_open = False
        self._rail = False
        self._build()
        self._connect()
        for name in ("categories", "predictions", "objects"):
            if studio.settings.panels.get(f"fold {name}", False):
                self.right.set_folded(name, True)
        self.link.show_boxes()

    def close_reading(self) -> None:
        """Stop every thread of the workspace."""
        self.player.pause()
        self.link.close()
        self.thumbnails.close()
        self.transport.close_figures()
        self.relinking.close()

    # Tools and selection

    def use_tool(self, name: Literal["select", "box", "points", "pan"]) -> None:
        """Take a tool of the canvas."""
        tools = {"select": Tool.SELECT, "box": Tool.BOX, "points": Tool.FOUR_POINTS, "pan": Tool.PAN}
        self.canvas.set_tool(tools[name])
        self.canvas.setFocus()

    def select_all(self) -> None:
        """Select every box of the frame."""
        self.canvas.select_all()

    def select_same_category(self) -> None:
        """Select every box of the selected boxes' categories."""
        rows = self.objects.model.rows
        names = {row.name for row in rows if row.ref in self._studio.selection.refs}
        self._studio.selection.set(row.ref for row in rows if row.name in names)

    def take_offer(self, category_id: int | None = None) -> bool:
        """Turn the offered prediction into an object; whether there was one."""
        return self.link.take_offer(category_id)

    def cancel(self) -> bool:
        """Drop what is under way: a drawing, an offer, the open rail, the selection; False when there was nothing."""
        if self.canvas.cancel() or self.link.drop_offer():
            return True
        if self._rail_open:
            self._toggle_rail()
            return True
        had = bool(self._studio.selection.refs)
        self._studio.selection.set(())
        return had

    # Panels

    def is_open(self, panel: Panel) -> bool:
        """Whether a panel is unfolded."""
        return self._open[panel]

    def toggle_panel(self, panel: Panel) -> None:
        """Fold or unfold a panel."""
        self._open[panel] = not self._open[panel]
        self._studio.settings.panels[panel] = self._open[panel]
        self._studio.settings.save()
        self._arrange()
        self.state_changed.emit()

    def focus_next_panel(self) -> None:
        """Give the keyboard to the next of canvas, objects, categories, timeline and media."""
        order = [
            widget
            for widget in (self.canvas, self.objects.view, self.categories.view, self.transport.strip, self.media.view)
            if widget.isVisible()
        ]
        here = next((number for number, widget in enumerate(order) if widget.hasFocus()), -1)
        order[(here + 1) % len(order)].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _build(self) -> None:
        self._left_slot = QWidget()
        self._left_layout = QVBoxLayout(self._left_slot)
        self._left_layout.setContentsMargins(0, 0, 0, 0)
        self._left_layout.addWidget(self.media)
        self._left_slot.setMinimumWidth(LEAST_LEFT)
        self._left_slot.installEventFilter(self)
        self.right.setMinimumWidth(LEAST_RIGHT)
        stage = QWidget()
        column = QVBoxLayout(stage)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.relinking.bar)
        column.addWidget(self.canvas, 1)
        self._splitter = Splitter(Qt.Orientation.Horizontal)
        for widget in (self._left_slot, stage, self.right):
            self._splitter.addWidget(widget)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([LEFT, 900, RIGHT])
        self._body = QWidget()
        body = QHBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.addWidget(self._splitter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.top_bar)
        layout.addWidget(self._body, 1)
        layout.addWidget(self.transport)

    def _connect(self) -> None:
        session, studio = self._session, self._studio
        for source in (self.top_bar, self.transport):
            source.command_requested.connect(self.command_requested)
        self.top_bar.tool_chosen.connect(self.canvas.set_tool)
        self.canvas.tool_changed.connect(self._tool_changed)
        self.media.add_requested.connect(lambda: self.command_requested.emit("file.open"))
        self.media.remove_requested.connect(self._remove_media)
        self.media.find_requested.connect(self.relinking.find)
        self.media.find_in_folder_requested.connect(self.relinking.find_in_folder)
        self.relinking.files_seen.connect(self.media.model.look_again)
        self.relinking.found.connect(self._media_found)
        self.media.rail_opened.connect(self._toggle_rail)
        self.categories.chosen.connect(self.category_chosen)
        self.categories.failed.connect(lambda text: studio.tell(text, "err"))
        self.predictions.accept_requested.connect(lambda: self.command_requested.emit("review.accept_next"))
        self.predictions.reject_requested.connect(lambda: self.command_requested.emit("review.reject"))
        self.predictions.run_requested.connect(lambda: self.command_requested.emit("model.run"))
        for panel in (self.objects, self.predicted):
            panel.accept_requested.connect(lambda rows: self._settle(rows, accept=True))
            panel.reject_requested.connect(lambda rows: self._settle(rows, accept=False))
            panel.menu_requested.connect(self.menu_requested)
        self.canvas.menu_requested.connect(self._canvas_menu)
        self.transport.span_marked.connect(self._mark_span)
        self.link.boxes_shown.connect(self._list_boxes)
        self.link.failed.connect(lambda text: studio.tell(text, "err"))
        self.link.picture_shown.connect(self._picture_shown)
        self.link.category_missing.connect(self._first_category)
        self.link.offered.connect(lambda _offer: self.state_changed.emit())
        self.right.folded.connect(self._remember_fold)
        session.changed.connect(self._on_change)
        studio.run_ended.connect(self._show_predictions)
        self.thumbnails.ready.connect(self._keep_thumbnail)
        session.place_changed.connect(self.state_changed)
        studio.selection.changed.connect(self.state_changed)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.relinking.look_again()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._left_slot and event.type() == QEvent.Type.Resize:
            self._align_names()
        return False

    def _arrange(self) -> None:
        window = self.window()
        small = window.width() < WIDE or window.height() < TALL
        narrow = window.width() < NARROW
        self.top_bar.set_compact(small, narrow=narrow)
        self.right.set_tabs(small)
        self.right.setVisible(self._open["right"])
        self.transport.setVisible(self._open["bottom"])
        self._set_rail(small)
        self._left_slot.setVisible(self._open["left"])
        self._align_names()

    def _set_rail(self, rail: bool) -> None:
        if rail != self._rail:
            self._rail = rail
            self._rail_open = False
            self._left_slot.setMinimumWidth(RAIL if rail else LEAST_LEFT)
            self._left_slot.setMaximumWidth(RAIL if rail else MOST_LEFT)
            left, right = (RAIL, LEAST_RIGHT) if rail else (LEFT, RIGHT)
            self._splitter.setSizes([left, max(self.width() - left - right, 1), right])
        self._place_media()

    def _toggle_rail(self) -> None:
        self._rail_open = not self._rail_open
        self._place_media()

    def _place_media(self) -> None:
        """In its slot, or as a drawer over the canvas while the rail is open."""
        self.media.set_rail(self._rail and not self._rail_open, closable=self._rail and self._rail_open)
        if self._rail_open:
            self.media.setParent(self._body)
            self.media.setGeometry(0, 0, LEFT, self._body.height())
            self.media.show()
            self.media.raise_()
        elif self.media.parentWidget() is not self._left_slot:
            self._left_layout.addWidget(self.media)

    def _align_names(self) -> None:
        if not self._open["left"]:
            self.transport.set_name_width(0)
        else:
            self.transport.set_name_width(172 if self._rail else self._left_slot.width() + 1)

    # Answers

    def _show_predictions(self, outcome: Outcome) -> None:
        """What a run found is what a person looks at next, where there is room for one panel alone."""
        if outcome.finished:
            self.right.bring_forward("predictions")

    def _tool_changed(self, tool: Tool) -> None:
        self.top_bar.show_tool(tool)
        self.state_changed.emit()

    def _list_boxes(self, objects: list[ObjectRow], predictions: list[ObjectRow]) -> None:
        self.predictions_shown = len(predictions)
        self.objects.refill(objects, predictions)
        self.predicted.refill([], predictions)
        self.right.show_object_count(len(objects))
        self.predictions.show_counts(len(predictions))
        self.objects.say_hidden(self.predictions.hidden(len(predictions)))
        self.state_changed.emit()

    def _settle(self, rows: list[int], *, accept: bool) -> None:
        (self._editor.accept if accept else self._editor.reject)(rows)

    def _picture_shown(self, picture: FramePicture) -> None:
        self.transport.show_picture(picture)
        if picture.error and picture.presence is None:  # else it is told in the picture's place
            self._studio.tell(picture.error, "err")

    def _media_found(self, media_ids: tuple[int, ...]) -> None:
        for media_id in media_ids:
            self.thumbnails.forget(media_id)
        self.media.view.viewport().update()
        self._studio.verify(media_ids)

    def _first_category(self, box: object) -> None:
        if self.categories.add() is not None:
            self._editor.draw(box)  # pyright: ignore[reportArgumentType]
        else:
            self.link.show_boxes()

    def _canvas_menu(self, ref: BoxRef | None, at: QPoint) -> None:
        self.menu_requested.emit(ref, at)

    def _mark_span(self, span: tuple[int, int]) -> None:
        media = self._session.current
        if media is None:
            return
        frames = range(span[0], span[1] + 1)
        states = self._session.project.frame_states(media.id)
        fresh = [frame for frame in frames if frame not in states]
        state = FrameState.REVIEWED if fresh else FrameState.UNTOUCHED
        count = self._editor.set_states(media, fresh or frames, state)
        text = self.tr("{count} frames marked reviewed") if fresh else self.tr("{count} frames marked not reviewed")
        self._studio.tell_undoable(text.format(count=f"{count:,}"))

    def _remove_media(self, media: object) -> None:
        self._session.go(media.id, self._session.frame_of(media.id))  # pyright: ignore[reportAttributeAccessIssue]
        self.command_requested.emit("media.remove")

    def _remember_fold(self, name: str, folded: bool) -> None:
        self._studio.settings.panels[f"fold {name}"] = folded
        self._studio.settings.save()

    def _keep_thumbnail(self, media_id: int) -> None:
        """The first media's picture stands for the project on the start page."""
        pixmap = self.thumbnails.known(media_id)
        if pixmap is not None and self._session.media and self._session.media[0].id == media_id:
            self._studio.keep_thumbnail(pixmap)

    def _on_change(self, change: Change) -> None:
        if change.edit is not None or change.actor in ("undo", "redo"):
            self.top_bar.show_history()
        self.state_changed.emit()
