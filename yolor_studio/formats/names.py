"""Names for exported folders and files: safe on every file system, unique however it treats case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from yolor_studio.core.entities import Media, MediaKind

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
_LONGEST = 120


def safe_name(name: str) -> str:
    """`name` as one path component that Windows, macOS and Linux accept; never empty, never hidden."""
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip(" .")
    while len(name.encode()) > _LONGEST:
        name = name[:-1].rstrip(" .")
    if not name:
        return "unnamed"
    return f"_{name}" if _RESERVED.match(name) else name


def unique_names(names: Iterable[str]) -> list[str]:
    """Safe names in the given order; a name met before, in whatever case, gets _2, _3 and so on."""
    taken: set[str] = set()
    result = []
    for name in map(safe_name, names):
        candidate, number = name, 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.add(candidate.casefold())
        result.append(candidate)
    return result


def clip_names(media: Iterable[Media]) -> dict[int, str]:
    """Media id -> the name that its exported pictures carry; stable as long as no earlier media is removed."""
    listed = list(media)
    return dict(zip((one.id for one in listed), unique_names(map(_stem, listed)), strict=True))


def _stem(media: Media) -> str:
    if media.kind is MediaKind.SEQUENCE:  # a folder, whose dots are part of its name
        return media.name
    stem, dot, _ = media.name.rpartition(".")
    return stem if dot and stem else media.name


def frame_file(clip: str, frame: int, suffix: str) -> str:
    """The POSIX path of a video frame below the folder of pictures: `clip/clip_000204.jpg`."""
    return f"{clip}/{clip}_{frame:06d}{suffix}"
