"""The time of day: the sky's colours and how it tints everything under it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yolor_studio.demo.paint import Colour

__all__ = ["DAYLIGHTS", "Daylight", "daylight"]


@dataclass(frozen=True)
class Daylight:
    """Colours of one time of day."""

    zenith: Colour
    middle: Colour
    horizon: Colour
    tint: Colour
    """Multiplies the colour of everything lit, 1 is as painted."""
    cloud: Colour
    cover: float
    """The share of the sky that clouds take."""
    shadow: float
    """How dark shadows on the ground are, 0 to 1."""
    lit: float
    """The share of windows with a light on."""


DAYLIGHTS = {
    "morning": Daylight((104, 158, 206), (176, 208, 224), (250, 228, 200), (1.02, 0.98, 0.92), (255, 248, 238), 0.35, 0.5, 0.04),
    "noon": Daylight((62, 134, 204), (134, 188, 228), (214, 232, 238), (1.0, 1.0, 1.0), (252, 253, 255), 0.3, 0.6, 0.0),
    "overcast": Daylight((150, 160, 172), (182, 190, 198), (212, 216, 218), (0.9, 0.93, 0.96), (196, 202, 208), 0.9, 0.32, 0.1),
    "golden": Daylight((92, 128, 178), (222, 178, 150), (255, 206, 140), (1.06, 0.93, 0.78), (255, 214, 178), 0.4, 0.55, 0.12),
    "dusk": Daylight((54, 62, 112), (150, 102, 138), (244, 152, 116), (0.74, 0.66, 0.74), (168, 112, 140), 0.4, 0.35, 0.42),
    "night": Daylight((14, 20, 44), (28, 38, 70), (64, 70, 98), (0.46, 0.5, 0.68), (40, 50, 80), 0.25, 0.3, 0.5),
}  # fmt: skip
_ODDS = {"morning": 0.2, "noon": 0.34, "overcast": 0.17, "golden": 0.15, "dusk": 0.08, "night": 0.06}


def daylight(rng: np.random.Generator) -> Daylight:
    """A random time of day, mostly day."""
    return DAYLIGHTS[str(rng.choice(list(_ODDS), p=list(_ODDS.values())))]
