"""Pre-labelling: decode -> infer -> store, overlapped, on threads joined by bounded queues."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import FrameState, MediaKind, Predictions
from yolor_studio.jobs.events import Event, ItemFailed, Notice, Preview, Result, Started
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.jobs.stages import StageClock, Work, inferred
from yolor_studio.project import ClassMapReport, Project

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
    official: bool = False
    """Prepare, suppress and round as YOLOR's detect.py does."""


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
    from yolor_studio.detect.official import DetectPy

    kind = DetectPy if request.official else Detector
    detector = kind(find_model(request.model), device=request.device, size=request.size)
    entry = detector.entry
    layer_id = project.start_layer(
        entry.name,
        entry.sha256,
        entry.classes,
        min_score=request.min_score,
        device=detector.device,
        settings={"size": detector.size} | ({"official": True} if request.official else {}),
    )
    notices = [detector.notice] if detector.notice else []
    notices += _told(project.adopt_class_map(layer_id, entry.classes))
    works, skipped = _plan(project, request, layer_id)
    total = sum(len(work.frames) for work in works)
    yield Started("Pre-labelling", total, "frames", f"{entry.name} on {detector.device}")
    for notice in notices:
        yield Notice(notice)

    clock, store, meter = StageClock(), _Store(project, layer_id), RateMeter(total)
    started, done, boxes, failed = time.monotonic(), 0, 0, 0
    project.set_shown_layer(layer_id)
    try:
        for outcome in inferred(project, works, detector, cancel, clock):
            if isinstance(outcome, ItemFailed):
                failed += 1
                yield outcome
                continue
            batch, raw_boxes, raw_scores = outcome
            cpu = time.thread_time()
            for item, frame_boxes, frame_scores in zip(batch.items, raw_boxes, raw_scores, strict=True):
                predictions = detector.finish(frame_boxes, frame_scores, item.letterbox, min_score=request.min_score)
                store.add(item.media.id, item.frame, predictions)
                boxes += len(predictions)
            done += len(batch.items)
            due = store.due()
            if due:
                store.flush()
            clock.finish += time.thread_time() - cpu
            if due:
                yield Preview(batch.items[-1].media.id, batch.items[-1].frame)
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


def _plan(project: Project, request: PrelabelRequest, layer_id: int) -> tuple[list[Work], int]:
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
            works.append(Work(media, wanted))
    return works, skipped
