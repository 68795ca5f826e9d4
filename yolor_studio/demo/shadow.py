"""Soft shadows on the ground."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.actor import Actor

__all__ = ["cast_shadow"]


@lru_cache(maxsize=1)
def _blot() -> NDArray[np.uint8]:
    y, x = np.mgrid[-1:1:33j, -1:1:129j]
    distance = np.sqrt(x**6 + y**2)
    return np.rint(255 * (1 - np.clip(1.35 * (1 - distance), 0, 1) ** 1.2)).astype(np.uint8)


def cast_shadow(
    canvas: NDArray[np.uint8], actor: Actor, scale: float, x: float, y: float, *, flip: bool, strength: float
) -> None:
    """Darkens the ground of an RGB picture under an actor that stands at (x, y)."""
    half = (actor.front - actor.back) / 2 * scale * actor.shadow * 1.05
    if half < 1:
        return
    middle = x + (actor.front + actor.back) / 2 * scale * (-1 if flip else 1)
    left, right = round(middle - half), round(middle + half) + 1
    deep = max(min(scale * 0.3, half * 0.4), 1.5)
    top, bottom = round(y - 1.25 * deep), round(y + 0.75 * deep) + 1
    height, width = canvas.shape[:2]
    x1, x2, y1, y2 = max(left, 0), min(right, width), max(top, 0), min(bottom, height)
    if x1 >= x2 or y1 >= y2:
        return
    blot = cv2.resize(_blot(), (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    part = blot[y1 - top : y2 - top, x1 - left : x2 - left]
    part = cv2.convertScaleAbs(255 - part, alpha=-strength, beta=255)
    canvas[y1:y2, x1:x2] = cv2.multiply(canvas[y1:y2, x1:x2], cv2.merge([part, part, part]), scale=1 / 255)
