"""Which things populate a street: lanes of traffic, walkers, animals and street furniture, by theme."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from yolor_studio.demo import animals, cycles, furniture, people, small, vehicles
from yolor_studio.demo.actor import Actor, beside
from yolor_studio.demo.layout import Layout
from yolor_studio.demo.traffic import Cast, Lane

__all__ = ["THEMES", "populate"]

THEMES = {"city": 0.4, "suburb": 0.25, "park": 0.15, "country": 0.2}
"""The kinds of street and how often each is drawn."""


def _mix(**weights: float) -> Cast:
    """A cast that draws one of the named ones of `_CASTS` by weight."""
    names = list(weights)
    shares = np.array(list(weights.values())) / sum(weights.values())

    def cast(rng: np.random.Generator) -> list[Actor]:
        return _CASTS[names[int(rng.choice(len(names), p=shares))]](rng)

    return cast


def _single(make: Callable[..., Actor], **options: bool) -> Cast:
    return lambda rng: [make(rng, **options)]


def _dog_walker(rng: np.random.Generator) -> list[Actor]:
    return [people.pedestrian(rng), beside(animals.dog(rng), float(rng.uniform(0.95, 1.25)))]


def _couple(rng: np.random.Generator) -> list[Actor]:
    return [people.pedestrian(rng), beside(people.pedestrian(rng), float(rng.uniform(0.4, 0.7)))]


_CASTS: dict[str, Cast] = {
    "car": _single(vehicles.car),
    "bus": _single(vehicles.bus),
    "motorbike": cycles.motorcyclist,
    "bicycle": cycles.cyclist,
    "parked_bicycle": cycles.parked_bicycle,
    "walker": _single(people.pedestrian),
    "waiting": _single(people.pedestrian, standing=True),
    "couple": _couple,
    "dog_walker": _dog_walker,
    "dog": _single(animals.dog),
    "sitting_dog": _single(animals.dog, walks=False),
    "cat": _single(animals.cat),
    "still_cat": _single(animals.cat, walks=False),
    "horse": _single(animals.horse),
    "still_horse": _single(animals.horse, walks=False),
    "rider": animals.rider,
    "cow": _single(animals.cow),
    "still_cow": _single(animals.cow, walks=False),
    "sheep": _single(animals.sheep),
    "still_sheep": _single(animals.sheep, walks=False),
    "pigeon": _single(small.pigeon),
    "still_pigeon": _single(small.pigeon, walks=False),
    "gull": _single(small.gull),
    "plant": _single(small.potted_plant),
    "lamp": furniture.lamp_post,
    "tree": furniture.street_tree,
    "bollard": furniture.bollard,
    "bench": furniture.bench,
    "bin": furniture.bin_,
    "sign": furniture.sign_post,
    "hedge": furniture.hedge,
}

_ROAD = {
    "city": _mix(car=0.56, bus=0.13, motorbike=0.13, bicycle=0.18),
    "suburb": _mix(car=0.56, bus=0.08, motorbike=0.12, bicycle=0.24),
    "park": _mix(bicycle=0.5, car=0.2, motorbike=0.1, rider=0.2),
    "country": _mix(car=0.45, motorbike=0.13, bicycle=0.17, rider=0.15, bus=0.1),
}
_PAVEMENT = {
    "city": _mix(walker=0.62, couple=0.16, dog_walker=0.14, cat=0.03, dog=0.05),
    "suburb": _mix(walker=0.5, couple=0.12, dog_walker=0.2, cat=0.1, dog=0.08),
    "park": _mix(walker=0.4, couple=0.15, dog_walker=0.25, dog=0.12, cat=0.08),
    "country": _mix(walker=0.2, sheep=0.3, cow=0.22, horse=0.16, dog=0.07, cat=0.05),
}
_STANDING = {
    "city": _mix(waiting=0.3, plant=0.4, parked_bicycle=0.2, sitting_dog=0.05, still_cat=0.05),
    "suburb": _mix(plant=0.4, parked_bicycle=0.2, still_cat=0.2, waiting=0.2),
    "park": _mix(waiting=0.35, sitting_dog=0.2, still_cat=0.15, still_pigeon=0.2, parked_bicycle=0.1),
    "country": _mix(still_sheep=0.4, still_cow=0.34, still_horse=0.26),
}
_FURNITURE = {
    "city": _mix(lamp=0.4, tree=0.25, bollard=0.15, bin=0.1, sign=0.1),
    "suburb": _mix(lamp=0.35, tree=0.4, bin=0.1, sign=0.15),
    "park": _mix(bench=0.35, tree=0.35, lamp=0.2, bin=0.1),
    "country": _mix(tree=0.5, hedge=0.3, sign=0.2),
}
_ANYTHING = _mix(
    car=0.1, bus=0.07, motorbike=0.09, bicycle=0.1, walker=0.08, dog=0.1, cat=0.1, horse=0.07, rider=0.04, cow=0.1,
    sheep=0.1, pigeon=0.07, plant=0.06,
)  # fmt: skip


@dataclass
class _Builder:
    """Collects lanes."""

    rng: np.random.Generator
    layout: Layout
    seed: int
    density: float
    lanes: list[Lane] = field(default_factory=list)

    def moving(
        self,
        y: float,
        cast: Cast,
        *,
        direction: int,
        speed: tuple[float, float],
        spacing: float,
        keep: float,
        spread: float = 0.0,
        **options: Any,
    ) -> None:
        """Adds a lane of things that move at a speed drawn from `speed`."""
        pace = float(self.rng.uniform(*speed))
        self._add(
            y,
            cast,
            direction=direction,
            speed=pace,
            spacing=spacing,
            keep=min(keep * self.density, 1.0),
            spread=spread,
            **options,
        )

    def standing(
        self, y: float, cast: Cast, *, spacing: float, keep: float, spread: float = 0.0, furniture: bool = False
    ) -> None:
        """Adds a row of things that stay; furniture does not thin out with the traffic."""
        share = min(keep if furniture else keep * self.density, 1.0)
        reach = 3.6 if furniture else 2.3
        self._add(y, cast, direction=self.either(), speed=0.0, spacing=spacing, keep=share, spread=spread, reach=reach)

    def either(self) -> int:
        """Right or left."""
        return 1 if self.rng.random() < 0.5 else -1

    def _add(self, y: float, cast: Cast, **options: Any) -> None:
        self.lanes.append(Lane(len(self.lanes), self.seed, self.layout, y, cast, **options))


def populate(
    rng: np.random.Generator, layout: Layout, *, seed: int, theme: str, density: float, anything: bool = False
) -> list[Lane]:
    """The lanes of a scene; `density` 1 is a lively street, 0 an empty one; `anything` adds things of every category
    wherever there is ground, so that rare ones are learnt too."""
    build = _Builder(rng, layout, seed, density)
    _traffic(build, theme)
    _pavements(build, theme)
    _stand_about(build, theme)
    if anything:
        for share in (0.2, 0.55, 0.9):
            y = layout.base + (layout.front - layout.base) * (share + float(rng.uniform(-0.1, 0.1)))
            build.moving(y, _ANYTHING, direction=build.either(), speed=(1, 2), spacing=7.0, keep=0.4, reach=7.0)
    return build.lanes


def _traffic(build: _Builder, theme: str) -> None:
    rows = build.layout.lane_rows()
    near_side = -1 if build.rng.random() < 0.3 else 1
    for index, row in enumerate(rows):
        direction = near_side if index >= len(rows) / 2 else -near_side
        pace = (2.6, 5.0) if theme == "park" else (3.6, 6.6)
        spacing = float(build.rng.uniform(11.8, 14.0))
        build.moving(
            row, _ROAD[theme], direction=direction, speed=pace, spacing=spacing, keep=0.78, jitter=0.08, reach=7.0
        )


def _pavements(build: _Builder, theme: str) -> None:
    layout, rng = build.layout, build.rng
    pace = (0.5, 1.1) if theme == "country" else (0.9, 1.6)
    for top, bottom, shares, keep in (
        (layout.base, layout.far_kerb, (0.3, 0.55, 0.8), 0.5),
        (layout.near_kerb, layout.front, (0.25, 0.7), 0.42),
    ):
        deep = bottom - top
        for share in shares:
            spacing = float(rng.uniform(5, 8))
            build.moving(
                top + deep * share,
                _PAVEMENT[theme],
                direction=build.either(),
                speed=pace,
                spacing=spacing,
                keep=keep,
                spread=deep * 0.09,
            )
    build.moving(
        layout.near_kerb + 0.15 * (layout.front - layout.near_kerb),
        _CASTS["pigeon"],
        direction=build.either(),
        speed=(0.15, 0.3),
        spacing=6.0,
        keep=0.22,
    )
    build.moving(
        layout.near_kerb, _CASTS["gull"], direction=build.either(), speed=(3.5, 6), spacing=26.0, keep=0.4, spread=8.0
    )


def _stand_about(build: _Builder, theme: str) -> None:
    layout = build.layout
    far, near = layout.far_kerb - layout.base, layout.front - layout.near_kerb
    build.standing(layout.base + far * 0.14, _STANDING[theme], spacing=6.0, keep=0.55, spread=far * 0.06)
    build.standing(layout.near_kerb + near * 0.5, _STANDING[theme], spacing=9.0, keep=0.16, spread=near * 0.2)
    build.standing(layout.far_kerb - far * 0.12, _FURNITURE[theme], spacing=11.0, keep=0.55, furniture=True)
    build.standing(layout.near_kerb + near * 0.1, _FURNITURE[theme], spacing=13.0, keep=0.35, furniture=True)
    build.standing(layout.front + near * 0.1, _FURNITURE[theme], spacing=14.0, keep=0.3, furniture=True)
