"""The child process of `check.check_export`: `python -m yolor_studio.formats.check_child`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.child import answer

ALL_UP_TO = 20_000
"""Boxes that are all evaluated against themselves; of more a sample."""
_TOLD = 20
_AP_NOISE = 1e-9
_TURNED = 5
"""EXIF orientations from here on swap width and height."""

_NEEDED = {
    "images": ("id", "file_name", "width", "height"),
    "categories": ("id", "name"),
    "annotations": ("id", "image_id", "category_id", "bbox", "area", "iscrowd"),
}

Record = Mapping[str, Any]


def check(request: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a CheckReport for the dataset in `request["folder"]`."""
    folder = Path(request["folder"])
    expected = {one["file"]: one for one in request["expected"]}
    files, problems = _load(folder)
    problems += [f"{name} is missing." for name in expected if name not in files]
    compared = 0
    for name, dataset in files.items():
        if name in expected:
            problems += islice(_differences(name, dataset, expected[name]), _TOLD)
            compared += sum(
                len(dataset.get(key, ())) for key in ("images", "categories", "videos", "tracks", "annotations")
            )
        problems += islice(_rule_breaks(name, dataset), _TOLD)
    problems += _shared_ids(files)
    pictures, unreadable = _look_at_pictures(folder, files)
    problems += unreadable
    scores = _against_itself(list(files.values()), request["seed"])
    if scores["ap"] is not None and scores["ap"] < 1 - _AP_NOISE:
        problems.append(f"Evaluated against itself the dataset has AP {scores['ap']:.3f} and not 1.000.")
    return {
        "problems": problems[:_TOLD],
        "files": len(files),
        "images": sum(len(dataset["images"]) for dataset in files.values()),
        "boxes": sum(len(dataset["annotations"]) for dataset in files.values()),
        "compared": compared,
        "pictures": pictures,
        **scores,
    }


