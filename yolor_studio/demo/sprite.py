"""From an actor to pixels: a premultiplied RGBA patch, and the patch laid over a picture."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.actor import Actor
from yolor_studio.demo.paint import Colour, Pen

__all__ = ["Painter", "Sprite"]

_OPAQUE = 128
_PAD = 2
_KEPT = 40
"""How many painted bodies are kept: more than a picture shows."""


@dataclass(frozen=True, eq=False)
class Sprite:
    """A premultiplied RGBA patch inside a picture, its upper left pixel at (x, y) of it."""

    x: int
    y: int
    pixels: NDArray[np.uint8]

    @property
    def place(self) -> tuple[slice, slice]:
        """The picture's rows and columns that it covers."""
        height, width = self.pixels.shape[:2]
        return slice(self.y, self.y + height), slice(self.x, self.x + width)

    def mask(self) -> NDArray[np.bool_]:
        """Which of its pixels count as the thing's own: those it covers at least by half."""
        return self.pixels[..., 3] >= _OPAQUE

    def lay_over(self, frame: NDArray[np.uint8]) -> None:
        """Blends it into an RGB picture."""
        rest = 255 - self.pixels[..., 3]
        under = cv2.multiply(frame[self.place], cv2.merge([rest, rest, rest]), scale=1 / 255)
        frame[self.place] = cv2.add(under, self.pixels[..., :3])


class Painter:
    """Paints actors for pictures of one size and light."""

    def __init__(self, width: int, height: int, *, tint: Colour, keep: bool) -> None:
        """`keep` remembers painted bodies for the next frames."""
        self._width, self._height, self._tint, self._keep = width, height, tint, keep
        self._bodies: dict[tuple[Actor, float, bool], NDArray[np.uint8]] = {}
        self._rigid: dict[Actor, tuple[tuple[float, float, float], Sprite]] = {}

    def paint(
        self, actor: Actor, scale: float, x: float, y: float, *, flip: bool, travelled: float, time: float
    ) -> Sprite | None:
        """The actor standing at the picture's (x, y), to a fraction of a pixel; None if that is outside."""
        back, front = (-actor.front, -actor.back) if flip else (actor.back, actor.front)
        left, right = max(floor(x + back * scale) - _PAD, 0), min(ceil(x + front * scale) + _PAD, self._width)
        upper = max(floor(y - actor.top * scale) - _PAD, 0)
        lower = min(ceil(y - actor.low * scale) + _PAD, self._height)
        if left >= right or upper >= lower:
            return None
        place = (scale, x, y)
        if actor in self._rigid and self._rigid[actor][0] == place:
            return self._rigid[actor][1]
        fine = 3 if (right - left) * (lower - upper) < 2500 else 2
        canvas = np.zeros(((lower - upper) * fine, (right - left) * fine, 4), np.uint8)
        pen = Pen(canvas, scale * fine, (x - left) * fine, (y - upper) * fine, flip=flip, tint=self._tint)
        if actor.body is not None:
            if self._keep:
                pen = self._paste(actor, pen)
            else:
                actor.body(pen)
        if actor.motion is not None:
            actor.motion(pen, travelled, time)
        small = np.asarray(cv2.resize(canvas, (right - left, lower - upper), interpolation=cv2.INTER_AREA), np.uint8)
        sprite = Sprite(left, upper, small)
        if self._keep and actor.motion is None:
            _remember(self._rigid, actor, (place, sprite))
        return sprite

    def _paste(self, actor: Actor, pen: Pen) -> Pen:
        """Copies the kept body to the nearest whole pixel of the fine canvas; returns a pen that is there too."""
        scale, flip = pen.scale, pen.flip
        middle_x = ceil((actor.front if flip else -actor.back) * scale) + _PAD
        middle_y = ceil(actor.top * scale) + _PAD
        key = (actor, scale, flip)
        if key not in self._bodies:
            width = ceil((actor.front - actor.back) * scale) + 2 * _PAD
            body = np.zeros((middle_y + ceil(-actor.low * scale) + _PAD, width, 4), np.uint8)
            assert actor.body is not None
            actor.body(Pen(body, scale, middle_x, middle_y, flip=flip, tint=self._tint))
            _remember(self._bodies, key, body)
        body = self._bodies[key]
        x, y = round(pen.x), round(pen.y)
        left, top = x - middle_x, y - middle_y
        height, width = pen.image.shape[:2]
        rows = slice(max(top, 0), max(min(top + body.shape[0], height), 0))
        columns = slice(max(left, 0), max(min(left + body.shape[1], width), 0))
        if rows.start < rows.stop and columns.start < columns.stop:
            pen.image[rows, columns] = body[
                rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
            ]
        return Pen(pen.image, scale, x, y, flip=flip, tint=self._tint)


def _remember(kept: dict, key: object, value: object) -> None:
    """Adds to a dict that forgets its oldest entries."""
    while len(kept) >= _KEPT:
        del kept[next(iter(kept))]
    kept[key] = value
