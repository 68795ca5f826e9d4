"""Many boxes at once, as numpy columns: for exports, statistics and strips over whole videos."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Box, FrameBox, Object, Origin
from yolor_studio.core.tracks import lerp_boxes, span_lengths
from yolor_studio.project.queries import objects_of

ORIGINS = (Origin.HUMAN, Origin.MODEL, Origin.IMPORT)
_FRAMES_AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class BoxTable:
    """Boxes of objects as columns; row i of each array belongs together, sorted by frame and then by object."""

    frames: NDArray[np.int64]
    objects: NDArray[np.int64]
    """[N] object ids."""
    boxes: NDArray[np.float64]
    """[N, 4] x, y, w, h in displayed pixels."""
    occluded: NDArray[np.bool_]
    keyframe: NDArray[np.bool_]
    """[N] whether a keyframe stands on this very frame."""
    origins: NDArray[np.int8]
    """[N] index into ORIGINS."""
    scores: NDArray[np.float64]
    """[N], NaN where there is none."""
    attributes: NDArray[np.int64]
    """[N] index into `texts`: attributes of the keyframe at or before the frame."""
    texts: tuple[str, ...]
    """Distinct attributes as JSON objects, the first without any."""

    def __len__(self) -> int:
        return len(self.frames)

    def take(self, rows: NDArray[np.bool_]) -> BoxTable:
        """The given rows."""
        return replace(self, **_taken(self, rows))


@dataclass(frozen=True, slots=True, eq=False)
class Keyframes:
    """Keyframes as columns, sorted by object and frame."""

    objects: NDArray[np.int64]
    frames: NDArray[np.int64]
    lengths: NDArray[np.int64]
    """[N] for how many frames the keyframe's box, or its interpolation, stands."""
    boxes: NDArray[np.float64]
    occluded: NDArray[np.bool_]
    origins: NDArray[np.int8]
    scores: NDArray[np.float64]
    attributes: NDArray[np.int64]
    texts: tuple[str, ...]

    def take(self, rows: NDArray[np.bool_]) -> Keyframes:
        """The given ones; whole objects, because a keyframe's length depends on the next."""
        return replace(self, **_taken(self, rows))


def _taken(table: BoxTable | Keyframes, rows: NDArray[np.bool_]) -> dict[str, NDArray]:
    return {name: getattr(table, name)[rows] for name in table.__slots__ if name != "texts"}


# Few columns, because each costs a Python number a row.
_INTERPOLATE, _OCCLUDED, _HAS_ATTRIBUTES, _ORIGIN_SHIFT = 1, 2, 4, 3
_COLUMNS = f"""
k.object_id, k.frame, k.interpolate * {_INTERPOLATE} + k.occluded * {_OCCLUDED}
    + (k.attributes <> '{{}}') * {_HAS_ATTRIBUTES}
    + ((CASE k.origin WHEN 'human' THEN 0 WHEN 'model' THEN 1 ELSE 2 END) << {_ORIGIN_SHIFT}),
k.x, k.y, k.w, k.h, coalesce(k.score, -1)
"""
# Read in the order of the file and sorted by numpy: SQLite would carry every column through its sort.
_OF_MEDIA = """
FROM (SELECT id FROM live_object WHERE media_id = ? ORDER BY id) o CROSS JOIN keyframe k ON k.object_id = o.id
"""


_OF_ALL = "FROM keyframe k"


def read_keyframes(connection: sqlite3.Connection, media_id: int | None) -> Keyframes:
    """The keyframes of a media's objects; None: of all objects, those that are not seen too."""
    source, values = (_OF_ALL, ()) if media_id is None else (_OF_MEDIA, (media_id,))
    found = connection.execute(f"SELECT {_COLUMNS} {source}", values)
    # float64 holds ids and frames up to 2**53 exactly.
    cells = _sorted(np.fromiter(chain.from_iterable(found), np.float64).reshape(-1, 8))
    objects, frames, flags = cells[:, :3].astype(np.int64).T
    described = np.flatnonzero(flags & _HAS_ATTRIBUTES)
    attributes, texts = np.zeros(len(cells), np.int64), Texts()
    if len(described):
        sql = f"SELECT k.object_id, k.frame, k.attributes {source} WHERE k.attributes <> '{{}}'"
        known = {(thing, frame): text for thing, frame, text in connection.execute(sql, values)}
        places = zip(objects[described].tolist(), frames[described].tolist(), strict=True)
        attributes[described] = [texts.number_of(known.get(place, "{}")) for place in places]
    return Keyframes(
        objects=objects,
        frames=frames,
        lengths=span_lengths(objects, frames, flags & _INTERPOLATE != 0),
        boxes=np.ascontiguousarray(cells[:, 3:7]),
        occluded=flags & _OCCLUDED != 0,
        origins=(flags >> _ORIGIN_SHIFT).astype(np.int8),
        scores=np.where(cells[:, 7] < 0, np.nan, cells[:, 7]),
        attributes=attributes,
        texts=texts.all(),
    )


