"""Which project belongs to the media that a person opens; no Qt."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from yolor_studio.core.errors import ProjectError
from yolor_studio.project import Project

__all__ = ["SUFFIX", "open_or_create", "project_file_for", "split_paths"]

SUFFIX = ".yolor"


def split_paths(paths: Sequence[Path]) -> tuple[Path | None, list[Path]]:
    """The project among the paths (None when there is none) and the media.

    Raises ProjectError when more than one project is named.
    """
    projects = [path for path in paths if path.suffix.lower() == SUFFIX and not path.is_dir()]
    if len(projects) > 1:
        raise ProjectError(
            f"{len(projects)} projects are named, and one window shows one. Nothing was opened. Name one of them."
        )
    return (projects[0] if projects else None), [path for path in paths if path not in projects]


def project_file_for(paths: Sequence[Path]) -> Path:
    """Where the project of these media lies: `NAME.yolor` beside them, or in the documents folder where the media's
    folder cannot be written and has no such project already."""
    first = paths[0].absolute()
    name = first.stem if first.is_file() and len(paths) == 1 else (first.parent.name if first.is_file() else first.name)
    beside = first.parent / f"{name or 'project'}{SUFFIX}"
    if beside.exists() or os.access(first.parent, os.W_OK):
        return beside
    import platformdirs

    documents = Path(platformdirs.user_documents_path())
    documents.mkdir(parents=True, exist_ok=True)
    return documents / beside.name


def open_or_create(path: Path) -> Project:
    """The project at `path`, made if it does not exist yet; raises ProjectError."""
    return Project.open(path) if path.exists() else Project.create(path)
