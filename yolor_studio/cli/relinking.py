"""relink: finding media that were moved."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolor_studio.cli import options
from yolor_studio.cli.output import Output
from yolor_studio.core.errors import UsageError

if TYPE_CHECKING:
    from yolor_studio.jobs.relinking import Relinked

_MOST_LINES = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(relink)


def relink(
    path: options.ProjectPath,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to look, all the way down.")],
    as_json: options.AsJson = False,
) -> None:
    """Find media that were moved or renamed, by their content, as one step that can be undone. A file of the same name
    with other content is told and not taken. Exit code 1 when something is missing and nothing was found.

    Example: yolor-studio relink street.yolor /media/disk/videos
    """
    from yolor_studio.jobs.relinking import relink as find

    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; name the folder to look in.")
    output = Output(as_json=as_json)
    with options.open_project(path) as project:
        result: Relinked = output.run(functools.partial(find, project, [folder]))
    output.finish({"project": str(path), **_as_json(result)}, [*_lines(result, folder), str(path)])
    if not result.found and (result.missing or result.differing):
        raise typer.Exit(1)


def _as_json(result: Relinked) -> dict[str, Any]:
    return {
        "found": [{"media": match.media.name, "path": str(match.path)} for match in result.found],
        "missing": [media.name for media in result.missing],
        "differing": [{"media": match.media.name, "path": str(match.path)} for match in result.differing],
        "complete": result.complete,
    }


def _lines(result: Relinked, folder: Path) -> list[str]:
    if not (result.found or result.missing or result.differing):
        return ["Every media is where the project says. Nothing was changed."]
    lines = [f"{len(result.found):,} media found." if result.found else f"No missing media was found in {folder}."]
    lines += _some([f"  {match.media.name}: {match.path}" for match in result.found])
    if result.missing:
        lines.append(f"{len(result.missing):,} still missing; what was done on them is kept.")
        lines += _some([f"  {media.name}" for media in result.missing])
    if result.differing:
        lines.append(
            f"{len(result.differing):,} of which another file has the name; it was not taken, and the window shows what"
            " has changed."
        )
        lines += _some([f"  {match.media.name}: {match.path}" for match in result.differing])
    if not result.complete:
        lines.append("The search was cut short after a million files; name a folder nearer to them.")
    return lines


def _some(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST_LINES
    return lines if more <= 0 else [*lines[:_MOST_LINES], f"  and {more:,} more; --json lists all"]
