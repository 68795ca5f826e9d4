"""Adding media to a project: found, measured and entered in one edit."""

from __future__ import annotations

import os
from collections import Counter
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

_Key = tuple[str, tuple[str, ...]]
"""What a media is told from others by: its path, and a sequence's files."""


@dataclass(frozen=True, slots=True)
class Added:
    """What came of a request to add media."""

    media_ids: tuple[int, ...]
    """Of everything named, in order: new ones and those that were there already."""
    new: int
    failed: int


def add_media(project: Project, paths: Sequence[Path], cancel: CancelToken) -> Iterator[Event]:
    """Enter the media under `paths` into the project, in one edit; those it has already are left alone, and those that
    it misses elsewhere are known again by their fingerprint and get their new path.

    Videos come with the number of frames that their packets promise; `verify_media` proves it. What cannot be opened,
    or is another picture than the one that was added, becomes an ItemFailed. Last Result(Added).
    """
    from yolor_studio.media import discover

    found = discover(paths)
    there = project.media()
    known: dict[_Key, Media | _Entry] = {_key(project.media_path(media), media.files): media for media in there}
    missing = _missing(project, there)
    yield Started("Adding media", len(found), "media")
    meter = RateMeter(len(found))
    entries: list[Media | _Entry] = []
    moved: list[tuple[Media, _Entry]] = []
    failed = 0
    for done, item in enumerate(found, 1):
        cancel.check()
        key = _key(item.path, item.files)
        try:
            if item.error is not None:
                raise MediaError(item.error)
            if key not in known:
                entry = _measure(item)
                lost = missing.pop((entry.fingerprint, entry.files), None)
                if lost is not None:
                    moved.append((lost, entry))
                known[key] = lost or entry
            elif isinstance(media := known[key], Media):
                _refuse_changed(media, item.path)
            entries.append(known[key])
        except MediaError as error:
            failed += 1
            yield ItemFailed(item.path.name, str(error))
        yield meter.progress(done)
    new = list({id(entry): entry for entry in entries if isinstance(entry, _Entry)}.values())
    ids = _enter(project, new, moved)
    if moved:
        what = f"{moved[0][0].name} was" if len(moved) == 1 else f"{len(moved):,} media were"
        yield Notice(f"{what} found again in another place; all that was done there is kept.")
    media_ids = tuple(dict.fromkeys(ids[id(entry)] if isinstance(entry, _Entry) else entry.id for entry in entries))
    yield Result(Added(media_ids, len(new), failed))


def _missing(project: Project, media: Sequence[Media]) -> dict[tuple[Fingerprint, tuple[str, ...]], Media]:
    """The media whose file is gone, by what a file at another place is known by; not those that look the same."""
    from yolor_studio.media import there

    gone = [one for one in media if not there(one, project.media_path(one))]
    alike = Counter((one.fingerprint, one.files) for one in gone)
    return {(one.fingerprint, one.files): one for one in gone if alike[one.fingerprint, one.files] == 1}


def _refuse_changed(media: Media, path: Path) -> None:
    from yolor_studio.media import fingerprint

    if fingerprint(path, files=media.files) != media.fingerprint:
        raise MediaError(
            f"{path.name} is another file than the one that was added to the project, and boxes would be on the wrong "
            "pictures; nothing was changed. Put the old file back, or give the new one another name."
        )


def _enter(project: Project, new: Sequence[_Entry], moved: Sequence[tuple[Media, _Entry]]) -> dict[int, int]:
    """Write what was found in one edit; returns the media ids of the new entries by their `id()`."""
    names = [entry.name for entry in new] or [media.name for media, _ in moved]
    if not names:
        return {}
    what = names[0] if len(names) == 1 else f"{len(names):,} media"
    ids = {}
    with project.edit(f"{'Add' if new else 'Find'} {what}", actor="job") as edit:
        for media, entry in moved:
            edit.update_media(media.id, path=entry.path)
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
    return ids


def verify_media(project: Project, media_ids: Sequence[int], cancel: CancelToken) -> Iterator[Event]:
    """Decode videos whose number of frames is not proved yet, or whose stored index cannot be read, and store their
    index; labels follow their pts. Those that are missing, or whose file is another one, wait.

    Last Result(number of videos proved). A video that turns out unreadable becomes an ItemFailed.
    """
    from yolor_studio.media import Presence, open_media, presence

    waiting = [media for media in map(project.get_media, media_ids) if _is_uncounted(project, media)]
    # Of a file that is missing or another one nothing may be stored: its labels would follow the wrong pictures.
    waiting = [media for media in waiting if presence(media, project.media_path(media)) is Presence.THERE]
    total = sum(media.frames for media in waiting)
    yield Started("Counting frames", total, "frames")
    meter = RateMeter(total)
    before = proved = 0
    for media in waiting:
        cancel.check()
        try:
            index = yield from counted(project.media_path(media), cancel, meter, before)
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


def _is_uncounted(project: Project, media: Media) -> bool:
    from yolor_studio.media import VideoIndex

    if media.kind is not MediaKind.VIDEO or not media.verified:
        return media.kind is MediaKind.VIDEO
    try:
        VideoIndex.from_bytes(project.media_index(media.id) or b"")
    except MediaError:  # damaged, or of another version
        return True
    return False


def counted(path: Path, cancel: CancelToken, meter: RateMeter, before: int) -> Generator[Event, None, VideoIndex]:
    """Decode a video to its end; yields progress from `before` on and returns its index. Raises MediaError."""
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
    from yolor_studio.media import fingerprint, note_sequence, open_media

    with open_media(item.path, files=item.files) as source:
        info = source.info
    mark = fingerprint(item.path, files=item.files)
    if item.files:
        note_sequence(item.path, mark)
    name = os.path.basename(os.path.abspath(item.path))  # of "." too
    return _Entry(name, item.path, tuple(item.files), info, mark)


def _key(path: Path, files: Sequence[str]) -> _Key:
    return os.path.normcase(os.path.abspath(path)), tuple(files)
