"""From dropped files and folders to media: what is an image, a video, a sequence, and what is none of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
_NUMBERED_NAME = re.compile(r"(.*\D|)(\d+)(\D*)\.(\w+)", re.DOTALL)


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
        found.extend(_named_folder(path) if path.is_dir() else [_named(path)])
    return [_with_text_for_a_name(item) for item in found]


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts `frame 9` before `frame 10`, without regard to case."""
    parts = _NUMBER.split(name)
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part.casefold()) for part in parts)


def series_of(names: Sequence[str]) -> tuple[str, ...]:
    """`names` in order when they are one numbered series (at least two images that differ by one number alone, under
    one stem and suffix); otherwise empty. Gaps in the numbers are allowed."""
    numbered: dict[int, str] = {}
    stem: tuple[str, str, str] | None = None
    for name in names:
        match = _NUMBERED_NAME.fullmatch(name)
        if match is None:
            return ()
        before, number, after, suffix = match.groups()
        suffix = suffix.lower()
        stem = stem or (before, after, suffix)
        if stem != (before, after, suffix) or f".{suffix}" not in IMAGE_SUFFIXES:
            return ()
        numbered[int(number)] = name
    if len(numbered) < max(2, len(names)):
        return ()
    return tuple(name for _, name in sorted(numbered.items()))


def _with_text_for_a_name(item: Found) -> Found:
    """Names are bytes on some systems; those that are no text can be stored in no project and no dataset."""
    try:
        "".join((os.fspath(item.path), *item.files)).encode()
    except UnicodeEncodeError:
        name = ascii(item.path.name)[1:-1]
        return replace(item, error=f"The name of {name} is no text in UTF-8; rename it, or one of its folders.")
    return item


def _named(path: Path) -> Found:
    kind = _kind_of(path.name)
    if not path.exists():
        return Found(kind or MediaKind.IMAGE, path, error=f"{path.name} does not exist.")
    if kind is None:
        return Found(MediaKind.IMAGE, path, error=f"{path.name} is neither an image nor a video by its name.")
    return Found(kind, path)


def _named_folder(path: Path) -> list[Found]:
    try:
        inside = list(_in_folder(path))
    except OSError as error:
        return [Found(MediaKind.IMAGE, path, error=f"{path.name} cannot be read: {error.strerror or error}.")]
    return inside or [Found(MediaKind.IMAGE, path, error=f"{path.name} holds no images or videos.")]


def _in_folder(folder: Path) -> Iterator[Found]:
    kinds: dict[str, MediaKind] = {}
    folders: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            kind = _kind_of(entry.name)
            if kind is not None and entry.is_file():
                if not entry.name.lower().endswith(".ts") or _is_transport_stream(folder / entry.name):
                    kinds[entry.name] = kind
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
    series = series_of(list(kinds))
    if series:
        yield Found(MediaKind.SEQUENCE, folder, series)
    else:
        yield from (Found(kinds[name], folder / name) for name in sorted(kinds, key=natural_key))
    for name in sorted(folders, key=natural_key):
        try:
            yield from _in_folder(folder / name)
        except PermissionError:
            continue


def _kind_of(name: str) -> MediaKind | None:
    suffix = os.path.splitext(name)[1].lower()
    if suffix in IMAGE_SUFFIXES:
        return MediaKind.IMAGE
    return MediaKind.VIDEO if suffix in VIDEO_SUFFIXES else None


def _is_transport_stream(path: Path) -> bool:
    """Whether it is MPEG and not TypeScript: packets of 188 bytes, or of 192 with a time before each, begin with G."""
    try:
        with path.open("rb") as file:
            head = file.read(200)
    except OSError:
        return False
    return any(len(head) > last and head[first] == head[last] == 0x47 for first, last in ((0, 188), (4, 196)))
