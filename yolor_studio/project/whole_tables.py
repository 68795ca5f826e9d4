"""All objects of a project with all their boxes, read in one go as numpy columns: for exports and statistics."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.tracks import expand_spans
from yolor_studio.project.box_tables import BoxTable, Texts, read_keyframes, table_of


@dataclass(frozen=True, slots=True, eq=False)
class ObjectTable:
    """Objects of the media that are not removed, as columns rising in id; row i of each array belongs together."""

    ids: NDArray[np.int64]
    media: NDArray[np.int64]
    """[N] media ids."""
    categories: NDArray[np.int64]
    """[N] category ids."""
    tracks: NDArray[np.int64]
    """[N] track ids."""
    ignore: NDArray[np.bool_]
    attributes: NDArray[np.int64]
    """[N] index into `texts`."""
    texts: tuple[str, ...]
    """Distinct attributes as JSON objects, the first without any."""

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class WholeTable:
    """Every box of a project, sorted by media, then by frame, then by object."""

    objects: ObjectTable
    boxes: BoxTable
    owners: NDArray[np.int64]
    """[N] the row in `objects` of each box."""


_IGNORE, _HAS_ATTRIBUTES = 1, 2
_MEDIA_SHIFT = 40


def object_table(connection: sqlite3.Connection) -> ObjectTable:
    """Every object of every media."""
    found = connection.execute(
        f"SELECT id, media_id, category_id, track_id, ignore * {_IGNORE} + (attributes <> '{{}}') * {_HAS_ATTRIBUTES}"
        " FROM live_object ORDER BY id"
    )
    cells = np.fromiter(chain.from_iterable(found), np.int64).reshape(-1, 5)
    live = [row[0] for row in connection.execute("SELECT id FROM live_media")]
    ids, media, categories, tracks, flags = cells[np.isin(cells[:, 1], live)].T
    attributes, texts = np.zeros(len(ids), np.int64), Texts()
    described = np.flatnonzero(flags & _HAS_ATTRIBUTES)
    if len(described):
        known = dict(connection.execute("SELECT id, attributes FROM object WHERE attributes <> '{}'"))
        attributes[described] = [texts.number_of(known.get(thing, "{}")) for thing in ids[described].tolist()]
    return ObjectTable(ids, media, categories, tracks, flags & _IGNORE != 0, attributes, texts.all())


def whole_table(connection: sqlite3.Connection) -> WholeTable:
    """Every object and box, interpolation applied. What comes or goes while it is read is in both or in neither."""
    objects = object_table(connection)
    keyframes = read_keyframes(connection, None)
    owners = rows_of(objects.ids, keyframes.objects)
    seen = owners >= 0
    if not seen.all():
        keyframes, owners = keyframes.take(seen), owners[seen]
    source, where = expand_spans(keyframes.objects, keyframes.frames, keyframes.lengths > 1)
    order = np.argsort(objects.media[owners[source]] << _MEDIA_SHIFT | where, kind="stable")
    source, where = source[order], where[order]
    return WholeTable(objects, table_of(keyframes, source, where), owners[source])


def rows_of(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each wanted id stands among the rising ids, -1 where it does not."""
    if not len(ids):
        return np.full(len(wanted), -1)
    rows = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[rows] == wanted, rows, -1)
