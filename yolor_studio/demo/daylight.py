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
    "morning": Daylight(
        zenith=(104, 158, 206), middle=(176, 208, 224), horizon=(250, 228, 200), tint=(1.02, 0.98, 0.92),
        cloud=(255, 248, 238), cover=0.35, shadow=0.5, lit=0.04,
    ),
    "noon": Daylight(
        zenith=(62, 134, 204), middle=(134, 188, 228), horizon=(214, 232, 238), tint=(1.0, 1.0, 1.0),
        cloud=(252, 253, 255), cover=0.3, shadow=0.6, lit=0.0,
    ),
    "overcast": Daylight(
        zenith=(150, 160, 172), middle=(182, 190, 198), horizon=(212, 216, 218), tint=(0.9, 0.93, 0.96),
        cloud=(196, 202, 208), cover=0.9, shadow=0.32, lit=0.1,
    ),
    "golden": Daylight(
        zenith=(92, 128, 178), middle=(222, 178, 150), horizon=(255, 206, 140), tint=(1.06, 0.93, 0.78),
        cloud=(255, 214, 178), cover=0.4, shadow=0.55, lit=0.12,
    ),
    "dusk": Daylight(
        zenith=(54, 62, 112), middle=(150, 102, 138), horizon=(244, 152, 116), tint=(0.74, 0.66, 0.74),
        cloud=(168, 112, 140), cover=0.4, shadow=0.35, lit=0.42,
    ),
    "night": Daylight(
        zenith=(14, 20, 44), middle=(28, 38, 70), horizon=(64, 70, 98), tint=(0.46, 0.5, 0.68),
        cloud=(40, 50, 80), cover=0.25, shadow=0.3, lit=0.5,
    ),
}  # fmt: skip
_ODDS = {"morning": 0.2, "noon": 0.34, "overcast": 0.17, "golden": 0.15, "dusk": 0.08, "night": 0.06}


def daylight(rng: np.random.Generator) -> Daylight:
    """A random time of day, mostly day."""
    return DAYLIGHTS[str(rng.choice(list(_ODDS), p=list(_ODDS.values())))]
