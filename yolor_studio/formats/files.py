"""Where in an export each picture lies."""

from __future__ import annotations

import os
from pathlib import Path

from yolor_studio.core.entities import Media, MediaKind
from yolor_studio.formats.names import frame_file
from yolor_studio.formats.plan import ExportPlan, PlannedClip


def picture_file(plan: ExportPlan, clip: PlannedClip, frame: int) -> str:
    """The POSIX `file_name` of a copy, relative to the folder of pictures."""
    suffix = ".png" if plan.request.images == "png" else ".jpg"
    return f"{clip.name}{suffix}" if clip.media.kind is MediaKind.IMAGE else frame_file(clip.name, frame, suffix)


def referenced_file(plan: ExportPlan, media: Media, frame: int) -> Path:
    """The absolute path of the picture that stays where it is."""
    path = plan.snapshot.project.media_path(media)
    return path / media.files[frame] if media.kind is MediaKind.SEQUENCE else path


def referenced_folder(plan: ExportPlan) -> Path:
    """The deepest folder that holds all referenced pictures; their file names are relative to it."""
    project = plan.snapshot.project
    folders = [
        path if clip.media.kind is MediaKind.SEQUENCE else path.parent
        for clip, path in ((clip, project.media_path(clip.media)) for clip in plan.clips)
    ]
    try:
        return Path(os.path.commonpath(folders)) if folders else project.folder
    except ValueError:  # on several drives there is no such folder; the names become absolute
        return project.folder


def portable_path(media: Media) -> str:
    """How a media is named in a dataset: by its path below the project, by its name when it lies elsewhere, so that
    nothing of this machine's folders gets out."""
    path = Path(media.path)
    return media.path if not path.is_absolute() and ".." not in path.parts else media.name
