"""Options and arguments that several commands share, and how their text is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from yolor_studio.core.entities import Media
from yolor_studio.core.errors import UsageError
from yolor_studio.project import Project

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
ProjectPath = Annotated[Path, typer.Argument(metavar="P", help="A project, NAME.yolor.")]
MediaName = Annotated[str | None, typer.Option("--media", metavar="NAME", help="Only this media.")]
Frames = Annotated[
    str | None, typer.Option("--frames", metavar="A-B", help="Only these frames, both included, from 0.")
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="M", help="A model's name or path; the bundled one if left out.")
]
MinScore = Annotated[
    float | None,
    typer.Option("--min-score", metavar="S", help="Predictions from this score on; the project's limit if left out."),
]
Device = Annotated[str, typer.Option("--device", metavar="D", help="auto, cpu, cuda, tensorrt or coreml.")]
Size = Annotated[int | None, typer.Option("--size", metavar="S", help="Longest side of the model's input, in pixels.")]


def open_project(path: Path, *, read_only: bool = False) -> Project:
    """Open an existing project; raises UsageError when there is none, and ProjectError when it must be written but
    cannot be."""
    from yolor_studio.core.errors import ProjectError

    if not path.exists():
        raise UsageError(f"{path} does not exist. `yolor-studio label VIDEO --project {path}` makes it.")
    project = Project.open(path, read_only=read_only)
    if project.read_only and not read_only:
        reason = project.read_only_reason
        project.close()
        raise ProjectError(f"{path.name} cannot be changed: {reason}. Nothing was written.")
    return project


@contextmanager
def opened_or_made(path: Path) -> Iterator[Project]:
    """The project at `path`, made if need be; one that was made is taken away again when the work on it fails before
    anything is in it."""
    made = not path.exists()
    with Project.create(path) if made else open_project(path) as project:
        try:
            yield project
        except BaseException:
            made = made and not project.media()
            if made:
                project.close()
                path.unlink(missing_ok=True)
            raise


def chosen_media(project: Project, name: str | None) -> list[Media]:
    """The media of this name, or all; raises UsageError for a name that the project lacks."""
    media = project.media()
    if name is None:
        return media
    chosen = [item for item in media if item.name == name]
    if not chosen:
        there = ", ".join(item.name for item in media[:10]) or "none"
        raise UsageError(f"The project has no media {name!r}. It has: {there}.")
    return chosen


def chosen_frames(media: Sequence[Media], text: str | None) -> dict[int, range | None]:
    """ "10-20" or "7" -> media id -> these frames, cut to the media, or None for all of them where nothing was named.
    Raises UsageError for other text, and for frames that none of the media has."""
    if text is None:
        return {item.id: None for item in media}
    match = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", text)
    if match is None:
        raise UsageError(f"--frames wants A-B, as in 0-99; found {text!r}.")
    first = int(match[1])
    last = int(match[2]) if match[2] is not None else first
    if last < first:
        raise UsageError(f"--frames {text}: the first frame comes after the last.")
    most = max((item.frames for item in media), default=0)
    if media and first >= most:
        raise UsageError(f"--frames {text}: the longest media has {most:,} frames, 0 to {most - 1}.")
    return {item.id: range(first, min(last + 1, item.frames)) for item in media}


def positive(value: int, option: str) -> int:
    """The value, or UsageError unless it is 1 or more."""
    if value < 1:
        raise UsageError(f"{option} must be 1 or more; found {value}.")
    return value


def fraction(value: float | None, option: str) -> float | None:
    """The value, or UsageError unless it lies within 0 and 1."""
    if value is not None and not 0 <= value <= 1:
        raise UsageError(f"{option} must lie between 0 and 1; found {value:g}.")
    return value
