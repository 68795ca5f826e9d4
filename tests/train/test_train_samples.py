"""The picture store, sampling by class, and reading COCO folders."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import orjson
import pytest

from yolor_studio.core.errors import FormatError
from yolor_studio.train.coco import read_pictures, training_splits
from yolor_studio.train.samples import Labels, balanced_weights, write_store


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


def write_coco(folder: Path, **image: object) -> Path:
    """A folder with one 40 x 20 picture and boxes of every kind."""
    (folder / "images").mkdir(parents=True)
    (folder / "annotations").mkdir()
    cv2.imwrite(str(folder / "images" / "a.png"), np.full((20, 40, 3), 9, np.uint8))
    records = [
        {"bbox": [1, 2, 10, 5], "category_id": 7},
        {"bbox": [0, 0, 5, 5], "category_id": 3, "ignore": 1, "attributes": {"difficult": True}},
        {"bbox": [0, 0, 6, 6], "category_id": 3, "iscrowd": 1},
        {"bbox": [30, 10, 50, 50], "category_id": 3, "ignore": 1},
        {"bbox": [50, 10, 5, 5], "category_id": 3},
        {"bbox": [1, 1, None, 5], "category_id": 3},
    ]
    content = {
        "images": [
            {"id": 5, "file_name": "a.png", "width": 40, "height": 20, **image},
            {"id": 6, "file_name": "gone.png", "width": 40, "height": 20},
            {"id": 7, "file_name": "../../outside.png", "width": 40, "height": 20},
        ],
        "annotations": [{"id": i, "image_id": 5, **record} for i, record in enumerate(records)],
        "categories": [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}],
    }
    (folder / "annotations" / "instances_train.json").write_bytes(orjson.dumps(content))
    (folder / "annotations" / "instances_val.json").write_bytes(b"never read")
    return folder


def test_coco_records_become_labels(tmp_path: Path) -> None:
    (split,) = training_splits(write_coco(tmp_path / "data"))
    assert split.names == ("dog", "cat")
    failed: list[tuple[str, str]] = []
    ((rgb, found),) = read_pictures(split, split.names, failed=failed)
    assert rgb.shape == (20, 40, 3)
    np.testing.assert_allclose(found.boxes, [[1, 2, 11, 7], [0, 0, 5, 5], [0, 0, 6, 6], [30, 10, 40, 20]])
    assert found.classes.tolist() == [1, 0, 0, 0]
    assert found.crowd.tolist() == [False, False, True, True], "difficult ones are learned, crowds are not"
    assert found.labelled.tolist() == [True, True]
    assert [what for what, _ in failed] == ["a.png", "a.png", "gone.png", "../../outside.png"]


def test_a_partly_labelled_picture_knows_its_classes(tmp_path: Path) -> None:
    (split,) = training_splits(write_coco(tmp_path / "data", labelled=["cat"]))
    ((_, found),) = read_pictures(split, ("bird", "cat", "dog"), failed=[])
    assert found.labelled.tolist() == [False, True, False]


def test_classes_of_another_dataset_are_unknown_in_this_one(tmp_path: Path) -> None:
    (split,) = training_splits(write_coco(tmp_path / "data"))
    ((_, found),) = read_pictures(split, ("bird", "cat", "dog"), failed=[])
    assert found.labelled.tolist() == [False, True, True]


def test_a_folder_without_training_annotations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no COCO annotations to train on"):
        training_splits(tmp_path)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"images": [], "annotations": {}}'])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "odd.json").write_bytes(content)
    with pytest.raises(FormatError, match=r"odd\.json"):
        training_splits(tmp_path)
