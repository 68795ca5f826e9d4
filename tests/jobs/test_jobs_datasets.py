"""COCO datasets in the layouts that people keep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yolor_studio.core.errors import FormatError
from yolor_studio.jobs.datasets import datasets_in


def _write(file: Path, picture: Path, name: str = "a.jpg") -> None:
    for path in (file, picture):
        path.parent.mkdir(parents=True, exist_ok=True)
    picture.touch()
    record = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1]}
    images = [{"id": 1, "file_name": name}]
    file.write_text(json.dumps({"images": images, "annotations": [record], "categories": [{"id": 1, "name": "x"}]}))


@pytest.mark.parametrize(
    ("file", "picture", "name"),
    [
        ("annotations/instances_val.json", "images/a.jpg", "street, val"),
        ("annotations/instances_val.json", "images/val/a.jpg", "street, val"),
        ("val.json", "val/a.jpg", "street, val"),
        ("val.json", "a.jpg", "street, val"),
        ("street.json", "images/a.jpg", "street"),
        ("annotations/instances_val2017.json", "val2017/a.jpg", "street, val2017"),
    ],
)
def test_pictures_are_found_in_every_usual_place(tmp_path: Path, file: str, picture: str, name: str) -> None:
    folder = tmp_path / "street"
    _write(folder / file, folder / picture)
    (found,) = datasets_in(folder)
    assert (found.name, found.pictures, found.boxes) == (name, 1, 1)
    assert datasets_in(folder / file) == [found]


def test_pictures_that_are_not_there_are_told(tmp_path: Path) -> None:
    _write(tmp_path / "val.json", tmp_path / "val" / "other.jpg")
    with pytest.raises(FormatError, match=r"pictures of val\.json are not beside it"):
        datasets_in(tmp_path)


def test_a_file_without_pictures_is_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps([{"image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}]))
    with pytest.raises(FormatError, match="no pictures"):
        datasets_in(tmp_path / "r.json")
