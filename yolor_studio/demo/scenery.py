"""The backdrop of a scene with what it was painted from; for single pictures it is cut out of a kept stock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.backdrop import paint_backdrop
from yolor_studio.demo.casting import THEMES
from yolor_studio.demo.daylight import Daylight, daylight
from yolor_studio.demo.layout import Layout, lay_out

__all__ = ["Scenery", "frame_scenery", "paint_scenery"]

_STOCK = 40
_STOCK_SIZE = (960, 540)


@dataclass(frozen=True, eq=False)
class Scenery:
    """A painted street without anybody in it."""

    layout: Layout
    light: Daylight
    theme: str
    backdrop: NDArray[np.uint8]
    """RGB, as much larger than the layout on every side as the camera moves."""

    def view(self, x: float, y: float) -> NDArray[np.uint8]:
        """The picture when the camera has moved everything by (x, y) pixels; a new array."""
        height, width = self.backdrop.shape[:2]
        if (width, height) == (self.layout.width, self.layout.height):
            return self.backdrop.copy()
        centre = ((width - 1) / 2 - x, (height - 1) / 2 - y)
        return np.asarray(cv2.getRectSubPix(self.backdrop, (self.layout.width, self.layout.height), centre), np.uint8)


def paint_scenery(rng: np.random.Generator, layout: Layout, *, margin: int, fine: int = 2) -> Scenery:
    """A street of a random theme and time of day."""
    theme = str(rng.choice(list(THEMES), p=list(THEMES.values())))
    light = daylight(rng)
    return Scenery(
        layout, light, theme, paint_backdrop(rng, layout, light=light, theme=theme, margin=margin, fine=fine)
    )


@lru_cache(maxsize=_STOCK)
def _stock(number: int) -> Scenery:
    rng = np.random.default_rng([number, 4])
    return paint_scenery(rng, lay_out(rng, *_STOCK_SIZE), margin=0, fine=1)


def frame_scenery(rng: np.random.Generator, width: int, height: int) -> Scenery:
    """A part of a street for one picture: near or far, from any place of it, perhaps mirrored."""
    if max(width, height) > _STOCK_SIZE[1]:
        return paint_scenery(rng, lay_out(rng, width, height), margin=0, fine=1)
    whole = _stock(int(rng.integers(_STOCK)))
    full_width, full_height = _STOCK_SIZE
    zoom = max(width / full_width, height / full_height) * float(np.exp(rng.uniform(0.0, 1.15)))
    wide, tall = min(round(width / zoom), full_width), min(round(height / zoom), full_height)
    x = int(rng.integers(full_width - wide + 1))
    y = round(float(rng.beta(2.2, 1.4)) * (full_height - tall))
    part = whole.backdrop[y : y + tall, x : x + wide]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    smaller = tall > height
    backdrop = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    layout = replace(whole.layout.raised(y).enlarged(height / tall), width=width, height=height)
    return Scenery(layout, whole.light, whole.theme, np.asarray(backdrop, np.uint8))
