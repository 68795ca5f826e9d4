"""The canvas: one widget that shows a frame and its boxes and tells of gestures. It knows no project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from yolor_studio.core.entities import Box
from yolor_studio.core.geometry import Edge, ViewTransform, fit_view, keep_in_sight, limit_move
from yolor_studio.gui import looks
from yolor_studio.gui.canvas import overlay as overlays
from yolor_studio.gui.canvas.base_layer import BaseLayer, Frame, Picture, tag_place
from yolor_studio.gui.canvas.lines import device_rects
from yolor_studio.gui.canvas.model import BoxArrays, BoxRef, CanvasBox, Flag, Scene, Tool
from yolor_studio.gui.canvas.overlay import Overlay
from yolor_studio.gui.canvas.tools import (
    BoxTool,
    Drawn,
    Edited,
    FourPointsTool,
    Missed,
    Outcome,
    Picked,
    Pointer,
    SelectTool,
    Setting,
)
from yolor_studio.gui.canvas.zoom_control import MARGIN, ZoomControl

FIT_MARGIN = (18.0, 22.0)
"""Logical pixels left free beside and above a fitted picture: tags stand there."""
ZOOM_STEP = 1.25
LARGEST_ZOOM, SMALLEST_SIDE = 64.0, 32.0
"""The most screen pixels per picture pixel; the least logical pixels of the picture's longer side."""
KEPT_IN_SIGHT = 48.0

