"""The main job on the demo clip, from rendering to a checked COCO dataset."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import FrameState
from yolor_studio.jobs.adding import add_media, verify_media
from yolor_studio.jobs.events import Event, Result, Started
from yolor_studio.jobs.prelabel import PrelabelRequest, PrelabelSummary, prelabel
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.jobs.runner import run_inside
from yolor_studio.jobs.streaming import streamed
from yolor_studio.project import Project

ACCEPT_FROM = 0.4
"""The demo accepts predictions from this score on, as a person would after a look at the histogram."""


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """What the demo made."""

    clip: Path
    project: Path
    dataset: Path
    frames: int
    accepted: int
    label: PrelabelSummary
    checked: str
    """What the export's check found, in words."""

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return {
            "clip": str(self.clip),
            "project": str(self.project),
            "dataset": str(self.dataset),
            "frames": self.frames,
            "accepted": self.accepted,
            "device": self.label.device,
            "frames_per_second": self.label.frames_per_second,
            "checked": self.checked,
        }

    def lines(self) -> list[str]:
        """For people; the last line is the dataset's path."""
        ran = (
            f", {self.label.frames_per_second:.1f} frames/s" if self.label.frames else ", as an earlier run found them"
        )
        return [
            f"Clip      {self.clip}  ({self.frames:,} frames, rendered here)",
            f"Labelled  with {self.label.model} on {self.label.device}{ran}; {self.accepted:,} boxes",
            f"Project   {self.project}  (open it: yolor-studio {self.project})",
            f"Dataset   {self.checked}",
            str(self.dataset),
        ]


def render_demo(folder: Path, cancel: CancelToken) -> Iterator[Event]:
    """Render the demo clip into `folder`, or find it there; last Result(its path). Raises Cancelled, MediaError."""
    from yolor_studio.demo.clip import DEMO_SPEC, demo_clip

    yield Started("Rendering the demo clip", DEMO_SPEC.frames, "frames", str(folder))
    meter = RateMeter(DEMO_SPEC.frames)

    def render(report: Callable[[int], None]) -> Path:
        return demo_clip(folder, cancel=cancel, progress=report)

    clip = yield from streamed(render, meter.progress)
    yield Result(clip)


def run_demo(folder: Path, cancel: CancelToken) -> Iterator[Event]:
    """Render the clip, pre-label, accept, review and export it under `folder`; what is there already is kept.

    Last Result(DemoOutcome).
    """
    clip = yield from run_inside(render_demo(folder, cancel))
    project_path, dataset = folder / "street.yolor", folder / "street-coco"
    project = Project.open(project_path) if project_path.exists() else Project.create(project_path)
    with project:
        added = yield from run_inside(add_media(project, [clip], cancel))
        yield from run_inside(verify_media(project, added.media_ids, cancel))
        summary = yield from run_inside(prelabel(project, PrelabelRequest(media_ids=added.media_ids), cancel))
        media = project.get_media(added.media_ids[0])
        if not project.frame_states(media.id):
            project.accept_shown(media.id, None, min_score=ACCEPT_FROM)
            project.review(media.id, range(media.frames), FrameState.REVIEWED)
        checked = yield from _export(project, dataset, cancel)
        accepted = sum(project.counts().objects_by_category.values())
    yield Result(DemoOutcome(clip, project_path, dataset, media.frames, accepted, summary, checked))


def _export(project: Project, dataset: Path, cancel: CancelToken) -> Generator[Event, None, str]:
    from yolor_studio.formats.check import check_export
    from yolor_studio.formats.plan import ExportRequest
    from yolor_studio.jobs.export import export_project

    if dataset.exists():
        return " ".join(check_export(dataset, cancel=cancel).sentences())
    request = ExportRequest(split={"train": 0.8, "val": 0.2})
    report = yield from run_inside(export_project(project, request, dataset, cancel))
    return " ".join(report.check.sentences())
