"""Who moves where and when: lanes are endless belts with places, so that any moment is a pure function of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from math import ceil, floor, sin

import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.actor import Actor
from yolor_studio.demo.layout import Layout

__all__ = ["Cast", "Lane", "Visitor"]

Cast = Callable[[np.random.Generator], list[Actor]]
"""Makes a thing, or several that move as one (a bicycle and its rider), far to near."""


_BLOCK = 32
"""Places whose chances are drawn together."""
_KEPT = 200
"""How many places a lane remembers: more than a picture shows."""


@dataclass(frozen=True, eq=False)
class Visitor:
    """One place of a belt that is taken."""

    key: tuple[int, int]
    """The lane and the place on it: who this is, always."""
    cast: Callable[[], list[Actor]]
    y: float
    """The row it stands on, in pixels."""
    scale: float
    place: float
    """Where on the belt it is, in pixels."""

    @cached_property
    def actors(self) -> list[Actor]:
        """What there is to paint, far to near; made when first asked for."""
        return self.cast()


@dataclass(eq=False)
class Lane:
    """A belt that carries things over the picture, or with speed 0 a row of things that stay."""

    index: int
    seed: int
    layout: Layout
    y: float
    cast: Cast
    direction: int = 1
    """+1 to the right, -1 to the left."""
    speed: float = 0.0
    """Metres a second; it swells and ebbs a little around this."""
    spacing: float = 10.0
    """Metres between places."""
    keep: float = 0.7
    """The share of places that is taken."""
    spread: float = 0.0
    """How far off the lane's row things go, in pixels."""
    jitter: float = 0.6
    """How far off the middle of its place a thing is, as a share of the spacing."""
    reach: float = 2.3
    """Metres by which things may stand out from their middle."""
    _blocks: dict[int, tuple[NDArray[np.float64], NDArray[np.int64]]] = field(default_factory=dict)
    _known: dict[int, Visitor | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scale = self.layout.scale(self.y)
        rng = np.random.default_rng([self.seed, 7001, self.index])
        self._wave = float(rng.uniform(0.25, 0.6))
        self._phase = float(rng.uniform(0, 6.28))
        self._start = float(rng.uniform(0, 1000))

    def moved(self, time: float) -> float:
        """How far the belt has gone at a time in seconds, in pixels."""
        swell = 0.3 * (sin(self._wave * time + self._phase) - sin(self._phase)) / self._wave
        return self._start + self.scale * self.speed * (time + swell)

    def visitors(self, start: float, stop: float, *, margin: float) -> Iterator[Visitor]:
        """Everything that may be in the picture, widened by `margin` pixels, at some time between two."""
        around = margin + self.reach * self.scale
        pitch = self.spacing * self.scale
        first = floor((self.moved(start) - self.layout.width - around) / pitch) - 1
        last = ceil((self.moved(stop) + around) / pitch) + 1
        for place in range(first, last + 1):
            visitor = self._visitor(place)
            if visitor is not None:
                low, high = self.moved(start) - visitor.place, self.moved(stop) - visitor.place
                if high > -around and low < self.layout.width + around:
                    yield visitor

    def position(self, visitor: Visitor, time: float) -> tuple[float, float]:
        """Its x in pixels before the camera moves, and the metres it has travelled."""
        gone = self.moved(time) - visitor.place
        x = gone if self.direction > 0 else self.layout.width - gone
        return x, gone / visitor.scale if self.speed else 0.0

    def entry(self, visitor: Visitor) -> float:
        """When it comes in, roughly, for numbering in order of appearance; 0 for what is there at the start."""
        if not self.speed:
            return 0.0
        return max(0.0, (visitor.place - self.reach * self.scale - self._start) / (self.scale * self.speed))

    def _visitor(self, place: int) -> Visitor | None:
        if place not in self._known:
            while len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            self._known[place] = self._make(place)
        return self._known[place]

    def _make(self, place: int) -> Visitor | None:
        number, index = divmod(place, _BLOCK)
        if number not in self._blocks:
            rng = np.random.default_rng([self.seed, 7002, self.index, number + 10**6])
            self._blocks = {number: (rng.random((_BLOCK, 3)), rng.integers(2**62, size=_BLOCK))}
        chances, seeds = self._blocks[number]
        taken, aside, along = chances[index].tolist()
        if taken >= self.keep:
            return None
        y = self.y + (2 * aside - 1) * self.spread
        at = (place + self.jitter * (along - 0.5)) * self.spacing * self.scale
        return Visitor((self.index, place), partial(self._cast, int(seeds[index])), y, self.layout.scale(y), at)

    def _cast(self, seed: int) -> list[Actor]:
        return self.cast(np.random.default_rng(seed))
