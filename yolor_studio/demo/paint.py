"""Antialiased vector drawing in metres on uint8 pictures: the only thing here that calls OpenCV's drawing.

Drawing on a transparent RGBA picture leaves premultiplied colours, because OpenCV's antialiasing mixes all four
channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import lru_cache
from math import hypot, pi, sqrt

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Colour", "Pen", "Point", "circle", "curve", "darker", "knee", "lighter", "mix", "path", "rounded", "smooth"]

Colour = tuple[float, float, float]
"""Red, green, blue, 0 to 255."""
Point = tuple[float, float]
"""x forward, y up, in metres from the thing's middle on the ground."""

_SHIFT = 4
_FIXED = 1 << _SHIFT


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """The colour `share` of the way from `a` to `b`."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def darker(colour: Colour, share: float = 0.25) -> Colour:
    """The colour in shade: towards a cool black."""
    return mix(colour, (16, 18, 34), share)


def lighter(colour: Colour, share: float = 0.25) -> Colour:
    """The colour in light: towards a warm white."""
    return mix(colour, (255, 252, 240), share)


@lru_cache(maxsize=512)
def path(text: str) -> tuple[Point, ...]:
    """Points from a text such as "0.1,0.2 0.3,-0.4"."""
    pairs = (pair.split(",") for pair in text.split())
    return tuple((float(x), float(y)) for x, y in pairs)


@lru_cache(maxsize=512)
def curve(text: str, *, steps: int = 5) -> NDArray[np.float64]:
    """`smooth` of a `path`, kept; not to be written to."""
    points = smooth(path(text), steps=steps)
    points.flags.writeable = False
    return points


@lru_cache(maxsize=8)
def _spline_basis(steps: int) -> NDArray[np.float64]:
    t = np.arange(steps)[:, None] / steps
    powers = np.concatenate([np.ones_like(t), t, t**2, t**3], axis=1)
    catmull_rom = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
    return powers @ catmull_rom


def smooth(points: Sequence[Point] | NDArray[np.float64], *, steps: int = 6) -> NDArray[np.float64]:
    """The closed Catmull-Rom curve through the points -> [len(points) * steps, 2]."""
    control = np.asarray(points, np.float64)
    ring, count = np.concatenate([control[-1:], control, control[:2]]), len(control)
    windows = np.stack([ring[shift : shift + count] for shift in range(4)], axis=1)
    return np.einsum("sk,nkc->nsc", _spline_basis(steps), windows).reshape(-1, 2)


def rounded(points: Sequence[Point], radius: float | Sequence[float], *, steps: int = 5) -> NDArray[np.float64]:
    """The polygon with its corners rounded by `radius` (one for all, or one for each) -> [N, 2]."""
    corners = np.asarray(points, np.float64)
    t = (np.arange(steps) / (steps - 1))[:, None]
    before = np.concatenate([corners[-1:], corners[:-1]]) - corners
    after = np.concatenate([corners[1:], corners[:1]]) - corners
    start, end = (
        corners + side * np.minimum(np.divide(radius, np.maximum(np.hypot(*side.T), 1e-9)), 0.5)[:, None]
        for side in (before, after)
    )
    middle = corners[:, None]
    return ((1 - t) ** 2 * start[:, None] + 2 * t * (1 - t) * middle + t**2 * end[:, None]).reshape(-1, 2)


def knee(start: Point, end: Point, upper: float, lower: float, *, bend: float) -> Point:
    """Where the joint of a two-part limb from `start` to `end` lies; `bend` +1 puts it to the left of that line, -1 to
    the right. Limbs too short to reach are stretched straight."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    reach = max(hypot(dx, dy), 1e-9)
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    across = sqrt(max(upper**2 - along**2, 0.0)) * bend
    return (start[0] + (dx * along - dy * across) / reach, start[1] + (dy * along + dx * across) / reach)


