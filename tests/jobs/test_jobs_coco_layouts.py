"""Datasets in the layouts that people keep: importing, training and evaluating find the same pictures in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from yolor_studio.core.errors import FormatError
from yolor_studio.jobs.events import ItemFailed, Result
from yolor_studio.jobs.ground_truth import truth_of_dataset
from yolor_studio.jobs.importing import import_dataset
from yolor_studio.jobs.training_coco import read_pictures, training_splits
from yolor_studio.project import Project

W, H = 12, 8


def write_picture(path: Path, value: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((H, W, 3), value, np.uint8))


def write_file(path: Path, *names: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"id": n, "file_name": name, "width": W, "height": H} for n, name in enumerate(names)]
    boxes = [{"id": n + 1, "image_id": n, "category_id": 1, "bbox": [1, 1, 4, 4]} for n in range(len(names))]
    path.write_text(json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "x"}]}))
    return path


def imported(folder: Path, source: Path) -> dict[str, list[str]]:
    """The pictures that come into an empty project, and what is told of the others."""
    with Project.create(folder / "new.yolor") as project:
        events = list(import_dataset(project, [source]))
        assert isinstance(events[-1], Result)
        media = [str(project.media_path(one).relative_to(folder)) for one in project.media()]
        assert all(len(project.boxes_at(one.id, 0)) == 1 for one in project.media())
    return {"in": media, "out": [event.why for event in events if isinstance(event, ItemFailed)]}


LAYOUTS = [
    ("annotations/instances_train2017.json", "train2017/a.png", "a.png"),
    ("annotations/instances_train2017.json", "images/train2017/a.png", "a.png"),
    ("annotations/instances_train.json", "images/a.png", "a.png"),
    ("annotations/instances_train.json", "images/clip/a.png", "clip/a.png"),
    ("train/_annotations.coco.json", "train/a.png", "a.png"),
    ("train.json", "a.png", "a.png"),
    ("train.json", "train/a.png", "a.png"),
    ("train.json", "train/a.png", "train/a.png"),
    ("train.json", "images/train/a.png", "train\\a.png"),
    ("annotations.json", "JPEGImages/a.png", "JPEGImages/a.png"),
    ("annotations/train.json", "JPEGImages/a.png", "a.png"),
    ("annotations/train.json", "images/a.png", "some/where/else/a.png"),
]


@pytest.mark.parametrize(("file", "picture", "name"), LAYOUTS)
def test_pictures_are_found_where_people_keep_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, picture: str, name: str
) -> None:
    folder = tmp_path / "set"
    write_picture(folder / picture)
    path = write_file(folder / file, name)
    assert imported(tmp_path, path) == {"in": [f"set/{picture}"], "out": []}
    monkeypatch.chdir(path.parent)  # a file may be named without its folder
    for source in (folder, Path(path.name)):
        (split,) = training_splits(source)
        assert len(list(read_pictures(split, ("x",), failed=[]))) == 1
    assert truth_of_dataset(Path(path.name)).files == (folder / picture,)


def test_each_picture_is_looked_for_by_itself(tmp_path: Path) -> None:
    write_picture(tmp_path / "set/images/a.png", 10)
    write_picture(tmp_path / "set/val/b.png", 20)
    truth = truth_of_dataset(write_file(tmp_path / "set/annotations/instances_val.json", "a.png", "b.png", "c.png"))
    assert truth.files == (tmp_path / "set/images/a.png", tmp_path / "set/val/b.png", None)
    assert [np.asarray(truth.read(number)).max() for number in (1, 2)] == [10, 20]
    assert truth.read(3) == "it is not in the folders of the dataset"


def test_a_named_folder_is_the_only_one(tmp_path: Path) -> None:
    write_picture(tmp_path / "images/a.png")
    write_picture(tmp_path / "elsewhere/b.png")
    file = write_file(tmp_path / "val.json", "a.png", "x/b.png")
    truth = truth_of_dataset(file, tmp_path / "elsewhere")
    assert truth.files == (None, tmp_path / "elsewhere/b.png")
    assert truth.read(1) == f"it is not in {tmp_path / 'elsewhere'}"


def test_a_path_goes_before_a_name_alone(tmp_path: Path) -> None:
    write_picture(tmp_path / "set/images/a.png")
    write_picture(tmp_path / "set/clip/a.png")
    file = write_file(tmp_path / "set/annotations/val.json", "clip/a.png")
    assert truth_of_dataset(file).files == (tmp_path / "set/clip/a.png",)
    assert imported(tmp_path, file)["in"] == ["set/clip/a.png"]


def test_a_name_that_two_pictures_have_places_neither(tmp_path: Path) -> None:
    write_picture(tmp_path / "set/images/a.png")
    file = write_file(tmp_path / "set/annotations/val.json", "one/a.png", "two\\a.png")
    assert truth_of_dataset(file).files == (None, None)
    with pytest.raises(FormatError, match="not beside it"):
        training_splits(file)


@pytest.mark.parametrize(
    "name", ["../a.png", "x/../../a.png", "..\\a.png", "/a.png", "C:\\a.png", "a\0.png", "a/" * 4000]
)
def test_a_path_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    write_picture(tmp_path / "a.png")
    write_picture(tmp_path / "set/images/b.png")
    file = write_file(tmp_path / "set/annotations/val.json", "b.png", name)
    found: dict[str, Any] = imported(tmp_path, file)
    assert found["in"] == ["set/images/b.png"]
    assert len(found["out"]) == 2
    truth = truth_of_dataset(file)
    assert truth.files == (tmp_path / "set/images/b.png", None)
    assert isinstance(truth.read(2), str)
