"""A COCO file of a million boxes, beside the bare work of serialising it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Box, Fingerprint, MediaKind
from yolor_studio.formats.coco import write
from yolor_studio.formats.plan import ExportRequest, plan_export
from yolor_studio.jobs.bench.row import Row
from yolor_studio.jobs.opening import opener
from yolor_studio.project import Project

_FRAMES, _TRACKS = 20_000, 50


def bench_export(folder: Path) -> Iterator[Row]:
    """One row on a project of 50 objects through 20,000 frames: a million boxes, no pictures, no self-evaluation."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch, Project.create(Path(scratch) / "bench.yolor") as project:
        _fill(project, Path(scratch) / "long.mp4")
        started = time.perf_counter()
        plan = plan_export(project, ExportRequest(include=frozenset({"all"}), images="none"))
        out = Path(scratch) / "coco"
        out.mkdir()
        write(plan, out, open_source=opener(project), cancel=CancelToken(), progress=lambda _done: None)
        seconds = time.perf_counter() - started
        text = next(out.rglob("instances_*.json")).read_bytes()
        document = orjson.loads(text)
        boxes = len(document["annotations"])
        started = time.perf_counter()
        (out / "bare.json").write_bytes(orjson.dumps(document))
        bare = time.perf_counter() - started
    yield Row(
        f"COCO file of {boxes:,} boxes, from the project", seconds, "s", bare, "orjson of a finished document", "3 s"
    )


def _fill(project: Project, clip: Path) -> None:
    with project.edit("Fill") as edit:
        media = edit.add_media(
            MediaKind.VIDEO,
            clip,
            name=clip.name,
            width=1920,
            height=1080,
            frames=_FRAMES,
            fps=25.0,
            fingerprint=Fingerprint(0, ""),
            verified=True,
        )
        category = edit.add_category("car")
        for track in range(_TRACKS):
            start = Box(track * 30.0, track * 15.0, 80.5, 60.25)
            thing = edit.add_object(media, category, 0, start, interpolate=True)
            edit.set_keyframe(thing, _FRAMES - 1, start._replace(x=start.x + 200.5, w=120.75), interpolate=False)
