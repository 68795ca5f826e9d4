"""Reading COCO files of any tool: datasets and lists of results. A bad record is named and passed over."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from yolor_studio.core.entities import Box
from yolor_studio.core.errors import FormatError

__all__ = ["BoxRecord", "CategoryRecord", "CocoFile", "ImageRecord", "Problems", "VideoRecord", "read"]

_LISTED = 1000
_MOST_DIGITS = 15
_FARTHEST_PX = 1e9
_NO_JSON = {
    b"": "is empty",
    b"PK\x03\x04": "is a zip archive; unpack it and import the annotation file in it",
    b"version https://git-lfs": "is a Git LFS pointer in place of the file; fetch the file itself",
    b"<": "is a web page or XML and not JSON",
}


@dataclass(slots=True)
class Problems:
    """Records that were passed over: all counted, the first thousand listed."""

    count: int = 0
    listed: list[tuple[str, str]] = field(default_factory=list)
    """(record, why)"""
    reasons: Counter[str] = field(default_factory=Counter)
    """Kind of problem -> how many."""

    def add(self, record: str, reason: str, detail: str = "") -> None:
        """Count a record; `reason` names the kind of problem, `detail` what was found."""
        self.count += 1
        self.reasons[reason] += 1
        if len(self.listed) < _LISTED:
            self.listed.append((record, f"{reason}: {detail}" if detail else reason))

    def extend(self, others: Problems) -> None:
        """Add those of another reading."""
        self.count += others.count
        self.reasons.update(others.reasons)
        self.listed += others.listed[: max(0, _LISTED - len(self.listed))]


@dataclass(frozen=True, slots=True)
class CategoryRecord:
    """A category as a file has it."""

    key: str
    id: int | None
    """None when the file's id is no whole number."""
    name: str
    supercategory: str


@dataclass(frozen=True, slots=True)
class VideoRecord:
    """A video of a file with tracks."""

    key: str
    name: str
    file_name: str


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """A picture as a file has it."""

    where: str
    """"images[3] in val.json", for messages."""
    key: str
    file_name: str
    source: str
    """The media's path in one of our own exports; empty otherwise."""
    width: int | None
    height: int | None
    video: VideoRecord | None
    frame: int | None
    """0-based frame in `video`."""
    labelled: tuple[str, ...] | None = None
    """The names of the categories of which every object has a box, where the file tells so of a picture; else all."""


@dataclass(frozen=True, slots=True)
class BoxRecord:
    """A box as a file has it; finite, with an area."""

    where: str
    image: str
    category: str
    box: Box
    area: float
    """As the file states it (COCO's is the area of the mask), else the box's."""
    ignore: bool
    occluded: bool
    keyframe: bool | None
    """What the file says of it; None where it says nothing."""
    track: str | None
    score: float | None
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CocoFile:
    """What a COCO file holds. `images` and `categories` are empty in a list of results."""

    path: Path
    results: bool
    info: Mapping[str, Any]
    categories: tuple[CategoryRecord, ...]
    images: tuple[ImageRecord, ...]
    boxes: tuple[BoxRecord, ...]
    outlines: int
    """Records that had more than a box: outlines, masks or key points, which are not read."""
    problems: Problems


def read(path: Path) -> CocoFile:
    """Read a dataset or a list of results. Raises FormatError with one sentence when the file is neither, or holds
    annotations but no box at all."""
    content = _parse(path)
    problems = Problems()
    if isinstance(content, list):
        boxes = tuple(_boxes(path, "result", content, problems))
        _refuse_boxless(path, len(content), boxes, problems)
        return CocoFile(path, True, {}, (), (), boxes, _outlines(content), problems)
    if not isinstance(content, dict):
        raise FormatError(f"{path.name} holds {type(content).__name__} and not a COCO dataset.")
    lists = {name: content.get(name, []) for name in ("images", "annotations", "categories", "videos")}
    if "images" not in content or any(not isinstance(value, list) for value in lists.values()):
        found = ", ".join(f"“{key}”" for key in list(content)[:5]) or "nothing"
        raise FormatError(
            f"{path.name} is not a COCO dataset: it has {found}, where lists of “images”, “annotations” and "
            "“categories” are needed."
        )
    videos = {video.key: video for video in _videos(lists["videos"])}
    boxes = tuple(_boxes(path, "annotations", lists["annotations"], problems))
    _refuse_boxless(path, len(lists["annotations"]), boxes, problems)
    info = content.get("info")
    return CocoFile(
        path=path,
        results=False,
        info=info if isinstance(info, dict) else {},
        categories=tuple(_categories(path, lists["categories"], problems)),
        images=tuple(_images(path, lists["images"], videos, problems)),
        boxes=boxes,
        outlines=_outlines(lists["annotations"]),
        problems=problems,
    )


