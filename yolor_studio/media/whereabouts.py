"""Whether a media's file is where the project says, and still the one that was added."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

from yolor_studio.core.entities import Fingerprint, Media, MediaKind
from yolor_studio.core.errors import MediaError
from yolor_studio.media.fingerprints import fingerprint

_seen: set[tuple[str, int, Fingerprint]] = set()
"""Sequences that this process has read the sizes of: path, the folder's time, fingerprint. Of 100,000 pictures the
sizes take half a second, which nobody shall wait for twice before the first picture; a picture that is overwritten
later, in place, is noticed by the next process."""


class Presence(StrEnum):
    """What has become of a media's file."""

    THERE = "there"
    MISSING = "missing"
    CHANGED = "changed"
    """Another file is in its place: boxes would lie on the wrong pictures."""


def presence(media: Media, path: Path, *, hashed: bool = True) -> Presence:
    """What is at `path`, where the project says that the media lies.

    Without `hashed` an image is known by its size alone: in a project of thousands that is all there is time for. A
    file that is there and cannot be read is THERE, and whoever opens it says why it cannot be."""
    if not there(media, path):
        return Presence.MISSING
    if not media.fingerprint.digest:  # whoever entered it knew no file
        return Presence.THERE
    if media.kind is MediaKind.SEQUENCE:
        if _seen_as(path, media.fingerprint) in _seen:
            return Presence.THERE
    else:
        if path.stat().st_size != media.fingerprint.size:
            return Presence.CHANGED
        if media.kind is MediaKind.IMAGE and not hashed:
            return Presence.THERE
    try:
        found = fingerprint(path, files=media.files)
    except MediaError:
        return Presence.THERE
    if found != media.fingerprint:
        return Presence.CHANGED
    if media.kind is MediaKind.SEQUENCE:
        note_sequence(path, found)
    return Presence.THERE


def note_sequence(folder: Path, mark: Fingerprint) -> None:
    """The sequence in `folder` has just been found to have this fingerprint."""
    _seen.add(_seen_as(folder, mark))


def _seen_as(folder: Path, mark: Fingerprint) -> tuple[str, int, Fingerprint]:
    return os.path.abspath(folder), folder.stat().st_mtime_ns, mark


def there(media: Media, path: Path) -> bool:
    """Whether a file, or for a sequence its folder with one of its files at least, is at `path`."""
    if media.kind is MediaKind.SEQUENCE:
        return os.path.isdir(path) and any(os.path.isfile(path / name) for name in media.files)
    return os.path.isfile(path)
