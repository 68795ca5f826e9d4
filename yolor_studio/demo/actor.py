"""What every painter of a thing hands over: how big it is and how to draw it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from yolor_studio.demo.paint import Colour, Pen

__all__ = ["Actor", "pick"]

import numpy as np


@dataclass(frozen=True, eq=False)
class Actor:
    """A thing that faces +x and stands on y = 0; lengths in metres.

    `body` paints what never changes (it is painted once and kept); `motion` paints what does, over it, for a distance
    travelled in metres and a time in seconds.
    """

    category: str
    """A VOC name, or "" for street furniture, which covers things without being one."""
    back: float
    front: float
    top: float
    body: Callable[[Pen], None] | None = None
    motion: Callable[[Pen, float, float], None] | None = None
    shadow: float = 1.0
    """The ground shadow's length as a share of the thing's; 0 for none."""


def pick(rng: np.random.Generator, colours: tuple[Colour, ...], *, vary: float = 10.0) -> Colour:
    """One of the colours, each channel changed by up to about `vary`."""
    base = colours[int(rng.integers(len(colours)))]
    r, g, b = (
        float(min(max(channel + shift, 4), 251)) for channel, shift in zip(base, rng.normal(0, vary, 3), strict=True)
    )
    return (r, g, b)
