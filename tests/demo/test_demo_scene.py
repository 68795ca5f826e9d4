"""Scenes are the same every time, at any frame, and hold what the specification asks for."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.demo import scenery
from yolor_studio.demo.scene import SceneSpec, render_frame, render_picture, render_scene
from yolor_studio.demo.stage import Stage

VOC = {
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
}  # fmt: skip


def test_the_same_seed_gives_the_same_pixels_and_another_seed_does_not() -> None:
    spec = SceneSpec(seed=7, width=160, height=96, frames=3)
    first, again = list(render_scene(spec)), list(render_scene(spec))
    assert len(first) == 3
    for (picture, truth), (same_picture, same_truth) in zip(first, again, strict=True):
        np.testing.assert_array_equal(picture, same_picture)
        assert truth == same_truth
    other = render_frame(SceneSpec(seed=8, width=160, height=96, frames=3), 0)[0]
    assert (first[0][0] != other).any()


def test_a_new_stage_gives_the_same_pixels() -> None:
    options = {"frames": 40, "fps": 24.0, "density": 1.0}
    worn = Stage.of_clip(5, 200, 120, **options)
    for index in range(30):
        worn.frame(index)
    fresh = Stage.of_clip(5, 200, 120, **options)
    np.testing.assert_array_equal(worn.frame(33)[0], fresh.frame(33)[0])
    assert worn.frame(33)[1] == fresh.frame(33)[1]


def test_random_access_gives_what_streaming_gives() -> None:
    spec = SceneSpec(seed=3, width=192, height=108, frames=30)
    streamed = list(render_scene(spec))
    for index in (29, 0, 13, 14, 2):
        picture, truth = render_frame(spec, index)
        np.testing.assert_array_equal(picture, streamed[index][0])
        assert truth == streamed[index][1]


def test_a_frame_outside_the_scene_is_refused() -> None:
    spec = SceneSpec(width=96, height=64, frames=2)
    for index in (-1, 2):
        with pytest.raises(IndexError, match="2 frames"):
            render_frame(spec, index)


@settings(max_examples=12, deadline=None)
@given(
    width=st.integers(48, 260),
    height=st.integers(48, 200),
    seed=st.integers(0, 10_000),
    density=st.floats(0, 2),
)
def test_any_size_seed_and_density_gives_boxes_inside_the_picture(
    width: int, height: int, seed: int, density: float
) -> None:
    spec = SceneSpec(seed=seed, width=width, height=height, frames=2, density=density)
    for picture, truths in render_scene(spec):
        assert picture.shape == (height, width, 3)
        assert picture.dtype == np.uint8
        assert picture.flags.c_contiguous
        _check_truths(truths, width, height)


def test_pictures_are_deterministic_varied_and_cover_the_categories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenery, "_STOCK", 3)
    found = set()
    for seed in range(60):
        picture, truths = render_picture(seed, 160, 128)
        assert picture.shape == (128, 160, 3)
        _check_truths(truths, 160, 128)
        found |= {truth.category for truth in truths if truth.visible > 0.5}
    np.testing.assert_array_equal(render_picture(4, 160, 128)[0], render_picture(4, 160, 128)[0])
    assert found >= {"car", "bus", "bicycle", "motorbike", "person", "dog", "cat", "horse", "sheep", "cow"}


def test_density_zero_is_an_empty_street() -> None:
    assert render_frame(SceneSpec(width=160, height=96, frames=1, density=0.0), 0)[1] == []


def test_things_enter_leave_and_go_both_ways_by_fractions_of_a_pixel() -> None:
    spec = SceneSpec(seed=2, width=320, height=180, frames=200)
    frames = [render_frame(spec, index)[1] for index in range(0, 200, 20)]
    first, last = ({truth.track_id for truth in frames[index]} for index in (0, -1))
    assert last - first
    assert first - last
    moves = []
    for earlier, later in itertools.pairwise(frames):
        places = {truth.track_id: truth.box.x for truth in earlier}
        moves += [truth.box.x - places[truth.track_id] for truth in later if truth.track_id in places]
    assert min(moves) < -5
    assert max(moves) > 5


def _check_truths(truths: list, width: int, height: int) -> None:
    tracks = [truth.track_id for truth in truths]
    assert len(set(tracks)) == len(tracks)
    for truth in truths:
        assert truth.category in VOC
        assert truth.track_id >= 1
        assert 0 <= truth.box.x < truth.box.right <= width
        assert 0 <= truth.box.y < truth.box.bottom <= height
        assert 0 <= truth.visible <= 1
        if truth.visible_pixels:
            assert truth.box.x <= truth.visible_box.x < truth.visible_box.right <= truth.box.right
            assert truth.box.y <= truth.visible_box.y < truth.visible_box.bottom <= truth.box.bottom
        else:
            assert truth.visible == 0
            assert truth.visible_box.area == 0
            assert truth.barely_visible


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_lanes_let_nobody_appear_or_vanish_inside_the_picture(seed: int) -> None:
    """Their reach must be more than what stands out from any thing's middle."""
    stage = Stage.of_clip(seed, 120, 80, frames=2, fps=1.0, density=2.0)
    for lane in stage.lanes:
        for visitor in lane.visitors(0.0, 1.0, margin=0.0):
            sides = [side for actor in visitor.actors for side in (-actor.back, actor.front)]
            assert max(sides) * visitor.scale <= lane.reach * lane.scale


@pytest.mark.parametrize(("width", "height"), [(16, 16), (17, 400), (900, 16)])
def test_odd_shapes_render(width: int, height: int) -> None:
    for seed in range(4):
        picture, truths = render_frame(SceneSpec(seed=seed, width=width, height=height, frames=1), 0)
        assert picture.shape == (height, width, 3)
        _check_truths(truths, width, height)


@pytest.mark.parametrize("wrong", [{"width": 15}, {"height": 0}, {"frames": -1}, {"fps": 0.0}, {"density": -0.1}])
def test_a_scene_that_cannot_be_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="A scene"):
        SceneSpec(**wrong)
