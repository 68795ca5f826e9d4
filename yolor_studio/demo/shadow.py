"""Soft shadows and pools of lamplight on the ground."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.actor import Actor
from yolor_studio.demo.daylight import Daylight

__all__ = ["light_ground", "shade_ground"]

_LAMPLIGHT = (1.0, 0.82, 0.5)


def shade_ground(
    canvas: NDArray[np.uint8], actor: Actor, scale: float, x: float, y: float, *, flip: bool, light: Daylight
) -> None:
    """Darkens the ground of an RGB picture under an actor that stands at (x, y)."""
    half = (actor.front - actor.back) / 2 * scale * actor.shadow * 1.05
    if half < 1:
        return
    middle = x + (actor.front + actor.back) / 2 * scale * (-1 if flip else 1)
    deep = max(min(scale * 0.3, half * 0.4), 1.5)
    found = _spot(canvas, middle, y - 0.25 * deep, half=half, deep=deep)
    if found is not None:
        part, blot = found
        keep = cv2.convertScaleAbs(blot, alpha=-light.shadow, beta=255)
        part[:] = cv2.multiply(part, cv2.merge([keep, keep, keep]), scale=1 / 255)


def light_ground(
    canvas: NDArray[np.uint8], actor: Actor, scale: float, x: float, y: float, *, flip: bool, light: Daylight
) -> None:
    """Brightens the ground of an RGB picture where the actor's lamp shines, from dusk on."""
    if actor.lamp is None or light.lit < 0.3:
        return
    ahead, half = actor.lamp
    middle = x + ahead * scale * (-1 if flip else 1)
    found = _spot(canvas, middle, y, half=half * scale, deep=max(half * scale * 0.22, 1.5))
    if found is not None:
        part, blot = found
        strength = 0.85 * (1 - sum(light.tint) / 3)
        shine = [cv2.convertScaleAbs(blot, alpha=strength * channel) for channel in _LAMPLIGHT]
        part[:] = cv2.add(part, cv2.merge(shine))


def _spot(
    canvas: NDArray[np.uint8], x: float, y: float, *, half: float, deep: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """The part of the picture under a soft ellipse around (x, y), and the ellipse; None if it is outside."""
    left, right = round(x - half), round(x + half) + 1
    top, bottom = round(y - deep), round(y + deep) + 1
    height, width = canvas.shape[:2]
    x1, x2, y1, y2 = max(left, 0), min(right, width), max(top, 0), min(bottom, height)
    if x1 >= x2 or y1 >= y2:
        return None
    blot = cv2.resize(_blot(), (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    return canvas[y1:y2, x1:x2], np.asarray(blot[y1 - top : y2 - top, x1 - left : x2 - left], np.uint8)


@lru_cache(maxsize=1)
def _blot() -> NDArray[np.uint8]:
    """255 in the middle, falling to 0 at the rim -> [33, 129]."""
    y, x = np.mgrid[-1:1:33j, -1:1:129j]
    distance = np.sqrt(np.abs(x) ** 3 + y**2)
    return np.rint(255 * np.clip(1.35 * (1 - distance), 0, 1) ** 1.2).astype(np.uint8)
