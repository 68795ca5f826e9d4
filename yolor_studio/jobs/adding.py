"""Adding media to a project: found, measured and entered in one edit."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Fingerprint, Media, MediaKind
from yolor_studio.core.errors import MediaError
from yolor_studio.jobs.events import Event, ItemFailed, Notice, Preview, Result, Started
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.jobs.streaming import streamed
from yolor_studio.project import Project, Renumbering

if TYPE_CHECKING:
    from yolor_studio.media import Found, MediaInfo, VideoIndex


@dataclass(frozen=True, slots=True)
class Added:
    """What came of a request to add media."""

    media_ids: tuple[int, ...]
    """Of everything named, in order: new ones and those that were there already."""
    new: int
    failed: int


def add_media(project: Project, paths: Sequence[Path], cancel: CancelToken) -> Iterator[Event]:
    """Enter the media under `paths` into the project, in one edit; those it has already are left alone.

    Videos come with the number of frames that their packets promise; `verify_media` proves it. What cannot be opened
    becomes an ItemFailed. Last Result(Added).
    """
    from yolor_studio.media import discover

    found = discover(paths)
    known = {_key(project.media_path(media), media.files): media.id for media in project.media()}
    yield Started("Adding media", len(found), "media")
    meter = RateMeter(len(found))
    entries: list[int | _Entry] = []
    failed = 0
    for done, item in enumerate(found, 1):
        cancel.check()
        there = known.get(_key(item.path, item.files))
        try:
            if item.error is not None:
                raise MediaError(item.error)
            entries.append(there if there is not None else _measure(item))
        except MediaError as error:
            failed += 1
            yield ItemFailed(item.path.name, str(error))
        yield meter.progress(done)
    new = [entry for entry in entries if isinstance(entry, _Entry)]
    ids: dict[int, int] = {}
    if new:
        with project.edit(f"Add {new[0].name}" if len(new) == 1 else f"Add {len(new):,} media", actor="job") as edit:
            for entry in new:
                ids[id(entry)] = edit.add_media(
                    entry.info.kind,
                    entry.path,
                    name=entry.name,
                    width=entry.info.width,
                    height=entry.info.height,
                    frames=entry.info.frames,
                    fps=entry.info.fps,
                    fingerprint=entry.fingerprint,
                    verified=entry.info.kind is not MediaKind.VIDEO,
                    files=entry.files,
                    info=entry.info.as_json(),
                )
    media_ids = tuple(dict.fromkeys(entry if isinstance(entry, int) else ids[id(entry)] for entry in entries))
    yield Result(Added(media_ids, len(new), failed))


def verify_media(project: Project, media_ids: Sequence[int], cancel: CancelToken) -> Iterator[Event]:
    """Decode videos whose number of frames is not proved yet, and store their index; labels follow their pts.

    Last Result(number of videos proved). A video that turns out unreadable becomes an ItemFailed.
    """
    from yolor_studio.media import open_media

    waiting = [m for m in map(project.get_media, media_ids) if m.kind is MediaKind.VIDEO and not m.verified]
    total = sum(media.frames for media in waiting)
    yield Started("Counting frames", total, "frames")
    meter = RateMeter(total)
    before = proved = 0
    for media in waiting:
        cancel.check()
        try:
            index = yield from _counted(project.media_path(media), cancel, meter, before)
            with open_media(project.media_path(media), index=index.to_bytes()) as source:
                info = source.info
        except MediaError as error:
            yield ItemFailed(media.name, str(error))
            continue
        renumbering = _store(project, media, index, info)
        if renumbering is not None:
            yield Notice(f"{media.name}: {renumbering}")
        proved += 1
        before += media.frames
        yield meter.progress(before)
        yield Preview(media.id, 0)
    yield Result(proved)


def _counted(path: Path, cancel: CancelToken, meter: RateMeter, before: int) -> Generator[Event, None, VideoIndex]:
    from yolor_studio.media import build_index

    def count(report: Callable[[int], None]) -> VideoIndex:
        return build_index(path, cancel=cancel, progress=lambda done, _total: report(done))

    def to_event(done: int) -> Event:
        return meter.progress(before + done)

    return streamed(count, to_event)


def _store(project: Project, media: Media, index: VideoIndex, info: MediaInfo) -> Renumbering | None:
    return project.store_media_index(
        media.id,
        index.to_bytes(),
        frames=index.frames,
        verified=index.verified,
        width=info.width,
        height=info.height,
        fps=info.fps,
        info=info.as_json(),
        pts=index.pts,
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    path: Path
    files: tuple[str, ...]
    info: MediaInfo
    fingerprint: Fingerprint


def _measure(item: Found) -> _Entry:
    from yolor_studio.media import fingerprint, open_media

    with open_media(item.path, files=item.files) as source:
        return _Entry(item.path.name, item.path, tuple(item.files), source.info, fingerprint(item.path))


def _key(path: Path, files: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    return os.path.normcase(os.path.abspath(path)), tuple(files)
