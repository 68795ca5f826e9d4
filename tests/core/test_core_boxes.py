"""Pure functions on boxes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.boxes import MIN_SIDE, fit_box, iou_matrix, move_box, xywh_to_xyxy, xyxy_to_xywh
from yolor_studio.core.entities import Box

number = st.floats(-500, 1500)
size = st.integers(1, 1000)
box = st.builds(Box, number, number, number, number)


@settings(deadline=None)
@given(box, size, size)
def test_a_fitted_box_lies_in_the_picture_and_has_a_side(candidate, width, height):
    fitted = fit_box(candidate, width, height)
    assert fitted.x >= 0
    assert fitted.y >= 0
    assert fitted.right <= width + 1e-9
    assert fitted.bottom <= height + 1e-9
    assert fitted.w >= min(MIN_SIDE, width) - 1e-9
    assert fitted.h >= min(MIN_SIDE, height) - 1e-9
    again = fit_box(fitted, width, height)
    assert np.allclose(again, fitted)


@settings(deadline=None)
@given(st.floats(0, 90), st.floats(0, 90), st.floats(1, 10), st.floats(1, 10))
def test_a_box_inside_is_left_alone(x, y, w, h):
    assert np.allclose(fit_box(Box(x, y, w, h), 100, 100), (x, y, w, h))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_coordinate_that_is_no_number_is_refused(bad):
    with pytest.raises(ValueError, match="not a number"):
        fit_box(Box(1, 2, bad, 4), 100, 100)


@settings(deadline=None)
@given(number, number, st.floats(-2000, 2000), st.floats(-2000, 2000))
def test_a_moved_box_keeps_its_size_and_stays_inside(x, y, dx, dy):
    start = fit_box(Box(x, y, 40, 30), 200, 100)
    moved = move_box(start, dx, dy, 200, 100)
    assert (moved.w, moved.h) == (start.w, start.h)
    assert 0 <= moved.x <= 200 - moved.w
    assert 0 <= moved.y <= 100 - moved.h


def test_iou_by_hand():
    overlaps = iou_matrix([[0, 0, 10, 10], [0, 0, 0, 10]], [[5, 0, 10, 10], [0, 0, 10, 10], [20, 20, 5, 5]])
    np.testing.assert_allclose(overlaps, [[1 / 3, 1, 0], [0, 0, 0]])


@settings(deadline=None)
@given(st.lists(st.tuples(number, number, st.floats(0, 900), st.floats(0, 900)), max_size=8))
def test_corners_and_back(boxes):
    array = np.array(boxes, np.float64).reshape(-1, 4)
    np.testing.assert_allclose(xyxy_to_xywh(xywh_to_xyxy(array)), array, atol=1e-9)
