"""Finding the media and frame that a record of an annotation file is about: by path, then by name, else not at all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from yolor_studio.core.entities import Media, MediaKind
from yolor_studio.formats.coco_read import ImageRecord, VideoRecord
from yolor_studio.formats.names import clip_names
from yolor_studio.project import Project

_NUMBERED = re.compile(r"(?P<stem>.*?)_?(?P<number>\d+)\.[A-Za-z0-9]+")
_LONGEST_NAME = 255
_DRIVE = re.compile(r"[A-Za-z]:")


class Place(NamedTuple):
    """Where a record belongs."""

    media: Media
    frame: int


class Unplaced(Exception):
    """A record belongs nowhere; the message says why."""


class Matcher:
    """Looks records up among the media of a project as they were when it was made."""

    def __init__(self, project: Project) -> None:
        self._project = project
        media = project.media()
        names = clip_names(media)
        self._clips = [one for one in media if one.kind is not MediaKind.IMAGE]
        self._clip_by_name = {names[one.id].casefold(): one for one in self._clips}
        self._by_path: dict[Path, Place] = {}
        self._by_name: dict[str, dict[Path, Place]] = defaultdict(dict)
        for one in media:
            for path, frame, called in self._files(one):
                place = Place(one, frame)
                self._by_path[path] = place
                for name in called:
                    self._by_name[name.casefold()][path] = place

    def _files(self, media: Media) -> Iterable[tuple[Path, int, set[str]]]:
        path = self._project.media_path(media)
        if media.kind is MediaKind.SEQUENCE:
            return [(path / name, frame, {name}) for frame, name in enumerate(media.files)]
        return [(path, 0, {media.name, path.name})] if media.kind is MediaKind.IMAGE else []

    def place(self, image: ImageRecord, folder: Path) -> Place:
        """Where the picture of a file in `folder` belongs. Raises Unplaced."""
        if image.video is not None and image.frame is not None:
            try:
                return self._in_range(self._video(image.video), image.frame)
            except Unplaced:  # without the video its exported frames may be there, as pictures
                picture = self._by_path.get(folder.parent.joinpath("images", *inside(image.file_name)))
                if picture is None:
                    raise
                return picture
        if image.source:
            return self._find(image.source, [self._project.folder])
        try:
            return self._find(image.file_name, [*picture_folders(folder), self._project.folder])
        except Unplaced:
            numbered = self._numbered(image)
            if numbered is None:
                raise
            return numbered

    def _video(self, video: VideoRecord) -> Media:
        name = video.file_name or video.name
        parts = inside(name)
        path = self._project.folder.joinpath(*parts)
        for called in (
            [one for one in self._clips if self._project.media_path(one) == path],
            [one for one in self._clips if parts[-1].casefold() in _names_of(one)],
            [one for clip, one in self._clip_by_name.items() if clip == video.name.casefold()],
        ):
            if len(called) == 1:
                return called[0]
            if called:
                raise Unplaced(f"{len(called)} media are called {parts[-1]}")
        raise Unplaced(f"no media is called {name}")

    def _find(self, name: str, roots: list[Path]) -> Place:
        parts = inside(name)
        for root in roots:
            place = self._by_path.get(root.joinpath(*parts))
            if place is not None:
                return place
        found = self._by_name.get(parts[-1].casefold(), {})
        if len(found) > 1 and len(parts) > 1:
            found = {path: place for path, place in found.items() if list(path.parts[-len(parts) :]) == parts}
        if len(found) > 1:
            raise Unplaced(f"{len(found)} media are called {parts[-1]}")
        if not found:
            raise Unplaced(f"no media is called {parts[-1]}")
        return next(iter(found.values()))

    def _numbered(self, image: ImageRecord) -> Place | None:
        """A frame of a clip, by a name as our exports write it (clip_000204.jpg), or as CVAT does where there is but
        one video of that size (frame_000204.png)."""
        match = _NUMBERED.fullmatch(inside(image.file_name)[-1])
        if match is None:
            return None
        clip = self._clip_by_name.get(match["stem"].casefold())
        if clip is None and match["stem"].casefold() == "frame":
            fitting = [one for one in self._clips if (one.width, one.height) == (image.width, image.height)]
            clip = fitting[0] if len(fitting) == 1 else None
        return None if clip is None else self._in_range(clip, int(match["number"]))

    def _in_range(self, media: Media, frame: int) -> Place:
        if not 0 <= frame < media.frames:
            raise Unplaced(f"{media.name} has {media.frames:,} frames and no frame {frame:,}")
        return Place(media, frame)


def picture_folders(folder: Path) -> list[Path]:
    """Where the pictures of an annotation file in `folder` may lie."""
    return [folder, folder / "images", folder.parent, folder.parent / "images"]


def picture_beside(image: ImageRecord, folder: Path) -> Path | None:
    """The picture of an annotation file in `folder`, where it lies in the dataset's own folders."""
    try:
        parts = inside(image.file_name)
    except Unplaced:
        return None
    return next((path for root in picture_folders(folder) if (path := root.joinpath(*parts)).is_file()), None)


def inside(name: str) -> list[str]:
    """The parts of a relative path in either style of separators. Raises Unplaced when it leaves its folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or _DRIVE.match(name):
        raise Unplaced(f"the path {name} leaves the folder")
    if not path.parts:
        raise Unplaced("it has no file name")
    if "\0" in name or any(len(part.encode()) > _LONGEST_NAME for part in path.parts):
        raise Unplaced(f"no file system has the name {name[:40]!r}")
    return list(path.parts)


def _names_of(media: Media) -> set[str]:
    return {media.name.casefold(), PurePosixPath(media.path).name.casefold()}
