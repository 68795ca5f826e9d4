"""From an actor to pixels: a premultiplied RGBA patch, and the patch blended into a picture."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.actor import Actor
from yolor_studio.demo.paint import Colour, Pen

__all__ = ["OPAQUE", "BodyCache", "Sprite", "blend", "paint_actor"]

OPAQUE = 128
"""The alpha from which on a pixel counts as the thing's own."""
_PAD = 2


@dataclass(frozen=True, eq=False)
class Sprite:
    """A premultiplied RGBA patch whose upper left pixel belongs at (x, y) of the picture."""

    x: int
    y: int
    pixels: NDArray[np.uint8]


BodyCache = dict[tuple[int, float, bool], NDArray[np.uint8]]
"""Painted bodies by actor identity, scale and direction."""


def paint_actor(
    actor: Actor, scale: float, x: float, y: float, *, flip: bool, travelled: float, time: float, bodies: BodyCache, tint: Colour
) -> Sprite:
    """The actor standing at the picture's (x, y), to a fraction of a pixel."""
    back, front = (-actor.front, -actor.back) if flip else (actor.back, actor.front)
    left, right = floor(x + back * scale) - _PAD, ceil(x + front * scale) + _PAD
    upper, lower = floor(y - actor.top * scale) - _PAD, ceil(y - actor.low * scale) + _PAD
    fine = 3 if (right - left) * (lower - upper) < 8000 else 2
    shape = ((lower - upper) * fine, (right - left) * fine, 4)
    origin_x, origin_y = (x - left) * fine, (y - upper) * fine
    canvas = np.zeros(shape, np.uint8)
    if actor.body is not None:
        origin_x, origin_y = round(origin_x), round(origin_y)
        key = (id(actor), scale * fine, flip)
        if key not in bodies:
            bodies[key] = _paint_body(actor, scale * fine, flip=flip, tint=tint)
        body = bodies[key]
        middle_x, middle_y = _body_origin(actor, scale * fine, flip=flip)
        _paste(canvas, body, origin_x - middle_x, origin_y - middle_y)
    if actor.motion is not None:
        actor.motion(Pen(canvas, scale * fine, origin_x, origin_y, flip=flip, tint=tint), travelled, time)
    small = cv2.resize(canvas, (right - left, lower - upper), interpolation=cv2.INTER_AREA)
    return Sprite(left, upper, small.astype(np.uint8, copy=False))


def _body_origin(actor: Actor, scale: float, *, flip: bool) -> tuple[int, int]:
    return ceil((actor.front if flip else -actor.back) * scale) + _PAD, ceil(actor.top * scale) + _PAD


def _paint_body(actor: Actor, scale: float, *, flip: bool, tint: Colour) -> NDArray[np.uint8]:
    assert actor.body is not None
    x, y = _body_origin(actor, scale, flip=flip)
    width = ceil((actor.front - actor.back) * scale) + 2 * _PAD
    body = np.zeros((y + ceil(-actor.low * scale) + _PAD, width, 4), np.uint8)
    actor.body(Pen(body, scale, x, y, flip=flip, tint=tint))
    return body


def _paste(canvas: NDArray[np.uint8], body: NDArray[np.uint8], x: int, y: int) -> None:
    height, width = canvas.shape[:2]
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + body.shape[0], height), min(x + body.shape[1], width)
    canvas[top:bottom, left:right] = body[top - y : bottom - y, left - x : right - x]


def clipped(sprite: Sprite, width: int, height: int) -> tuple[slice, slice, NDArray[np.uint8]] | None:
    """The rows, columns and pixels of the sprite that lie in a picture of this size; None if none do."""
    h, w = sprite.pixels.shape[:2]
    top, left = max(sprite.y, 0), max(sprite.x, 0)
    bottom, right = min(sprite.y + h, height), min(sprite.x + w, width)
    if top >= bottom or left >= right:
        return None
    inner = sprite.pixels[top - sprite.y : bottom - sprite.y, left - sprite.x : right - sprite.x]
    return slice(top, bottom), slice(left, right), inner


def blend(frame: NDArray[np.uint8], sprite: Sprite) -> None:
    """Lays the sprite over an RGB picture, in place."""
    place = clipped(sprite, frame.shape[1], frame.shape[0])
    if place is None:
        return
    rows, columns, pixels = place
    rest = 255 - pixels[..., 3]
    under = cv2.multiply(frame[rows, columns], cv2.merge([rest, rest, rest]), scale=1 / 255)
    frame[rows, columns] = cv2.add(under, pixels[..., :3])
