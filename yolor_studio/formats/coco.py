"""COCO detection files: the JSON of an export, streamed from columns, and the writer of a whole dataset.

Beyond plain COCO there are `videos`, `tracks`, and on images and annotations the fields that tie them to these; readers
that do not know them pass over them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from yolor_studio import __version__
from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import MediaKind
from yolor_studio.formats.files import picture_file, portable_path, referenced_file, referenced_folder
from yolor_studio.formats.folder import write_durably
from yolor_studio.formats.pictures import OpenSource, Written, write_pictures
from yolor_studio.formats.plan import ExportPlan, PlannedClip
from yolor_studio.formats.snapshot import NO_TRACK, BoxColumns

__all__ = ["Dataset", "Document", "documents", "write"]

_BLOCK = 50_000
"""Annotations turned into text at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One split's file before it is text: small parts as records, annotations as columns."""

    name: str
    """Of the split."""
    info: dict[str, Any]
    videos: list[dict[str, Any]]
    categories: list[dict[str, Any]]
    images: list[dict[str, Any]]
    tracks: NDArray[np.int64]
    """[T, 3] id, video id, category id."""
    first_id: int
    """Of the annotations, which are numbered on from here."""
    boxes: BoxColumns
    """`row` is the image id, `category` the written id."""
    attributes: tuple[bytes, ...]
    polygons: bool

    def track_records(self) -> list[dict[str, int]]:
        """The tracks as they read back."""
        return [
            {"id": one, "video_id": video, "category_id": category} for one, video, category in self.tracks.tolist()
        ]

    @property
    def file_name(self) -> str:
        """Relative to the dataset's folder."""
        return f"annotations/instances_{self.name}.json"


@dataclass(frozen=True, slots=True)
class Dataset:
    """What `write` has written."""

    plan: ExportPlan
    """Without the pictures that could not be read."""
    documents: tuple[Document, ...]
    pictures: Written
    bytes: int
    """Of the annotation files."""


def write(
    plan: ExportPlan,
    folder: Path,
    *,
    open_source: OpenSource,
    cancel: CancelToken,
    progress: Callable[[int], None],
) -> Dataset:
    """Write pictures and annotation files into `folder`, which exists; `progress` counts pictures.

    Pictures that cannot be read are left out of the files and noted. Raises Cancelled, and OSError or MediaError when
    the disk refuses.
    """
    written = write_pictures(plan, folder / "images", open_source, cancel=cancel, progress=progress)
    (folder / "annotations").mkdir()
    if plan.request.copies:
        (folder / "images").mkdir(exist_ok=True)
    plan = plan.without(written.failed)
    made = documents(plan, written)
    size = 0
    for document in made:
        size += write_durably(folder / document.file_name, text(document, cancel))
    return Dataset(plan, made, written, size)


def documents(plan: ExportPlan, written: Written) -> tuple[Document, ...]:
    """The file of every split that was asked for, ids running on from one to the next."""
    shift = -1 if plan.request.zero_based else 0
    records = _image_records(plan, written)
    categories = [
        {"id": one.id + shift, "name": one.name, "supercategory": one.supercategory} for one in plan.categories
    ]
    made: list[Document] = []
    next_image, next_box = 1, 1
    for index, name in enumerate(plan.request.split):
        images = np.flatnonzero(plan.split == index)
        ids = np.zeros(plan.frames, np.int64)
        ids[images] = np.arange(next_image, next_image + len(images))
        boxes = plan.boxes.with_(row=ids[plan.boxes.row], category=plan.boxes.category + shift)
        boxes = boxes.take(boxes.row > 0)
        made.append(
            Document(
                name=name,
                info=_info(plan, name),
                videos=_videos(plan, images),
                categories=categories,
                images=[{"id": int(ids[image]), **records[image]} for image in images.tolist()],
                tracks=_tracks(plan, images, shift),
                first_id=next_box,
                boxes=boxes,
                attributes=plan.snapshot.attributes,
                polygons=plan.request.polygons,
            )
        )
        next_image, next_box = next_image + len(images), next_box + len(boxes)
    return tuple(made)


def text(document: Document, cancel: CancelToken | None = None) -> Iterator[bytes]:
    """The document as JSON, one record a line, in blocks."""
    yield b'{"info":' + _ascii(document.info) + b',\n"licenses":[]'
    for name in ("categories", "videos", "images"):
        yield b',\n"' + name.encode() + b'":[' + _lines(map(_ascii, getattr(document, name))) + b"]"
    tracks = zip(*document.tracks.T.tolist(), strict=True)
    yield b',\n"tracks":[' + _lines(b'{"id":%d,"video_id":%d,"category_id":%d}' % track for track in tracks) + b"]"
    attributes = [one if one.isascii() else _ascii(orjson.loads(one)) for one in document.attributes]
    yield b',\n"annotations":['
    for start in range(0, len(document.boxes), _BLOCK):
        if cancel is not None:
            cancel.check()
        part = document.boxes.take(slice(start, start + _BLOCK))
        records = _annotations(part, document.first_id + start, attributes, polygons=document.polygons)
        yield (b",\n" if start else b"\n") + b",\n".join(records)
    yield b"]}\n"


def _ascii(record: dict[str, Any]) -> bytes:
    """As JSON in ASCII: pycocotools opens files in the machine's own encoding, whatever that is."""
    written = orjson.dumps(record)
    return written if written.isascii() else json.dumps(record, separators=(",", ":")).encode()


def _lines(records: Iterable[bytes]) -> bytes:
    joined = b",\n".join(records)
    return b"\n" + joined if joined else b""


