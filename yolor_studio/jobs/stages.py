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
from yolor_studio.jobs.opening import opener
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
class LetterboxedFrame:
    """A frame, and how its picture was fitted into the network's input."""

    media: Media
    frame: int
    letterbox: Letterbox

    @property
    def name(self) -> str:
        """For the list of what failed."""
        return _name(self.media, self.frame)


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames of one input shape, which may come from several media."""

    items: tuple[LetterboxedFrame, ...]
    images: NDArray[np.uint8]
    """[at least len(items), H, W, 3]; what is more is padding."""


class Batcher:
    """Gathers letterboxed frames until there is a batch of one shape, and hands it to `put`."""

    def __init__(self, size: int, put: Callable[[Batch], None]) -> None:
        self._size = size
        self._put = put
        self._items: list[LetterboxedFrame] = []
        self._images: list[NDArray[np.uint8]] = []
        self._planned: set[tuple[int, ...]] = set()

    def add(self, item: LetterboxedFrame, image: NDArray[np.uint8]) -> None:
        """Take a frame's image [H, W, 3]."""
        if self._images and self._images[0].shape != image.shape:
            self.flush()
        self._items.append(item)
        self._images.append(image)
        if len(self._items) == self._size:
            self.flush()

    def flush(self) -> None:
        """Hand on what there is. A shape's last batch is made as long as those before it: for another input shape a
        GPU would plan its work anew."""
        if not self._items:
            return
        shape = self._images[0].shape
        if len(self._items) == self._size:
            self._planned.add(shape)
        elif shape in self._planned:
            self._images += [np.zeros(shape, np.uint8)] * (self._size - len(self._items))
        self._put(Batch(tuple(self._items), np.stack(self._images)))
        self._items, self._images = [], []


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
        for item in batch.items:
            yield ItemFailed(item.name, str(error))
    else:
        yield batch, raw_boxes[: len(batch.items)], raw_scores[: len(batch.items)]


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
        batcher = Batcher(detector.batch, put)
        for work in works:
            for item in _letterboxed(project, work, detector, clock):
                if stop.is_set():
                    return
                if isinstance(item, ItemFailed):
                    put(item)
                else:
                    batcher.add(*item)
        batcher.flush()
        put(None)
    except Exception as error:
        put(error)


def _letterboxed(
    project: Project, work: Work, detector: Detector, clock: StageClock
) -> Iterator[ItemFailed | tuple[LetterboxedFrame, NDArray[np.uint8]]]:
    media = work.media
    letterbox = detector.letterbox(media.width, media.height)
    for frame, picture in _pictures(project, work):
        if isinstance(picture, StudioError):
            yield ItemFailed(_name(media, frame), str(picture))
            continue
        cpu = time.thread_time()
        height, width = picture.shape[:2]
        if (letterbox.picture_width, letterbox.picture_height) != (width, height):  # in a sequence
            letterbox = detector.letterbox(width, height)
        image = np.empty((letterbox.height, letterbox.width, 3), np.uint8)
        letterbox.apply(picture, image)
        clock.letterbox += time.thread_time() - cpu
        yield LetterboxedFrame(media, frame, letterbox), image


def _name(media: Media, frame: int) -> str:
    whole = media.kind is MediaKind.IMAGE or frame == _NO_FRAME
    return media.name if whole else f"{media.name}, frame {frame}"


_NO_FRAME = -1
"""Stands for the media as a whole."""


def _pictures(project: Project, work: Work) -> Iterator[tuple[int, NDArray[np.uint8] | StudioError]]:
    """Each frame's picture, or the error that it cannot be read (of _NO_FRAME where the media cannot be opened); a bad
    frame does not end the media."""
    media = work.media
    try:
        source = opener(project)(media)
    except MediaError as error:
        yield _NO_FRAME, error
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