def _parse(path: Path) -> Any:
    try:
        content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}.") from None
    start = content[:64].lstrip()
    for sign, sentence in _NO_JSON.items():
        if start.startswith(sign) if sign else not start:
            raise FormatError(f"{path.name} {sentence}.")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass
    try:  # slower, but it knows NaN and Infinity, which cost one record then and not the file
        value = json.loads(content)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair could be stored nowhere
        return value
    except json.JSONDecodeError as error:
        raise FormatError(
            f"{path.name} is not JSON from line {error.lineno}, column {error.colno} on: {error.msg}."
        ) from None
    except (RecursionError, ValueError) as error:
        raise FormatError(f"{path.name} is not JSON: {error}.") from None


def _refuse_boxless(path: Path, records: int, boxes: Sequence[BoxRecord], problems: Problems) -> None:
    if records and not boxes:
        reason, count = problems.reasons.most_common(1)[0]
        raise FormatError(f"{path.name} has no usable box: of {records:,} annotations, {count:,} {reason}.")


def _key(value: Any) -> str | None:
    """An id as text, so that 7, "7" and 7.0 are one; None for what cannot be an id."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else None


def number_of(key: str) -> int | None:
    """The whole number that an id is, None where it is none or more than any id here can be."""
    digits = key.removeprefix("-")
    return int(key) if digits.isdecimal() and len(digits) <= _MOST_DIGITS else None


def _records(records: Sequence[Any], where: str, problems: Problems) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, record in enumerate(records):
        name = where.format(index)
        if isinstance(record, dict):
            yield name, record
        else:
            problems.add(name, "is not a record", type(record).__name__)


def _categories(path: Path, records: Sequence[Any], problems: Problems) -> Iterator[CategoryRecord]:
    seen: set[str] = set()
    for where, record in _records(records, f"categories[{{}}] in {path.name}", problems):
        key, name = _key(record.get("id")), record.get("name")
        if key is None or not isinstance(name, str) or not name.strip():
            problems.add(where, "has no id or no name")
        elif key in seen:
            problems.add(where, "has the id of another category", key)
        else:
            seen.add(key)
            supercategory = record.get("supercategory")
            yield CategoryRecord(
                key, number_of(key), name.strip(), supercategory if isinstance(supercategory, str) else ""
            )


def _videos(records: Sequence[Any]) -> Iterator[VideoRecord]:
    for record in records:
        key = _key(record.get("id")) if isinstance(record, dict) else None
        if key is not None:
            yield VideoRecord(key, str(record.get("name") or ""), str(record.get("file_name") or ""))


def _images(
    path: Path, records: Sequence[Any], videos: Mapping[str, VideoRecord], problems: Problems
) -> Iterator[ImageRecord]:
    seen: set[str] = set()
    for where, record in _records(records, f"images[{{}}] in {path.name}", problems):
        key, name = _key(record.get("id")), record.get("file_name")
        if key is None or not isinstance(name, str) or not name.strip():
            problems.add(where, "has no id or no file name")
            continue
        if key in seen:
            problems.add(where, "has the id of another image", key)
            continue
        seen.add(key)
        source, labelled = record.get("source"), record.get("labelled")
        yield ImageRecord(
            where=where,
            key=key,
            file_name=name,
            source=source if isinstance(source, str) else "",
            width=_whole(record.get("width")),
            height=_whole(record.get("height")),
            video=videos.get(_key(record.get("video_id")) or ""),
            frame=_whole(record.get("frame_id")),
            labelled=tuple(map(str, labelled)) if isinstance(labelled, list) else None,
        )


def _whole(value: Any) -> int | None:
    key = _key(value)
    number = None if key is None else number_of(key)
    return number if number is not None and number >= 0 else None


def _boxes(path: Path, what: str, records: Sequence[Any], problems: Problems) -> Iterator[BoxRecord]:
    seen: dict[str, tuple[Any, ...]] = {}
    for where, record in _records(records, f"{what}[{{}}] in {path.name}", problems):
        image, category = _key(record.get("image_id")), _key(record.get("category_id"))
        if image is None or category is None:
            problems.add(where, "have no image or no category")
            continue
        try:
            box = _box(record)
            score = _score(record)
        except ValueError as error:
            reason, _, detail = str(error).partition("|")
            problems.add(where, reason, detail)
            continue
        identity, content = _key(record.get("id")), (image, category, box, score)
        if identity is not None and what == "annotations":
            if seen.get(identity) == content:
                problems.add(where, "repeat another record, id and all", identity)
                continue
            seen.setdefault(identity, content)
        yield _box_record(where, record, image, category, box=box, score=score)


def _box_record(
    where: str, record: Mapping[str, Any], image: str, category: str, *, box: Box, score: float | None
) -> BoxRecord:
    own = record.get("attributes")
    attributes = {key: _finite(value) for key, value in own.items()} if isinstance(own, dict) else {}
    track = _key(record.get("track_id", record.get("instance_id", attributes.pop("track_id", None))))
    keyframe = attributes.pop("keyframe", None)
    return BoxRecord(
        where=where,
        image=image,
        category=category,
        box=box,
        area=_area(record.get("area"), box),
        ignore=_flag(record.get("iscrowd")) or _flag(record.get("ignore")),
        occluded=_flag(attributes.pop("occluded", False)),
        keyframe=None if keyframe is None else _flag(keyframe),
        track=track,
        score=score,
        attributes=attributes,
    )


def _finite(value: Any) -> Any:
    """The value without NaN and Infinity, which JSON does not have, and whole numbers beyond 64 bits, which cannot be
    stored."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return None
    if isinstance(value, list):
        return [_finite(one) for one in value]
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return value


