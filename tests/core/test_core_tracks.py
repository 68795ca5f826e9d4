from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.entities import Box, Keyframe
from yolor_studio.core.tracks import box_at, expand_spans, keyframe_before, lerp_box, lerp_boxes, span_lengths

coordinates = st.floats(0, 4000, width=32)
boxes = st.builds(Box, coordinates, coordinates, coordinates, coordinates)


@st.composite
def tracks(draw: st.DrawFn) -> list[Keyframe]:
    frames = sorted(draw(st.sets(st.integers(0, 40), min_size=1, max_size=8)))
    return [Keyframe(1, frame, draw(boxes), interpolate=draw(st.booleans())) for frame in frames]


def test_between_two_keyframes_the_box_moves_evenly() -> None:
    track = [Keyframe(1, 10, Box(0, 0, 10, 20), interpolate=True), Keyframe(1, 20, Box(100, 50, 20, 20))]
    assert box_at(track, 10) == Box(0, 0, 10, 20)
    assert box_at(track, 15) == Box(50, 25, 15, 20)
    assert box_at(track, 20) == Box(100, 50, 20, 20)
    assert box_at(track, 9) is None
    assert box_at(track, 21) is None


def test_without_interpolation_the_object_is_on_its_keyframes_alone() -> None:
    track = [Keyframe(1, 10, Box(0, 0, 10, 20)), Keyframe(1, 12, Box(2, 0, 10, 20), interpolate=True)]
    assert box_at(track, 11) is None
    assert box_at(track, 12) == Box(2, 0, 10, 20)
    assert box_at(track, 13) is None


def test_no_keyframes_no_box() -> None:
    assert box_at([], 3) is None
    assert keyframe_before([], 3) is None


@given(track=tracks(), frame=st.integers(0, 45))
@settings(deadline=None, derandomize=True)
def test_the_box_lies_between_its_two_keyframes(track: list[Keyframe], frame: int) -> None:
    box, near = box_at(track, frame), keyframe_before(track, frame)
    following = [keyframe for keyframe in track if keyframe.frame > frame]
    if near is None:
        assert box is None
    elif near.frame == frame:
        assert box == near.box
    elif not near.interpolate or not following:
        assert box is None
    else:
        assert box is not None
        for value, a, b in zip(box, near.box, following[0].box, strict=True):
            assert min(a, b) - 1e-6 <= value <= max(a, b) + 1e-6


@given(track=tracks(), frame=st.integers(0, 45), extra=st.integers(0, 45))
@settings(deadline=None, derandomize=True)
def test_a_keyframe_on_the_box_itself_changes_nothing(track: list[Keyframe], frame: int, extra: int) -> None:
    pinned = box_at(track, extra)
    near = keyframe_before(track, extra)
    if pinned is None or near is None or near.frame == extra:
        return
    more = sorted([*track, Keyframe(1, extra, pinned, interpolate=True)], key=lambda keyframe: keyframe.frame)
    before, after = box_at(track, frame), box_at(more, frame)
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after == pytest.approx(before, abs=1e-6)


@given(many=st.lists(tracks(), min_size=0, max_size=5))
@settings(deadline=None, derandomize=True)
def test_spans_of_many_objects_are_the_frames_where_each_has_a_box(many: list[list[Keyframe]]) -> None:
    objects = np.array([i for i, track in enumerate(many) for _ in track], np.int64)
    flat = [keyframe for track in many for keyframe in track]
    frames = np.array([keyframe.frame for keyframe in flat], np.int64)
    rows, where = expand_spans(objects, frames, np.array([keyframe.interpolate for keyframe in flat], bool))
    found = [(int(objects[row]), int(frame)) for row, frame in zip(rows, where, strict=True)]
    wanted = [(i, frame) for i, track in enumerate(many) for frame in range(46) if box_at(track, frame) is not None]
    assert found == wanted
    assert all(flat[row] == keyframe_before(many[objects[row]], frame) for row, frame in zip(rows, where, strict=True))


def test_rows_interpolate_like_single_boxes() -> None:
    first, second, share = np.arange(8.0).reshape(2, 4), np.full((2, 4), 9.0), np.array([0.25, 0.5])
    rows = lerp_boxes(first, second, share)
    for row, a, b, part in zip(rows, first, second, share, strict=True):
        assert tuple(row) == lerp_box(Box(*a), Box(*b), part)


def test_span_lengths_end_with_the_object() -> None:
    lengths = span_lengths(np.array([1, 1, 2]), np.array([5, 9, 2]), np.array([True, True, True]))
    assert lengths.tolist() == [4, 1, 1]
