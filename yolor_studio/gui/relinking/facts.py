"""What a media was and what a file in its place is, for a person to compare; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yolor_studio.core.amounts import size_text
from yolor_studio.core.entities import Media, MediaKind
from yolor_studio.core.errors import MediaError
from yolor_studio.project import Project

__all__ = ["OtherFile", "look_at"]


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A file that is not the one that was labelled."""

    media: Media
    path: Path
    before: str
    """As "640 × 360, 300 frames, 5.2 MB"."""
    now: str
    """The same of the file, or the sentence that says why it cannot be read."""
    usable: bool
    beyond: int = 0
    """Labels on frames that the file does not have."""
    scaled: bool = False
    """Whether its pictures have another size."""


def look_at(project: Project, media: Media, path: Path) -> OtherFile:
    """Open the file and compare; frames of a video are those that its packets promise."""
    from yolor_studio.media import fingerprint, open_media

    before = _text(media.width, media.height, _frames(media.kind, media.frames), media.fingerprint.size)
    try:
        size = fingerprint(path, files=media.files).size
        with open_media(path, files=media.files) as source:
            info = source.info
    except MediaError as error:
        return OtherFile(media, path, before, str(error), usable=False)
    frames = _frames(media.kind, info.frames, promised=True)
    return OtherFile(
        media,
        path,
        before,
        _text(info.width, info.height, frames, size),
        usable=info.kind is media.kind,
        beyond=project.labels_beyond(media.id, info.frames),
        scaled=(info.width, info.height) != (media.width, media.height),
    )


def _frames(kind: MediaKind, frames: int, *, promised: bool = False) -> str:
    if kind is MediaKind.IMAGE:
        return ""
    about = "about " if promised and kind is MediaKind.VIDEO else ""
    return f"{about}{frames:,} frame{'s' * (frames != 1)}"


def _text(width: int, height: int, frames: str, size: int) -> str:
    return ", ".join(part for part in (f"{width:,} × {height:,}", frames, size_text(size)) if part)
