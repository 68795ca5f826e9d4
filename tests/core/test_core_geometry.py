"""View transform, hit tests, snapping, resizing and tag places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.boxes import MIN_SIDE
from yolor_studio.core.entities import Box
from yolor_studio.core.geometry import (
    HANDLES,
    Edge,
    ViewTransform,
    box_around,
    box_of,
    boxes_in_band,
    boxes_under,
    corners_of,
    edge_at,
    fit_view,
    handle_point,
    handles_of,
    keep_in_sight,
    limit_move,
    place_tag,
    resize_box,
    snap,
)

numbers = st.floats(-500, 1500, allow_nan=False)
sizes = st.tuples(st.floats(2, 2000), st.floats(2, 2000))


def corners(*boxes: Box) -> np.ndarray:
    return np.array([corners_of(box) for box in boxes], np.float64)


@given(scale=st.floats(0.01, 64), dx=numbers, dy=numbers, x=numbers, y=numbers)
@settings(deadline=None)
def test_a_point_goes_to_the_view_and_back(scale: float, dx: float, dy: float, x: float, y: float) -> None:
    view = ViewTransform(scale, dx, dy)
    assert view.to_picture(*view.to_view(x, y)) == pytest.approx((x, y), abs=1e-6)


@given(scale=st.floats(0.01, 64), x=numbers, y=numbers)
@settings(deadline=None)
def test_zooming_keeps_the_point_under_the_pointer(scale: float, x: float, y: float) -> None:
    view = ViewTransform(1.35, 18.0, 50.0)
    before = view.to_picture(x, y)
    assert view.zoomed(scale, x, y).to_view(*before) == pytest.approx((x, y), abs=1e-6)


def test_a_fitted_picture_is_centred_inside_its_margins() -> None:
    view = fit_view(640, 360, (900, 586), margin=(18, 22))
    assert view.scale == pytest.approx(1.35)
    assert view.to_view(0, 0) == pytest.approx((18, 50))
    assert view.to_view(640, 360) == pytest.approx((882, 536))


def test_the_picture_cannot_be_pushed_out_of_sight() -> None:
    far = ViewTransform(1, 5000, -5000)
    kept = keep_in_sight(far, (640, 360), view=(900, 600), least=48)
    assert (kept.dx, kept.dy) == (900 - 48, 48 - 360)


def test_the_smallest_box_under_the_point_comes_first_and_of_equals_the_later() -> None:
    boxes = corners(Box(0, 0, 100, 100), Box(10, 10, 20, 20), Box(5, 5, 50, 50), Box(10, 10, 20, 20))
    assert boxes_under(boxes, 15, 15).tolist() == [3, 1, 2, 0]
    assert boxes_under(boxes, 90, 90).tolist() == [0]
    assert boxes_under(boxes, 200, 200).tolist() == []
    assert boxes_under(boxes, 101.5, 50, reach=2).tolist() == [0]


def test_hit_tests_take_no_boxes() -> None:
    assert boxes_under(np.zeros((0, 4)), 1, 1).tolist() == []
    assert limit_move(np.zeros((0, 4)), 3, 4, size=(10, 10)) == (3, 4)


def test_a_band_takes_what_it_touches_but_not_what_it_lies_inside() -> None:
    boxes = corners(Box(0, 0, 200, 200), Box(20, 20, 10, 10), Box(150, 150, 100, 10), Box(45, 30, 30, 10))
    assert boxes_in_band(boxes, Box(10, 10, 40, 40)).tolist() == [1, 3]


@pytest.mark.parametrize(
    ("side", "shown"), [(100.0, HANDLES), (40.0, HANDLES), (39.0, HANDLES[::2]), (16.0, HANDLES[::2]), (15.0, ())]
)
def test_small_boxes_show_fewer_handles(side: float, shown: tuple[Edge, ...]) -> None:
    assert handles_of(side, 300) == shown
    assert handles_of(300, side) == shown


@pytest.mark.parametrize("handle", HANDLES)
def test_every_handle_is_hit_within_its_reach(handle: Edge) -> None:
    box = Box(100, 100, 80, 60)
    x, y = handle_point(box, handle)
    assert edge_at(box, x, y) == handle
    assert edge_at(box, x + 5, y + 5) == handle
    assert edge_at(box, x - 5, y - 5) == handle


def test_edges_drag_along_their_whole_length_and_the_middle_does_not() -> None:
    box = Box(100, 100, 200, 100)
    assert edge_at(box, 130, 101) == Edge.TOP
    assert edge_at(box, 297, 130) == Edge.RIGHT
    assert edge_at(box, 200, 150) is None
    assert edge_at(box, 50, 150) is None


def test_a_tiny_box_still_has_edges_and_a_middle() -> None:
    box = Box(10, 10, 8, 8)
    assert edge_at(box, 8, 14) == Edge.LEFT
    assert edge_at(box, 19, 19) == Edge.RIGHT | Edge.BOTTOM
    assert edge_at(box, 14, 14) is None


def test_values_near_the_border_are_drawn_to_it() -> None:
    assert snap(4, 100, 5) == 0
    assert snap(-40, 100, 0) == 0
    assert snap(96, 100, 5) == 100
    assert snap(50, 100, 5) == 50


def test_resizing_past_the_other_side_turns_the_box_over() -> None:
    assert resize_box(Box(50, 50, 20, 20), Edge.LEFT, 90, 0, size=(200, 200)) == Box(70, 50, 20, 20)


@given(
    size=sizes, x=numbers, y=numbers, px=numbers, py=numbers, w=st.floats(1, 900), h=st.floats(1, 900),
    handle=st.sampled_from(HANDLES), reach=st.floats(0, 20),
)  # fmt: skip
@settings(deadline=None)
def test_a_resized_box_never_leaves_the_picture_or_gets_too_thin(
    size: tuple[float, float], x: float, y: float, px: float, py: float, w: float, h: float, handle: Edge, reach: float
) -> None:
    out = resize_box(Box(x, y, w, h), handle, px, py, size=size, reach=reach)
    assert out.x >= 0
    assert out.y >= 0
    assert out.right <= size[0] + 1e-9
    assert out.bottom <= size[1] + 1e-9
    assert min(out.w, out.h) >= MIN_SIDE - 1e-9


@given(dx=numbers, dy=numbers, reach=st.floats(0, 30))
@settings(deadline=None)
def test_boxes_moved_together_keep_their_arrangement_inside(dx: float, dy: float, reach: float) -> None:
    boxes = corners(Box(10, 20, 30, 30), Box(60, 50, 100, 20))
    shift = limit_move(boxes, dx, dy, size=(640, 360), reach=reach)
    moved = boxes + np.array(shift * 2)
    assert moved.min() >= -1e-9
    assert moved[:, 0::2].max() <= 640 + 1e-9
    assert moved[:, 1::2].max() <= 360 + 1e-9


def test_a_move_is_drawn_to_the_border() -> None:
    assert limit_move(corners(Box(10, 10, 20, 20)), -6, 0, size=(100, 100), reach=5) == (-10, 0)


def test_four_extreme_points_make_the_box_around_them() -> None:
    assert box_around([(5, 9), (1, 4), (3, 2), (8, 6)]) == Box(1, 2, 7, 7)


def test_a_row_of_corners_is_a_box() -> None:
    assert box_of(np.array([1.5, 2, 4, 8])) == Box(1.5, 2, 2.5, 6)


def test_tags_stand_above_else_inside_else_below() -> None:
    view = (200.0, 100.0)
    assert place_tag(Box(50, 50, 40, 40), 30, 17, view=view) == (50, 33)
    assert place_tag(Box(50, 5, 40, 40), 30, 17, view=view) == (50, 5)
    assert place_tag(Box(50, 5, 40, 10), 30, 17, view=view) == (50, 15)


@given(x=numbers, y=numbers, w=st.floats(1, 900), h=st.floats(1, 900))
@settings(deadline=None)
def test_a_tag_is_never_outside_the_view(x: float, y: float, w: float, h: float) -> None:
    left, top = place_tag(Box(x, y, w, h), 60, 17, view=(900, 600), outside=1)
    assert 0 <= left <= 900 - 60
    assert 0 <= top <= 600 - 17
