"""All of a project that an export needs, as columns, read once: editing may go on while it is written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import orjson
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Category, FrameState, Layer, Media, MediaKind, Object
from yolor_studio.project import BoxTable, Project

NO_TRACK = 0
_PLAIN_ATTRIBUTES = b'{"occluded":false}'
_CHECK_EVERY = 256


@dataclass(frozen=True, slots=True, eq=False)
class FrameColumns:
    """M frames that an export could hold, sorted by media, then by frame; row i of every column belongs together."""

    media: NDArray[np.int64]
    """Index into the snapshot's `media`."""
    frame: NDArray[np.int64]
    reviewed: NDArray[np.bool_]
    skipped: NDArray[np.bool_]
    visited: NDArray[np.bool_]
    """By the run of the shown layer."""
    boxes: NDArray[np.int64]
    """How many objects have a box there."""
    keyframes: NDArray[np.int64]
    """How many of those boxes stand on a keyframe."""

    def __len__(self) -> int:
        return len(self.frame)


@dataclass(frozen=True, slots=True, eq=False)
class BoxColumns:
    """N boxes sorted by frame; row i of every column belongs together."""

    row: NDArray[np.int64]
    """The frame: a row of a FrameColumns or of a plan's images."""
    box: NDArray[np.float64]
    """[N, 4] x, y, w, h in displayed pixels."""
    category: NDArray[np.int64]
    track: NDArray[np.int64]
    """NO_TRACK where there is none."""
    ignore: NDArray[np.bool_]
    attributes: NDArray[np.int64]
    """Index into the snapshot's `attributes`."""
    score: NDArray[np.float64]
    """NaN for objects."""

    def __len__(self) -> int:
        return len(self.row)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_] | slice) -> BoxColumns:
        """The given rows of every column."""
        if isinstance(rows, np.ndarray) and rows.dtype == bool and rows.all():
            return self
        return BoxColumns(*(getattr(self, name)[rows] for name in self.__slots__))

    def with_(self, **columns: NDArray) -> BoxColumns:
        """These boxes with some columns replaced."""
        return replace(self, **columns)

    @classmethod
    def empty(cls) -> BoxColumns:
        """No boxes."""
        none, floats, flags = np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool)
        return cls(none, np.zeros((0, 4)), none, none, flags, none, floats)

    @classmethod
    def join(cls, parts: Sequence[BoxColumns]) -> BoxColumns:
        """The boxes of all parts sorted by frame, within a frame in the order of the parts."""
        filled = [part for part in parts if len(part)]
        if len(filled) <= 1:
            joined = filled[0] if filled else cls.empty()
        else:
            joined = cls(*(np.concatenate([getattr(part, name) for part in filled]) for name in cls.__slots__))
        sorted_already = bool(np.all(joined.row[1:] >= joined.row[:-1]))
        return joined if sorted_already else joined.take(np.argsort(joined.row, kind="stable"))


