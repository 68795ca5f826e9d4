"""The tools and the viewport, without a window."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.entities import Box
from yolor_studio.core.geometry import ViewTransform
from yolor_studio.gui.canvas.model import BoxArrays, BoxRef, CanvasBox, Scene
from yolor_studio.gui.canvas.model import Tool as CanvasTool
from yolor_studio.gui.canvas.toolbox import Toolbox
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
from yolor_studio.gui.canvas.viewport import KEPT_IN_SIGHT, LARGEST_ZOOM, Viewport

SMALL, LARGE, LOCKED, GUESS = (BoxRef("object", 1), BoxRef("object", 2), BoxRef("object", 3), BoxRef("prediction", 0))
SIZE = (640.0, 360.0)
Tool = SelectTool | BoxTool | FourPointsTool


@pytest.fixture
def setting() -> Setting:
    objects = [
        CanvasBox(1, Box(100, 100, 60, 50), 0, "car 1"),
        CanvasBox(2, Box(80, 80, 300, 200), 1, "bus 2"),
        CanvasBox(3, Box(500, 20, 80, 80), 2, "van 3", locked=True),
    ]
    scene = Scene(objects, [CanvasBox(0, Box(420, 200, 60, 60), 0, "car .77")])
    return Setting(scene, ViewTransform(1.0), SIZE)


def drag(tool: Tool, setting: Setting, *points: tuple[float, float], **keys: bool) -> list[Outcome]:
    """Press at the first point, move through the others, let go at the last; selections are carried out."""
    outcomes = list(tool.press(Pointer(*points[0], **keys), setting))
    _carry_out(outcomes, setting)
    for point in points[1:]:
        more = tool.move(Pointer(*point, **keys), setting)
        _carry_out(more, setting)
        outcomes += more
    more = tool.release(Pointer(*points[-1], **keys), setting)
    _carry_out(more, setting)
    return outcomes + more


def _carry_out(outcomes: list[Outcome], setting: Setting) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Picked):
            setting.selection = outcome.selection


def test_a_drag_draws_a_box(setting: Setting) -> None:
    assert drag(BoxTool(), setting, (200, 50), (260, 90), (250, 80)) == [Drawn(Box(200, 50, 50, 30))]


def test_a_drag_up_and_left_draws_the_same_box(setting: Setting) -> None:
    assert drag(BoxTool(), setting, (250, 80), (200, 50)) == [Drawn(Box(200, 50, 50, 30))]


def test_two_clicks_draw_a_box(setting: Setting) -> None:
    tool = BoxTool()
    assert drag(tool, setting, (200, 50)) == []
    tool.move(Pointer(230, 60), setting)
    assert tool.draft == Box(200, 50, 30, 10)
    assert drag(tool, setting, (250, 80)) == [Drawn(Box(200, 50, 50, 30))]
    assert tool.draft is None


def test_an_accidental_click_draws_nothing(setting: Setting) -> None:
    tool = BoxTool()
    assert drag(tool, setting, (200, 50), (202, 52)) == []
    assert drag(tool, setting, (202, 53)) == []
    assert tool.cancel()
    assert not tool.cancel()
    assert tool.draft is None


def test_the_least_size_is_one_of_the_screen(setting: Setting) -> None:
    setting.view = ViewTransform(8.0)
    assert drag(BoxTool(), setting, (200.25, 50), (202, 52)) == [Drawn(Box(200.25, 50, 1.75, 2))]


def test_a_box_cannot_leave_the_picture(setting: Setting) -> None:
    assert drag(BoxTool(), setting, (600, 300), (900, 500)) == [Drawn(Box(600, 300, 40, 60))]


def test_edges_snap_to_the_border_but_not_from_as_far_when_zoomed_in(setting: Setting) -> None:
    assert drag(BoxTool(), setting, (4, 100), (50, 357)) == [Drawn(Box(0, 100, 50, 260))]
    setting.view = ViewTransform(4, 0, 0)
    assert drag(BoxTool(), setting, (4, 100), (50, 357)) == [Drawn(Box(4, 100, 46, 257))]


def test_four_extreme_points_in_any_order(setting: Setting) -> None:
    tool = FourPointsTool()
    for point in ((230, 40), (200, 60), (280, 55)):
        assert drag(tool, setting, point) == []
    tool.move(Pointer(240, 120), setting)
    assert tool.draft == Box(200, 40, 80, 80)
    assert len(tool.points) == 3
    assert drag(tool, setting, (235, 90)) == [Drawn(Box(200, 40, 80, 50))]
    assert tool.points == ()
    assert not tool.cancel()


def test_four_points_on_a_line_are_dropped(setting: Setting) -> None:
    tool = FourPointsTool()
    outcomes = [outcome for x in (200, 210, 220, 230) for outcome in drag(tool, setting, (x, 50))]
    assert outcomes == []
    assert tool.points == ()


def test_a_press_takes_the_smallest_box(setting: Setting) -> None:
    drag(SelectTool(), setting, (120, 120))
    assert setting.selection == {SMALL}
    drag(SelectTool(), setting, (300, 250))
    assert setting.selection == {LARGE}


def test_the_selected_boxs_handles_win_over_a_smaller_box(setting: Setting) -> None:
    setting.scene = Scene(
        [CanvasBox(2, Box(80, 80, 300, 200), 1, "bus 2"), CanvasBox(1, Box(370, 270, 20, 20), 0, "car 1")]
    )
    setting.selection = frozenset({LARGE})
    assert drag(SelectTool(), setting, (380, 280), (400, 300)) == [Edited("resize", {0: Box(80, 80, 320, 220)})]


def test_the_box_that_tab_chose_wins_until_the_selection_changes(setting: Setting) -> None:
    setting.selection, setting.preferred = frozenset({LARGE}), LARGE
    assert drag(SelectTool(), setting, (120, 120), (130, 125)) == [Edited("move", {2: Box(90, 85, 300, 200)})]


def test_moving_keeps_the_size_and_stops_at_the_border(setting: Setting) -> None:
    outcomes = drag(SelectTool(), setting, (120, 120), (150, 130), (-500, 140))
    assert outcomes == [Picked(frozenset({SMALL})), Edited("move", {1: Box(0, 120, 60, 50)})]


def test_a_small_shake_is_a_click_not_a_move(setting: Setting) -> None:
    assert drag(SelectTool(), setting, (120, 120), (121, 122)) == [Picked(frozenset({SMALL}))]


def test_where_a_handle_was_grabbed_the_edge_does_not_jump(setting: Setting) -> None:
    setting.selection = frozenset({SMALL})
    assert drag(SelectTool(), setting, (163, 126), (183, 126)) == [Edited("resize", {1: Box(100, 100, 80, 50)})]


def test_letting_go_where_it_was_grabbed_changes_nothing(setting: Setting) -> None:
    setting.selection = frozenset({SMALL})
    assert drag(SelectTool(), setting, (160, 125), (190, 125), (160, 125)) == []


def test_locked_boxes_are_selected_but_neither_moved_nor_resized(setting: Setting) -> None:
    assert drag(SelectTool(), setting, (540, 60), (560, 80)) == [Picked(frozenset({LOCKED}))]
    assert drag(SelectTool(), setting, (500, 60), (560, 80)) == []


def test_ctrl_adds_and_takes_away(setting: Setting) -> None:
    tool = SelectTool()
    drag(tool, setting, (120, 120))
    drag(tool, setting, (300, 250), add=True)
    assert setting.selection == {SMALL, LARGE}
    drag(tool, setting, (120, 120), add=True)
    assert setting.selection == {LARGE}


def test_several_boxes_move_together_and_stay_inside(setting: Setting) -> None:
    setting.selection = frozenset({SMALL, GUESS, LOCKED})
    outcomes = drag(SelectTool(), setting, (120, 120), (120, 500))
    assert outcomes == [Edited("move", {0: Box(420, 300, 60, 60), 1: Box(100, 200, 60, 50)})]


def test_a_click_on_one_of_several_selected_leaves_that_one(setting: Setting) -> None:
    setting.selection = frozenset({SMALL, LARGE})
    assert drag(SelectTool(), setting, (120, 120)) == [Picked(frozenset({SMALL}))]


def test_a_rubber_band_selects_what_it_touches(setting: Setting) -> None:
    tool = SelectTool()
    drag(tool, setting, (400, 190), (450, 230), (490, 270))
    assert setting.selection == {GUESS}
    assert tool.band is None
    drag(tool, setting, (490, 10), (600, 60), add=True)
    assert setting.selection == {GUESS, LOCKED}


def test_shift_draws_the_band_even_over_a_box(setting: Setting) -> None:
    drag(SelectTool(), setting, (90, 90), (170, 160), band=True)
    assert setting.selection == {SMALL}


def test_a_click_on_nothing_clears_and_tells(setting: Setting) -> None:
    setting.selection = frozenset({SMALL})
    assert drag(SelectTool(), setting, (20, 20)) == [Picked(frozenset()), Missed(20, 20)]


def test_cancelling_a_drag_drops_it(setting: Setting) -> None:
    tool = SelectTool()
    tool.press(Pointer(120, 120), setting)
    setting.selection = frozenset({SMALL})
    tool.move(Pointer(200, 200), setting)
    assert tool.moving
    assert tool.cancel()
    assert tool.moving == {}
    assert tool.release(Pointer(200, 200), setting) == []


def test_a_scene_knows_what_changed() -> None:
    boxes = [CanvasBox(1, Box(0, 0, 10, 10), 0, "a"), CanvasBox(2, Box(5, 5, 10, 10), 0, "b")]
    scene = Scene(boxes)
    moved = scene.with_boxes({1: Box(6, 5, 10, 10)})
    changed = moved.changed_rows(scene)
    assert changed is not None
    assert changed.tolist() == [1]
    assert scene.box(1) == Box(5, 5, 10, 10)
    assert Scene(boxes[:1]).changed_rows(scene) is None
    assert Scene(BoxArrays.of(boxes)).changed_rows(scene) is not None
    assert scene.row(BoxRef("prediction", 1)) is None
    assert scene.rows([BoxRef("object", 2), BoxRef("object", 9)]) == [1]


def test_an_offered_box_and_an_object_of_the_same_id_are_told_apart() -> None:
    scene = Scene([CanvasBox(4, Box(0, 0, 9, 9), 0, "car 4")], [CanvasBox(4, Box(9, 9, 9, 9), 0, "car .40")])
    assert scene.ref(0) == BoxRef("prediction", 4)
    assert scene.row(BoxRef("object", 4)) == 1


def make_port() -> Viewport:
    port = Viewport()
    port.picture = (640.0, 360.0)
    port.resize((900.0, 586.0))
    return port


def test_a_fitted_view_stays_fitted_when_the_canvas_grows() -> None:
    port = make_port()
    assert port.zoom == pytest.approx(1.35)
    port.resize((1800.0, 1172.0))
    assert port.zoom == pytest.approx((1800 - 36) / 640)


def test_any_other_view_keeps_its_middle_and_scale() -> None:
    port = make_port()
    port.zoom_by(2, (0, 0))
    middle = port.transform.to_picture(450, 293)
    port.resize((700.0, 500.0))
    assert port.transform.to_picture(350, 250) == pytest.approx(middle)


def test_zoom_has_ends_and_the_picture_stays_in_sight() -> None:
    port = make_port()
    port.zoom_by(1e9)
    assert port.zoom == LARGEST_ZOOM
    port.zoom_by(1e-9)
    assert port.transform.scale == pytest.approx(32 / 640)
    port.move(1e6, 1e6)
    assert port.transform.to_view(0, 0) == (900 - KEPT_IN_SIGHT, 586 - KEPT_IN_SIGHT)


def test_on_a_dense_screen_100_percent_is_one_device_pixel() -> None:
    port = make_port()
    port.ratio = 2.0
    port.zoom_by(1 / port.zoom)
    assert port.transform.scale == 0.5


def test_a_box_out_of_view_is_shown_and_a_view_is_restored() -> None:
    port = make_port()
    port.zoom_by(8)
    state = port.transform
    port.show(Box(10, 10, 20, 20))
    x, y = port.transform.to_view(10, 10)
    assert x >= -1e-6
    assert y >= -1e-6
    port.restore(state, fitted=False)
    assert port.transform == state
    port.restore(state, fitted=True)
    assert port.zoom == pytest.approx(1.35)


moves = st.lists(
    st.tuples(
        st.sampled_from(("press", "move", "release", "cancel")),
        st.floats(-100, 800),
        st.floats(-100, 500),
        st.booleans(),
        st.booleans(),
    ),
    max_size=30,
)


@given(
    tool=st.sampled_from((CanvasTool.SELECT, CanvasTool.BOX, CanvasTool.FOUR_POINTS)),
    moves=moves,
    scale=st.sampled_from((1.3, 30.0)),
)
@settings(deadline=None, max_examples=200)
def test_no_gesture_whatever_makes_a_box_outside_the_picture(
    tool: CanvasTool, moves: list[tuple[str, float, float, bool, bool]], scale: float
) -> None:
    objects = [CanvasBox(i, Box(40 * i, 30 * i, 60, 50), i, f"car {i}") for i in range(8)]
    setting = Setting(Scene(objects), ViewTransform(scale, 5, 9), SIZE)
    toolbox = Toolbox(setting)
    toolbox.tool = tool
    held = False
    for what, x, y, add, band in moves:
        at = Pointer(x, y, add=add, band=band)
        outcomes: list[Outcome] = []
        if what == "press" and not held:
            held, outcomes = True, toolbox.press(at)
        elif what == "move":
            outcomes = toolbox.move(at, held=held)
        elif what == "release" and held:
            held, outcomes = False, toolbox.release(at) or []
        elif what == "cancel":
            toolbox.cancel()
        _carry_out(outcomes, setting)
        for outcome in outcomes:
            made = [outcome.box] if isinstance(outcome, Drawn) else []
            if isinstance(outcome, Edited):
                made = list(outcome.boxes.values())
                setting.scene = setting.scene.with_boxes(outcome.boxes)
            for box in made:
                assert box.x >= 0
                assert box.y >= 0
                assert box.right <= SIZE[0] + 1e-9
                assert box.bottom <= SIZE[1] + 1e-9
                assert min(box.w, box.h) >= 1 - 1e-9
    toolbox.cancel()
    assert toolbox.current.draft is None
    assert not toolbox.cancel()
