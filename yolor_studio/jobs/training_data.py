"""What a training learns from and what it is measured by: pictures of COCO folders and of projects."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import MediaKind
from yolor_studio.core.errors import FormatError, UsageError
from yolor_studio.formats.pictures import Written, read_clip
from yolor_studio.formats.plan import ExportPlan, ExportRequest, plan_export
from yolor_studio.formats.splits import split_frames
from yolor_studio.jobs.opening import opener
from yolor_studio.project import Project
from yolor_studio.train.presets import hold_out_share

if TYPE_CHECKING:
    from yolor_studio.jobs.training_coco import CocoSplit
    from yolor_studio.train.samples import Labels

PROJECT_SUFFIX = ".yolor"
_SEED = 0
_TRAIN, _VAL = "train", "val"

Picture = tuple[NDArray[np.uint8], "Labels"]
Failures = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Some pictures of one dataset."""

    names: tuple[str, ...]
    """The dataset's categories."""
    count: int
    read: Callable[[Sequence[str], Failures], Iterator[Picture]]
    """RGB pictures with their labels for the classes given; what cannot be read is told."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """All that was named, divided."""

    learned: tuple[Pictures, ...]
    kept_apart: tuple[Pictures, ...]
    """To measure by; learned from by nobody."""
    division: str
    """A sentence about how it was divided."""
    problems: tuple[tuple[str, str], ...] = ()
    """Records of annotation files that are left out: (record, why)."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Every category that is learned, in the order in which the data name them."""
        return tuple(dict.fromkeys(name for part in self.learned for name in part.names))


def gather(data: Sequence[Path], opened: ExitStack, *, hold_out: float | None = None) -> TrainingData:
    """Look at COCO folders or files and projects, which stay open until `opened` closes.

    The val splits of COCO folders are what is measured by. Where there is none, `hold_out` of the pictures (None: what
    suits their number) is kept apart, by clips or blocks of one clip as an export would. Raises UsageError and
    FormatError.
    """
    sources = [_source(path, opened) for path in data]
    given = tuple(part for source in sources for part in source.validation())
    problems = tuple(one for source in sources for one in source.problems())
    total = sum(len(source) for source in sources)
    if not total:
        raise FormatError(f"{data[0].name} has no picture to learn from.")
    if given and hold_out is None:
        learned = tuple(part for source in sources for part in source.divided(0.0)[0])
        count = sum(part.count for part in given)
        return TrainingData(learned, given, f"It is measured on the val split, {_pictures(count)}.", problems)
    share = hold_out_share(total) if hold_out is None else hold_out
    divided = [source.divided(share) for source in sources]
    learned = tuple(part for one, _ in divided for part in one)
    apart = tuple(part for _, one in divided for part in one)
    counts = [sum(part.count for part in parts) for parts in (learned, apart)]
    return TrainingData(learned, apart, _division(total, counts[0], counts[1], asked=hold_out), problems)


def _division(total: int, learned: int, apart: int, *, asked: float | None) -> str:
    if apart:
        between = total - learned - apart
        gap = f"; {between:,} between these and the others are left out" if between else ""
        return f"{_pictures(apart)} of {total:,} are kept apart to measure by{gap}; the rest is learned from."
    if asked is None:
        return f"{_all(total)} learned from: too few to keep some apart, so the last weights are kept."
    return f"{_all(total)} learned from and none is kept apart, so the last weights are kept."


def _all(count: int) -> str:
    return "The only picture is" if count == 1 else f"All {count:,} pictures are"


def _pictures(count: int) -> str:
    return f"{count:,} picture" + ("" if count == 1 else "s")


def _source(path: Path, opened: ExitStack) -> _CocoData | _ProjectData:
    if not path.exists():
        raise UsageError(f"There is no {path}.")
    if path.suffix.lower() == PROJECT_SUFFIX:
        return _ProjectData(opened.enter_context(Project.open(path, read_only=True)))
    return _CocoData(path)


class _CocoData:
    """A COCO folder or annotation file."""

    def __init__(self, path: Path) -> None:
        from yolor_studio.jobs.training_coco import training_splits, validation_splits

        self._splits = training_splits(path)
        self._validation = validation_splits(path)

    def problems(self) -> Failures:
        """The records that were passed over: (record, why)."""
        return [one for split in (*self._splits, *self._validation) for one in split.file.problems.listed]

    def __len__(self) -> int:
        return sum(len(split) for split in self._splits)

    def validation(self) -> list[Pictures]:
        """Its own val split."""
        return [_of_coco(split, learn_difficult=False) for split in self._validation if len(split)]

    def divided(self, share: float) -> tuple[list[Pictures], list[Pictures]]:
        """(to learn from, kept apart)"""
        learned, apart = [], []
        for split in self._splits:
            mine, others = _division_of(split.clips(), share)
            learned.append(_of_coco(split.only(mine), learn_difficult=True))
            if others:
                apart.append(_of_coco(split.only(others), learn_difficult=False))
        return learned, apart


