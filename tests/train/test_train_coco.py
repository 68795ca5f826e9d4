"""COCO datasets as they are learned from."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import orjson
import pytest

from yolor_studio.core.errors import FormatError
from yolor_studio.jobs.training_coco import read_pictures, training_splits, validation_splits


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
    assert [where for where, _ in split.file.problems.listed] == ["annotations[5] in instances_train.json"]
    assert [what for what, _ in failed] == ["annotations[4] in instances_train.json", "gone.png", "../../outside.png"]


def test_a_partly_labelled_picture_knows_its_classes(tmp_path: Path) -> None:
    (split,) = training_splits(write_coco(tmp_path / "data", labelled=["cat"]))
    ((_, found),) = read_pictures(split, ("bird", "cat", "dog"), failed=[])
    assert found.labelled.tolist() == [False, True, False]


def test_classes_of_another_dataset_are_unknown_in_this_one(tmp_path: Path) -> None:
    (split,) = training_splits(write_coco(tmp_path / "data"))
    ((_, found),) = read_pictures(split, ("bird", "cat", "dog"), failed=[])
    assert found.labelled.tolist() == [False, True, True]


def test_names_tell_what_a_file_is_for(tmp_path: Path) -> None:
    folder = write_coco(tmp_path / "data")
    (folder / "annotations" / "instances_train.json").rename(folder / "annotations" / "instances_test.json")
    with pytest.raises(FormatError, match="is for validation or test by its name"):
        training_splits(folder)
    assert len(training_splits(folder / "annotations" / "instances_test.json")) == 1
    with pytest.raises(FormatError, match="no annotation file"):
        training_splits(tmp_path)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"images": [], "annotations": {}}', b'{"images": []}'])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "odd.json").write_bytes(content)
    with pytest.raises(FormatError, match=r"odd\.json"):
        training_splits(tmp_path)


@pytest.mark.parametrize(
    ("train", "val", "others"),
    [
        ("annotations/instances_train2017.json|train2017", "annotations/instances_val2017.json|val2017", True),
        ("annotations/instances_train2017.json|images/train2017", "annotations/instances_val2017.json|images", True),
        ("train/_annotations.coco.json|train", "valid/_annotations.coco.json|valid", False),
        ("train.json|train", "val.json|val", False),
    ],
)
def test_datasets_lie_as_their_makers_hand_them_out(tmp_path: Path, train: str, val: str, *, others: bool) -> None:
    for number, place in enumerate((train, val)):
        file, pictures = (tmp_path / part for part in place.split("|"))
        for folder in (file.parent, pictures):
            folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(pictures / f"{number}.png"), np.zeros((8, 9, 3), np.uint8))
        record = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 4]}
        images = [{"id": 1, "file_name": f"{number}.png", "width": 9, "height": 8}]
        content = {"images": images, "annotations": [record], "categories": [{"id": 1, "name": "x"}]}
        file.write_bytes(orjson.dumps(content))
        if others:
            for name in ("captions", "person_keypoints"):
                other = file.with_name(file.name.replace("instances", name))
                other.write_bytes(orjson.dumps({"images": images, "annotations": [{"id": 1, "image_id": 1}]}))
    failed: list[tuple[str, str]] = []
    for number, splits in enumerate((training_splits(tmp_path), validation_splits(tmp_path))):
        (split,) = splits
        assert split.file.images[0].file_name == f"{number}.png"
        assert len(list(read_pictures(split, ("x",), failed=failed))) == 1
    assert not failed


def test_records_of_any_kind_are_passed_over_and_named(tmp_path: Path) -> None:
    folder = write_coco(tmp_path / "data")
    file = folder / "annotations" / "instances_train.json"
    content = orjson.loads(file.read_bytes())
    content["images"] += [7, {"id": [1], "file_name": "a.png"}, {"id": 8, "file_name": "a\0b.png"}, {"id": 9}]
    content["annotations"] += [
        None,
        {"image_id": [5], "category_id": 3, "bbox": [1, 1, 4, 4]},
        {"image_id": 5, "category_id": {}, "bbox": [1, 1, 4, 4]},
        {"image_id": 5, "category_id": 99, "bbox": [1, 1, 4, 4]},
        {"image_id": 5, "category_id": 3, "bbox": [2, 2, 4, 4], "attributes": [1]},
    ]
    content["categories"] += [7, {"id": 1}, {"name": "x"}, {"id": 9, "name": "cat"}]
    file.write_bytes(orjson.dumps(content))
    (split,) = training_splits(folder)
    assert split.names == ("dog", "cat"), "two categories of one name are one class"
    failed: list[tuple[str, str]] = []
    ((_, found),) = read_pictures(split, split.names, failed=failed)
    assert len(found.boxes) == 5
    assert len(split.file.problems.listed) == 1 + 3 + 4 + 3
    assert ("a\0b.png", "no file system has the name 'a\\x00b.png'; it was not opened") in failed


def test_a_picture_of_another_size_than_its_boxes_is_not_learned_from(tmp_path: Path) -> None:
    (split,) = training_splits(write_coco(tmp_path / "data", width=80))
    failed: list[tuple[str, str]] = []
    assert not list(read_pictures(split, split.names, failed=failed))
    assert failed[0] == ("a.png", "it is 40 x 20 px and not 80 x 20 as the file says")


def test_pictures_that_are_nowhere_are_told_before_anything_is_read(tmp_path: Path) -> None:
    folder = write_coco(tmp_path / "data")
    (folder / "images" / "a.png").unlink()
    with pytest.raises(FormatError, match=r"pictures of instances_train\.json are not beside it"):
        training_splits(folder)