def _area(value: Any, box: Box) -> float:
    return float(value) if _is_number(value) and math.isfinite(value) and value > 0 else box.area


def _flag(value: Any) -> bool:
    """Tools write 1, true, "true" and "false"."""
    return value.strip().casefold() in ("1", "true", "yes") if isinstance(value, str) else bool(value)


def _box(record: Mapping[str, Any]) -> Box:
    """The record's box; without one, the box around its outline. Raises ValueError("kind of problem|detail")."""
    value = record.get("bbox")
    if value is None or value == []:
        value = _around(record.get("segmentation"))
    if value is None:
        raise ValueError("have no box")
    if not isinstance(value, list) or len(value) != 4 or not all(map(_is_number, value)):
        raise ValueError(f"have a box that is not four numbers|{str(value)[:60]}")
    x, y, w, h = map(float, value)
    if not all(abs(side) <= _FARTHEST_PX for side in (x, y, w, h)):  # NaN is under nothing
        raise ValueError(f"have a box that is not finite|{value}")
    if w <= 0 or h <= 0:
        raise ValueError(f"have a box without area|{w:g} x {h:g}")
    return Box(x, y, w, h)


def _is_number(value: Any) -> bool:
    """Whether it is a number that a float can be, NaN and Infinity too."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= sys.float_info.max
    return isinstance(value, float)


def _around(segmentation: Any) -> list[float] | None:
    if not isinstance(segmentation, list) or not segmentation:
        return None
    rings = segmentation if isinstance(segmentation[0], list) else [segmentation]
    numbers = [number for ring in rings if isinstance(ring, list) for number in ring]
    if len(numbers) < 4 or len(numbers) % 2 or not all(map(_is_number, numbers)):
        return None
    left, top = min(numbers[0::2]), min(numbers[1::2])
    return [left, top, max(numbers[0::2]) - left, max(numbers[1::2]) - top]


def _score(record: Mapping[str, Any]) -> float | None:
    value = record.get("score")
    if value is None:
        return None
    if not _is_number(value) or not 0 <= value <= 1:
        raise ValueError(f"have a score that is not from 0 to 1|{str(value)[:40]}")
    return float(value)


def _outlines(records: Sequence[Any]) -> int:
    return sum(
        bool(isinstance(record, dict) and (record.get("segmentation") or record.get("keypoints"))) for record in records
    )
