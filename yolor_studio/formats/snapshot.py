"""All of a project that an export needs, as columns, read once: editing may go on while it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import orjson
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Category, FrameState, Layer, Media, MediaKind
from yolor_studio.project import CODES, Project, StateTable, WholeTable, rows_of

NO_TRACK = 0
_PLAIN_ATTRIBUTES = b'{"occluded":false}'
_CHECK_EVERY = 256
_FRAME_BITS = 40


@dataclass(frozen=True, slots=True, eq=False)
class FrameColumns:
    """M frames that an export could hold, sorted by media, then by frame; row i of every column belongs together."""

    media: NDArray[np.int64]
    """Index into the snapshot's `media`."""
    frame: NDArray[np.int64]
    reviewed: NDArray[np.bool_]
    skipped: NDArray[np.bool_]
    known: NDArray[np.int64]
    """How many categories had been made when the frame was reviewed, 0 where it was not."""
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
    made: Mapping[int, int]
    """Category id -> as which of all it was made, as `FrameColumns.known` counts."""
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
    """Media in whose place another file is than the one that was added."""
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
    check = (cancel or CancelToken()).check
    check()
    whole = project.whole_table()
    check()
    ids = np.array([one.id for one in media], np.int64)
    places = _places(ids, whole.objects.media[whole.owners], whole.boxes.frames)
    if not (there := places >= 0).all():  # of a media that was added meanwhile
        boxes = whole.boxes.take(there)
        whole = replace(whole, boxes=boxes, owners=whole.owners[there])
        places = places[there]
    visited = np.zeros((0, 2), np.int64) if layer is None else project.visited_table(layer.id)
    frames = _frames(places, whole.boxes.keyframe, project.state_table(), visited, ids)
    check()
    missing, changed = _look_for_files(project, media)
    objects, attributes = _boxes(whole, np.searchsorted(_key(frames.media, frames.frame), places), media)
    return Snapshot(
        project=project,
        media=media,
        categories=tuple(sorted(project.categories(), key=lambda one: one.id)),
        made=project.made_numbers(),
        layer=layer,
        score_limit=project.score_limit(),
        category_score_limits=project.category_score_limits(),
        frames=frames,
        objects=objects,
        attributes=attributes,
        missing=missing,
        changed=changed,
    )


def _look_for_files(project: Project, media: Sequence[Media]) -> tuple[frozenset[int], frozenset[int]]:
    """The ids of media whose file is missing, and of those in whose place another file is (an image's is known by its
    size here, and by its content when it is opened)."""
    from yolor_studio.media import Presence, presence

    found = {one.id: presence(one, project.media_path(one), hashed=False) for one in media}
    missing, changed = (
        frozenset(media_id for media_id, what in found.items() if what is wanted)
        for wanted in (Presence.MISSING, Presence.CHANGED)
    )
    return missing, changed


def _key(media: NDArray[np.int64], frame: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number a frame, sorting by media (as an index), then by frame."""
    return media << _FRAME_BITS | frame


def _places(ids: NDArray[np.int64], media: NDArray[np.int64], frames: NDArray[np.int64]) -> NDArray[np.int64]:
    """The key of each frame, its media given by id among the rising `ids`; -1 where it is not among them."""
    index = rows_of(ids, media)
    return np.where(index >= 0, _key(index, frames), -1)


def _frames(
    places: NDArray[np.int64],
    keyframes: NDArray[np.bool_],
    states: StateTable,
    visited: NDArray[np.int64],
    ids: NDArray[np.int64],
) -> FrameColumns:
    """The table of every frame that has a box (at `places`), a state or was visited."""
    stated, seen = _places(ids, states.media, states.frames), _places(ids, *visited.T)
    keys = np.unique(np.concatenate((stated, seen, places)))
    keys = keys[keys >= 0]
    code, known = np.zeros(len(keys), np.uint8), np.zeros(len(keys), np.int64)
    told = stated >= 0
    row = np.searchsorted(keys, stated[told])
    code[row], known[row] = states.codes[told], states.known[told]
    rows = np.searchsorted(keys, places)
    return FrameColumns(
        media=keys >> _FRAME_BITS,
        frame=keys & ((1 << _FRAME_BITS) - 1),
        reviewed=code == CODES[FrameState.REVIEWED],
        skipped=code == CODES[FrameState.SKIPPED],
        known=known,
        visited=np.isin(keys, seen),
        boxes=np.bincount(rows, minlength=len(keys)),
        keyframes=np.bincount(rows[keyframes], minlength=len(keys)),
    )


def _boxes(whole: WholeTable, row: NDArray[np.int64], media: Sequence[Media]) -> tuple[BoxColumns, tuple[bytes, ...]]:
    """Every object's boxes, each on the frame in its row, and the attributes that they refer to."""
    owners, images = whole.owners, [one.id for one in media if one.kind is MediaKind.IMAGE]
    moving = ~np.isin(whole.objects.media, images)
    attributes, texts = _attributes(whole, moving)
    columns = BoxColumns(
        row=row,
        box=whole.boxes.boxes,
        category=whole.objects.categories[owners],
        track=np.where(moving, whole.objects.tracks, NO_TRACK)[owners],
        ignore=whole.objects.ignore[owners],
        attributes=attributes,
        score=np.full(len(row), np.nan),
    )
    return columns, texts


def _attributes(whole: WholeTable, moving: NDArray[np.bool_]) -> tuple[NDArray[np.int64], tuple[bytes, ...]]:
    """For each box a number in the texts, made of what occurs together: the object's attributes, over them the
    keyframe's, `occluded` and, where things move, `keyframe`."""
    objects, boxes = whole.objects, whole.boxes
    described = objects.attributes[whole.owners] * len(boxes.texts) + boxes.attributes
    codes = described << 3 | moving[whole.owners] << 2 | boxes.occluded << 1 | boxes.keyframe
    distinct, inverse = np.unique(codes, return_inverse=True)
    numbers = {_PLAIN_ATTRIBUTES: 0}
    found = []
    for code in distinct.tolist():
        of_object, of_keyframe = divmod(code >> 3, len(boxes.texts))
        told = orjson.loads(objects.texts[of_object]) | orjson.loads(boxes.texts[of_keyframe])
        told["occluded"] = bool(code & 2)
        if code & 4:
            told["keyframe"] = bool(code & 1)
        text = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
        found.append(numbers.setdefault(text, len(numbers)))
    return np.array(found, np.int64)[inverse], tuple(numbers)
