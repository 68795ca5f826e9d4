"""Rows of the tables as the product's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson

from yolor_studio.core.entities import (
    Box,
    Category,
    Fingerprint,
    Keyframe,
    Layer,
    Media,
    MediaKind,
    Object,
    Origin,
    Rejection,
)
from yolor_studio.core.errors import ProjectError

MEDIA = "id, kind, path, name, width, height, frames, fps, size, digest, verified, step, files, info"
CATEGORY = "id, name, supercategory, colour, hotkey, visible"
OBJECT = "id, media_id, category_id, track_id, ignore, attributes"
KEYFRAME = "object_id, frame, x, y, w, h, occluded, interpolate, origin, attributes, score"
REJECTION = "id, media_id, frame, category_id, x, y, w, h"
LAYER = "id, model, model_hash, class_names, min_score, device, created, settings"

ORIGINS = {origin.value: origin for origin in Origin}
NOTHING: Mapping[str, Any] = MappingProxyType({})


def to_json(value: Any) -> str:
    """JSON text with sorted keys, so that equal values are equal texts. Raises ProjectError for what JSON lacks."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY).decode()
    except TypeError as error:
        raise ProjectError(f"A value cannot be stored in the project: {error}") from error


def from_json(text: str) -> Any:
    """The value of a JSON text. Raises ProjectError when it is damaged."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ProjectError(f"A stored value is damaged: {error}") from error


def mapping(text: str) -> Mapping[str, Any]:
    """The mapping of a JSON text."""
    return {} if text == "{}" else from_json(text)


def media(row: tuple) -> Media:
    """From the columns of MEDIA."""
    identity, kind, path, name, width, height, frames, fps, size, digest, verified, step, files, info = row
    return Media(
        id=identity,
        kind=MediaKind(kind),
        path=path,
        name=name,
        width=width,
        height=height,
        frames=frames,
        fps=fps,
        fingerprint=Fingerprint(size, digest),
        verified=bool(verified),
        step=step,
        files=() if files == "[]" else tuple(from_json(files)),
        info=mapping(info),
    )


def category(row: tuple) -> Category:
    """From the columns of CATEGORY."""
    identity, name, supercategory, colour, hotkey, visible = row
    return Category(identity, name, supercategory, colour, hotkey, bool(visible))


def object_(row: tuple) -> Object:
    """From the columns of OBJECT."""
    identity, media_id, category_id, track_id, ignore, attributes = row
    return Object(identity, media_id, category_id, track_id, bool(ignore), mapping(attributes))


def keyframe(row: tuple) -> Keyframe:
    """From the columns of KEYFRAME."""
    object_id, frame, x, y, w, h, occluded, interpolate, origin, attributes, score = row
    return Keyframe(
        object_id,
        frame,
        Box(x, y, w, h),
        bool(occluded),
        bool(interpolate),
        ORIGINS[origin],
        mapping(attributes),
        score,
    )


def rejection(row: tuple) -> Rejection:
    """From the columns of REJECTION."""
    return Rejection(row[0], row[1], row[2], row[3], Box(*row[4:8]))


def layer(row: tuple) -> Layer:
    """From the columns of LAYER."""
    identity, model, model_hash, class_names, min_score, device, created, settings = row
    names = tuple(from_json(class_names))
    return Layer(identity, model, model_hash, names, min_score, device, created, mapping(settings))


def one(connection: sqlite3.Connection, sql: str, values: tuple, *, what: str) -> tuple:
    """The only row of a query. Raises ProjectError "There is no `what`." when there is none."""
    row = connection.execute(sql, values).fetchone()
    if row is None:
        raise ProjectError(f"There is no {what} in this project.")
    return row
