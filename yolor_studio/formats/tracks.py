"""Tying the boxes of a file into objects with keyframes, so that they read back as the boxes they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from yolor_studio.core.entities import Box, Keyframe, MediaKind, Origin
from yolor_studio.formats.coco_read import BoxRecord, number_of
from yolor_studio.formats.matching import Place

_SAME_PX = 1e-6


class Sighting(NamedTuple):
    """A box of a file with its place in the project."""

    record: BoxRecord
    place: Place
    category_id: int
    box: Box


@dataclass(frozen=True, slots=True)
class Track:
    """An object to be."""

    media_id: int
    category_id: int
    ignore: bool
    wanted_id: int | None
    """The track id of the file, where it can be kept."""
    attributes: Mapping[str, Any]
    keyframes: tuple[Keyframe, ...]
    """Rising in frame, with no object's id yet."""
    boxes: int
    """How many boxes of the file it stands for."""


def build_tracks(sightings: Iterable[Sighting]) -> list[Track]:
    """Objects of the sightings: those of one track, media, category and ignore flag are one; others, and a second box
    of a track on one frame, stand alone. Tracks come first, so that they can keep their ids."""
    moving: dict[tuple[Any, ...], dict[int, Sighting]] = defaultdict(dict)
    alone: list[Track] = []
    for sighting in sightings:
        record, place = sighting.record, sighting.place
        if record.track is None or place.media.kind is MediaKind.IMAGE:
            alone.append(_track([sighting], None))
            continue
        key = (place.media.id, record.track, sighting.category_id, record.ignore)
        if place.frame in moving[key]:
            alone.append(_track([sighting], None))
        else:
            moving[key][place.frame] = sighting
    tracks: list[Track] = []
    taken: set[int | None] = set()
    for (_, name, *_), frames in moving.items():
        wanted = number_of(name)
        if wanted is not None and (wanted < 1 or wanted in taken):
            wanted = None
        taken.add(wanted)
        tracks.append(_track([frames[frame] for frame in sorted(frames)], wanted))
    return tracks + alone


def _track(sightings: Sequence[Sighting], wanted: int | None) -> Track:
    first = sightings[0]
    common = _common([sighting.record.attributes for sighting in sightings])
    keyframes = [
        Keyframe(
            object_id=0,
            frame=sighting.place.frame,
            box=sighting.box,
            occluded=sighting.record.occluded,
            origin=Origin.IMPORT,
            attributes={key: value for key, value in sighting.record.attributes.items() if key not in common},
        )
        for sighting in sightings
    ]
    return Track(
        media_id=first.place.media.id,
        category_id=first.category_id,
        ignore=first.record.ignore,
        wanted_id=wanted,
        attributes=common,
        keyframes=tuple(_fold(keyframes, [sighting.record.keyframe for sighting in sightings])),
        boxes=len(sightings),
    )


def _common(attributes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    first, *rest = attributes
    return {key: value for key, value in first.items() if all(key in one and one[key] == value for one in rest)}


def _fold(keyframes: Sequence[Keyframe], said: Sequence[bool | None]) -> list[Keyframe]:
    """Leave out what the file says was interpolated, wherever interpolation gives the very same boxes again."""
    stops = [place for place, is_keyframe in enumerate(said) if is_keyframe is not False]
    stops = sorted({0, *stops, len(keyframes) - 1})
    folded: list[Keyframe] = []
    for start, stop in pairwise(stops):
        span = keyframes[start : stop + 1]
        if span[-1].frame - span[0].frame == stop - start and (stop - start == 1 or _is_linear(span)):
            folded.append(replace(span[0], interpolate=True))
        else:
            folded += [replace(one, interpolate=after.frame - one.frame == 1) for one, after in pairwise(span)]
    return [*folded, keyframes[-1]]


def _is_linear(span: Sequence[Keyframe]) -> bool:
    first, *between, last = span
    if any((one.occluded, one.attributes) != (first.occluded, first.attributes) for one in between):
        return False
    share = np.linspace(0, 1, len(span))[1:-1, None]
    expected = np.array(first.box) + (np.array(last.box) - np.array(first.box)) * share
    return bool(np.abs(expected - np.array([one.box for one in between])).max(initial=0.0) <= _SAME_PX)
