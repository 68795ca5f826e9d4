"""Measuring a model on a dataset, as a job."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.class_names import match_classes
from yolor_studio.core.entities import Predictions
from yolor_studio.core.errors import FormatError, ModelError
from yolor_studio.jobs.evaluation import Evaluation
from yolor_studio.jobs.events import ItemFailed, Job, Notice, Result, Started
from yolor_studio.jobs.ground_truth import GroundTruth, truth_of_dataset, truth_of_project
from yolor_studio.jobs.official import official_test
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.metrics import COCO_MAX_DETS, analyse, evaluate_rows
from yolor_studio.project import Project

if TYPE_CHECKING:
    from yolor_studio.detect.official import TestPy

__all__ = ["Evaluation", "evaluate", "evaluate_project", "measure"]

MIN_SCORE = 0.005
"""Detections down to here count: AP needs the whole curve, not only what a person would look at."""
LEAST_CAP = 300
"""So many detections of a picture and category count; the usual 100 caps a perfect picture of 300 boxes at 0.34."""
_FLATTERED_FROM = 0.1
"""The share of accepted predictions among the boxes from which it is told."""
_AHEAD = 4
_NAMED = 6
T = TypeVar("T")


class Predictor(Protocol):
    """What is measured: a detect.Detector, or a stand-in."""

    @property
    def device(self) -> str:
        """For people."""
        ...

    def predict(self, rgb: NDArray[np.uint8], *, min_score: float) -> Predictions:
        """What it sees in a picture [H, W, 3]."""
        ...

    def terminate(self) -> None:
        """Stop the run under way; from any thread."""
        ...


def evaluate(
    data: Path,
    images: Path | None = None,
    cancel: CancelToken | None = None,
    *,
    model: str | None = None,
    size: int | None = None,
    device: str = "auto",
    official: bool = False,
) -> Job:
    """Measure a model (a name, a path, None for the bundled one) on a COCO file, its pictures below `images` or else
    where people keep them beside it; the result is an Evaluation.

    `official` prepares, suppresses and counts as YOLOR's test.py does. Raises FormatError, ModelError and
    Cancelled.
    """
    return _with_detector(truth_of_dataset, (data, images), cancel, model, size=size, device=device, official=official)


def evaluate_project(
    project: Project,
    cancel: CancelToken | None = None,
    *,
    model: str | None = None,
    size: int | None = None,
    device: str = "auto",
    official: bool = False,
) -> Job:
    """As `evaluate`, on the reviewed frames of a project."""
    return _with_detector(truth_of_project, (project,), cancel, model, size=size, device=device, official=official)


def _with_detector(
    read_truth: Any,
    source: tuple[Any, ...],
    cancel: CancelToken | None,
    model: str | None,
    *,
    size: int | None,
    device: str,
    official: bool,
) -> Job:
    from yolor_studio.detect.detector import Detector
    from yolor_studio.detect.library import find_model

    entry = find_model(model)
    truth = read_truth(*source)
    detector = Detector(entry, device=device, size=size)
    if detector.notice:
        yield Notice(detector.notice)
    cancel = cancel or CancelToken()
    yield from measure(
        detector,
        entry.classes,
        truth,
        model=entry.name,
        size=detector.size,
        official=official_test(detector, truth, cancel) if official else None,
        cancel=cancel,
    )


def measure(
    detector: Predictor,
    classes: Sequence[str],
    truth: GroundTruth,
    *,
    model: str,
    size: int,
    cancel: CancelToken,
    official: TestPy | None = None,
) -> Job:
    """Run `detector` over the pictures of `truth`, as `official` does where that is given, and score what it finds; the
    result is an Evaluation."""
    numbers = {number: name for number, (_, name) in enumerate(truth.categories, 1)}
    matched = match_classes(classes, numbers)
    if not matched:
        raise ModelError(
            f"No class of {model} ({_listed(classes)}) is a category of the dataset "
            f"({_listed(list(numbers.values()))}), so there is nothing to measure."
        )
    yield Started("Evaluate", len(truth.names), "pictures", f"{model} on {detector.device}")
    yield from _about_names(classes, truth, matched)
    yield from _about_origin(truth)
    for record, why in truth.problems.listed:
        yield ItemFailed(record, why)
    category_of = np.zeros(len(classes), np.int64)
    category_of[list(matched)] = list(matched.values())

    cancel.on_cancel(detector.terminate)
    meter = RateMeter(len(truth.names))
    found: list[NDArray[np.float64]] = [np.zeros((0, 7))]
    failed: list[int] = []
    for done, (number, picture) in enumerate(_ahead(truth.pictures(), cancel), 1):
        cancel.check()
        if isinstance(picture, str):
            failed.append(number)
            yield ItemFailed(truth.names[number - 1], picture)
        else:
            if official is None:
                seen = detector.predict(picture, min_score=MIN_SCORE)
            else:
                seen = official.predict(number - 1, picture)
            found.append(_rows(number, seen, category_of))
        yield meter.progress(done)
    if len(failed) == len(truth.names):
        raise FormatError("No picture of the dataset could be read, so nothing was measured.")
    rows = truth.rows[~np.isin(truth.rows[:, 0], failed)]
    detections = np.concatenate(found)
    if official is not None:
        detections = official.written(detections)
    scores = evaluate_rows(
        len(truth.names),
        truth.categories,
        truth=rows,
        found=detections,
        max_dets=_cap(rows) if official is None else COCO_MAX_DETS,
        cancel=cancel,
    )
    yield Result(
        Evaluation(
            model=model,
            device=detector.device,
            size=size,
            scores=replace(scores, images=len(truth.names) - len(failed)),
            matched={numbers[number]: classes[index] for index, number in sorted(matched.items())},
            without_class=tuple(name for number, name in numbers.items() if number not in matched.values()),
            failed=len(failed),
            truth=truth,
            analysis=analyse(truth.categories, truth=rows, found=detections),
        )
    )


def _cap(truth: NDArray[np.float64]) -> int:
    """As many detections as some picture has boxes, LEAST_CAP at least."""
    return max(LEAST_CAP, int(np.bincount(truth[:, 0].astype(np.int64)).max(initial=0)))


def _rows(number: int, seen: Predictions, category_of: NDArray[np.int64]) -> NDArray[np.float64]:
    categories = category_of[seen.classes[:, 0]]
    rows = np.column_stack((np.full(len(seen), number), categories, seen.boxes, seen.scores[:, 0])).astype(np.float64)
    return rows[categories > 0]


def _about_names(classes: Sequence[str], truth: GroundTruth, matched: dict[int, int]) -> Iterator[Notice]:
    numbers = {number: name for number, (_, name) in enumerate(truth.categories, 1)}
    renamed = [f"{classes[i]} is {numbers[n]}" for i, n in matched.items() if classes[i] != numbers[n]]
    if renamed:
        yield Notice(f"Names were matched: {_listed(renamed)}.")
    used = set(truth.rows[:, 1].astype(int).tolist())
    without = [name for number, name in numbers.items() if number in used and number not in matched.values()]
    if without:
        yield Notice(f"The model has no class for {_listed(without)}, so nothing is found of it.")


def _about_origin(truth: GroundTruth) -> Iterator[Notice]:
    if truth.accepted > _FLATTERED_FROM * len(truth.rows):
        yield Notice(
            f"{truth.accepted:,} of {len(truth.rows):,} boxes are a model's own, accepted as they were: "
            "they flatter the figures of that model."
        )


def _ahead(pictures: Iterator[T], cancel: CancelToken) -> Iterator[T]:
    """The same items, read on a thread a few ahead of who uses them."""
    read: queue.Queue[T | Exception | None] = queue.Queue(_AHEAD)
    stop = threading.Event()

    def put(item: T | Exception | None) -> None:
        while not stop.is_set() and not cancel.cancelled:
            try:
                read.put(item, timeout=0.1)
                return
            except queue.Full:
                continue

    def body() -> None:
        try:
            for item in pictures:
                if stop.is_set() or cancel.cancelled:
                    return
                put(item)
            put(None)
        except Exception as error:
            put(error)

    thread = threading.Thread(target=body, name="reading ahead", daemon=True)
    thread.start()
    try:
        while True:
            try:
                item = read.get(timeout=0.1)
            except queue.Empty:
                cancel.check()
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