def _load(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """The annotation files that pycocotools loads, and what is wrong with the others."""
    from pycocotools.coco import COCO

    files: dict[str, Any] = {}
    problems = []
    paths = sorted((folder / "annotations").glob("*.json"))
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            dataset: Any = COCO(str(path)).dataset
            for key, fields in _NEEDED.items():
                for record in dataset[key]:
                    for field in fields:
                        record[field]
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            problems.append(f"{name} does not load: {type(error).__name__} {error}.")
        else:
            files[name] = dataset
    if not paths:
        problems.append(f"{folder} has no annotation file.")
    return files, problems


def _differences(name: str, dataset: Record, expected: Record) -> Iterator[str]:
    """What was read that is not what was to be written."""
    for key in ("info", "videos", "categories", "tracks", "images"):
        if dataset.get(key) != expected[key]:
            yield f"{name}: “{key}” reads back different from what was written."
    found: Sequence[Record] = dataset["annotations"]
    columns = np.load(expected["columns"])
    count = len(columns["row"])
    if len(found) != count:
        yield f"{name}: {len(found):,} annotations read back, {count:,} were written."
        return
    if not count:
        return
    boxes = columns["box"]
    tracked, scored = columns["track"] != 0, ~np.isnan(columns["score"])
    fields: dict[str, tuple[list[Any], Any]] = {
        "id": ([one["id"] for one in found], np.arange(expected["first_id"], expected["first_id"] + count)),
        "image_id": ([one["image_id"] for one in found], columns["row"]),
        "category_id": ([one["category_id"] for one in found], columns["category"]),
        "bbox": ([one["bbox"] for one in found], boxes),
        "area": ([one["area"] for one in found], boxes[:, 2] * boxes[:, 3]),
        "iscrowd": ([one["iscrowd"] for one in found], columns["ignore"]),
        "track_id": ([one.get("track_id", 0) for one in found], columns["track"]),
        "instance_id": ([one.get("instance_id", 0) for one in found], columns["track"]),
        "score": ([one.get("score", -1.0) for one in found], np.where(scored, columns["score"], -1.0)),
        "number of fields": ([len(one) for one in found], 8 + 2 * tracked + scored),
    }
    for field, (read, written) in fields.items():
        wrong = np.asarray(read) != written
        if wrong.any():
            number = int(np.flatnonzero(wrong.reshape(count, -1).any(axis=1))[0])
            yield f"{name}: annotation {found[number].get('id')}: “{field}” reads back different from what was written."
    outlines = _outlines(boxes) if expected["polygons"] else [[]] * count
    attributes = [expected["attributes"][index] for index in columns["attributes"].tolist()]
    for one, outline, own in zip(found, outlines, attributes, strict=True):
        if one["attributes"] != own or one["segmentation"] != outline:
            yield f"{name}: annotation {one['id']}: attributes or segmentation read back different."


def _outlines(boxes: NDArray[np.float64]) -> list[list[list[float]]]:
    from yolor_studio.formats.coco import corners

    return [[outline] for outline in corners(boxes).tolist()]


def _rule_breaks(name: str, dataset: Record) -> Iterator[str]:
    """What COCO or its readers would stumble over."""
    sizes = {image["id"]: (image["width"], image["height"]) for image in dataset["images"]}
    categories = {category["id"] for category in dataset["categories"]}
    if len(sizes) < len(dataset["images"]):
        yield f"{name}: two images have the same id."
    for one in dataset["annotations"]:
        x, y, w, h = one["bbox"]
        width, height = sizes.get(one["image_id"], (-1, -1))
        if width < 0 or one["category_id"] not in categories:
            yield f"{name}: annotation {one['id']} belongs to an image or a category that is not there."
        elif not (x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= width and y + h <= height):
            yield f"{name}: annotation {one['id']} reaches over its image of {width} x {height}: {one['bbox']}."
        elif one["area"] != w * h or one["iscrowd"] not in (0, 1):
            yield f"{name}: annotation {one['id']} has area {one['area']} and iscrowd {one['iscrowd']}."


def _shared_ids(files: Mapping[str, Record]) -> Iterator[str]:
    for key, thing in (("images", "image"), ("annotations", "annotation")):
        ids = [one["id"] for dataset in files.values() for one in dataset[key]]
        if ids and (len(set(ids)) < len(ids) or min(ids) != 1):
            yield f"The {thing} ids are not unique over all files or do not start at 1."


def _look_at_pictures(folder: Path, files: Mapping[str, Record]) -> tuple[int, list[str]]:
    """How many pictures open with the stated size, and which do not."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # only headers are read
    good, problems = 0, []
    for dataset in files.values():
        root = Path(dataset.get("info", {}).get("images_folder", folder / "images"))
        if not root.is_dir():
            continue
        for image in dataset["images"]:
            path = root / image["file_name"]
            try:
                with Image.open(path) as opened:
                    size = opened.size[::-1] if opened.getexif().get(274, 1) >= _TURNED else opened.size
            except OSError:
                problems.append(f"{image['file_name']} does not open.")
                continue
            if size == (image["width"], image["height"]):
                good += 1
            else:
                problems.append(f"{image['file_name']} is {size[0]} x {size[1]} and not as stated.")
    return good, problems


def _against_itself(datasets: Sequence[Record], seed: int) -> dict[str, Any]:
    """AP of the annotations as their own results, crowds apart, of all or of a sample of whole images."""
    from yolor_studio.metrics.cocoeval import dataset as as_coco
    from yolor_studio.metrics.cocoeval import precision_table

    annotations = [one for dataset in datasets for one in dataset["annotations"]]
    images, inverse = np.unique([one["image_id"] for one in annotations], return_inverse=True)
    counts = np.bincount(inverse, minlength=len(images))
    chosen = _sample(counts, seed)
    number = np.cumsum(chosen)
    categories = {key: place for place, key in enumerate(sorted({one["category_id"] for one in annotations}), 1)}
    rows = [
        [int(number[place]), categories[one["category_id"]], *one["bbox"], one["area"], one["iscrowd"]]
        for one, place in zip(annotations, inverse.tolist(), strict=True)
        if chosen[place]
    ]
    max_dets = int(counts.max(initial=0)) + 1
    results = [
        {"image_id": row[0], "category_id": row[1], "bbox": row[2:6], "score": 1.0} for row in rows if not row[7]
    ]
    figures = {"ap": None, "evaluated": len(rows), "max_dets": max_dets}
    if results:
        truth = as_coco(int(chosen.sum()), len(categories), rows)
        precision = precision_table(truth, results, max_dets=max_dets, by_area=False)
        figures["ap"] = float(precision[precision > -1].mean())
    return figures


def _sample(counts: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Which images take part: all, or as many as a seeded draw fits into ALL_UP_TO boxes, and at least one."""
    chosen = np.ones(len(counts), bool)
    if counts.sum() > ALL_UP_TO:
        order = np.random.default_rng(seed).permutation(len(counts))
        fitting = np.cumsum(counts[order]) <= ALL_UP_TO
        fitting[0] = True
        chosen[order] = fitting
    return chosen


if __name__ == "__main__":
    answer(check)
