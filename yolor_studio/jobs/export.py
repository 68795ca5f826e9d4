"""Exporting a project as a checked dataset, as a job."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Media
from yolor_studio.core.errors import FormatError
from yolor_studio.formats import coco
from yolor_studio.formats.check import CheckReport, check_export
from yolor_studio.formats.folder import appearing, refuse_taken
from yolor_studio.formats.plan import ExportPlan, ExportRequest, SplitCount, plan_export
from yolor_studio.formats.snapshot import Snapshot
from yolor_studio.jobs.events import Event, ItemFailed, Job, Notice, Progress, Result, Started
from yolor_studio.jobs.opening import opener
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.jobs.streaming import streamed
from yolor_studio.project import Project

__all__ = ["ExportReport", "export_project"]


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written and what proves it."""

    folder: Path
    splits: tuple[SplitCount, ...]
    bytes: int
    """Of everything in the folder."""
    seconds: float
    clipped: int
    clipped_most: float
    outside: int
    left_out: int
    failed: tuple[tuple[str, str], ...]
    """(picture, why) of those that could not be read."""
    warnings: tuple[str, ...]
    check: CheckReport

    @property
    def frames(self) -> int:
        """Images over all splits."""
        return sum(split.frames for split in self.splits)

    @property
    def boxes(self) -> int:
        """Boxes over all splits."""
        return sum(split.boxes for split in self.splits)

    def as_json(self) -> dict[str, Any]:
        """What `yolor-studio export --json` prints."""
        return {
            "folder": str(self.folder),
            "frames": self.frames,
            "boxes": self.boxes,
            "splits": {
                split.name: {
                    "frames": split.frames,
                    "empty": split.empty,
                    "boxes": split.boxes,
                    "predictions": split.predictions,
                    "tracks": split.tracks,
                    "clips": split.clips,
                }
                for split in self.splits
            },
            "clipped": self.clipped,
            "outside": self.outside,
            "left_out": self.left_out,
            "failed": [{"picture": what, "why": why} for what, why in self.failed],
            "warnings": list(self.warnings),
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
            "check": {
                "ap": self.check.ap,
                "compared": self.check.compared,
                "pictures": self.check.pictures,
                "evaluated": self.check.evaluated,
                "max_dets": self.check.max_dets,
                "sampled": self.check.sampled,
            },
        }


def export_project(
    project: Project,
    request: ExportRequest,
    out: Path,
    cancel: CancelToken | None = None,
    *,
    snapshot: Snapshot | None = None,
) -> Job:
    """Write the dataset to `out` and prove it; the result is an ExportReport.

    `out` appears whole or not at all, and nothing that was there is touched. Raises FormatError when `out` is taken,
    nothing would be written, the disk refuses or the check fails, and Cancelled.
    """
    cancel = cancel or CancelToken()
    refuse_taken(out)
    yield Started("Export", unit="pictures", detail=str(out))
    started = time.monotonic()
    plan = plan_export(project, request, snapshot=snapshot, cancel=cancel)
    if not plan.frames:
        raise FormatError(_nothing(plan))
    for sentence in plan.warnings:
        yield Notice(sentence)
    meter = RateMeter(plan.frames)

    def to_event(report: tuple[int, str]) -> Progress:
        return meter.progress(*report)

    def call(tell: Callable[[tuple[int, str]], None]) -> tuple[coco.Dataset, CheckReport, int]:
        return _write_checked(plan, out, cancel, tell)

    try:
        dataset, check, size = yield from streamed(call, to_event)
    except GeneratorExit:
        cancel.cancel()
        raise
    names = {media.id: media.name for media in plan.snapshot.media}
    failed = tuple((f"{names[media]}, frame {frame}", why) for (media, frame), why in dataset.pictures.failed.items())
    events: list[Event] = [ItemFailed(what, why) for what, why in failed]
    yield from events
    yield Result(
        ExportReport(
            folder=out,
            splits=dataset.plan.splits,
            bytes=size,
            seconds=time.monotonic() - started,
            clipped=plan.clipped,
            clipped_most=plan.clipped_most,
            outside=plan.outside,
            left_out=plan.left_out,
            failed=failed,
            warnings=plan.warnings,
            check=check,
        )
    )


def _write_checked(
    plan: ExportPlan, out: Path, cancel: CancelToken, tell: Callable[[tuple[int, str]], None]
) -> tuple[coco.Dataset, CheckReport, int]:
    with appearing(out) as folder:
        dataset = coco.write(
            plan,
            folder,
            open_source=opener(plan.snapshot.project),
            cancel=cancel,
            progress=lambda done: tell((done, "Writing")),
        )
        if not dataset.plan.frames:
            why = next(iter(dataset.pictures.failed.values()))
            raise FormatError(f"No picture could be read, so nothing was written. The first: {why}")
        tell((plan.frames, "Checking"))
        check = check_export(folder, expected=dataset.documents, seed=plan.request.seed, cancel=cancel)
        if check.problems:
            raise FormatError(f"The export failed its check and was not kept. {check.problems[0]}")
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        cancel.check()
    return dataset, check, size


def _names(media: Sequence[Media]) -> str:
    return ", ".join(one.name for one in media[:3]) + (" and others" if len(media) > 3 else "")


def _nothing(plan: ExportPlan) -> str:
    changed = [media for media in plan.snapshot.media if media.id in plan.snapshot.changed]
    if plan.missing and plan.request.copies:
        return (
            f"Nothing was written, because the files of {_names(plan.missing)} are not there."
            " Put them back where they were, or find them with `yolor-studio relink`."
        )
    if changed and plan.request.copies:
        return (
            f"Nothing was written, because other files are in the place of {_names(changed)}, and boxes would be on the"
            " wrong pictures. Put the old ones back, or find them with `yolor-studio relink`."
        )
    if "all" in plan.request.include:
        return "No frame has a box or was reviewed, so nothing was written. Label or review some first."
    return "No frame was reviewed, so nothing was written. Review some first, or include all frames that have boxes."
