"""label, accept, review: the work that the window does, for scripts."""

from __future__ import annotations

import functools
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from yolor_studio.cli import options
from yolor_studio.cli.output import Output
from yolor_studio.core.errors import StudioError, UsageError


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(label)
    app.command()(accept)
    app.command()(review)


def label(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE...", help="Videos, pictures or folders.")],
    project: Annotated[Path, typer.Option("--project", metavar="P", help="The project; made if need be.")],
    model: options.Model = None,
    every: Annotated[int, typer.Option(metavar="N", help="Every Nth frame of a video.")] = 1,
    device: options.Device = "auto",
    min_score: Annotated[float, typer.Option(metavar="S", help="Keep predictions from this score on.")] = 0.05,
    size: options.Size = None,
    as_json: options.AsJson = False,
) -> None:
    """Add media to a project and pre-label them. The same line again resumes.

    Example: yolor-studio label street.mp4 --project street.yolor --every 5
    """
    from yolor_studio.detect.library import find_model
    from yolor_studio.jobs.adding import add_media, verify_media
    from yolor_studio.jobs.prelabel import PrelabelRequest, PrelabelSummary, prelabel
    from yolor_studio.media import discover

    options.positive(every, "--every")
    options.fraction(min_score, "--min-score")
    for source in sources:
        if not source.exists():
            raise UsageError(f"{source} does not exist.")
    # What is wrong is told before anything is made.
    find_model(model)
    found = discover(sources)
    if all(item.error for item in found):
        reasons = " ".join(item.error or "" for item in found[:3])
        raise StudioError(f"Nothing to label was found. {reasons}".strip())
    output = Output(as_json=as_json)
    with options.opened_or_made(project) as opened:
        added = output.run(functools.partial(add_media, opened, sources))
        if not added.media_ids:
            reasons = " ".join(item.why for item in output.failures[:3])
            raise StudioError(f"None of the media can be read. {reasons}".strip())
        output.run(functools.partial(verify_media, opened, added.media_ids))
        request = PrelabelRequest(
            model=model, media_ids=added.media_ids, every=every, min_score=min_score, device=device, size=size
        )
        summary: PrelabelSummary = output.run(functools.partial(prelabel, opened, request))
    lines = [
        f"{summary.frames:,} frames labelled with {summary.model} on {summary.device}.",
        f"{summary.boxes:,} boxes, {summary.frames_per_second:.1f} frames/s.",
    ]
    if summary.skipped:
        lines.append(f"{summary.skipped:,} frames had been labelled before.")
    if summary.frames:
        lines.append(
            f"{summary.run_seconds:.1f} s in the network; beyond it and decoding {summary.own_cpu_ms:.2f} ms of CPU."
        )
    if output.failures:
        lines.append(f"{len(output.failures):,} could not be read; they are listed above.")
    lines.append(str(project))
    data = {**asdict(summary), "frames_per_second": summary.frames_per_second, "own_cpu_ms": summary.own_cpu_ms}
    output.finish({"project": str(project), "media": list(added.media_ids), **data}, lines)


def accept(
    path: options.ProjectPath,
    min_score: Annotated[
        float | None, typer.Option(metavar="S", help="From this score on; the project's own limit if left out.")
    ] = None,
    media: options.MediaName = None,
    frames: options.Frames = None,
    as_json: options.AsJson = False,
) -> None:
    """Turn shown predictions into objects, as one step that can be undone.

    Example: yolor-studio accept street.yolor --min-score 0.4 --frames 0-99
    """
    options.fraction(min_score, "--min-score")
    output = Output(as_json=as_json)
    with options.open_project(path) as project:
        if project.shown_layer() is None:
            raise StudioError(f"{path.name} has no predictions to accept. `yolor-studio label` makes them.")
        count = sum(
            project.accept_shown(item.id, options.parse_frames(frames, item), min_score=min_score)
            for item in options.chosen_media(project, media)
        )
    output.finish({"project": str(path), "accepted": count}, [f"{count:,} predictions accepted.", str(path)])


def review(
    path: options.ProjectPath,
    media: options.MediaName = None,
    frames: options.Frames = None,
    as_json: options.AsJson = False,
) -> None:
    """Mark frames reviewed: by default those that a run has visited or that have objects.

    Example: yolor-studio review street.yolor --frames 0-99
    """
    from yolor_studio.core.entities import FrameState

    output = Output(as_json=as_json)
    count = 0
    with options.open_project(path) as project:
        layers = project.layers()
        for item in options.chosen_media(project, media):
            wanted = options.parse_frames(frames, item)
            if wanted is None:
                visited = {frame for layer in layers for frame in project.visited_frames(layer.id, item.id).tolist()}
                wanted = sorted(visited | set(project.object_frames(item.id).tolist()))
            count += project.review(item.id, wanted, FrameState.REVIEWED)
    output.finish({"project": str(path), "reviewed": count}, [f"{count:,} frames marked reviewed.", str(path)])
