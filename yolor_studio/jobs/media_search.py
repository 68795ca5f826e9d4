"""Looking through folders for the files of media that are not where a project says.

Files are told by their fingerprints. A name or a size only says which files are worth reading.
"""

from __future__ import annotations

import os
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Fingerprint, Media, MediaKind
from yolor_studio.core.errors import MediaError

MOST_ENTRIES = 1_000_000
"""A search ends after so many files: a person who picks the root of a disk shall not wait for hours."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A media whose file is to be found, and where it was."""

    media: Media
    path: Path


@dataclass(frozen=True, slots=True)
class Match:
    """A media and a file for it."""

    media: Media
    path: Path


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder's own files that could be media: name -> size in bytes."""

    path: Path
    files: Mapping[str, int]


class Walk:
    """The folders below one, the nearest first; links are followed, and no folder is looked at twice."""

    def __init__(self, top: Path, suffixes: frozenset[str], cancel: CancelToken) -> None:
        """`suffixes`: of the files that count, in lower case."""
        self._top, self._suffixes, self._cancel = top, suffixes, cancel
        self.entries = 0
        """How many files and folders were looked at."""

    @property
    def complete(self) -> bool:
        """Whether the search was not cut short by its bound."""
        return self.entries < MOST_ENTRIES

    def __iter__(self) -> Iterator[Folder]:
        waiting, seen = deque([self._top]), set()
        while waiting and self.complete:
            path = waiting.popleft()
            try:
                key = _identity(path)
                if key in seen:
                    continue
                seen.add(key)
                folder, inside = self._list(path)
            except OSError:  # no right to look inside, or gone meanwhile
                continue
            waiting.extend(inside)
            yield folder

    def _list(self, path: Path) -> tuple[Folder, list[Path]]:
        files, folders = {}, []
        with os.scandir(path) as entries:
            for entry in entries:
                self._cancel.check()
                self.entries += 1
                if entry.name.startswith("."):
                    continue
                try:
                    if entry.is_dir():
                        folders.append(path / entry.name)
                    elif os.path.splitext(entry.name)[1].lower() in self._suffixes:
                        files[entry.name] = entry.stat().st_size
                except OSError:  # a link to nowhere
                    continue
        return Folder(path, files), sorted(folders)


def _identity(path: Path) -> tuple[int, int] | str:
    status = os.stat(path)
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(path)


class Matcher:
    """Takes folders one by one and knows in the end which file belongs to which media."""

    def __init__(self, lost: Sequence[Lost], taken: Sequence[Path]) -> None:
        """`taken`: the files of media that are not lost; none is given to another media."""
        self._lost = lost
        self._taken = {_plain(path) for path in taken}
        self._sizes: set[int] = set()
        self._prints: dict[Fingerprint, list[Lost]] = defaultdict(list)
        self._names: dict[str, list[Lost]] = defaultdict(list)
        self._series: dict[str, list[Lost]] = defaultdict(list)
        for one in lost:
            if one.media.kind is MediaKind.SEQUENCE:
                self._series[one.media.files[0]].append(one)
            else:
                self._sizes.add(one.media.fingerprint.size)
                self._prints[one.media.fingerprint].append(one)
                self._names[one.path.name.casefold()].append(one)
        self._same: list[tuple[Lost, Path]] = []
        self._other: list[tuple[Lost, Path]] = []

    @property
    def suffixes(self) -> frozenset[str]:
        """Of the files that are worth looking at: all that media have, and those of the lost ones."""
        from yolor_studio.media import IMAGE_SUFFIXES, VIDEO_SUFFIXES

        return IMAGE_SUFFIXES | VIDEO_SUFFIXES | {one.path.suffix.lower() for one in self._lost}

    def look(self, folder: Folder) -> None:
        """Compare one folder's files, and the folder itself, with what is lost."""
        for name, size in folder.files.items():
            named = self._names.get(name.casefold(), [])
            if named or size in self._sizes:
                self._look_at_file(folder.path / name, size, named)
        for first, several in self._series.items():
            for one in several:
                if first in folder.files or folder.path.name.casefold() == one.path.name.casefold():
                    self._look_at_series(folder, one)

    def _look_at_file(self, path: Path, size: int, named: Sequence[Lost]) -> None:
        if _plain(path) in self._taken:
            return
        same: Sequence[Lost] = ()
        if size in self._sizes:
            found = _fingerprint(path)
            if found is None:
                return
            same = self._prints.get(found, ())
        self._same += [(one, path) for one in same]
        self._other += [(one, path) for one in named if one not in same]

    def _look_at_series(self, folder: Folder, one: Lost) -> None:
        there = [name for name in one.media.files if name in folder.files]
        if not there or _plain(folder.path) in self._taken:
            return
        named = folder.path.name.casefold() == one.path.name.casefold()
        # A camera's pictures without compression are all of one size: then the names of the files tell nothing either.
        telling = len({folder.files[name] for name in there}) > 1
        same = len(there) == len(one.media.files) and (
            _fingerprint(folder.path, one.media.files) == one.media.fingerprint
        )
        if same and (named or telling):
            self._same.append((one, folder.path))
        elif named and not same:
            self._other.append((one, folder.path))

    def found(self) -> list[Match]:
        """For each media at most one file, and no file for two: among several of the same content the one whose path
        is most like the path that the media had."""
        return self._assign(self._same, frozenset())

    def differing(self) -> list[Match]:
        """Media that were not found, with a file of their name whose content is another."""
        return self._assign(self._other, frozenset(match.media.id for match in self.found()))

    def _assign(self, pairs: list[tuple[Lost, Path]], but: frozenset[int]) -> list[Match]:
        ranked = sorted(pairs, key=lambda pair: (-_alike(pair[0].path, pair[1]), len(pair[1].parts), str(pair[1])))
        matches: dict[int, Match] = {}
        used: set[str] = set()
        for one, path in ranked:
            if one.media.id not in matches and one.media.id not in but and _plain(path) not in used:
                matches[one.media.id] = Match(one.media, path)
                used.add(_plain(path))
        return [matches[one.media.id] for one in self._lost if one.media.id in matches]


def _plain(path: Path) -> str:
    return os.path.normcase(os.path.abspath(path))


def _alike(first: Path, second: Path) -> int:
    """How many of the last parts of two paths are the same."""
    count = 0
    for a, b in zip(reversed(first.parts), reversed(second.parts), strict=False):
        if a.casefold() != b.casefold():
            break
        count += 1
    return count


def _fingerprint(path: Path, files: Sequence[str] = ()) -> Fingerprint | None:
    from yolor_studio.media import fingerprint

    try:
        return fingerprint(path, files=files)
    except MediaError:
        return None


def moved_alike(old: Path, new: Path, other: Path) -> Iterator[Path]:
    """Where `other` would lie if it had gone the way from `old` to `new`, the likeliest first."""
    old, new = old.parent, new.parent
    while True:
        if other.is_relative_to(old):
            yield new / other.relative_to(old)
        if old.name != new.name or old == old.parent or new == new.parent:
            return
        old, new = old.parent, new.parent
