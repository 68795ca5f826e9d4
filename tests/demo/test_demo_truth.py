"""The ground truth is what is in the picture: things are taken out, and the pixels that change are compared."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from yolor_studio.core.entities import Box
from yolor_studio.demo.stage import Stage, Truth


def _stage(seed: int) -> Stage:
    return Stage.of_clip(seed, 400, 226, frames=100, fps=24.0, density=1.2)


def _around(changed: NDArray[np.bool_]) -> Box:
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    return Box(columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0])


@pytest.mark.parametrize("seed", [1, 2, 6])
def test_the_visible_box_encloses_the_pixels_that_a_thing_changes(seed: int) -> None:
    stage = _stage(seed)
    picture, truths = stage.paint(40)
    assert truths
    for truth in truths:
        without, others = stage.paint(40, without=frozenset({truth.track_id}))
        assert truth.track_id not in {other.track_id for other in others}
        changed = (picture != without).any(-1)
        if truth.visible_pixels == 0:
            continue
        outline = _around(changed)
        # Pixels that a thing covers by less than half change too, and are not its own: one row or column at the edge.
        assert outline.x <= truth.visible_box.x + 2
        assert outline.right >= truth.visible_box.right - 2
        assert abs(outline.x - truth.visible_box.x) <= 2 or outline.x < truth.visible_box.x
        grown = np.zeros_like(changed)
        box = truth.box
        grown[max(int(box.y) - 2, 0) : int(box.bottom) + 2, max(int(box.x) - 2, 0) : int(box.right) + 2] = True
        assert not (changed & ~grown).any(), truth


@pytest.mark.parametrize("seed", [1, 4])
def test_the_box_of_a_thing_alone_is_exact(seed: int) -> None:
    """With everything else taken out, what is left of a thing is its box, to the pixel where it is opaque."""
    stage = _stage(seed)
    _, truths = stage.paint(10)
    everybody = frozenset(truth.track_id for truth in truths)
    empty, _ = stage.paint(10, without=everybody | {0})
    for truth in truths:
        alone, left = stage.paint(10, without=(everybody | {0}) - {truth.track_id})
        assert [other.track_id for other in left] == [truth.track_id]
        assert left[0].box == truth.box
        assert left[0].visible == 1.0
        assert left[0].visible_box == truth.box
        outline = _around((alone != empty).any(-1))
        for found, stated in (
            (outline.x, truth.box.x),
            (outline.y, truth.box.y),
            (outline.right, truth.box.right),
            (outline.bottom, truth.box.bottom),
        ):
            assert abs(found - stated) <= 2


def test_what_is_visible_adds_up() -> None:
    stage = _stage(3)
    for index in range(0, 100, 25):
        _, truths = stage.paint(index)
        for truth in truths:
            alone = next(
                other
                for other in stage.paint(index, without=_all_but(truths, truth))[1]
                if other.track_id == truth.track_id
            )
            assert truth.visible == pytest.approx(truth.visible_pixels / alone.visible_pixels)


def test_the_nearest_thing_is_first_and_whole_where_no_furniture_stands_before_it() -> None:
    stage = _stage(3)
    _, truths = stage.paint(20, without=frozenset({0}))
    assert truths[0].visible == 1.0


def test_occlusion_happens_and_is_told() -> None:
    shares = [truth.visible for seed in range(4) for index in (0, 50) for truth in _stage(seed).paint(index)[1]]
    assert any(share < 0.15 for share in shares)
    assert any(0.15 < share < 0.8 for share in shares)
    assert sum(share > 0.9 for share in shares) > len(shares) / 3


def test_tracks_keep_their_number_and_category_and_move_smoothly() -> None:
    stage = _stage(5)
    seen: dict[int, Truth] = {}
    for index in range(48):
        for truth in stage.paint(index)[1]:
            before = seen.get(truth.track_id)
            if before is not None:
                assert before.category == truth.category
                middles = [box.box.x + box.box.w / 2 for box in (before, truth)]
                assert abs(middles[0] - middles[1]) < 14
            seen[truth.track_id] = truth
    assert len(seen) > 5


def test_few_pixels_count_as_barely_visible() -> None:
    box = Box(0, 0, 9, 9)
    assert Truth(1, "car", box, box, 0.5, 5).barely_visible
    assert Truth(1, "car", box, box, 0.14, 900).barely_visible
    assert not Truth(1, "car", box, box, 0.15, 6).barely_visible


def _all_but(truths: list[Truth], kept: Truth) -> frozenset[int]:
    return frozenset({0} | {truth.track_id for truth in truths}) - {kept.track_id}