def _division_of(clips: Sequence[Sequence[int]], share: float) -> tuple[list[int], list[int]]:
    """The pictures to learn from and those to keep apart: whole clips, or blocks of the only one with a gap between."""
    total = sum(map(len, clips))
    if share <= 0 or total < 2:
        return list(range(total)), []
    if all(len(clip) == 1 for clip in clips):
        order = random.Random(_SEED).sample(range(total), total)
        count = min(max(round(share * total), 1), total - 1)
        return order[count:], order[:count]
    shares = {_TRAIN: 1 - share, _VAL: share}
    parts = split_frames([(np.arange(len(clip)), None) for clip in clips], shares, _SEED)
    places = [
        [clip[row] for clip, part in zip(clips, parts, strict=True) for row in np.flatnonzero(part == number).tolist()]
        for number in range(2)
    ]
    return places[0], places[1]


def _of_coco(split: CocoSplit, *, learn_difficult: bool) -> Pictures:
    from yolor_studio.jobs.training_coco import read_pictures

    def read(names: Sequence[str], failed: Failures) -> Iterator[Picture]:
        return read_pictures(split, names, failed=failed, learn_difficult=learn_difficult)

    return Pictures(split.names, len(split), read)


class _ProjectData:
    """The reviewed frames of a project, those that an export would hold."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._whole = plan_export(project, ExportRequest())
        if not self._whole.frames:
            raise FormatError(
                f"No frame of {project.path.name} was reviewed, so there is nothing to learn from. Review some first."
            )

    def __len__(self) -> int:
        return self._whole.frames

    def problems(self) -> Failures:
        """None: a project holds sound records alone."""
        return []

    def validation(self) -> list[Pictures]:
        """A project has no val split of its own."""
        return []

    def divided(self, share: float) -> tuple[list[Pictures], list[Pictures]]:
        """(to learn from, kept apart)"""
        if share <= 0:
            return [self._part(self._whole, 0)], []
        request = ExportRequest(split={_TRAIN: 1 - share, _VAL: share}, seed=_SEED)
        plan = plan_export(self._project, request, snapshot=self._whole.snapshot)
        parts = [self._part(plan, 0), self._part(plan, 1)]
        return parts[:1], parts[1:] if parts[1].count else []

    def _part(self, plan: ExportPlan, split: int) -> Pictures:
        chosen = _only(plan, split)

        def read(names: Sequence[str], failed: Failures) -> Iterator[Picture]:
            return _read_plan(chosen, names, self._project, failed)

        return Pictures(tuple(category.name for category in plan.categories), chosen.frames, read)


def _only(plan: ExportPlan, split: int) -> ExportPlan:
    media = np.repeat([clip.media.id for clip in plan.clips], [clip.stop - clip.start for clip in plan.clips])
    others = plan.split != split
    return plan.without(set(zip(media[others].tolist(), plan.frame[others].tolist(), strict=True)))


def _read_plan(plan: ExportPlan, names: Sequence[str], project: Project, failed: Failures) -> Iterator[Picture]:
    """The plan's pictures. A category that was made after a frame had been reviewed is not fully known there."""
    place = {category.id: names.index(category.name) for category in plan.categories if category.name in names}
    made = plan.snapshot.made
    starts = np.searchsorted(plan.boxes.row, np.arange(plan.frames + 1))
    written = Written()
    for clip in plan.clips:
        for image, rgb in read_clip(plan, clip, opener(project), written):
            if rgb is None:
                continue
            labelled = np.zeros(len(names), np.bool_)
            for category, row in place.items():
                labelled[row] = made.get(category, 0) <= plan.known[image]
            yield rgb, _labels(plan, slice(starts[image], starts[image + 1]), place, labelled)
    media = {clip.media.id: clip.media for clip in plan.clips}
    for (media_id, frame), why in written.failed.items():
        one = media[media_id]
        failed.append((one.name if one.kind is MediaKind.IMAGE else f"{one.name}, frame {frame}", why))


def _labels(plan: ExportPlan, rows: slice, place: Mapping[int, int], labelled: NDArray[np.bool_]) -> Labels:
    from yolor_studio.train.samples import Labels

    boxes = plan.boxes.take(rows)
    corners = np.concatenate([boxes.box[:, :2], boxes.box[:, :2] + boxes.box[:, 2:]], 1)
    classes = np.array([place[category] for category in boxes.category.tolist()], np.int64)
    return Labels(corners.astype(np.float32), classes, boxes.ignore, labelled)


def read_all(
    parts: Sequence[Pictures],
    classes: Sequence[str],
    *,
    failed: Failures,
    cancel: CancelToken,
    tell: Callable[[], None],
) -> Iterator[Picture]:
    """Every picture of the parts, with `tell` called after each. Raises Cancelled."""
    for part in parts:
        for picture in part.read(classes, failed):
            cancel.check()
            yield picture
            tell()
