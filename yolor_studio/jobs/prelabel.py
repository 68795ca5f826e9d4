"""Pre-labelling: decode -> infer -> store, overlapped, on threads joined by bounded queues."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import FrameState, Media, MediaKind, Predictions
from yolor_studio.core.errors import Cancelled, MediaError, StudioError
from yolor_studio.jobs.events import Event, ItemFailed, Notice, Preview, Result, Started
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.jobs.worker import InferenceWorker
from yolor_studio.project import ClassMapReport, Project

_QUEUED_BATCHES = 3
"""Decoded batches that may wait: enough to hide a slow frame, few enough for a bounded memory."""
_STORE_EVERY_S = 0.25
"""Predictions are written together this often: a commit costs more than a frame's few boxes."""


@dataclass(frozen=True, slots=True)
class PrelabelRequest:
    """What to pre-label, with what."""

    model: str | None = None
    """A model's name or path; None is the bundled one."""
    media_ids: tuple[int, ...] | None = None
    """None is every media of the project."""
    frames: tuple[int, ...] | None = None
    """Frames of the single media named; None is all of each media."""
    every: int = 1
    """Every Nth frame of videos and sequences."""
    only_unreviewed: bool = False
    again: bool = False
    """Run on frames that this model has visited, too; otherwise the run resumes where it stopped."""
    min_score: float = 0.05
    device: str = "auto"
    size: int | None = None