class Texts:
    """Numbers the distinct attributes met; 0 is no attributes."""

    def __init__(self) -> None:
        self._numbers = {"{}": 0}

    def number_of(self, text: str) -> int:
        """The number of this JSON text."""
        return self._numbers.setdefault(text, len(self._numbers))

    def all(self) -> tuple[str, ...]:
        """The texts by number."""
        return tuple(self._numbers)


def _sorted(cells: NDArray) -> NDArray:
    """The rows by their first two columns: object and frame."""
    things, frames = cells[:, 0], cells[:, 1]
    rising = (things[1:] > things[:-1]) | ((things[1:] == things[:-1]) & (frames[1:] > frames[:-1]))
    return cells if rising.all() else cells[np.lexsort((frames, things))]


def object_frames(connection: sqlite3.Connection, media_id: int) -> NDArray[np.int64]:
    """The frames with at least one object's box, rising."""
    found = connection.execute(f"SELECT k.object_id, k.frame, k.interpolate {_OF_MEDIA}", (media_id,))
    cells = _sorted(np.fromiter(chain.from_iterable(found), np.int64).reshape(-1, 3))
    lengths = span_lengths(cells[:, 0], cells[:, 1], cells[:, 2] != 0)
    return _covered(cells[:, 1], lengths)


def _covered(frames: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The frames that at least one span holds, rising: begins minus ends, summed up."""
    if not len(frames):
        return np.zeros(0, np.int64)
    last = int((frames + lengths).max())
    steps = np.bincount(frames, minlength=last + 1) - np.bincount(frames + lengths, minlength=last + 1)
    return np.flatnonzero(np.cumsum(steps) > 0)


def box_table(connection: sqlite3.Connection, media_id: int, frames: Sequence[int] | None = None) -> BoxTable:
    """Every box of the media, or those on the given frames, interpolation applied, as columns."""
    keyframes = read_keyframes(connection, media_id)
    return _expand(keyframes, _wanted(keyframes, frames))


def _wanted(keyframes: Keyframes, frames: Sequence[int] | None) -> NDArray[np.int64]:
    covered = _covered(keyframes.frames, keyframes.lengths)
    return covered if frames is None else np.intersect1d(covered, np.asarray(frames, np.int64))


def _expand(keyframes: Keyframes, wanted: NDArray[np.int64]) -> BoxTable:
    """The boxes on the wanted frames (rising)."""
    begins = np.searchsorted(wanted, keyframes.frames)
    counts = np.searchsorted(wanted, keyframes.frames + keyframes.lengths) - begins
    source = np.repeat(np.arange(len(counts)), counts)
    nth = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
    where = wanted[begins[source] + nth]
    order = np.argsort(where, kind="stable")  # the sources rise by object already
    return table_of(keyframes, source[order], where[order])


def table_of(keyframes: Keyframes, source: NDArray[np.int64], where: NDArray[np.int64]) -> BoxTable:
    """The boxes on the frames `where` [N], each from the keyframe `source` [N] at or before it."""
    keyframe = where == keyframes.frames[source]
    boxes = keyframes.boxes[source]
    between = np.flatnonzero(~keyframe)
    first = source[between]
    share = (where[between] - keyframes.frames[first]) / keyframes.lengths[first]
    boxes[between] = lerp_boxes(boxes[between], keyframes.boxes[first + 1] if len(first) else boxes[:0], share)
    return BoxTable(
        frames=where,
        objects=keyframes.objects[source],
        boxes=boxes,
        occluded=keyframes.occluded[source],
        keyframe=keyframe,
        origins=keyframes.origins[source],
        scores=keyframes.scores[source],
        attributes=keyframes.attributes[source],
        texts=keyframes.texts,
    )


def iter_boxes(
    connection: sqlite3.Connection, media_id: int, frames: Sequence[int] | None = None
) -> Iterator[tuple[int, list[FrameBox]]]:
    """(frame, its boxes) rising in frame, for frames that have any. All is read at once, and handed out as it goes."""
    things = {thing.id: thing for thing in objects_of(connection, media_id)}
    keyframes = read_keyframes(connection, media_id)
    return _frame_by_frame(things, keyframes, _wanted(keyframes, frames))


def _frame_by_frame(
    things: dict[int, Object], keyframes: Keyframes, wanted: NDArray[np.int64]
) -> Iterator[tuple[int, list[FrameBox]]]:
    for start in range(0, len(wanted), _FRAMES_AT_ONCE):
        table = _expand(keyframes, wanted[start : start + _FRAMES_AT_ONCE])
        found: list[FrameBox] = []
        cells = zip(
            table.frames.tolist(),
            table.objects.tolist(),
            table.boxes.tolist(),
            table.occluded.tolist(),
            table.origins.tolist(),
            table.keyframe.tolist(),
            table.scores.tolist(),
            strict=True,
        )
        for frame, thing, box, occluded, origin, keyframe, score in cells:
            if found and found[0].frame != frame:
                yield found[0].frame, found
                found = []
            known = None if score != score else score  # NaN is not itself
            found.append(FrameBox(things[thing], frame, Box(*box), occluded, ORIGINS[origin], keyframe, known))
        yield found[0].frame, found