_CURSORS = {
    Edge.LEFT: Qt.CursorShape.SizeHorCursor,
    Edge.RIGHT: Qt.CursorShape.SizeHorCursor,
    Edge.TOP: Qt.CursorShape.SizeVerCursor,
    Edge.BOTTOM: Qt.CursorShape.SizeVerCursor,
    Edge.LEFT | Edge.TOP: Qt.CursorShape.SizeFDiagCursor,
    Edge.RIGHT | Edge.BOTTOM: Qt.CursorShape.SizeFDiagCursor,
    Edge.RIGHT | Edge.TOP: Qt.CursorShape.SizeBDiagCursor,
    Edge.LEFT | Edge.BOTTOM: Qt.CursorShape.SizeBDiagCursor,
}
_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}


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
    """(x, y) of the pointer, or None when it left the picture."""
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
        self._view = ViewTransform()
        self._fitted = True
        self._tool = Tool.SELECT
        self._select, self._box_tool, self._points_tool = SelectTool(), BoxTool(), FourPointsTool()
        self._gesture: SelectTool | BoxTool | FourPointsTool | None = None
        self._setting = Setting(self._scene, self._view, (1.0, 1.0))
        self._hovered: BoxRef | None = None
        self._pointer: tuple[float, float] | None = None
        self._panning_from: QPoint | None = None
        self._draft_colour = 0
        self._base = BaseLayer()
        self._stale = True
        self._overlay = Overlay()
        self._painted = QRegion()
        self._zoom_control = ZoomControl(self)
        self._zoom_control.zoom_in.connect(self.zoom_in)
        self._zoom_control.zoom_out.connect(self.zoom_out)
        self._zoom_control.fit.connect(self.zoom_to_fit)
        self._zoom_control.actual.connect(self.zoom_100)

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
            kept = frozenset(ref for ref in self._setting.selection if ref.kind == "object")
            self._set_selection(kept)
        self._key = key
        self._picture = None if bgra is None else Picture(bgra, size=size)
        if self._picture is not None and self._picture.size != before:
            self._setting.size = (float(self._picture.size[0]), float(self._picture.size[1]))
            self.zoom_to_fit()
        self._zoom_control.setVisible(self._picture is not None)
        self._repaint_all()

    def set_boxes(
        self, objects: Sequence[CanvasBox] | BoxArrays, predictions: Sequence[CanvasBox] | BoxArrays = ()
    ) -> None:
        """Show these boxes; selected ones that are still there stay selected."""
        scene = Scene(objects, predictions)
        changed = scene.changed_rows(self._scene)
        old_scene, self._scene = self._scene, scene
        self._setting.scene = scene
        if changed is None:
            self._gesture = None if isinstance(self._gesture, SelectTool) else self._gesture
            self._select.cancel()
            self._set_selection(frozenset(r for r in self._setting.selection if scene.row(r) is not None))
            if self._hovered is not None and scene.row(self._hovered) is None:
                self._set_hovered(None)
            self._repaint_all()
        elif len(changed):
            self._refresh_rows(changed.tolist(), before=old_scene)
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
        refs = [self._scene.ref(i) for i in range(self._scene.predictions, len(self._scene))]
        self._set_selection(frozenset(refs or map(self._scene.ref, range(len(self._scene)))))

    def set_hovered(self, ref: BoxRef | None) -> None:
        """Light a box because its row in a list is under the pointer."""
        self._set_hovered(ref if ref is not None and self._scene.row(ref) is not None else None)

    def cycle(self, *, back: bool = False) -> None:
        """Select the next of the boxes under the pointer; with none there, the next of all in reading order."""
        rows = []
        if self._pointer is not None:
            self._setting.preferred, kept = None, self._setting.preferred
            rows = self._setting.under(*self._pointer)
            self._setting.preferred = kept
        if not rows:
            rows = np.lexsort((self._scene.corners[:, 0], self._scene.corners[:, 1])).tolist()
        if not rows:
            return
        refs = [self._scene.ref(row) for row in rows]
        lone = next(iter(self._setting.selection)) if len(self._setting.selection) == 1 else None
        if lone in refs:
            chosen = refs[(refs.index(lone) + (-1 if back else 1)) % len(refs)]
        else:
            chosen = refs[-1 if back else 0]
        self._set_selection(frozenset({chosen}))
        self._setting.preferred = chosen

    def tool(self) -> Tool:
        """The tool in use."""
        return self._tool

    def set_tool(self, tool: Tool) -> None:
        """Take up a tool; what was under way is dropped."""
        if tool is self._tool:
            return
        self.cancel()
        self._tool = tool
        if tool is not Tool.SELECT:
            self._set_hovered(None)
        self._set_cursor()
        self._repaint_overlay()
        self.tool_changed.emit(tool)

    def set_snap(self, on: bool) -> None:
        """Whether edges are drawn to the picture's border."""
        self._setting.snap = on

    def cancel(self) -> bool:
        """Drop the gesture or draft under way; False when there was none."""
        moving = list(self._select.moving)
        was = any([self._select.cancel(), self._box_tool.cancel(), self._points_tool.cancel()])
        self._gesture = None
        if moving:
            self._refresh_rows(moving)
        self._repaint_overlay()
        return was

    # View

    def zoom(self) -> float:
        """Screen pixels per picture pixel; 1.0 is 100 %."""
        return self._view.scale * self.devicePixelRatioF()

    def zoom_to_fit(self) -> None:
        """Show the whole picture; it stays fitted when the canvas is resized, until the view is moved."""
        self._fitted = True
        self._set_view(fit_view(*self._setting.size, (self.width(), self.height()), margin=FIT_MARGIN))

    def zoom_100(self) -> None:
        """Show one picture pixel as one screen pixel, around the pointer or the middle."""
        self.zoom_by(1 / self.zoom())

    def zoom_in(self) -> None:
        """Zoom in by a step."""
        self.zoom_by(ZOOM_STEP)

    def zoom_out(self) -> None:
        """Zoom out by a step."""
        self.zoom_by(1 / ZOOM_STEP)

    def zoom_by(self, factor: float, at: tuple[float, float] | None = None) -> None:
        """Zoom by a factor; the point of the view under `at` (logical pixels, the middle by default) stays."""
        x, y = at or (self.width() / 2, self.height() / 2)
        least = SMALLEST_SIDE / max(*self._setting.size, 1.0)
        scale = min(max(self._view.scale * factor, least), LARGEST_ZOOM / self.devicePixelRatioF())
        self._fitted = False
        self._set_view(self._view.zoomed(scale, x, y))

    def show_box(self, box: Box) -> None:
        """Move the view just so far that a box is seen; the zoom stays."""
        shown = self._view.box_to_view(box)
        dx = _shift_into(shown.x, shown.right, self.width())
        dy = _shift_into(shown.y, shown.bottom, self.height())
        if dx or dy:
            self._fitted = False
            self._set_view(self._view.moved(dx, dy))

    def view_state(self) -> tuple[ViewTransform, bool]:
        """The view, for `restore_view`."""
        return self._view, self._fitted

    def restore_view(self, state: tuple[ViewTransform, bool]) -> None:
        """Go back to a view."""
        view, fitted = state
        if fitted:
            self.zoom_to_fit()
        else:
            self._fitted = False
            self._set_view(view)

    def view_transform(self) -> ViewTransform:
        """How picture coordinates lie on the widget (logical pixels)."""
        return self._view

    # Events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._picture is None:
            return
        if event.button() == Qt.MouseButton.MiddleButton or (
            self._tool is Tool.PAN and event.button() == Qt.MouseButton.LeftButton
        ):
            self._panning_from = event.position().toPoint()
            self._set_cursor()
            return
        at = self._pointer_of(event)
        if event.button() == Qt.MouseButton.RightButton:
            self._press_right(at, event)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._gesture = self._tool_for(at)
            self._handle(self._gesture.press(at, self._setting))
            self._after_pointer()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._picture is None:
            return
        if self._panning_from is not None:
            here = event.position().toPoint()
            self._pan(here - self._panning_from)
            self._panning_from = here
            return
        at = self._pointer_of(event)
        self._pointer = (at.x, at.y)
        held = bool(event.buttons() & Qt.MouseButton.LeftButton)
        tool = self._gesture if held and self._gesture is not None else self._own_tool()
        lifted = self._select.moving.keys()
        self._handle(tool.move(at, self._setting))
        if self._select.moving.keys() != lifted:
            self._lift()
        if not held:
            self._hover_at(at)
        self._after_pointer()
        inside = self._inside(at.x, at.y)
        self.pointer_moved.emit((at.x, at.y) if inside else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._panning_from is not None and event.button() in (
            Qt.MouseButton.MiddleButton,
            Qt.MouseButton.LeftButton,
        ):
            self._panning_from = None
            self._set_cursor()
            return
        if event.button() != Qt.MouseButton.LeftButton or self._gesture is None:
            return
        gesture, self._gesture = self._gesture, None
        at = self._pointer_of(event)
        moving = list(self._select.moving)
        outcomes = gesture.release(at, self._setting)
        self._handle(outcomes)
        if moving and not any(isinstance(o, Edited) for o in outcomes):
            self._refresh_rows(moving)
        self._hover_at(at)
        self._after_pointer()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._tool is Tool.SELECT and event.button() == Qt.MouseButton.LeftButton and self._picture is not None:
            at = self._pointer_of(event)
            under = self._setting.under(at.x, at.y)
            if under and under[0] < self._scene.predictions:
                self.accept_requested.emit(self._scene.ref(under[0]))
                return
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if notches and self._picture is not None:
            where = event.position()
            self.zoom_by(ZOOM_STEP**notches, (where.x(), where.y()))
            event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in _ARROWS and not event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        ):
            step = 10.0 if shift else 1.0
            if self._nudge(_ARROWS[Qt.Key(key)][0] * step, _ARROWS[Qt.Key(key)][1] * step):
                return
        elif key == Qt.Key.Key_Escape:
            if self.cancel():
                return
            if self._setting.selection:
                self._set_selection(frozenset())
                return
        elif (key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._ask_predictions(self.accept_requested)) or (
            key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._ask_predictions(self.reject_requested)
        ):
            return
        event.ignore()

    def focusNextPrevChild(self, following: bool) -> bool:
        """Tab belongs to the canvas: it goes through the boxes under the pointer."""
        self.cycle(back=not following)
        return True

    def enterEvent(self, event: QEnterEvent) -> None:
        self._set_cursor()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._set_hovered(None)
        self._repaint_overlay()
        self.pointer_moved.emit(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fitted:
            self.zoom_to_fit()
        else:
            grown = event.size() - event.oldSize()
            self._set_view(self._view.moved(grown.width() / 2, grown.height() / 2))
        self._place_zoom_control()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._repaint_all()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        frame = self._frame()
        if self._stale or self._base.pixmap.size().toTuple() != frame.size:
            self._base.render(frame, frozenset(self._select.moving))
            self._stale = False
        painter = QPainter(self)
        painter.scale(1 / frame.ratio, 1 / frame.ratio)
        for rect in event.region():
            area = _to_device(rect, frame.ratio)
            painter.drawPixmap(area, self._base.pixmap, area)
        overlays.paint(painter, frame, self._overlay)
        painter.end()

    # Inside

    def _frame(self) -> Frame:
        ratio = self.devicePixelRatioF()
        size = (round(self.width() * ratio), round(self.height() * ratio))
        return Frame(self._picture, self._scene, self._view, size, ratio, looks.colour("well"))

    def _pointer_of(self, event: QMouseEvent) -> Pointer:
        where = event.position()
        x, y = self._view.to_picture(where.x(), where.y())
        modifiers = event.modifiers()
        return Pointer(
            x,
            y,
            add=bool(modifiers & Qt.KeyboardModifier.ControlModifier),
            band=bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
        )

    def _inside(self, x: float, y: float) -> bool:
        width, height = self._setting.size
        return self._picture is not None and 0 <= x <= width and 0 <= y <= height

    def _own_tool(self) -> SelectTool | BoxTool | FourPointsTool:
        if self._tool is Tool.BOX:
            return self._box_tool
        return self._points_tool if self._tool is Tool.FOUR_POINTS else self._select

    def _tool_for(self, at: Pointer) -> SelectTool | BoxTool | FourPointsTool:
        """The tool that a press begins with: a drawing tool leaves the selected box's handles and Ctrl-click to
        selecting, unless it has begun to draw."""
        tool = self._own_tool()
        if tool.draft is None and (at.add or self._setting.resizable_edge(at.x, at.y)):
            return self._select
        return tool

    def _press_right(self, at: Pointer, event: QMouseEvent) -> None:
        if self.cancel():
            return
        under = self._setting.under(at.x, at.y)
        refs = [self._scene.ref(row) for row in under]
        ref = next((r for r in refs if r in self._setting.selection), refs[0] if refs else None)
        if ref is not None and ref not in self._setting.selection:
            self._set_selection(frozenset({ref}))
        self.menu_requested.emit(ref, event.globalPosition().toPoint())

    def _handle(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            match outcome:
                case Drawn(box):
                    self.drawn.emit(box)
                case Picked(selection):
                    self._set_selection(selection)
                case Missed(x, y):
                    self.missed.emit((x, y))
                case Edited():
                    self._finish_edit(outcome)

    def _finish_edit(self, edit: Edited) -> None:
        """Keep showing the new boxes while the answer to the signal is on its way."""
        pairs = tuple((self._scene.ref(row), box) for row, box in edit.boxes.items())
        self._put(edit.boxes)
        if len(pairs) == 1:
            self.changed.emit(*pairs[0])
        else:
            self.moved_together.emit(pairs)

    def _put(self, boxes: dict[int, Box] | object) -> None:
        assert isinstance(boxes, dict)
        before = self._scene.corners.copy()
        for row, box in boxes.items():
            self._scene.corners[row] = (box.x, box.y, box.right, box.bottom)
        old = Scene.__new__(Scene)
        old.__dict__.update(self._scene.__dict__, corners=before)
        self._refresh_rows(list(boxes), before=old)

    def _nudge(self, dx: float, dy: float) -> bool:
        rows = [r for r in self._scene.rows(self._setting.selection) if not self._scene.has(r, Flag.LOCKED)]
        if not rows or self._select.busy:
            return False
        corners = self._scene.corners[rows]
        dx, dy = limit_move(corners, dx, dy, size=self._setting.size)
        boxes = {}
        for row in rows:
            box = self._scene.box(row)
            boxes[row] = Box(box.x + dx, box.y + dy, box.w, box.h)
        if dx or dy:
            self._put(boxes)
            self.nudged.emit(tuple((self._scene.ref(row), box) for row, box in boxes.items()))
        return True

    def _ask_predictions(self, signal: object) -> bool:
        """Emit a signal for each selected prediction, when only predictions are selected."""
        refs = sorted(self._setting.selection)
        if not refs or any(ref.kind != "prediction" for ref in refs):
            return False
        for ref in refs:
            signal.emit(ref)  # pyright: ignore[reportAttributeAccessIssue]
        return True

    def _set_selection(self, selection: frozenset[BoxRef]) -> None:
        if selection == self._setting.selection:
            return
        self._setting.selection = selection
        self._setting.preferred = None
        self._repaint_overlay()
        self._tell_accessibility()
        self.selection_changed.emit()

    def _hover_at(self, at: Pointer) -> None:
        if self._tool is not Tool.SELECT:
            self._set_cursor(self._edge_under(at) if self._own_tool().draft is None else None)
            return
        under = self._setting.under(at.x, at.y)
        self._set_hovered(self._scene.ref(under[0]) if under else None)
        self._set_cursor(self._edge_under(at), over=bool(under))

    def _edge_under(self, at: Pointer) -> Edge | None:
        return None if at.add or at.band else self._setting.resizable_edge(at.x, at.y)

    def _set_hovered(self, ref: BoxRef | None) -> None:
        if ref == self._hovered:
            return
        self._hovered = ref
        self._repaint_overlay()
        self.hovered.emit(ref)

    def _set_cursor(self, edge: Edge | None = None, *, over: bool = False) -> None:
        if self._panning_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._tool is Tool.PAN:
            shape = Qt.CursorShape.OpenHandCursor
        elif edge is not None:
            shape = _CURSORS[edge]
        elif self._tool is not Tool.SELECT:
            shape = Qt.CursorShape.CrossCursor
        else:
            shape = Qt.CursorShape.SizeAllCursor if over else Qt.CursorShape.ArrowCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)

    def _pan(self, by: QPoint) -> None:
        self._fitted = False
        self._set_view(self._view.moved(by.x(), by.y()))

    def _set_view(self, view: ViewTransform) -> None:
        view = keep_in_sight(view, self._setting.size, view=(self.width(), self.height()), least=KEPT_IN_SIGHT)
        self._zoom_control.set_zoom(view.scale * self.devicePixelRatioF())
        self._place_zoom_control()
        if view == self._view:
            return
        self._view = view
        self._setting.view = view
        self._repaint_all()
        self.view_changed.emit()

    def _place_zoom_control(self) -> None:
        control = self._zoom_control
        control.adjustSize()
        control.move(self.width() - control.width() - MARGIN, self.height() - control.height() - MARGIN)

    def _repaint_all(self) -> None:
        self._stale = True
        self._overlay = self._compose()
        self._painted = overlays.region(self._frame(), self._overlay)
        self.update()

    def _repaint_overlay(self) -> None:
        """Repaint where the overlay was and where it is now."""
        self._overlay = self._compose()
        frame = self._frame()
        region = overlays.region(frame, self._overlay)
        self.update(_to_logical(region.united(self._painted), frame.ratio))
        self._painted = region

    def _compose(self) -> Overlay:
        drawing = self._own_tool()
        cross = None
        if self._tool in (Tool.BOX, Tool.FOUR_POINTS) and self._pointer is not None and not self._select.busy:
            cross = self._pointer if self._inside(*self._pointer) else None
        moving = self._select.moving
        return Overlay(
            hovered=self._scene.row(self._hovered) if self._hovered else None,
            selected=self._scene.rows(self._setting.selection),
            moving=dict(moving),
            measured=len(moving) == 1,
            draft=drawing.draft,
            draft_colour=self._draft_colour,
            points=drawing.points,
            band=self._select.band,
            cross=cross,
        )

    def _after_pointer(self) -> None:
        self._repaint_overlay()

    def _lift(self) -> None:
        """Take the boxes that begin to move out of the base layer."""
        self._refresh_rows(list(self._select.moving))

    def _refresh_rows(self, rows: list[int], *, before: Scene | None = None) -> None:
        """Repaint the base layer around some boxes, where they are and, in another scene, were."""
        if len(rows) > 50 or self._stale:
            self._repaint_all()
            return
        frame = self._frame()
        lifted = frozenset(self._select.moving)
        scenes = [frame] if before is None else [frame, Frame(**{**_fields(frame), "scene": before})]
        for each in scenes:
            rects = device_rects(each.scene.corners[rows], each.view, each.ratio).tolist()
            for row, rect in zip(rows, rects, strict=True):
                reach = round(4 * each.ratio)
                area = QRect(QPoint(*rect[:2]), QPoint(*rect[2:])).adjusted(-reach, -reach, reach, reach)
                area = area.united(tag_place(each, row, big=True)[0])
                self._base.patch(frame, lifted, area)
                self.update(_to_logical(QRegion(area), frame.ratio))
        self._repaint_overlay()

    def _tell_accessibility(self) -> None:
        objects = len(self._scene) - self._scene.predictions
        text = self.tr("{0} objects, {1} predictions").format(objects, self._scene.predictions)
        names = [self._scene.labels[row] for row in self._scene.rows(self._setting.selection)[:3]]
        if names:
            text = self.tr("{0}; selected: {1}").format(text, ", ".join(names))
        self.setAccessibleDescription(text)


def _fields(frame: Frame) -> dict[str, object]:
    return {name: getattr(frame, name) for name in Frame.__slots__}


def _shift_into(low: float, high: float, size: float) -> float:
    """How far a span must move to lie in 0..size; one that is longer is centred."""
    if high - low > size:
        return (size - high - low) / 2
    return -low if low < 0 else min(size - high, 0.0)


def _to_device(rect: QRect, ratio: float) -> QRect:
    """A logical rectangle as device pixels, rounded outwards."""
    left, top = int(rect.left() * ratio), int(rect.top() * ratio)
    right, bottom = -int(-(rect.right() + 1) * ratio // 1), -int(-(rect.bottom() + 1) * ratio // 1)
    return QRect(left, top, right - left, bottom - top)


def _to_logical(region: QRegion, ratio: float) -> QRegion:
    """A region of device pixels as logical ones, rounded outwards with a pixel to spare."""
    if ratio == 1.0:
        return region
    out = QRegion()
    for rect in region:
        left, top = int(rect.left() / ratio) - 1, int(rect.top() / ratio) - 1
        out += QRect(left, top, int(rect.width() / ratio) + 3, int(rect.height() / ratio) + 3)
    return out
