"""Fitting pictures into the network's input and bringing boxes back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.detect.letterbox import PADDING_GREY, Letterbox

sides = st.integers(1, 5000)


@settings(deadline=None)
@given(width=sides, height=sides, size=st.sampled_from([224, 320, 416, 640]), stride=st.sampled_from([32, 64]))
def test_the_input_holds_the_picture_and_is_as_small_as_the_stride_allows(width, height, size, stride):
    box = Letterbox.rectangular(width, height, size=size, stride=stride)
    assert box.width % stride == 0
    assert box.height % stride == 0
    assert max(box.scaled_width, box.scaled_height) == size
    assert box.left >= 0
    assert box.left + box.scaled_width <= box.width < box.scaled_width + stride
    assert box.top >= 0
    assert box.top + box.scaled_height <= box.height < box.scaled_height + stride


@settings(deadline=None)
@given(width=sides, height=sides, data=st.data())
def test_boxes_come_back_to_where_they_were(width, height, data):
    box = Letterbox.rectangular(width, height, size=416, stride=32)
    xs = sorted(data.draw(st.tuples(*[st.floats(0, width)] * 2)))
    ys = sorted(data.draw(st.tuples(*[st.floats(0, height)] * 2)))
    across, down = box.scaled_width / width, box.scaled_height / height
    inside = np.array(
        [[xs[0] * across + box.left, ys[0] * down + box.top, xs[1] * across + box.left, ys[1] * down + box.top]],
        np.float32,
    )
    expected = [xs[0], ys[0], xs[1] - xs[0], ys[1] - ys[0]]
    np.testing.assert_allclose(box.to_picture(inside)[0], expected, atol=1e-3 * max(width, height) / 416 + 1e-3)


def test_boxes_are_cut_to_the_picture():
    box = Letterbox.rectangular(640, 480, size=416, stride=32)
    whole = box.to_picture(np.array([[-50, -50, 1000, 1000]], np.float32))
    np.testing.assert_array_equal(whole, [[0, 0, 640, 480]])


def test_known_shapes():
    stadtmitte = Letterbox.rectangular(640, 480, size=416, stride=32)
    assert (stadtmitte.width, stadtmitte.height, stadtmitte.left, stadtmitte.top) == (416, 320, 0, 4)
    assert (stadtmitte.scaled_width, stadtmitte.scaled_height) == (416, 312)


@pytest.mark.parametrize("shape", [(300, 500), (2160, 3840), (208, 416)])
def test_the_border_is_grey_and_the_picture_lies_inside(shape):
    picture = np.full((*shape, 3), 200, np.uint8)
    box = Letterbox.rectangular(shape[1], shape[0], size=416, stride=32)
    out = np.zeros((box.height, box.width, 3), np.uint8)
    box.apply(picture, out)
    inside = np.zeros(out.shape[:2], bool)
    inside[box.top : box.top + box.scaled_height, box.left : box.left + box.scaled_width] = True
    assert (out[inside] == 200).all()
    assert (out[~inside] == PADDING_GREY).all()
