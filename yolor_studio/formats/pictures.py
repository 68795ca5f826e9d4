"""Writing an export's pictures: one thread decodes, several compress, a few pictures at most are in memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Media, MediaKind
from yolor_studio.core.errors import MediaError
from yolor_studio.formats.files import picture_file
from yolor_studio.formats.plan import ExportPlan, ExportRequest, PlannedClip
from yolor_studio.media import Source

OpenSource = Callable[[Media], Source]
_WORKERS = 4
_MOST_BYTES = 256 << 20
"""Pixels that wait to be compressed; one larger picture alone may exceed it."""
_BLOCK_SHARE = 8
_LEAST_BLOCK_PX = 8


@dataclass(slots=True)
class Written:
    """What came of the pictures; each is known by its media's id and its frame."""

    failed: dict[tuple[int, int], str] = field(default_factory=dict)
    """Why it could not be read."""
    timestamps: dict[tuple[int, int], float] = field(default_factory=dict)
    """Seconds from the first frame, where known."""


def write_pictures(
    plan: ExportPlan,
    folder: Path,
    open_source: OpenSource,
    *,
    cancel: CancelToken,
    progress: Callable[[int], None],
) -> Written:
    """Write the plan's pictures below `folder`; a picture that cannot be read or encoded is noted and the rest goes on.
    Where the plan writes none, timestamps alone are read. Raises Cancelled, and OSError when the disk refuses."""
    written = Written()
    blurred = _blurred(plan)
    done = 0
    with _Savers(written) as savers:
        for clip in plan.clips:
            for image, rgb in read_clip(plan, clip, open_source, written):
                cancel.check()
                if rgb is not None:
                    frame = int(plan.frame[image])
                    path = folder / picture_file(plan, clip, frame)
                    savers.save((clip.media.id, frame), path, rgb, request=plan.request, blurred=blurred.get(image))
                done += 1
                progress(done)
        savers.finish()
    return written


class _Savers:
    """Threads that compress and write; `save` waits while too much is in memory. A context manager."""

    def __init__(self, written: Written) -> None:
        self._written = written
        self._workers = min(_WORKERS, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="picture")
        self._waiting: deque[tuple[Future[None], tuple[int, int], int]] = deque()
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def save(
        self,
        key: tuple[int, int],
        path: Path,
        rgb: NDArray[np.uint8],
        *,
        request: ExportRequest,
        blurred: NDArray[np.float64] | None,
    ) -> None:
        """Have the picture written; raises OSError when an earlier one could not be."""
        while self._waiting and (len(self._waiting) >= 2 * self._workers or self._bytes + rgb.nbytes > _MOST_BYTES):
            self._take_one()
        future = self._pool.submit(_save, path, rgb, request=request, blurred=blurred)
        self._waiting.append((future, key, rgb.nbytes))
        self._bytes += rgb.nbytes

    def finish(self) -> None:
        """Wait for all; raises OSError."""
        while self._waiting:
            self._take_one()

    def _take_one(self) -> None:
        future, key, size = self._waiting.popleft()
        self._bytes -= size
        try:
            future.result()
        except MediaError as error:
            self._written.failed[key] = str(error)


def read_clip(
    plan: ExportPlan, clip: PlannedClip, open_source: OpenSource, written: Written
) -> Iterator[tuple[int, NDArray[np.uint8] | None]]:
    """(image, its RGB pixels) for every image of the clip; no pixels where they failed, which is noted in `written`,
    or where the plan wants none."""
    frames = plan.frame[clip.start : clip.stop].tolist()
    images = dict(zip(frames, range(clip.start, clip.stop), strict=True))
    if not plan.request.copies and clip.media.kind is MediaKind.IMAGE:
        yield from ((image, None) for image in images.values())
        return
    try:
        source = open_source(clip.media)
    except MediaError as error:
        for frame, image in images.items():
            if plan.request.copies:
                written.failed[clip.media.id, frame] = str(error)
            yield image, None
        return
    with source:
        for frame, picture in _decoded(source, frames, plan.request.copies):
            problem = picture if isinstance(picture, str) else _wrong_size(clip.media, frame, picture)
            if problem:
                written.failed[clip.media.id, frame] = problem
            elif (seconds := _seconds(source, frame)) is not None:
                written.timestamps[clip.media.id, frame] = seconds
            yield images[frame], None if problem or isinstance(picture, str) else picture


