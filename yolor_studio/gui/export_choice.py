"""The export sheet's arithmetic, without widgets: alternatives, folder and the same export as a command line."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yolor_studio.core.entities import Category
from yolor_studio.formats.plan import ExportPlan, ExportRequest, plan_export
from yolor_studio.formats.snapshot import Snapshot
from yolor_studio.project import Project

__all__ = ["Planned", "as_command", "default_folder", "plan_with_alternatives"]

DEFAULT = ExportRequest()


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """The plan of a request, and what its two ranges would come to."""

    plan: ExportPlan
    counts: Mapping[str, tuple[int, int]]
    """ "reviewed" and "all" -> (frames, boxes)."""


def plan_with_alternatives(project: Project, request: ExportRequest, snapshot: Snapshot) -> Planned:
    """Plan the request, and count the other range beside it. Raises FormatError."""
    counts: dict[str, tuple[int, int]] = {}
    chosen = None
    for name, include in (("reviewed", {"reviewed"}), ("all", {"reviewed", "all"})):
        wanted = frozenset(include | ({"predictions"} if request.predictions else set()))
        plan = plan_export(project, dataclasses.replace(request, include=wanted), snapshot=snapshot)
        counts[name] = (plan.frames, sum(split.boxes for split in plan.splits))
        if wanted == request.include:
            chosen = plan
    return Planned(chosen or plan_export(project, request, snapshot=snapshot), counts)


def default_folder(project: Path, last: str) -> Path:
    """A folder that is not there yet: beside the last export, else beside the project."""
    parent = Path(last) if last and Path(last).is_dir() else project.parent
    folder, number = parent / f"{project.stem}-coco", 2
    while folder.exists():
        folder = parent / f"{project.stem}-coco-{number}"
        number += 1
    return folder


def as_command(project: Path, request: ExportRequest, out: Path, *, categories: Mapping[int, Category]) -> str:
    """The same export for a terminal; what has its default is left out."""
    words = ["yolor-studio", "export", str(project), "--format", request.format, "--out", str(out)]
    if request.include != DEFAULT.include:
        words += ["--include", ",".join(name for name in ("reviewed", "all", "predictions") if name in request.include)]
    if request.predictions and request.min_score is not None:
        words += ["--min-score", f"{request.min_score:g}"]
    if dict(request.split) != dict(DEFAULT.split):
        words += ["--split", ",".join(f"{name}={share:g}" for name, share in request.split.items())]
    for name in ("seed", "every", "images", "quality"):
        if getattr(request, name) != getattr(DEFAULT, name):
            words += [f"--{name}", str(getattr(request, name))]
    for category_id in sorted(request.blur):
        if category_id in categories:
            words += ["--blur", categories[category_id].name]
    for name in ("keyframes_only", "zero_based", "polygons"):
        if getattr(request, name):
            words.append("--" + name.replace("_", "-"))
    return shlex.join(words)
