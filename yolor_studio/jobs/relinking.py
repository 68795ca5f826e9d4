"""Finding media that were moved, and taking a changed file as it is."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Media, MediaKind
from yolor_studio.core.errors import MediaError, ProjectError
from yolor_studio.jobs.adding import counted
from yolor_studio.jobs.events import Event, Result, Started
from yolor_studio.jobs.media_search import Folder, Lost, Match, Matcher, Walk, moved_alike
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.project import Project

__all__ = ["Match", "Relinked", "TookOver", "missing_media", "relink", "relink_one", "use_anyway"]


@dataclass(frozen=True, slots=True)
class Relinked:
    """What came of a search."""

    found: tuple[Match, ...]
    """Media, as they were before, with the files that they have now."""
    missing: tuple[Media, ...]
    """Those of which nothing was found."""
    differing: tuple[Match, ...]
    """Those of which a file of the same name was found, or lies in the old place, that is another one. It was not
    taken."""
    complete: bool = True
    """Whether everything was looked at; False where the search was cut short."""


@dataclass(frozen=True, slots=True)
class TookOver:
    """What came of using a changed file."""

    media: Media
    """As it is now."""
    before: Media
    left_out: int
    """Labels of frames that the file does not have."""
    scaled: bool


def missing_media(project: Project) -> list[Media]:
    """The media whose file is not where the project says, by a look at the names alone."""
    from yolor_studio.media import there

    return [media for media in project.media() if not there(media, project.media_path(media))]


def relink(project: Project, folders: Sequence[Path], cancel: CancelToken) -> Iterator[Event]:
    """Look in the folders, all the way down, for every media that is missing or has another file in its place, and give
    those that are found their new paths, in one edit.

    Last Result(Relinked). Raises ProjectError for a project that cannot be written, MediaError for what is no folder,
    and Cancelled; nothing is changed then.
    """
    _refuse_read_only(project)
    for folder in folders:
        if not folder.is_dir():
            raise MediaError(f"{folder} is not a folder. Nothing was changed; name the folder to look in.")
    yield Started("Looking for media", None, "files")
    lost, taken = _lost_and_taken(project, cancel)
    matcher, meter = Matcher(lost, taken), RateMeter(None)
    looked, complete = 0, True
    for top in folders if lost else ():
        walk = Walk(Path(os.path.abspath(top)), matcher.suffixes, cancel)
        for folder in walk:
            matcher.look(folder)
            yield meter.progress(looked + walk.entries)
        looked += walk.entries
        complete = complete and walk.complete
    yield Result(_settle(project, lost, matcher.found(), matcher.differing(), complete=complete))


def relink_one(project: Project, media_id: int, path: Path, cancel: CancelToken) -> Iterator[Event]:
    """Give a media the file (or, a sequence, the folder) that a person picked if it is the same one, and others that
    are missing too where they lie beside it or went the same way; in one edit.

    Last Result(Relinked): a file that is another one is in `differing`, and nothing is changed. Raises ProjectError,
    MediaError and Cancelled.
    """
    from yolor_studio.media import fingerprint

    _refuse_read_only(project)
    media = project.get_media(media_id)
    yield Started("Looking for media", None, "files")
    path = Path(os.path.abspath(path))
    _refuse_unfit(project, media, path)
    lost, taken = _lost_and_taken(project, cancel)
    here = Lost(media, project.media_path(media))
    others = [one for one in lost if one.media.id != media_id]
    if fingerprint(path, files=media.files) != media.fingerprint:
        yield Result(_settle(project, [here, *others], [], [Match(media, path)]))
        return
    matcher = Matcher(others, [*taken, path])
    for folder in _beside(here, path, others, matcher.suffixes, cancel):
        matcher.look(folder)
    yield Result(_settle(project, [here, *others], [Match(media, path), *matcher.found()], []))


def use_anyway(project: Project, media_id: int, path: Path, cancel: CancelToken) -> Iterator[Event]:
    """Put another file in the place of a media's own: its frames are counted by decoding, labels stay on their frames,
    and those of frames that it does not have go; all in one edit.

    Last Result(TookOver). Raises MediaError when the file cannot be read or is of another kind, ProjectError and
    Cancelled; nothing is changed then.
    """
    from yolor_studio.media import fingerprint, open_media

    _refuse_read_only(project)
    before = project.get_media(media_id)
    path = Path(os.path.abspath(path))
    _refuse_unfit(project, before, path)
    yield Started("Counting frames", before.frames, "frames", path.name)
    mark = fingerprint(path, files=before.files)
    index = None
    if before.kind is MediaKind.VIDEO:
        index = yield from counted(path, cancel, RateMeter(before.frames), 0)
    blob = None if index is None else index.to_bytes()
    with open_media(path, index=blob, files=before.files) as source:
        info = source.info
    if info.kind is not before.kind:
        raise MediaError(_other_kind(before, path))
    with project.edit(f"Use the changed {before.name}", actor="job") as edit:
        taken = edit.take_other_file(
            media_id,
            path,
            fingerprint=mark,
            frames=info.frames if index is None else index.frames,
            width=info.width,
            height=info.height,
            fps=info.fps,
            info=info.as_json(),
            index=blob,
            pts=None if index is None else index.pts,
        )
    yield Result(TookOver(project.get_media(media_id), before, taken.left_out, taken.scaled))


def _refuse_read_only(project: Project) -> None:
    if project.read_only:
        raise ProjectError(
            f"{project.path.name} is open for reading only: {project.read_only_reason}. Nothing was changed."
        )


def _refuse_unfit(project: Project, media: Media, path: Path) -> None:
    if not path.exists():
        raise MediaError(f"{path} does not exist. Nothing was changed.")
    other = project.find_media(path)
    if other is not None and other.id != media.id and other.files == media.files:
        raise MediaError(f"{path.name} is in the project already, as {other.name}. Nothing was changed.")
    if path.is_dir() is not (media.kind is MediaKind.SEQUENCE):
        raise MediaError(_other_kind(media, path))


def _other_kind(media: Media, path: Path) -> str:
    wanted = {MediaKind.IMAGE: "a picture", MediaKind.VIDEO: "a video", MediaKind.SEQUENCE: "a folder of pictures"}
    return f"{media.name} is {wanted[media.kind]}, and {path.name} is none. Nothing was changed."


def _lost_and_taken(project: Project, cancel: CancelToken) -> tuple[list[Lost], list[Path]]:
    """The media to find, and the paths of all others."""
    from yolor_studio.media import Presence, presence

    lost, taken = [], []
    for media in project.media():
        cancel.check()
        path = project.media_path(media)
        if presence(media, path, hashed=False) is Presence.THERE:
            taken.append(path)
        else:
            lost.append(Lost(media, path))
    return lost, taken


def _beside(
    here: Lost, path: Path, others: Sequence[Lost], suffixes: frozenset[str], cancel: CancelToken
) -> Generator[Folder]:
    """The folders in which media may lie that were moved together with this one."""
    if not others:
        return
    places = [path.parent]
    for other in others:
        whole = other.media.kind is MediaKind.SEQUENCE
        places += [place if whole else place.parent for place in moved_alike(here.path, path, other.path)]
    for place in dict.fromkeys(places):
        for folder in Walk(place, suffixes, cancel):
            yield folder
            break  # what lies in it, and not below


def _settle(
    project: Project, lost: Sequence[Lost], found: Sequence[Match], differing: Sequence[Match], *, complete: bool = True
) -> Relinked:
    """Write the new paths, and say what is so now."""
    from yolor_studio.media import there

    if found:
        what = found[0].media.name if len(found) == 1 else f"{len(found):,} media"
        with project.edit(f"Find {what}", actor="job") as edit:
            for match in found:
                edit.update_media(match.media.id, path=match.path)
    told = {match.media.id for match in (*found, *differing)}
    in_place = [Match(one.media, one.path) for one in lost if one.media.id not in told and there(one.media, one.path)]
    told |= {match.media.id for match in in_place}
    return Relinked(
        tuple(found),
        tuple(one.media for one in lost if one.media.id not in told),
        (*differing, *in_place),
        complete,
    )