@dataclass(slots=True, eq=False)
class Snapshot:
    """What a project holds when it is read. Take it once and plan any number of exports from it."""

    project: Project
    media: tuple[Media, ...]
    """Sorted by id, like `categories`."""
    categories: tuple[Category, ...]
    layer: Layer | None
    score_limit: float
    category_score_limits: Mapping[int, float]
    frames: FrameColumns
    objects: BoxColumns
    attributes: tuple[bytes, ...]
    """Distinct attributes as JSON objects; the first is the one of predictions."""
    missing: frozenset[int]
    """Media (ids) whose file is not there."""
    changed: frozenset[int]
    """Media whose file has another size than when it was added."""
    _shown: dict[float | None, dict[int, BoxColumns]] = field(default_factory=dict)

    def shown(
        self, rows: NDArray[np.int64], min_score: float | None, *, cancel: CancelToken | None = None
    ) -> list[BoxColumns]:
        """The shown predictions of the given rows of `frames`, one item for each row that has any."""
        known = self._shown.setdefault(min_score, {})
        found = []
        for number, row in enumerate(rows[self.frames.visited[rows]].tolist()):
            if cancel is not None and number % _CHECK_EVERY == 0:
                cancel.check()
            if row not in known:
                known[row] = self._read_shown(row, min_score)
            if len(known[row]):
                found.append(known[row])
        return found

    def _read_shown(self, row: int, min_score: float | None) -> BoxColumns:
        media, frame = self.media[self.frames.media[row]], int(self.frames.frame[row])
        shown = self.project.shown(media.id, frame, min_score=min_score, layer_id=self.layer.id if self.layer else None)
        finite = np.isfinite(shown.boxes).all(axis=1)
        count = int(finite.sum())
        return BoxColumns(
            row=np.full(count, row, np.int64),
            box=shown.boxes[finite].astype(np.float64),
            category=shown.categories[finite].astype(np.int64),
            track=np.full(count, NO_TRACK, np.int64),
            ignore=np.zeros(count, bool),
            attributes=np.zeros(count, np.int64),
            score=shown.scores[finite].astype(np.float64),
        )


def take_snapshot(project: Project, *, cancel: CancelToken | None = None) -> Snapshot:
    """Read the project. Raises Cancelled."""
    media = tuple(sorted(project.media(), key=lambda one: one.id))
    layer = project.shown_layer()
    reader = _ObjectReader()
    frames = _FrameReader()
    for index, one in enumerate(media):
        if cancel is not None:
            cancel.check()
        frames.add_states(index, project.frame_states(one.id))
        if layer is not None:
            frames.add_visited(index, project.visited_frames(layer.id, one.id))
        if things := project.objects(one.id):
            reader.add(index, one, things, project.box_table(one.id))
    missing, changed = _look_for_files(project, media)
    places = reader.places()
    table = frames.table(places, reader.keyframes())
    return Snapshot(
        project=project,
        media=media,
        categories=tuple(sorted(project.categories(), key=lambda one: one.id)),
        layer=layer,
        score_limit=project.score_limit(),
        category_score_limits=project.category_score_limits(),
        frames=table,
        objects=reader.columns(_row_of(table, places)),
        attributes=tuple(reader.attributes),
        missing=missing,
        changed=changed,
    )


def _look_for_files(project: Project, media: Sequence[Media]) -> tuple[frozenset[int], frozenset[int]]:
    """The ids of media whose file is missing, and of those whose file has another size (a folder's tells nothing)."""
    missing, changed = set(), set()
    for one in media:
        try:
            status = os.stat(project.media_path(one))
        except OSError:
            missing.add(one.id)
            continue
        if one.kind is not MediaKind.SEQUENCE and status.st_size != one.fingerprint.size:
            changed.add(one.id)
    return frozenset(missing), frozenset(changed)


