"""Pictures with boxes from COCO folders: `annotations/*.json` beside `images/`, or `NAME.json` beside `NAME/`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from yolor_studio.core.errors import FormatError, MediaError
from yolor_studio.train.samples import Labels

_FOR_VALIDATION = ("val", "valid", "validation")
_NOT_FOR_TRAINING = (*_FOR_VALIDATION, "test")


@dataclass(frozen=True, slots=True)
class CocoSplit:
    """One annotation file and the folder of its pictures."""

    annotations: Path
    images: Path
    content: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """The category names in the order of their ids."""
        return tuple(c["name"] for c in sorted(self.content["categories"], key=lambda c: c["id"]))

    def __len__(self) -> int:
        return len(self.content["images"])

    def clips(self) -> list[list[int]]:
        """The pictures (their places in the file) that belong together: those of one video, or of one folder below the
        folder of pictures; every other picture is alone."""
        groups: dict[Any, list[int]] = {}
        for place, image in enumerate(self.content["images"]):
            folder = PurePosixPath(str(image.get("file_name"))).parent
            video = image.get("video_id")
            key = place if video is None and folder == PurePosixPath(".") else (str(video), str(folder))
            groups.setdefault(key, []).append(place)
        return list(groups.values())

    def only(self, places: Collection[int]) -> CocoSplit:
        """The file with these of its pictures alone."""
        chosen = set(places)
        images = [image for place, image in enumerate(self.content["images"]) if place in chosen]
        return replace(self, content=self.content | {"images": images})


def training_splits(folder: Path) -> list[CocoSplit]:
    """The annotation files of a COCO folder that are not for validation or test; FormatError when there are none."""
    if folder.is_file():
        return [_open(folder)]
    files = _files(folder)
    chosen = [file for file in files if not file.stem.lower().endswith(_NOT_FOR_TRAINING)]
    if not chosen:
        raise FormatError(
            f"{folder} has no COCO annotations to train on: expected annotations/*.json beside images/, "
            f"or NAME.json beside NAME/; found {len(files)} files for validation or test."
        )
    return [_open(file) for file in chosen]


def validation_splits(folder: Path) -> list[CocoSplit]:
    """The annotation files of a COCO folder that are for validation; none where a file was named."""
    if folder.is_file():
        return []
    return [_open(file) for file in _files(folder) if file.stem.lower().endswith(_FOR_VALIDATION)]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("annotations/*.json")) or sorted(folder.glob("*.json"))


def _open(file: Path) -> CocoSplit:
    try:
        content = orjson.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise FormatError(f"{file} cannot be read as COCO annotations: {error}") from error
    missing = [key for key in ("images", "annotations", "categories") if not isinstance(_get(content, key), list)]
    if missing:
        raise FormatError(f"{file} is not a COCO detection file: it has no list of {', '.join(missing)}.")
    for key in ("images", "annotations", "categories"):
        for number, record in enumerate(content[key]):
            named = key != "categories" or (
                isinstance(_get(record, "name"), str) and isinstance(_get(record, "id"), int)
            )
            if not isinstance(record, dict) or not named:
                raise FormatError(f"{file} is malformed: record {number} of its {key} is not what COCO has there.")
    beside = file.parent / file.stem
    images = beside if beside.is_dir() else file.parent.parent / "images"
    if not images.is_dir():
        raise FormatError(f"{file} has no folder of pictures: neither {beside} nor {images} exists.")
    return CocoSplit(file, images, content)


def _get(content: Any, key: str) -> Any:
    return content.get(key) if isinstance(content, dict) else None


def read_pictures(
    split: CocoSplit, names: Sequence[str], *, failed: list[tuple[str, str]], learn_difficult: bool = True
) -> Iterator[tuple[NDArray[np.uint8], Labels]]:
    """Every picture of the split (uint8 RGB) with its labels for the classes `names`.

    A picture or record that cannot be read is left out and told in `failed` as (what, why). `learn_difficult`: an
    ignored box that is merely difficult is no crowd.
    """
    index = {name: row for row, name in enumerate(names)}
    class_of = {c["id"]: index[c["name"]] for c in split.content["categories"] if c["name"] in index}
    known = np.isin(np.array(names), split.names)
    records: dict[Any, list[dict[str, Any]]] = {}
    for record in split.content["annotations"]:
        records.setdefault(record.get("image_id"), []).append(record)
    for image in split.content["images"]:
        name = str(image.get("file_name"))
        try:
            rgb = _decode(split.images, name)
        except (OSError, MediaError) as error:
            failed.append((name, str(error)))
            continue
        labelled = np.isin(np.array(names), image["labelled"]) if "labelled" in image else known
        mine = records.get(image.get("id"), [])
        if not learn_difficult:
            mine = [{**record, "iscrowd": record.get("iscrowd") or record.get("ignore")} for record in mine]
        labels, bad = _labels(mine, class_of, labelled=labelled, shape=rgb.shape[:2])
        failed.extend((name, why) for why in bad)
        yield rgb, labels


def _decode(folder: Path, name: str) -> NDArray[np.uint8]:
    import cv2

    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise MediaError("the path leaves the folder of pictures")
    data = np.fromfile(path, np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if len(data) else None
    if picture is None:
        raise MediaError("the picture cannot be decoded")
    return np.asarray(picture, np.uint8)


def _labels(
    records: Sequence[dict[str, Any]],
    class_of: dict[Any, int],
    *,
    labelled: NDArray[np.bool_],
    shape: tuple[int, int],
) -> tuple[Labels, list[str]]:
    """A crowd, or an ignored box that is not merely difficult, is a crowd; difficult ones are learned."""
    boxes: list[list[float]] = []
    classes: list[int] = []
    crowd: list[bool] = []
    bad: list[str] = []
    for record in records:
        try:
            x, y, w, h = (float(value) for value in record["bbox"])
        except (KeyError, TypeError, ValueError, OverflowError):
            bad.append(f"annotation {record.get('id')} has no box of four numbers")
            continue
        corners = np.array([x, y, x + w, y + h]).clip(0, [shape[1], shape[0]] * 2)
        if not np.isfinite(corners).all() or (corners[2:] - corners[:2]).min() <= 0:
            bad.append(f"annotation {record.get('id')} has a box without area in the picture")
            continue
        if record.get("category_id") not in class_of:
            continue
        difficult = bool((record.get("attributes") or {}).get("difficult"))
        boxes.append(corners.tolist())
        classes.append(class_of[record["category_id"]])
        crowd.append(bool(record.get("iscrowd")) or (bool(record.get("ignore")) and not difficult))
    found = np.array(boxes, np.float32).reshape(-1, 4)
    return Labels(found, np.array(classes, np.int64), np.array(crowd, np.bool_), labelled), bad