_CIRCLE = np.stack([np.cos(np.linspace(0, 2 * pi, 29)[:-1]), np.sin(np.linspace(0, 2 * pi, 29)[:-1])], axis=1)
_HALF = np.stack([np.ones(7), np.cos(np.linspace(0, pi, 7)), np.sin(np.linspace(0, pi, 7))], axis=1)
_BAR = np.kron(np.eye(2), _HALF)
"""A round-ended bar: two half circles, each as shares of its middle, its side and its end."""


def circle(x: float, y: float, radius: float, *, tall: float = 1.0) -> NDArray[np.float64]:
    """The outline of a circle, or of an ellipse `tall` times as high as it is wide -> [28, 2]."""
    return _CIRCLE * (radius, radius * tall) + (x, y)


class Pen:
    """Draws in metres, y up, on an RGB or premultiplied RGBA picture."""

    def __init__(
        self,
        image: NDArray[np.uint8],
        scale: float,
        x: float,
        y: float,
        *,
        flip: bool = False,
        tint: Colour = (1.0, 1.0, 1.0),
    ) -> None:
        """`scale` is in pixels a metre; (x, y) the pixel position of the origin; `flip` makes forward point left;
        `tint` multiplies every colour but that of lamps."""
        self.image, self.scale, self.x, self.y, self.flip = image, scale, x, y, flip
        # Into fixed-point pixels, whose whole numbers lie in the pixels' middles.
        self._origin = np.array([x - 0.5, y - 0.5]) * _FIXED
        self._stretch = np.array([-scale if flip else scale, -scale]) * _FIXED
        self._tint = tint
        self._layered = image.shape[2] == 4

    def resized(self, factor: float) -> Pen:
        """A pen on the same picture and origin whose metre is `factor` as long."""
        other = copy(self)
        other.scale = self.scale * factor
        other._stretch = self._stretch * factor
        return other

    def moved(self, x: float, y: float) -> Pen:
        """A pen on the same picture with its origin at (x, y) of this one."""
        other = self.resized(1.0)
        other._origin = self._origin + self._stretch * (x, y)
        return other

    def _fixed(self, points: ArrayLike) -> NDArray[np.int32]:
        fixed = np.asarray(points, np.float64) * self._stretch
        fixed += self._origin
        return np.rint(fixed, out=fixed).astype(np.int32)

    def _ink(self, colour: Colour) -> tuple[float, ...]:
        tint = self._tint
        r, g, b = min(colour[0] * tint[0], 255.0), min(colour[1] * tint[1], 255.0), min(colour[2] * tint[2], 255.0)
        return (r, g, b, 255) if self._layered else (r, g, b)

    def polygon(self, points: ArrayLike, colour: Colour) -> None:
        """Fills a polygon."""
        cv2.fillPoly(self.image, [self._fixed(points)], self._ink(colour), cv2.LINE_AA, _SHIFT)

    def lamp(self, points: ArrayLike, colour: Colour) -> None:
        """Fills a polygon that shines by itself: the daylight does not tint it."""
        ink = (*colour, 255) if self._layered else colour
        cv2.fillPoly(self.image, [self._fixed(points)], ink, cv2.LINE_AA, _SHIFT)

    def convex(self, points: ArrayLike, colour: Colour) -> None:
        """Fills a convex polygon, faster."""
        cv2.fillConvexPoly(self.image, self._fixed(points), self._ink(colour), cv2.LINE_AA, _SHIFT)

    def box(self, x1: float, y1: float, x2: float, y2: float, colour: Colour) -> None:
        """Fills an upright rectangle."""
        self.convex(((x1, y1), (x2, y1), (x2, y2), (x1, y2)), colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour, *, tall: float = 1.0) -> None:
        """Fills a circle, or an ellipse `tall` times as high as it is wide."""
        self.convex(circle(x, y, radius, tall=tall), colour)

    def ring(self, x: float, y: float, radius: float, colour: Colour, *, width: float) -> None:
        """Draws a circle's line."""
        self.stroke(circle(x, y, radius), colour, width=width, closed=True)

    def limb(self, start: Point, end: Point, colour: Colour, *, widths: tuple[float, float]) -> None:
        """Fills a round-ended bar that is `widths` metres thick at its two ends."""
        dx, dy = end[0] - start[0], end[1] - start[1]
        reach = max(hypot(dx, dy), 1e-9) * 2
        ex, ey, wide, narrow = dx / reach, dy / reach, widths[0], widths[1]
        frame = np.array(
            (
                (start[0], start[1]), (ey * wide, -ex * wide), (-ex * wide, -ey * wide),
                (end[0], end[1]), (-ey * narrow, ex * narrow), (ex * narrow, ey * narrow),
            )
        )  # fmt: skip
        self.polygon(_BAR @ frame, colour)

    def stroke(self, points: ArrayLike, colour: Colour, *, width: float, closed: bool = False) -> None:
        """Draws a line through the points, `width` metres thick and at least a pixel."""
        thick = max(round(width * self.scale), 1)
        cv2.polylines(self.image, [self._fixed(points)], closed, self._ink(colour), thick, cv2.LINE_AA, _SHIFT)

    def shade(self, points: ArrayLike, colour: Colour, opacity: float) -> None:
        """Mixes a colour into what has been drawn inside the polygon; transparent stays transparent."""
        fixed = self._fixed(points)
        window = self._window(fixed)
        if window is None:
            return
        part, corner = window
        inked = part.copy()
        cv2.fillPoly(inked, [fixed - corner], self._ink(colour), cv2.LINE_AA, _SHIFT)
        self._mix(part, inked, opacity)

    def gradient(self, points: ArrayLike, top: Colour, bottom: Colour, *, opacity: float = 1.0) -> None:
        """As `shade`, with a colour running from the polygon's top to its bottom."""
        fixed = self._fixed(points)
        window = self._window(fixed)
        if window is None:
            return
        part, corner = window
        high, low = fixed[:, 1].min() / _FIXED, fixed[:, 1].max() / _FIXED
        share = np.clip((np.arange(part.shape[0]) + corner[1] / _FIXED - high) / max(low - high, 1e-6), 0, 1)[:, None]
        column = np.array(self._ink(top)) * (1 - share) + np.array(self._ink(bottom)) * share
        mask = np.zeros(part.shape[:2], np.uint8)
        cv2.fillPoly(mask, [fixed - corner], 255, cv2.LINE_8, _SHIFT)
        inked = part.copy()
        cv2.copyTo(np.repeat(np.rint(column).astype(np.uint8)[:, None], part.shape[1], axis=1), mask, inked)
        self._mix(part, inked, opacity)

    def _window(self, fixed: NDArray[np.int32]) -> tuple[NDArray[np.uint8], NDArray[np.int32]] | None:
        """The part of the picture around a polygon, and its corner in fixed-point pixels; None if it is outside."""
        height, width = self.image.shape[:2]
        (left, upper), (right, lower) = (fixed.min(0) // _FIXED - 1).tolist(), (fixed.max(0) // _FIXED + 3).tolist()
        left, upper, right, lower = max(left, 0), max(upper, 0), min(right, width), min(lower, height)
        if left >= right or upper >= lower:
            return None
        return self.image[upper:lower, left:right], np.array((left * _FIXED, upper * _FIXED), np.int32)

    def _mix(self, part: NDArray[np.uint8], inked: NDArray[np.uint8], opacity: float) -> None:
        """Goes from `part` to `inked` by the opacity; premultiplied colours may not exceed the alpha that was there."""
        if opacity < 1:
            inked = np.asarray(cv2.addWeighted(part, 1 - opacity, inked, opacity, 0), np.uint8)
        if self._layered:
            alpha = part[..., 3]
            inked = np.asarray(cv2.min(inked, cv2.merge([alpha, alpha, alpha, alpha])), np.uint8)
        part[:] = inked
