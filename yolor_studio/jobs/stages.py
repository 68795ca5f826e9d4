"""The stages of pre-labelling: decoding on one thread, the network on another, bounded queues between them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Media, MediaKind
from yolor_studio.core.errors import Cancelled, MediaError, StudioError
from yolor_studio.jobs.events import ItemFailed
from yolor_studio.jobs.worker import InferenceWorker
from yolor_studio.project import Project

if TYPE_CHECKING:
    from yolor_studio.detect.detector import Detector
    from yolor_studio.detect.letterbox import Letterbox

_QUEUED_BATCHES = 3
"""Decoded batches that may wait: enough to hide a slow frame, few enough for a bounded memory."""


@dataclass(frozen=True, slots=True)
class Work:
    """The frames of one media that are to be labelled, rising."""

    media: Media
    frames: list[int]


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames of one media, letterboxed alike."""

    media: Media
    frames: tuple[int, ...]
    images: NDArray[np.uint8]
    """[at least len(frames), H, W, 3]; what is more is padding."""
    letterbox: Letterbox


@dataclass(slots=True)
class StageClock:
    """CPU time of our own stages; each is touched by one thread."""

    letterbox: float = 0.0
    finish: float = 0.0


def inferred(
    project: Project, works: Sequence[Work], detector: Detector, cancel: CancelToken, clock: StageClock
) -> Iterator[ItemFailed | tuple[Batch, NDArray[np.float32], NDArray[np.float32]]]:
    """Batches with the network's answer, in order; decoding, inference and the caller's own work overlap."""
    decoded: queue.Queue[Any] = queue.Queue(_QUEUED_BATCHES)
    stop = threading.Event()
    reader = threading.Thread(
        target=_decode, args=(project, works, detector, decoded, stop, clock), name="decode", daemon=True
    )
    reader.start()
    cancel.on_cancel(detector.terminate)
    running: list[tuple[Batch, Any]] = []
    try:
        with InferenceWorker() as worker:
            while True:
                cancel.check()
                item = _take(decoded, cancel)
                if isinstance(item, Batch):
                    running.append((item, worker.submit(lambda images=item.images: detector.infer(images))))
                # One batch runs while the one before it is finished and stored.
                while running and (len(running) > 1 or not isinstance(item, Batch)):
                    batch, future = running.pop(0)
                    yield from _answer(batch, future)
                if isinstance(item, ItemFailed):
                    yield item
                elif isinstance(item, Exception):
                    raise item
                elif item is None:
                    return
    finally:
        stop.set()
        while reader.is_alive():
            _drain(decoded)
            reader.join(0.02)


def _answer(batch: Batch, future: Any) -> Iterator[Any]:
    try:
        raw_boxes, raw_scores = future.result()
    except Cancelled:
        raise
    except StudioError as error:
        for frame in batch.frames:
            yield ItemFailed(f"{batch.media.name}, frame {frame}", str(error))
    else:
        yield batch, raw_boxes[: len(batch.frames)], raw_scores[: len(batch.frames)]


def _take(decoded: queue.Queue[Any], cancel: CancelToken) -> Any:
    while True:
        try:
            return decoded.get(timeout=0.05)
        except queue.Empty:
            cancel.check()


def _drain(decoded: queue.Queue[Any]) -> None:
    while True:
        try:
            decoded.get_nowait()
        except queue.Empty:
            return


def _decode(
    project: Project,
    works: Sequence[Work],
    detector: Detector,
    decoded: queue.Queue[Any],
    stop: threading.Event,
    clock: StageClock,
) -> None:
    """Thread body: letterboxed batches, failures, at last None or the exception that ended it."""

    def put(item: Any) -> None:
        while not stop.is_set():
            try:
                decoded.put(item, timeout=0.05)
            except queue.Full:
                continue
            return

    try:
        for work in works:
            _decode_media(project, work, detector, put, stop, clock)
            if stop.is_set():
                return
        put(None)
    except Exception as error:
        put(error)


def _decode_media(
    project: Project,
    work: Work,
    detector: Detector,
    put: Callable[[Any], None],
    stop: threading.Event,
    clock: StageClock,
) -> None:
    media = work.media
    pending: list[tuple[int, NDArray[np.uint8]]] = []
    letterbox = detector.letterbox(media.width, media.height)
    whole = len(work.frames) >= detector.batch

    def flush() -> None:
        if pending:
            images = np.stack([image for _, image in pending])
            if whole:
                images = _padded(images, detector.batch)
            put(Batch(media, tuple(f for f, _ in pending), images, letterbox))
            pending.clear()

    for frame, picture in _pictures(project, work):
        if stop.is_set():
            return
        if isinstance(picture, StudioError):
            what = media.name if media.kind is MediaKind.IMAGE else f"{media.name}, frame {frame}"
            put(ItemFailed(what, str(picture)))
            continue
        cpu = time.thread_time()
        height, width = picture.shape[:2]
        if (letterbox.picture_width, letterbox.picture_height) != (width, height):  # in a sequence
            flush()
            letterbox = detector.letterbox(width, height)
        image = np.empty((letterbox.height, letterbox.width, 3), np.uint8)
        letterbox.apply(picture, image)
        pending.append((frame, image))
        clock.letterbox += time.thread_time() - cpu
        if len(pending) == detector.batch:
            flush()
    flush()


def _padded(images: NDArray[np.uint8], batch: int) -> NDArray[np.uint8]:
    """A media's last batch as long as those before it: for another input shape a GPU would plan its work anew."""
    missing = batch - len(images)
    return np.concatenate((images, np.zeros((missing, *images.shape[1:]), np.uint8))) if missing > 0 else images


def _pictures(project: Project, work: Work) -> Iterator[tuple[int, NDArray[np.uint8] | StudioError]]:
    """Each frame's picture, or the error that it cannot be read; a bad frame does not end the media."""
    from yolor_studio.media import open_media

    media = work.media
    try:
        source = open_media(project.media_path(media), index=project.media_index(media.id), files=media.files)
    except MediaError as error:
        yield work.frames[0], error
        return
    with source:
        left = work.frames
        while left:
            position = 0
            try:
                for frame, picture in source.frames(left):
                    position += 1
                    yield frame, picture
                return
            except MediaError as error:
                yield left[position], error
                left = left[position + 1 :]
