"""The canvas: one widget that shows a frame and its boxes and tells of gestures. It knows no project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, Qt, Signal, SignalInstance
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from yolor_studio.core.entities import Box
from yolor_studio.core.geometry import ViewTransform, limit_move
from yolor_studio.gui import looks
from yolor_studio.gui.canvas.base_layer import Frame
from yolor_studio.gui.canvas.cursors import cursor_for
from yolor_studio.gui.canvas.model import BoxArrays, BoxRef, CanvasBox, Flag, Scene, Tool
from yolor_studio.gui.canvas.overlay import MANY, Overlay
from yolor_studio.gui.canvas.picture import Picture
from yolor_studio.gui.canvas.stage import Stage
from yolor_studio.gui.canvas.toolbox import Toolbox
from yolor_studio.gui.canvas.tools import Drawn, Edited, Missed, Outcome, Picked, Pointer, Setting
from yolor_studio.gui.canvas.viewport import ZOOM_STEP, Viewport
from yolor_studio.gui.canvas.zoom_control import MARGIN, ZoomControl

_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}
_MODIFIER = Qt.KeyboardModifier


class Canvas(QWidget):
    """Shows one frame with its boxes. All boxes and points in signals are picture coordinates."""

    drawn = Signal(object)
    """A Box was drawn with a drawing tool."""
    changed = Signal(object, object)
    """(BoxRef, Box): one box was moved or resized by the pointer and let go. Editing a prediction accepts it."""
    moved_together = Signal(object)
    """A tuple of (BoxRef, Box): several boxes were moved by one drag."""
    nudged = Signal(object)
    """A tuple of (BoxRef, Box): the selected boxes were moved by an arrow key; merge these into one edit."""
    selection_changed = Signal()
    """`selection()` has changed, by the person or because boxes went."""
    hovered = Signal(object)
    """The BoxRef under the pointer, or None."""
    missed = Signal(object)
    """(x, y): a click with the select tool where no box is."""
    accept_requested = Signal(object)
    """A prediction's BoxRef: double click or Enter."""
    reject_requested = Signal(object)
    """A prediction's BoxRef: Delete while only predictions are selected; once for each."""
    pointer_moved = Signal(object)
    """(x, y) of the pointer, or None when it is outside the picture."""
    view_changed = Signal()
    tool_changed = Signal(object)
    """The Tool in use now."""
    menu_requested = Signal(object, object)
    """(BoxRef | None, QPoint on the screen): the context menu is asked for; the box is selected already."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(480, 320)
        self.setAccessibleName(self.tr("Canvas"))
        self._picture: Picture | None = None
        self._key: object = None
        self._scene = Scene()
        self._port = Viewport()
        self._stage = Stage(self)
        self._setting = Setting(self._scene, self._port.transform, self._port.picture)
        self._tools = Toolbox(self._setting)
        self._selected: list[int] = []  # the rows of the selection
        self._hovered: BoxRef | None = None
        self._pointer: tuple[float, float] | None = None
        self._panning_from: QPoint | None = None
        self._draft_colour = 0
        self._zoom_control = ZoomControl(self)
        self._zoom_control.zoom_in.connect(self.zoom_in)
        self._zoom_control.zoom_out.connect(self.zoom_out)
        self._zoom_control.fit.connect(self.zoom_to_fit)
        self._zoom_control.actual.connect(self.zoom_100)
        self._zoom_control.hide()

    # What is shown

    def set_picture(
        self, bgra: NDArray[np.uint8] | None, *, key: object = None, size: tuple[int, int] | None = None
    ) -> None:
        """Show a frame, uint8 [H, W, 4] BGRA (its pixels are shared, not copied), or nothing.

        The view stays when the picture's size stays. `key` names the frame; another one drops what was under way and
        the selected predictions, whose rows mean nothing there. `size` is the true width and height when the pixels
        given are fewer.
        """
        before = self._picture.size if self._picture is not None else None
        if key != self._key:
            self.cancel()
            self._set_selection(frozenset(ref for ref in self._setting.selection if ref.kind == "object"))
        self._key = key
        self._picture = None if bgra is None else Picture(bgra, size=size)
        if self._picture is not None and self._picture.size != before:
            self._port.view = (self.width(), self.height())  # no resize event has come before the first showing
            self._port.picture = self._setting.size = (float(self._picture.size[0]), float(self._picture.size[1]))
            self.zoom_to_fit()
        self._zoom_control.setVisible(self._picture is not None)
        self._place_zoom_control()
        self._renew()

    def set_boxes(
        self, objects: Sequence[CanvasBox] | BoxArrays, predictions: Sequence[CanvasBox] | BoxArrays = ()
    ) -> None:
        """Show these boxes; selected ones that are still there stay selected."""
        self._show_scene(Scene(objects, predictions))
        self._tell_accessibility()

    def set_draft_colour(self, colour: int) -> None:
        """The palette index in which new boxes are drawn: that of the current category."""
        self._draft_colour = colour

    def picture_size(self) -> tuple[float, float] | None:
        """Width and height of the shown picture."""
        return None if self._picture is None else self._setting.size

    def box(self, ref: BoxRef) -> Box | None:
        """The box as the canvas shows it, None when it is not there."""
        row = self._scene.row(ref)
        return None if row is None else self._scene.box(row)

    # Selection, hover, tools

    def selection(self) -> frozenset[BoxRef]:
        """The selected boxes."""
        return self._setting.selection

    def select(self, refs: Iterable[BoxRef]) -> None:
        """Select exactly those of `refs` that are shown."""
        self._set_selection(frozenset(ref for ref in refs if self._scene.row(ref) is not None))

    def select_all(self) -> None:
        """Select every object; without objects every prediction."""
        refs = [self._scene.ref(row) for row in range(self._scene.predictions, len(self._scene))]
        self._set_selection(frozenset(refs or map(self._scene.ref, range(len(self._scene)))))

    def set_hovered(self, ref: BoxRef | None) -> None:
        """Light a box because its row in a list is under the pointer."""
        self._set_hovered(ref if ref is not None and self._scene.row(ref) is not None else None)

    def cycle(self, *, back: bool = False) -> None:
        """Select the next of the boxes under the pointer; with none there, the next of all in reading order."""
        rows = self._setting.by_size(*self._pointer) if self._pointer is not None else []
        if not rows:
            rows = np.lexsort((self._scene.corners[:, 0], self._scene.corners[:, 1])).tolist()
        if not rows:
            return
        lone = self._setting.lone()
        if lone is not None and lone in rows:
            row = rows[(rows.index(lone) + (-1 if back else 1)) % len(rows)]
        else:
            row = rows[-1 if back else 0]
        ref = self._scene.ref(row)
        self._set_selection(frozenset({ref}))
        self._setting.preferred = ref

    def tool(self) -> Tool:
        """The tool in use."""
        return self._tools.tool

    def set_tool(self, tool: Tool) -> None:
        """Take up a tool; what was under way is dropped."""
        if tool is self._tools.tool:
            return
        self.cancel()
        self._tools.tool = tool
        if tool is not Tool.SELECT:
            self._set_hovered(None)
        self._set_cursor()
        self._refresh()
        self.tool_changed.emit(tool)

    def cancel(self) -> bool:
        """Drop the gesture or draft under way; False when there was none."""
        moving = list(self._tools.select.moving)
        was = self._tools.cancel()
        if moving:
            self._patch(moving)
        elif was:
            self._refresh()
        return was

    # View

    def zoom(self) -> float:
        """Screen pixels per picture pixel; 1.0 is 100 %."""
        return self._port.zoom

    def zoom_to_fit(self) -> None:
        """Show the whole picture; it stays fitted when the canvas is resized, until the view is moved."""
        self._port.fit()
        self._view_moved()

    def zoom_100(self) -> None:
        """Show one picture pixel as one screen pixel, around the middle."""
        self.zoom_by(1 / self._port.zoom)

    def zoom_in(self) -> None:
        """Zoom in by a step."""
        self.zoom_by(ZOOM_STEP)

    def zoom_out(self) -> None:
        """Zoom out by a step."""
        self.zoom_by(1 / ZOOM_STEP)

    def zoom_by(self, factor: float, at: tuple[float, float] | None = None) -> None:
        """Zoom by a factor; the point of the view under `at` (logical pixels, the middle by default) stays."""
        self._port.zoom_by(factor, at)
        self._view_moved()

    def show_box(self, box: Box) -> None:
        """Move the view just so far that a box is seen; the zoom stays."""
        self._port.show(box)
        self._view_moved()

    def view_state(self) -> tuple[ViewTransform, bool]:
        """The view, for `restore_view`."""
        return self._port.transform, self._port.fitted

    def restore_view(self, state: tuple[ViewTransform, bool]) -> None:
        """Go back to a view."""
        self._port.restore(state[0], fitted=state[1])
        self._view_moved()

    def view_transform(self) -> ViewTransform:
        """How picture coordinates lie on the widget (logical pixels)."""
        return self._port.transform

    # Events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._picture is None:
            return
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._tools.tool is Tool.PAN):
            self._panning_from = event.position().toPoint()
            self._set_cursor()
            return
        at = self._pointer_of(event)
        if event.button() == Qt.MouseButton.RightButton:
            self._press_right(at, event)
        elif left:
            self._answer(self._tools.press(at))
            self._refresh()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._picture is None:
            return
        if self._panning_from is not None:
            here = event.position().toPoint()
            by, self._panning_from = here - self._panning_from, here
            self._port.move(by.x(), by.y())
            self._view_moved()
            return
        at = self._pointer_of(event)
        self._pointer = (at.x, at.y)
        held = bool(event.buttons() & Qt.MouseButton.LeftButton)
        moving = self._tools.select.moving.keys()
        self._answer(self._tools.move(at, held=held))
        if self._tools.select.moving.keys() != moving:
            self._patch(list(self._tools.select.moving))  # take what begins to move out of the base layer
        if not held:
            self._hover_at(at)
        self._refresh()
        self.pointer_moved.emit(self._pointer if self._inside(*self._pointer) else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._panning_from is not None and event.button() != Qt.MouseButton.RightButton:
            self._panning_from = None
            self._set_cursor()
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = self._pointer_of(event)
        moving = list(self._tools.select.moving)
        outcomes = self._tools.release(at)
        if outcomes is None:
            return
        self._answer(outcomes)
        if moving and not any(isinstance(outcome, Edited) for outcome in outcomes):
            self._patch(moving)
        self._hover_at(at)
        self._refresh()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if (
            self._tools.tool is Tool.SELECT
            and event.button() == Qt.MouseButton.LeftButton
            and self._picture is not None
        ):
            at = self._pointer_of(event)
            under = self._setting.under(at.x, at.y)
            if under and under[0] < self._scene.predictions:
                self.accept_requested.emit(self._scene.ref(under[0]))
                return
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if notches and self._picture is not None:
            self.zoom_by(ZOOM_STEP**notches, event.position().toTuple())
            event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        plain = not event.modifiers() & ~(_MODIFIER.ShiftModifier | _MODIFIER.KeypadModifier)
        if key in _ARROWS and plain:
            step = 10.0 if event.modifiers() & _MODIFIER.ShiftModifier else 1.0
            taken = self.nudge(_ARROWS[key][0] * step, _ARROWS[key][1] * step)
        elif key == Qt.Key.Key_Escape:
            taken = self.cancel() or self._deselect()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            taken = self._ask_predictions(self.accept_requested)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            taken = self._ask_predictions(self.reject_requested)
        else:
            taken = False
        event.setAccepted(taken)

    def focusNextPrevChild(self, following: bool) -> bool:
        """Tab belongs to the canvas: it goes through the boxes under the pointer."""
        self.cycle(back=not following)
        return True

    def enterEvent(self, event: QEnterEvent) -> None:
        self._set_cursor()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._set_hovered(None)
        self._refresh()
        self.pointer_moved.emit(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._port.ratio = self.devicePixelRatioF()
        self._port.resize((self.width(), self.height()))
        self._place_zoom_control()
        self._view_moved()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._renew()
        super().changeEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._port.ratio = self.devicePixelRatioF()
            self._renew()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._stage.paint(self._frame(), event.region())

    def nudge(self, dx: float, dy: float) -> bool:
        """Move the selected boxes by picture pixels, as the arrow keys do; False when there is nothing to move."""
        rows = [r for r in self._scene.rows(self._setting.selection) if not self._scene.has(r, Flag.LOCKED)]
        if not rows or self._tools.select.busy:
            return False
        dx, dy = limit_move(self._scene.corners[rows], dx, dy, size=self._setting.size)
        boxes = {row: (b := self._scene.box(row))._replace(x=b.x + dx, y=b.y + dy) for row in rows}
        if dx or dy:
            pairs = tuple((self._scene.ref(row), box) for row, box in boxes.items())
            self._show_scene(self._scene.with_boxes(boxes))
            self.nudged.emit(pairs)
        return True

    # Inside

    def _show_scene(self, scene: Scene) -> None:
        before, self._scene = self._scene, scene
        self._setting.scene = scene
        self._selected = scene.rows(self._setting.selection)
        changed = scene.changed_rows(before)
        if changed is not None:
            if len(changed):
                self._patch(changed.tolist(), before=before)
            return
        self._tools.cancel_selecting()
        self._set_selection(frozenset(ref for ref in self._setting.selection if scene.row(ref) is not None))
        if self._hovered is not None and scene.row(self._hovered) is None:
            self._set_hovered(None)
        self._renew()

    def _pointer_of(self, event: QMouseEvent) -> Pointer:
        x, y = self._port.transform.to_picture(*event.position().toTuple())
        modifiers = event.modifiers()
        return Pointer(
            x, y, add=bool(modifiers & _MODIFIER.ControlModifier), band=bool(modifiers & _MODIFIER.ShiftModifier)
        )

    def _inside(self, x: float, y: float) -> bool:
        return self._picture is not None and 0 <= x <= self._setting.size[0] and 0 <= y <= self._setting.size[1]

    def _press_right(self, at: Pointer, event: QMouseEvent) -> None:
        if self.cancel():
            return
        refs = [self._scene.ref(row) for row in self._setting.under(at.x, at.y)]
        ref = next((r for r in refs if r in self._setting.selection), refs[0] if refs else None)
        if ref is not None and ref not in self._setting.selection:
            self._set_selection(frozenset({ref}))
        self.menu_requested.emit(ref, event.globalPosition().toPoint())

    def _answer(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            match outcome:
                case Drawn(box):
                    self.drawn.emit(box)
                case Picked(selection):
                    self._set_selection(selection)
                case Missed(x, y):
                    self.missed.emit((x, y))
                case Edited(_, boxes):
                    self._finish_edit(boxes)

    def _finish_edit(self, boxes: Mapping[int, Box]) -> None:
        """Keep showing the new boxes while the answer to the signal is on its way."""
        pairs = tuple((self._scene.ref(row), box) for row, box in boxes.items())
        self._show_scene(self._scene.with_boxes(boxes))
        if len(pairs) == 1:
            self.changed.emit(*pairs[0])
        else:
            self.moved_together.emit(pairs)

    def _ask_predictions(self, signal: SignalInstance) -> bool:
        """Emit a signal for each selected prediction, when only predictions are selected."""
        refs = sorted(self._setting.selection)
        if not refs or any(ref.kind != "prediction" for ref in refs):
            return False
        for ref in refs:
            signal.emit(ref)
        return True

    def _deselect(self) -> bool:
        """Select nothing; False when nothing was selected."""
        was = bool(self._setting.selection)
        self._set_selection(frozenset())
        return was

    def _set_selection(self, selection: frozenset[BoxRef]) -> None:
        if selection == self._setting.selection:
            return
        before, self._selected = self._selected, self._scene.rows(selection)
        self._setting.selection = selection
        self._setting.preferred = None
        many = max(len(before), len(self._selected)) > MANY
        self._renew() if many else self._refresh()
        self._tell_accessibility()
        self.selection_changed.emit()

    def _hover_at(self, at: Pointer) -> None:
        edge = self._setting.resizable_edge(at) if self._tools.current.draft is None else None
        over = False
        if self._tools.tool is Tool.SELECT:
            under = self._setting.under(at.x, at.y)
            over = bool(under)
            self._set_hovered(self._scene.ref(under[0]) if under else None)
        self._set_cursor(cursor_for(self._tools.tool, edge=edge, over=over))

    def _set_hovered(self, ref: BoxRef | None) -> None:
        if ref == self._hovered:
            return
        self._hovered = ref
        self._refresh()
        self.hovered.emit(ref)

    def _set_cursor(self, shape: Qt.CursorShape | None = None) -> None:
        if self._panning_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        shape = shape or cursor_for(self._tools.tool)
        if self.cursor().shape() != shape:
            self.setCursor(shape)

    def _view_moved(self) -> None:
        """After the viewport has changed."""
        self._zoom_control.set_zoom(self._port.zoom)
        if self._port.transform == self._setting.view:
            return
        self._setting.view = self._port.transform
        self._renew()
        self.view_changed.emit()

    def _place_zoom_control(self) -> None:
        control = self._zoom_control
        control.adjustSize()
        control.move(self.width() - control.width() - MARGIN, self.height() - control.height() - MARGIN)

    # Painting

    def _frame(self) -> Frame:
        ratio = self.devicePixelRatioF()
        size = (round(self.width() * ratio), round(self.height() * ratio))
        marked = frozenset(self._selected) if len(self._selected) > MANY else frozenset()
        return Frame(self._picture, self._scene, self._port.transform, size, ratio, looks.colour("well"), marked)

    def _overlay(self) -> Overlay:
        drawing, moving = self._tools.current, self._tools.select.moving
        cross = None
        if self._tools.draws and self._pointer is not None and not self._tools.select.busy:
            cross = self._pointer if self._inside(*self._pointer) else None
        return Overlay(
            hovered=self._scene.row(self._hovered) if self._hovered else None,
            selected=self._selected if len(self._selected) <= MANY else [],
            moving=dict(moving),
            measured=len(moving) == 1,
            draft=drawing.draft,
            draft_colour=self._draft_colour,
            points=drawing.points,
            band=self._tools.select.band,
            cross=cross,
        )

    def _renew(self) -> None:
        self._stage.renew(self._frame(), self._overlay())

    def _refresh(self) -> None:
        self._stage.set_overlay(self._frame(), self._overlay())

    def _patch(self, rows: list[int], *, before: Scene | None = None) -> None:
        self._stage.patch(self._frame(), self._overlay(), rows, before=before)

    def _tell_accessibility(self) -> None:
        objects = len(self._scene) - self._scene.predictions
        text = self.tr("{0} objects, {1} predictions").format(objects, self._scene.predictions)
        names = [self._scene.labels[row] for row in self._selected[:3]]
        if names:
            text = self.tr("{0}; selected: {1}").format(text, ", ".join(names))
        self.setAccessibleDescription(text)