def _key(media: NDArray[np.int64] | int, frame: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number a frame, sorting by media, then by frame."""
    return (np.asarray(media, np.int64) << 40) | frame


def _row_of(table: FrameColumns, places: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.searchsorted(_key(table.media, table.frame), places)


class _ObjectReader:
    """Turns the tables of boxes that the project gives, media by media, into one set of columns."""

    def __init__(self) -> None:
        self.attributes: dict[bytes, int] = {_PLAIN_ATTRIBUTES: 0}
        self._things: list[Object] = []
        self._moving: list[bool] = []
        self._places: list[NDArray[np.int64]] = []
        self._tables: list[BoxTable] = []

    def add(self, index: int, media: Media, things: Sequence[Object], table: BoxTable) -> None:
        """Add one media's boxes; one whose object came or went while these were read is not in both and left out."""
        known = np.isin(table.objects, [thing.id for thing in things])
        if not known.all():
            columns = {field.name: getattr(table, field.name)[known] for field in fields(BoxTable)}
            table = BoxTable(**columns)
        self._things += things
        self._moving += [media.kind is not MediaKind.IMAGE] * len(things)
        self._places.append(_key(index, table.frames))
        self._tables.append(table)

    def places(self) -> NDArray[np.int64]:
        """The place (media and frame as one number) of every box."""
        return _joined(self._places)

    def keyframes(self) -> NDArray[np.bool_]:
        """Whether each box stands on a keyframe."""
        return _joined([table.keyframe for table in self._tables]).astype(bool)

    def columns(self, row: NDArray[np.int64]) -> BoxColumns:
        """Every box, with its frame given as a row."""
        if not len(row):
            return BoxColumns.empty()
        ids = np.array([thing.id for thing in self._things], np.int64)
        order = np.argsort(ids)
        place = order[np.searchsorted(ids, _joined([table.objects for table in self._tables]), sorter=order)]
        tracks = [
            thing.track_id if moves else NO_TRACK for thing, moves in zip(self._things, self._moving, strict=True)
        ]
        return BoxColumns(
            row=row,
            box=_joined([table.boxes for table in self._tables]),
            category=np.array([thing.category_id for thing in self._things], np.int64)[place],
            track=np.array(tracks, np.int64)[place],
            ignore=np.array([thing.ignore for thing in self._things], bool)[place],
            attributes=self._attributes(place),
            score=np.full(len(row), np.nan),
        )

    def _attributes(self, place: NDArray[np.int64]) -> NDArray[np.int64]:
        """Intern the attributes of each combination of own attributes, kind of media, occluded and keyframe that
        occurs; the many objects without attributes of their own count as one."""
        owners = [number if thing.attributes else -1 for number, thing in enumerate(self._things)]
        flags = np.array(self._moving)[place] * 4 + _joined([table.occluded for table in self._tables]) * 2
        codes = np.array(owners, np.int64)[place] * 8 + flags + self.keyframes()
        distinct, inverse = np.unique(codes, return_inverse=True)
        indices = []
        for code in distinct.tolist():
            own = dict(self._things[code >> 3].attributes) if code >= 0 else {}
            own["occluded"] = bool(code & 2)
            if code & 4:
                own["keyframe"] = bool(code & 1)
            text = orjson.dumps(own, option=orjson.OPT_SORT_KEYS)
            indices.append(self.attributes.setdefault(text, len(self.attributes)))
        return np.array(indices, np.int64)[inverse]


class _FrameReader:
    """Collects what is known of frames into one table."""

    def __init__(self) -> None:
        self._reviewed: list[NDArray[np.int64]] = []
        self._skipped: list[NDArray[np.int64]] = []
        self._visited: list[NDArray[np.int64]] = []

    def add_states(self, media: int, states: Mapping[int, FrameState]) -> None:
        """Add a media's frame states."""
        for into, wanted in ((self._reviewed, FrameState.REVIEWED), (self._skipped, FrameState.SKIPPED)):
            frames = [frame for frame, state in states.items() if state is wanted]
            if frames:
                into.append(_key(media, np.array(frames, np.int64)))

    def add_visited(self, media: int, frames: NDArray[np.int64]) -> None:
        """Add the frames of a media that the run has visited."""
        if len(frames):
            self._visited.append(_key(media, frames.astype(np.int64)))

    def table(self, places: NDArray[np.int64], keyframes: NDArray[np.bool_]) -> FrameColumns:
        """The table of all frames met, with the boxes at `places` counted."""
        reviewed, skipped, visited = map(_joined, (self._reviewed, self._skipped, self._visited))
        keys = np.unique(np.concatenate((reviewed, skipped, visited, places)))
        rows = np.searchsorted(keys, places)
        return FrameColumns(
            media=keys >> 40,
            frame=keys & ((1 << 40) - 1),
            reviewed=np.isin(keys, reviewed),
            skipped=np.isin(keys, skipped),
            visited=np.isin(keys, visited),
            boxes=np.bincount(rows, minlength=len(keys)),
            keyframes=np.bincount(rows[keyframes], minlength=len(keys)),
        )


def _joined(parts: Sequence[NDArray]) -> NDArray:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