def _annotations(boxes: BoxColumns, first_id: int, attributes: list[bytes], *, polygons: bool) -> Iterator[bytes]:
    """One JSON object a box: plain concatenation, because a million of them must take a second."""
    rectangles = _cells(boxes.box)
    areas = _cells(boxes.box[:, 2] * boxes.box[:, 3])
    outlines = [b"[]"] * len(boxes)
    if polygons:
        outlines = [b"[" + cell + b"]" for cell in _cells(corners(boxes.box))]
    tails = [
        b',"track_id":%d,"instance_id":%d' % (track, track) if track != NO_TRACK else b""
        for track in boxes.track.tolist()
    ]
    scored = ~np.isnan(boxes.score)
    if scored.any():
        scores = _cells(np.where(scored, boxes.score, 0.0))
        tails = [
            tail + b',"score":' + score if has else tail
            for tail, score, has in zip(tails, scores, scored.tolist(), strict=True)
        ]
    columns = zip(
        range(first_id, first_id + len(boxes)),
        boxes.row.tolist(),
        boxes.category.tolist(),
        rectangles,
        areas,
        boxes.ignore.tolist(),
        outlines,
        tails,
        [attributes[index] for index in boxes.attributes.tolist()],
        strict=True,
    )
    for cells in columns:
        yield (
            b'{"id":%d,"image_id":%d,"category_id":%d,"bbox":%b,"area":%b,"iscrowd":%d,"segmentation":%b%b,'
            b'"attributes":%b}' % cells
        )


def _cells(rows: NDArray[np.float64]) -> list[bytes]:
    """Each row (or number) as JSON, shortest digits that read back as the same float."""
    if not len(rows):
        return []
    joined = orjson.dumps(np.ascontiguousarray(rows), option=orjson.OPT_SERIALIZE_NUMPY)
    if rows.ndim == 1:
        return joined[1:-1].split(b",")
    return [b"[" + cell + b"]" for cell in joined[2:-2].split(b"],[")]


def corners(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """[N, 4] x, y, w, h -> [N, 8] the corners x1, y1, x2, y1, x2, y2, x1, y2."""
    x1, y1 = boxes[:, 0], boxes[:, 1]
    x2, y2 = x1 + boxes[:, 2], y1 + boxes[:, 3]
    return np.stack((x1, y1, x2, y1, x2, y2, x1, y2), axis=1)


def _image_records(plan: ExportPlan, written: Written) -> list[dict[str, Any]]:
    folder = referenced_folder(plan) if plan.request.images == "reference" else None
    return [
        _image_record(plan, clip, int(plan.frame[image]), folder, written)
        for clip in plan.clips
        for image in range(clip.start, clip.stop)
    ]


def _image_record(
    plan: ExportPlan, clip: PlannedClip, frame: int, folder: Path | None, written: Written
) -> dict[str, Any]:
    media = clip.media
    if folder is None:
        name = picture_file(plan, clip, frame)
    else:
        path = referenced_file(plan, media, frame)
        name = (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()
    record: dict[str, Any] = {"file_name": name, "width": media.width, "height": media.height}
    if media.kind is MediaKind.IMAGE:
        record["source"] = portable_path(media)
        return record
    record |= {"video_id": media.id, "frame_id": frame, "frame_index": frame}
    if (seconds := written.timestamps.get((media.id, frame))) is not None:
        record["timestamp"] = seconds
    return record


def _videos(plan: ExportPlan, images: NDArray[np.int64]) -> list[dict[str, Any]]:
    return [
        {
            "id": clip.media.id,
            "name": clip.name,
            "file_name": portable_path(clip.media),
            "fps": clip.media.fps,
            "width": clip.media.width,
            "height": clip.media.height,
            "length": clip.media.frames,
        }
        for clip in plan.clips
        if clip.media.kind is not MediaKind.IMAGE
        and np.searchsorted(images, clip.start) < np.searchsorted(images, clip.stop)
    ]


def _tracks(plan: ExportPlan, images: NDArray[np.int64], shift: int) -> NDArray[np.int64]:
    chosen = np.zeros(plan.frames, bool)
    chosen[images] = True
    rows = np.flatnonzero(chosen[plan.boxes.row] & (plan.boxes.track != NO_TRACK))
    tracks, first = np.unique(plan.boxes.track[rows], return_index=True)
    video = np.zeros(plan.frames, np.int64)
    for clip in plan.clips:
        video[clip.start : clip.stop] = clip.media.id
    rows = rows[first]
    return np.column_stack((tracks, video[plan.boxes.row[rows]], plan.boxes.category[rows] + shift))


def _info(plan: ExportPlan, split: str) -> dict[str, Any]:
    """No date and no path: equal projects give equal bytes."""
    request, snapshot = plan.request, plan.snapshot
    layer = snapshot.layer
    info: dict[str, Any] = {
        "description": "Exported by YOLOR Studio",
        "tool": "YOLOR Studio",
        "version": __version__,
        "split": split,
        "splits": dict(request.split),
        "seed": request.seed,
        "include": sorted(request.include | {"reviewed"}),
        "every": request.every,
        "keyframes_only": request.keyframes_only,
        "zero_based": request.zero_based,
        "model": layer.model if layer else None,
        "model_hash": layer.model_hash if layer else None,
        "thresholds": {
            "min_score": snapshot.score_limit if request.min_score is None else request.min_score,
            "min_score_per_category": {str(key): limit for key, limit in snapshot.category_score_limits.items()},
            "min_score_kept": layer.min_score if layer else None,
        },
    }
    if request.images == "reference":
        info["images_folder"] = referenced_folder(plan).as_posix()
    return info
