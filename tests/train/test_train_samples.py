"""The picture store and sampling by class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from yolor_studio.train.samples import Labels, NumberedBoxes, balanced_weights, write_store


def labels(boxes: list[list[float]], classes: list[int], *, known: int = 3) -> Labels:
    count = len(boxes)
    return Labels(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(classes, np.int64),
        np.zeros(count, np.bool_),
        np.ones(known, np.bool_),
    )


def test_a_store_gives_back_what_was_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, size, np.uint8) for size in ((20, 30, 3), (31, 17, 3))]
    store = write_store(tmp_path, [(pictures[0], labels([[1, 2, 9, 8]], [2])), (pictures[1], labels([], []))], side=64)
    assert len(store) == 2
    assert store.classes == 3
    for index, picture in enumerate(pictures):
        np.testing.assert_array_equal(store.pixels(index), picture)
    np.testing.assert_array_equal(store.labels(0).boxes, [[1, 2, 9, 8]])
    assert store.labels(0).classes.tolist() == [2]
    assert len(store.labels(1).boxes) == 0
    np.testing.assert_array_equal(store.class_counts(), [[0, 0, 1], [0, 0, 0]])


def test_boxes_can_be_numbered_through_the_store(tmp_path: Path) -> None:
    blank = np.zeros((9, 9, 3), np.uint8)
    two, none, one = labels([[0, 0, 3, 3], [4, 4, 8, 8]], [2, 0]), labels([], []), labels([[1, 1, 5, 5]], [2])
    store = write_store(tmp_path, [(blank, two), (blank, none), (blank, one)], side=9)
    numbered = [NumberedBoxes(tmp_path).labels(index) for index in range(3)]
    assert [found.classes.tolist() for found in numbered] == [[0, 1], [], [2]]
    assert store.box_classes.tolist() == [2, 0, 2]
    np.testing.assert_array_equal(numbered[2].boxes, store.labels(2).boxes)


def test_large_pictures_are_shrunk_with_their_boxes_and_halves_serve_small_sizes(tmp_path: Path) -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[20:60, 40:120] = 255
    store = write_store(tmp_path, [(picture, labels([[40, 20, 120, 60]], [0]))], side=100)
    assert store.size(0) == (50, 100)
    np.testing.assert_allclose(store.labels(0).boxes, [[20, 10, 60, 30]])
    assert store.pixels(0, side=50).shape == (25, 50, 3)
    assert store.pixels(0, side=51).shape == (50, 100, 3)
    assert store.pixels(0, side=50)[5:15, 10:30].min() == 255


def test_rare_classes_are_drawn_more_often(tmp_path: Path) -> None:
    blank = np.zeros((4, 4, 3), np.uint8)
    common, rare = labels([[0, 0, 3, 3]], [0]), labels([[0, 0, 3, 3]], [1])
    store = write_store(tmp_path, [(blank, common)] * 8 + [(blank, rare)], side=4)
    weights = balanced_weights(store)
    assert weights.sum() == pytest.approx(1)
    assert weights[8] / weights[0] == pytest.approx(np.sqrt(0.5 * 9))


def test_an_empty_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no pictures"):
        write_store(tmp_path, [], side=4)
