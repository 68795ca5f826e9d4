"""From dropped files and folders to media: what is an image, a video, a sequence, and what is none of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from yolor_studio.core.entities import MediaKind

# fmt: off
IMAGE_SUFFIXES = frozenset({
    ".bmp", ".dib", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".mpo", ".pbm", ".pgm", ".png", ".pnm", ".ppm",
    ".tga", ".tif", ".tiff", ".webp",
})
VIDEO_SUFFIXES = frozenset({
    ".264", ".265", ".3g2", ".3gp", ".asf", ".avi", ".divx", ".flv", ".h264", ".h265", ".hevc", ".ivf", ".m2ts",
    ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogg", ".ogv",
    ".ts", ".vob", ".webm", ".wmv",
})
# fmt: on

_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """One media that was found, or the sentence that says why a named file is none."""

    kind: MediaKind
    path: Path
    files: tuple[str, ...] = ()
    """A sequence's file names in order; empty otherwise."""
    error: str | None = None


def discover(paths: Sequence[Path]) -> list[Found]:
    """The media in `paths`, in the given order; folders are searched all the way down, in natural order.

    A folder that is one numbered series of images becomes one sequence, any other gives its images and videos one by
    one. Hidden files, and files that are no media, are passed over in folders and come with `error` when named."""
    found: list[Found] = []
    for path in paths:
        if path.is_dir():
            inside = list(_in_folder(path))
            empty = Found(MediaKind.IMAGE, path, error=f"{path.name} holds no images or videos.")
            found.extend(inside or [empty])
        else:
            found.append(_named(path))
    return found


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts `frame 9` before `frame 10`, without regard to case."""
    parts = _NUMBER.split(name)
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part.casefold()) for part in parts)


def series_of(names: Sequence[str]) -> tuple[str, ...]:
    """`names` in order when they are one numbered series (at least two images that differ by one number alone, under
    one stem and suffix); otherwise empty. Gaps in the numbers are allowed."""
    if len(names) < 2:
        return ()
    stems, numbered = set(), []
    for name in names:
        stem, suffix = os.path.splitext(name)
        numbers = _NUMBER.findall(stem)
        if suffix.lower() not in IMAGE_SUFFIXES or not numbers:
            return ()
        before, _, after = stem.rpartition(numbers[-1])
        stems.add((before, after, suffix.lower()))
        numbered.append((int(numbers[-1]), name))
    if len(stems) > 1 or len({number for number, _ in numbered}) < len(numbered):
        return ()
    return tuple(name for _, name in sorted(numbered))


def _named(path: Path) -> Found:
    suffix = path.suffix.lower()
    kind = MediaKind.VIDEO if suffix in VIDEO_SUFFIXES else MediaKind.IMAGE
    if not path.exists():
        return Found(kind, path, error=f"{path.name} does not exist.")
    if suffix in IMAGE_SUFFIXES or suffix in VIDEO_SUFFIXES:
        return Found(kind, path)
    return Found(kind, path, error=f"{path.name} is neither an image nor a video by its name.")


def _in_folder(folder: Path) -> Iterator[Found]:
    with os.scandir(folder) as entries:
        visible = sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: natural_key(e.name))
    names = [e.name for e in visible if e.is_file() and _is_media(folder / e.name)]
    folders = [e.name for e in visible if e.is_dir(follow_symlinks=False)]
    series = series_of(names)
    if series:
        yield Found(MediaKind.SEQUENCE, folder, series)
    else:
        yield from (_named(folder / name) for name in names)
    for name in folders:
        yield from _in_folder(folder / name)


def _is_media(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix in IMAGE_SUFFIXES or (suffix in VIDEO_SUFFIXES and (suffix != ".ts" or _is_transport_stream(path)))


def _is_transport_stream(path: Path) -> bool:
    """Whether it is MPEG and not TypeScript: packets of 188 bytes, or of 192 with a time before each, begin with G."""
    try:
        with path.open("rb") as file:
            head = file.read(200)
    except OSError:
        return False
    return any(len(head) > last and head[first] == head[last] == 0x47 for first, last in ((0, 188), (4, 196)))
