"""What every painter of a thing hands over: how big it is and how to draw it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from yolor_studio.demo.paint import Colour, Pen

__all__ = ["Actor", "beside", "pick"]


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
    low: float = -0.12
    """How far down it reaches; over 0 for what flies."""
    lamp: tuple[float, float] | None = None
    """How far ahead its lamp lights the ground, and the half-length of that pool."""
    shadow: float = 1.0
    """The ground shadow's length as a share of the thing's; 0 for none."""


def beside(actor: Actor, x: float) -> Actor:
    """The actor moved by x metres, to go along with another."""
    body, motion = actor.body, actor.motion
    return replace(
        actor,
        back=actor.back + x,
        front=actor.front + x,
        body=body and (lambda pen: body(pen.moved(x, 0.0))),
        motion=motion and (lambda pen, travelled, time: motion(pen.moved(x, 0.0), travelled, time)),
    )


def pick(rng: np.random.Generator, colours: tuple[Colour, ...], *, vary: float = 10.0) -> Colour:
    """One of the colours, each channel changed by up to about `vary`."""
    base = colours[int(rng.integers(len(colours)))]
    r, g, b = (
        float(min(max(channel + shift, 4), 251)) for channel, shift in zip(base, rng.normal(0, vary, 3), strict=True)
    )
    return (r, g, b)
