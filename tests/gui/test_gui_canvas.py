"""The canvas driven by real mouse and key events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from yolor_studio.core.entities import Box
from yolor_studio.gui import looks
from yolor_studio.gui.canvas import BoxRef, Canvas, CanvasBox, Tool

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
CTRL = Qt.KeyboardModifier.ControlModifier
CAR, BUS, GUESS = BoxRef("object", 1), BoxRef("object", 2), BoxRef("prediction", 0)
OBJECTS = [CanvasBox(1, Box(100, 100, 60, 50), 0, "car 1"), CanvasBox(2, Box(80, 80, 300, 200), 1, "bus 2")]
PREDICTIONS = [CanvasBox(0, Box(420, 200, 60, 60), 0, "car .77")]


class Heard:
    """Everything the canvas told, by signal."""

    def __init__(self, canvas: Canvas) -> None:
        self.all: list[tuple[str, Any]] = []
        for name in ("drawn", "hovered", "missed", "accept_requested", "reject_requested", "nudged", "moved_together"):
            getattr(canvas, name).connect(self._hearer(name))
        canvas.changed.connect(self._changed)
        canvas.selection_changed.connect(self._selection)

    def _hearer(self, name: str) -> Any:
        def hear(value: object) -> None:
            self.all.append((name, value))

        return hear

    def _changed(self, ref: object, box: object) -> None:
        self.all.append(("changed", (ref, box)))

    def _selection(self) -> None:
        self.all.append(("selection_changed", None))

    def of(self, name: str) -> list[Any]:
        return [value for heard, value in self.all if heard == name]


@pytest.fixture
def canvas(qapp: QApplication, qtbot: QtBot) -> Canvas:
    looks.apply(qapp, looks.Theme.DARK)
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(900, 586)
    canvas.set_picture(np.full((360, 640, 4), 90, np.uint8), key=("clip", 0))
    canvas.set_boxes(OBJECTS, PREDICTIONS)
    canvas.show()
    canvas.zoom_100()
    return canvas


@pytest.fixture
def heard(canvas: Canvas) -> Heard:
    return Heard(canvas)


def at(canvas: Canvas, x: float, y: float) -> QPoint:
    """Where a picture point lies on the widget; the view has whole offsets at 100 %."""
    return QPointF(*canvas.view_transform().to_view(x, y)).toPoint()


def drag(
    qtbot: QtBot,
    canvas: Canvas,
    *points: tuple[float, float],
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    qtbot.mousePress(canvas, LEFT, keys, at(canvas, *points[0]))
    for point in points[1:]:
        qtbot.mouseMove(canvas, at(canvas, *point))
    qtbot.mouseRelease(canvas, LEFT, keys, at(canvas, *points[-1]))


def test_drawing_a_box_by_a_drag(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    canvas.set_tool(Tool.BOX)
    drag(qtbot, canvas, (500, 40), (540, 60), (580, 90))
    assert heard.of("drawn") == [Box(500, 40, 80, 50)]


def test_drawing_a_box_by_two_clicks(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    canvas.set_tool(Tool.BOX)
    qtbot.mouseClick(canvas, LEFT, pos=at(canvas, 500, 40))
    assert heard.of("drawn") == []
    qtbot.mouseMove(canvas, at(canvas, 560, 80))
    qtbot.mouseClick(canvas, LEFT, pos=at(canvas, 580, 90))
    assert heard.of("drawn") == [Box(500, 40, 80, 50)]


def test_quick_clicks_with_a_drawing_tool_count_although_they_are_double(
    qtbot: QtBot, canvas: Canvas, heard: Heard
) -> None:
    canvas.set_tool(Tool.FOUR_POINTS)
    for point in ((500, 60), (540, 40)):
        qtbot.mousePress(canvas, LEFT, pos=at(canvas, *point))
        qtbot.mouseRelease(canvas, LEFT, pos=at(canvas, *point))
    for point in ((580, 70), (545, 90)):
        qtbot.mouseDClick(canvas, LEFT, pos=at(canvas, *point))
    assert heard.of("drawn") == [Box(500, 40, 80, 50)]


def test_escape_and_the_right_button_drop_a_draft(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    canvas.set_tool(Tool.BOX)
    qtbot.mouseClick(canvas, LEFT, pos=at(canvas, 500, 40))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.mouseClick(canvas, LEFT, pos=at(canvas, 400, 40))
    qtbot.mouseClick(canvas, RIGHT, pos=at(canvas, 500, 40))
    qtbot.mouseClick(canvas, LEFT, pos=at(canvas, 580, 90))
    assert heard.of("drawn") == []


def test_selecting_moving_and_the_signal_on_release_only(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    qtbot.mousePress(canvas, LEFT, pos=at(canvas, 120, 120))
    assert canvas.selection() == {CAR}
    qtbot.mouseMove(canvas, at(canvas, 130, 120))
    qtbot.mouseMove(canvas, at(canvas, 150, 140))
    assert heard.of("changed") == []
    qtbot.mouseRelease(canvas, LEFT, pos=at(canvas, 150, 140))
    assert heard.of("changed") == [(CAR, Box(130, 120, 60, 50))]
    assert canvas.box(CAR) == Box(130, 120, 60, 50)


def test_resizing_by_a_corner(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    canvas.select([CAR])
    drag(qtbot, canvas, (160, 150), (170, 170), (200, 190))
    assert heard.of("changed") == [(CAR, Box(100, 100, 100, 90))]


def test_changing_a_prediction_names_the_prediction(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    drag(qtbot, canvas, (450, 230), (460, 240))
    assert heard.of("changed") == [(GUESS, Box(430, 210, 60, 60))]


def test_several_boxes_are_moved_in_one_go(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    canvas.select([CAR, GUESS])
    drag(qtbot, canvas, (120, 120), (125, 125), (130, 130))
    assert heard.of("changed") == []
    assert heard.of("moved_together") == [((GUESS, Box(430, 210, 60, 60)), (CAR, Box(110, 110, 60, 50)))]


def test_a_drawing_tool_leaves_handles_and_ctrl_click_to_selecting(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    canvas.set_tool(Tool.BOX)
    canvas.select([CAR])
    drag(qtbot, canvas, (160, 150), (180, 170))
    qtbot.mouseClick(canvas, LEFT, CTRL, at(canvas, 300, 250))
    assert heard.of("changed") == [(CAR, Box(100, 100, 80, 70))]
    assert heard.of("drawn") == []
    assert canvas.selection() == {CAR, BUS}


def test_arrows_nudge_by_one_and_by_ten(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    canvas.select([CAR])
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert heard.of("nudged") == [((CAR, Box(101, 100, 60, 50)),), ((CAR, Box(101, 90, 60, 50)),)]
    assert not canvas.nudge(0, 0) or canvas.box(CAR) == Box(101, 90, 60, 50)
    canvas.select([])
    assert not canvas.nudge(1, 0)


def test_tab_goes_through_what_is_under_the_pointer(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    qtbot.mouseMove(canvas, at(canvas, 120, 120))
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    assert canvas.selection() == {CAR}
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    assert canvas.selection() == {BUS}
    drag(qtbot, canvas, (120, 120), (130, 130))
    assert heard.of("changed") == [(BUS, Box(90, 90, 300, 200))]
    qtbot.keyClick(canvas, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.selection() == {CAR}


def test_tab_with_nothing_under_the_pointer_goes_through_all(qtbot: QtBot, canvas: Canvas) -> None:
    seen = []
    for _ in range(4):
        qtbot.keyClick(canvas, Qt.Key.Key_Tab)
        seen.extend(canvas.selection())
    assert seen == [BUS, CAR, GUESS, BUS]


def test_hovering_tells_the_smallest_box_once(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    for point in ((120, 120), (121, 121), (300, 250), (20, 20)):
        qtbot.mouseMove(canvas, at(canvas, *point))
    assert heard.of("hovered") == [CAR, BUS, None]


def test_a_click_on_nothing(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    canvas.select([CAR])
    qtbot.mouseClick(canvas, LEFT, pos=at(canvas, 20, 20))
    assert canvas.selection() == frozenset()
    assert heard.of("missed") == [(20.0, 20.0)]


def test_a_rubber_band_and_all(qtbot: QtBot, canvas: Canvas) -> None:
    drag(qtbot, canvas, (400, 190), (450, 230), (500, 280))
    assert canvas.selection() == {GUESS}
    canvas.select_all()
    assert canvas.selection() == {CAR, BUS}
    canvas.set_boxes([], PREDICTIONS)
    canvas.select_all()
    assert canvas.selection() == {GUESS}


def test_predictions_are_accepted_and_rejected_by_key_and_double_click(
    qtbot: QtBot, canvas: Canvas, heard: Heard
) -> None:
    qtbot.mouseDClick(canvas, LEFT, pos=at(canvas, 450, 230))
    canvas.select([GUESS])
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert heard.of("accept_requested") == [GUESS, GUESS]
    assert heard.of("reject_requested") == [GUESS]
    canvas.select([CAR, GUESS])
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert heard.of("reject_requested") == [GUESS]


def test_the_context_menu_selects_what_it_is_for(qtbot: QtBot, canvas: Canvas) -> None:
    asked: list[object] = []

    def ask(ref: object, where: object) -> None:
        asked.append(ref)

    canvas.menu_requested.connect(ask)
    qtbot.mouseClick(canvas, RIGHT, pos=at(canvas, 120, 120))
    qtbot.mouseClick(canvas, RIGHT, pos=at(canvas, 20, 20))
    assert asked == [CAR, None]
    assert canvas.selection() == {CAR}


def test_the_wheel_zooms_to_the_pointer(qtbot: QtBot, canvas: Canvas) -> None:
    where = QPointF(at(canvas, 120, 120))
    before = canvas.view_transform().to_picture(where.x(), where.y())
    wheel(canvas, where, 120)
    assert canvas.zoom() == pytest.approx(1.25)
    assert canvas.view_transform().to_picture(where.x(), where.y()) == pytest.approx(before)
    wheel(canvas, where, -120)
    assert canvas.zoom() == pytest.approx(1.0)


def wheel(canvas: Canvas, where: QPointF, delta: int) -> None:
    event = QWheelEvent(
        where,
        canvas.mapToGlobal(where),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


@pytest.mark.parametrize(("tool", "button"), [(Tool.PAN, LEFT), (Tool.SELECT, MIDDLE), (Tool.BOX, MIDDLE)])
def test_panning(qtbot: QtBot, canvas: Canvas, heard: Heard, tool: Tool, button: Qt.MouseButton) -> None:
    canvas.set_tool(tool)
    before = canvas.view_transform()
    qtbot.mousePress(canvas, button, pos=QPoint(200, 200))
    qtbot.mouseMove(canvas, QPoint(230, 190))
    qtbot.mouseRelease(canvas, button, pos=QPoint(230, 190))
    qtbot.mouseMove(canvas, QPoint(300, 300))
    assert canvas.view_transform() == before.moved(30, -10)
    assert heard.of("drawn") == heard.of("changed") == []


def test_the_view_stays_when_stepping_and_fits_when_the_size_changes(canvas: Canvas) -> None:
    canvas.zoom_by(3, (100, 100))
    before = canvas.view_transform()
    canvas.set_picture(np.zeros((360, 640, 4), np.uint8), key=("clip", 1))
    assert canvas.view_transform() == before
    canvas.set_picture(np.zeros((720, 640, 4), np.uint8), key=("other", 0))
    assert canvas.view_state()[1]
    canvas.restore_view((before, False))
    assert canvas.view_transform() == before


def test_another_frame_drops_drafts_and_selected_predictions_but_keeps_objects(
    qtbot: QtBot, canvas: Canvas, heard: Heard
) -> None:
    canvas.select([CAR, GUESS])
    canvas.set_tool(Tool.BOX)
    qtbot.mouseClick(canvas, LEFT, pos=at(canvas, 500, 40))
    canvas.set_picture(np.zeros((360, 640, 4), np.uint8), key=("clip", 1))
    canvas.set_boxes(OBJECTS[:1], PREDICTIONS)
    assert canvas.selection() == {CAR}
    canvas.set_boxes([], [])
    assert canvas.selection() == frozenset()
    assert len(heard.of("selection_changed")) == 3
    qtbot.mouseClick(canvas, LEFT, pos=at(canvas, 580, 90))
    assert heard.of("drawn") == []


def test_boxes_that_go_during_a_drag_end_it(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    qtbot.mousePress(canvas, LEFT, pos=at(canvas, 120, 120))
    qtbot.mouseMove(canvas, at(canvas, 150, 150))
    canvas.set_boxes(OBJECTS[1:], PREDICTIONS)
    qtbot.mouseMove(canvas, at(canvas, 170, 150))
    qtbot.mouseRelease(canvas, LEFT, pos=at(canvas, 170, 150))
    assert heard.of("changed") == []


def test_escape_during_a_drag_puts_the_box_back(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    qtbot.mousePress(canvas, LEFT, pos=at(canvas, 120, 120))
    qtbot.mouseMove(canvas, at(canvas, 150, 150))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.mouseRelease(canvas, LEFT, pos=at(canvas, 150, 150))
    assert heard.of("changed") == []
    assert canvas.selection() == {CAR}


def test_without_a_picture_nothing_happens(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    canvas.set_picture(None)
    canvas.set_boxes([], [])
    heard.all.clear()
    drag(qtbot, canvas, (120, 120), (150, 150))
    assert heard.all == []
    assert canvas.picture_size() is None
    assert not canvas.grab().isNull()


def test_the_canvas_says_what_it_shows(canvas: Canvas) -> None:
    canvas.select([CAR])
    assert canvas.accessibleName() == "Canvas"
    assert canvas.accessibleDescription() == "2 objects, 1 predictions; selected: car 1"


def test_the_cursor_says_what_a_press_would_do(qtbot: QtBot, canvas: Canvas) -> None:
    canvas.select([CAR])
    shapes = []
    for point in ((160, 150), (130, 100), (120, 120), (20, 20)):
        qtbot.mouseMove(canvas, at(canvas, *point))
        shapes.append(canvas.cursor().shape())
    shape = Qt.CursorShape
    assert shapes == [shape.SizeFDiagCursor, shape.SizeVerCursor, shape.SizeAllCursor, shape.ArrowCursor]
    canvas.set_tool(Tool.BOX)
    assert canvas.cursor().shape() == shape.CrossCursor
    canvas.set_tool(Tool.PAN)
    assert canvas.cursor().shape() == shape.OpenHandCursor


def test_thousands_are_selected_hovered_and_moved_as_one(qtbot: QtBot, canvas: Canvas, heard: Heard) -> None:
    boxes = [CanvasBox(i, Box(10 + i % 60 * 10, 10 + i // 60 * 10, 8, 8), i % 12, f"car {i}") for i in range(1200)]
    canvas.set_boxes(boxes)
    plain = canvas.grab().toImage()
    canvas.select_all()
    assert len(canvas.selection()) == 1200
    assert canvas.grab().toImage() != plain
    drag(qtbot, canvas, (14, 14), (20, 20), (34, 34))
    (moved,) = heard.of("moved_together")
    assert len(moved) == 1200
    assert moved[0] == (BoxRef("object", 0), Box(30, 30, 8, 8))
    canvas.select([])
    canvas.set_hovered(None)
    canvas.set_boxes(boxes)
    assert canvas.grab().toImage() == plain
