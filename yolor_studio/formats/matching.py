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
from yolor_studio.formats.picture_files import PictureFiles, Unplaced, inside
from yolor_studio.project import Project

_NUMBERED = re.compile(r"(?P<stem>.*?)_?(?P<number>\d+)\.[A-Za-z0-9]+")


class Place(NamedTuple):
    """Where a record belongs."""

    media: Media
    frame: int


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

    def place(self, image: ImageRecord, files: PictureFiles) -> Place:
        """Where a picture belongs that may lie among `files`. Raises Unplaced."""
        if image.video is not None and image.frame is not None:
            try:
                return self._in_range(self._video(image.video), image.frame)
            except Unplaced:  # without the video its exported frames may be there, as pictures
                picture = self._at(files.candidates(image.file_name))
                if picture is None:
                    raise
                return picture
        if image.source:
            return self._find(image.source)
        try:
            return self._at(files.candidates(image.file_name)) or self._find(image.file_name)
        except Unplaced:
            numbered = self._numbered(image)
            if numbered is None:
                raise
            return numbered

    def _at(self, paths: Iterable[Path]) -> Place | None:
        return next((self._by_path[path] for path in paths if path in self._by_path), None)

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

    def _find(self, name: str) -> Place:
        parts = inside(name)
        place = self._at([self._project.folder.joinpath(*parts)])
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


def _names_of(media: Media) -> set[str]:
    return {media.name.casefold(), PurePosixPath(media.path).name.casefold()}