@dataclass(frozen=True, slots=True)
class PrelabelSummary:
    """What a run did; its times say where they went."""

    layer_id: int
    model: str
    device: str
    frames: int
    """Frames run now."""
    skipped: int
    """Frames that an earlier run had done."""
    boxes: int
    failed: int
    seconds: float
    run_seconds: float
    """Spent in session.run."""
    own_cpu_seconds: float
    """CPU time beyond decoding and session.run: letterbox, suppression, storing."""
    notices: tuple[str, ...] = ()

    @property
    def frames_per_second(self) -> float:
        """Frames run per second of wall time."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    @property
    def own_cpu_ms(self) -> float:
        """CPU milliseconds a frame beyond decoding and session.run."""
        return 1000 * self.own_cpu_seconds / self.frames if self.frames else 0.0


@dataclass(frozen=True, slots=True)
class _Work:
    media: Media
    frames: list[int]


@dataclass(frozen=True, slots=True)
class _Batch:
    media: Media
    frames: tuple[int, ...]
    images: NDArray[np.uint8]
    """[at least len(frames), H, W, 3]; what is more is padding."""
    letterbox: Any


@dataclass(slots=True)
class _Clock:
    """CPU time of our own stages; each is touched by one thread."""

    letterbox: float = 0.0
    finish: float = 0.0


@dataclass(slots=True)
class _Store:
    """Collects predictions and writes them a few times a second."""

    project: Project
    layer_id: int
    pending: dict[int, dict[int, Predictions]] = field(default_factory=dict)
    written_at: float = field(default_factory=time.monotonic)

    def add(self, media_id: int, frame: int, predictions: Predictions) -> None:
        self.pending.setdefault(media_id, {})[frame] = predictions

    def due(self) -> bool:
        return time.monotonic() - self.written_at >= _STORE_EVERY_S

    def flush(self) -> None:
        for media_id, frames in self.pending.items():
            self.project.write_predictions(self.layer_id, media_id, frames)
        self.pending = {}
        self.written_at = time.monotonic()


def prelabel(project: Project, request: PrelabelRequest, cancel: CancelToken) -> Iterator[Event]:
    """Run a model over media of the project; yields progress, previews and failures, last Result(PrelabelSummary).

    Frames are stored as they are found, so a run that is cancelled or killed resumes without hole or duplicate.
    Objects are never touched. Raises Cancelled, ModelError, ProjectError.
    """
    from yolor_studio.detect.detector import Detector
    from yolor_studio.detect.library import find_model

    detector = Detector(find_model(request.model), device=request.device, size=request.size)
    entry = detector.entry
    layer_id = project.start_layer(
        entry.name,
        entry.sha256,
        entry.classes,
        min_score=request.min_score,
        device=detector.device,
        settings={"size": detector.size},
    )
    notices = [detector.notice] if detector.notice else []
    notices += _told(project.adopt_class_map(layer_id, entry.classes))
    works, skipped = _plan(project, request, layer_id)
    total = sum(len(work.frames) for work in works)
    yield Started("Pre-labelling", total, "frames", f"{entry.name} on {detector.device}")
    for notice in notices:
        yield Notice(notice)

    clock, store, meter = _Clock(), _Store(project, layer_id), RateMeter(total)
    started, done, boxes, failed = time.monotonic(), 0, 0, 0
    project.set_shown_layer(layer_id)
    try:
        for outcome in _inferred(project, works, detector, cancel, clock):
            if isinstance(outcome, ItemFailed):
                failed += 1
                yield outcome
                continue
            batch, raw_boxes, raw_scores = outcome
            cpu = time.thread_time()
            for frame, frame_boxes, frame_scores in zip(batch.frames, raw_boxes, raw_scores, strict=True):
                predictions = _finish(frame_boxes, frame_scores, batch.letterbox, request.min_score)
                store.add(batch.media.id, frame, predictions)
                boxes += len(predictions)
            done += len(batch.frames)
            due = store.due()
            if due:
                store.flush()
            clock.finish += time.thread_time() - cpu
            if due:
                yield Preview(batch.media.id, batch.frames[-1])
            yield meter.progress(done)
    finally:
        # Also on cancel, error, or when the caller drops the generator: what was found is kept.
        store.flush()
    yield Result(
        PrelabelSummary(
            layer_id,
            entry.name,
            detector.device,
            done,
            skipped,
            boxes,
            failed,
            time.monotonic() - started,
            detector.run_seconds,
            clock.letterbox + clock.finish,
            tuple(notices),
        )
    )


def _told(report: ClassMapReport) -> list[str]:
    """What a person must know of how the model's classes met the project's categories."""
    if not report.ignored:
        return []
    some = ", ".join(report.ignored[:5]) + (" and others" if len(report.ignored) > 5 else "")
    if not report.matched:
        return [f"None of the model's classes ({some}) has a category of its name, so that nothing is shown."]
    return [f"{len(report.ignored)} classes of the model have no category and are ignored: {some}."]


def _finish(boxes: NDArray[np.float32], scores: NDArray[np.float32], letterbox: Any, min_score: float) -> Predictions:
    from yolor_studio.detect.suppress import candidates_to_predictions

    return candidates_to_predictions(boxes, scores, letterbox, min_score=min_score)


def _plan(project: Project, request: PrelabelRequest, layer_id: int) -> tuple[list[_Work], int]:
    works, skipped = [], 0
    for media in project.media():
        if request.media_ids is not None and media.id not in request.media_ids:
            continue
        step = request.every if media.kind is not MediaKind.IMAGE else 1
        frames: Iterable[int] = request.frames if request.frames is not None else range(0, media.frames, step)
        if request.only_unreviewed:
            states = project.frame_states(media.id)
            frames = [frame for frame in frames if states.get(frame, FrameState.UNTOUCHED) is FrameState.UNTOUCHED]
        wanted = sorted(set(frames))
        if not request.again:
            visited = set(project.visited_frames(layer_id, media.id).tolist())
            left = [frame for frame in wanted if frame not in visited]
            skipped += len(wanted) - len(left)
            wanted = left
        if wanted:
            works.append(_Work(media, wanted))
    return works, skipped


def _inferred(
    project: Project, works: Sequence[_Work], detector: Any, cancel: CancelToken, clock: _Clock
) -> Iterator[ItemFailed | tuple[_Batch, NDArray[np.float32], NDArray[np.float32]]]:
    """Batches with the network's answer, in order; decoding, inference and the caller's own work overlap."""
    decoded: queue.Queue[Any] = queue.Queue(_QUEUED_BATCHES)
    stop = threading.Event()
    reader = threading.Thread(
        target=_decode, args=(project, works, detector, decoded, stop, clock), name="decode", daemon=True
    )
    reader.start()
    cancel.on_cancel(detector.terminate)
    running: list[tuple[_Batch, Any]] = []
    try:
        with InferenceWorker() as worker:
            while True:
                cancel.check()
                item = _take(decoded, cancel)
                if isinstance(item, _Batch):
                    running.append((item, worker.submit(lambda images=item.images: detector.infer(images))))
                # One batch runs while the one before it is finished and stored.
                while running and (len(running) > 1 or not isinstance(item, _Batch)):
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


def _answer(batch: _Batch, future: Any) -> Iterator[Any]:
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
    works: Sequence[_Work],
    detector: Any,
    decoded: queue.Queue[Any],
    stop: threading.Event,
    clock: _Clock,
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
    project: Project, work: _Work, detector: Any, put: Callable[[Any], None], stop: threading.Event, clock: _Clock
) -> None:
    media = work.media
    pending: list[tuple[int, NDArray[np.uint8]]] = []
    letterbox = None
    whole = len(work.frames) >= detector.batch

    def flush() -> None:
        if pending:
            images = np.stack([image for _, image in pending])
            if whole:
                images = _padded(images, detector.batch)
            put(_Batch(media, tuple(f for f, _ in pending), images, letterbox))
            pending.clear()

    for frame, picture in _pictures(project, work):
        if stop.is_set():
            return
        if isinstance(picture, StudioError):
            put(
                ItemFailed(
                    media.name if media.kind is MediaKind.IMAGE else f"{media.name}, frame {frame}", str(picture)
                )
            )
            continue
        cpu = time.thread_time()
        height, width = picture.shape[:2]
        if letterbox is None or (letterbox.picture_width, letterbox.picture_height) != (width, height):
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


def _pictures(project: Project, work: _Work) -> Iterator[tuple[int, NDArray[np.uint8] | StudioError]]:
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
