"""label, accept, review: the work that the window does, for scripts."""

from __future__ import annotations

import functools
from collections.abc import Sequence
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
    min_score: Annotated[
        float | None,
        typer.Option(metavar="S", help="Keep predictions from this score on: 0.05 if left out, 0.4 with --official."),
    ] = None,
    size: options.Size = None,
    official: Annotated[
        bool,
        typer.Option(
            "--official",
            help="As YOLOR's detect.py, to check its numbers: its letterbox (sides multiples of 64), several classes a "
            "box, IoU 0.5, corners rounded to whole pixels.",
        ),
    ] = False,
    no_tracks: Annotated[
        bool, typer.Option("--no-tracks", help="Boxes alone, without proposed tracks; which is all there is as yet.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Add media to a project and pre-label them. The same line again resumes.

    Example: yolor-studio label street.mp4 --project street.yolor --every 5
    """
    from yolor_studio.detect.detector import MIN_SCORE, input_size
    from yolor_studio.detect.devices import check_device
    from yolor_studio.detect.library import find_model
    from yolor_studio.detect.official import DETECT_SCORE
    from yolor_studio.jobs.adding import add_media, verify_media
    from yolor_studio.jobs.prelabel import PrelabelRequest, PrelabelSummary, prelabel
    from yolor_studio.media import discover

    options.positive(every, "--every")
    options.fraction(min_score, "--min-score")
    for source in sources:
        if not source.exists():
            raise UsageError(f"{source} does not exist.")
    # What is wrong is told before anything is made.
    check_device(device)
    input_size(find_model(model), size)
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
        least = DETECT_SCORE if official else MIN_SCORE
        request = PrelabelRequest(
            model=model,
            media_ids=added.media_ids,
            every=every,
            min_score=least if min_score is None else min_score,
            device=device,
            size=size,
            official=official,
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
    min_score: options.MinScore = None,
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
        wanted = options.chosen_frames(options.chosen_media(project, media), frames)
        count = project.accept_shown_of(wanted, min_score=min_score)
        doubts = project.count_shown(wanted, min_score=min_score)
    lines = [f"{count:,} predictions accepted."]
    if doubts:
        lines.append(f"{doubts:,} lie over an object of another category and were left for a person to decide.")
    output.finish({"project": str(path), "accepted": count, "doubts": doubts}, [*lines, str(path)])


def review(
    path: options.ProjectPath,
    min_score: options.MinScore = None,
    media: options.MediaName = None,
    frames: options.Frames = None,
    as_json: options.AsJson = False,
) -> None:
    """Mark frames reviewed: by default those that a run has visited or that have objects. Predictions that are still
    shown there are left out, and told.

    Example: yolor-studio review street.yolor --frames 0-99
    """
    from yolor_studio.core.entities import FrameState

    options.fraction(min_score, "--min-score")
    output = Output(as_json=as_json)
    with options.open_project(path) as project:
        layers = project.layers()
        wanted: dict[int, Sequence[int]] = {}
        for media_id, numbers in options.chosen_frames(options.chosen_media(project, media), frames).items():
            if numbers is None:
                visited = {frame for layer in layers for frame in project.visited_frames(layer.id, media_id).tolist()}
                numbers = sorted(visited | set(project.object_frames(media_id).tolist()))
            wanted[media_id] = numbers
        left_out = project.count_shown(wanted, min_score=min_score)
        count = project.review_of(wanted, FrameState.REVIEWED)
    lines = [f"{count:,} frames marked reviewed."]
    if left_out:
        lines.append(f"{left_out:,} predictions are still shown there and left out. Accept them: yolor-studio accept")
    output.finish({"project": str(path), "reviewed": count, "left_out": left_out}, [*lines, str(path)])