def _seconds(source: Source, frame: int) -> float | None:
    try:
        return source.timestamp(frame)
    except MediaError:  # where no picture is wanted, a frame that does not decode has no time either
        return None


def _wrong_size(media: Media, frame: int, picture: NDArray[np.uint8] | None) -> str:
    if picture is None or picture.shape[:2] == (media.height, media.width):
        return ""
    height, width = picture.shape[:2]
    return f"frame {frame} has {width} x {height} pixels where the project knows {media.width} x {media.height}"


def _decoded(source: Source, frames: list[int], wanted: bool) -> Iterator[tuple[int, NDArray[np.uint8] | str | None]]:
    """(frame, pixels, or a sentence where they cannot be read) for every one of the rising `frames`."""
    place = 0
    if not wanted:
        yield from ((frame, None) for frame in frames)
        return
    while place < len(frames):
        try:
            for frame, picture in source.frames(frames[place:]):
                while frames[place] != frame:
                    yield frames[place], f"frame {frames[place]} does not decode"
                    place += 1
                yield frame, picture
                place += 1
            yield from ((frame, f"frame {frame} does not decode") for frame in frames[place:])
            return
        except MediaError as error:
            yield frames[place], str(error)
            place += 1


def _save(path: Path, rgb: NDArray[np.uint8], *, request: ExportRequest, blurred: NDArray[np.float64] | None) -> None:
    if blurred is not None:
        rgb = rgb.copy()
        for box in blurred:
            pixelate(rgb, box)
    data = encode(rgb, request)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)  # plainly: it is the whole dataset that appears at once


def encode(rgb: NDArray[np.uint8], request: ExportRequest) -> bytes:
    """RGB [H, W, 3] as a JPEG or PNG file without any metadata. Raises MediaError when the format cannot hold it."""
    import cv2

    if request.images == "png":
        suffix, options = ".png", [int(cv2.IMWRITE_PNG_COMPRESSION), 1]  # three times as fast as the default
    else:
        suffix, options = ".jpg", [int(cv2.IMWRITE_JPEG_QUALITY), request.quality]
    try:
        done, data = cv2.imencode(suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    except cv2.error:
        done, data = False, np.zeros(0, np.uint8)
    if not done:
        raise MediaError(f"a picture of {rgb.shape[1]} x {rgb.shape[0]} pixels does not fit into {suffix}")
    return data.tobytes()


def pixelate(rgb: NDArray[np.uint8], box: NDArray[np.float64]) -> None:
    """Replace what lies in the box x, y, w, h by a few flat blocks, in place; every pixel touched by it counts."""
    height, width = rgb.shape[:2]
    left, top = max(int(np.floor(box[0])), 0), max(int(np.floor(box[1])), 0)
    right, bottom = min(int(np.ceil(box[0] + box[2])), width), min(int(np.ceil(box[1] + box[3])), height)
    if right <= left or bottom <= top:
        return
    part = rgb[top:bottom, left:right]
    side = max(_LEAST_BLOCK_PX, max(part.shape[:2]) // _BLOCK_SHARE)
    rows, columns = np.arange(0, part.shape[0], side), np.arange(0, part.shape[1], side)
    sums = np.add.reduceat(np.add.reduceat(part.astype(np.uint32), rows, axis=0), columns, axis=1)
    tall = np.diff(rows, append=part.shape[0]).astype(np.uint32)
    wide = np.diff(columns, append=part.shape[1]).astype(np.uint32)
    blocks = sums // (tall[:, None, None] * wide[None, :, None])
    part[:] = blocks.astype(np.uint8).repeat(tall, axis=0).repeat(wide, axis=1)


def _blurred(plan: ExportPlan) -> Mapping[int, NDArray[np.float64]]:
    """Image -> the boxes in it that are made unreadable."""
    rows = np.flatnonzero(np.isin(plan.boxes.category, list(plan.request.blur)))
    images, starts = np.unique(plan.boxes.row[rows], return_index=True)
    return dict(zip(images.tolist(), np.split(plan.boxes.box[rows], starts[1:]), strict=False))
