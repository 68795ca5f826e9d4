"""Which things populate a street: lanes of traffic, walkers, animals and street furniture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from yolor_studio.demo import cycles, people, vehicles
from yolor_studio.demo.actor import Actor
from yolor_studio.demo.layout import Layout
from yolor_studio.demo.traffic import Cast, Lane

__all__ = ["populate"]


def _one_of(choices: Sequence[tuple[float, Cast]]) -> Cast:
    weights = np.array([weight for weight, _ in choices])
    shares = weights / weights.sum()

    def cast(rng: np.random.Generator) -> list[Actor]:
        return choices[int(rng.choice(len(choices), p=shares))][1](rng)

    return cast


def _car(rng: np.random.Generator) -> list[Actor]:
    return [vehicles.car(rng)]


def _bus(rng: np.random.Generator) -> list[Actor]:
    return [vehicles.bus(rng)]


def _walker(rng: np.random.Generator) -> list[Actor]:
    return [people.pedestrian(rng)]


def _waiting(rng: np.random.Generator) -> list[Actor]:
    return [people.pedestrian(rng, standing=True)]


_TRAFFIC = _one_of([(0.62, _car), (0.12, _bus), (0.14, cycles.motorcyclist), (0.12, cycles.cyclist)])


def populate(rng: np.random.Generator, layout: Layout, *, seed: int, density: float) -> list[Lane]:
    """The lanes of a scene; `density` 1 is a lively street, 0 an empty one."""
    lanes: list[Lane] = []

    def add(y: float, cast: Cast, **options: float) -> None:
        options["keep"] = min(options.get("keep", 0.7) * density, 1.0)
        lanes.append(Lane(len(lanes), seed, layout, y, cast, **options))  # type: ignore[arg-type]

    right_hand = -1 if rng.random() < 0.3 else 1
    rows = layout.lane_rows()
    for index, row in enumerate(rows):
        direction = right_hand if index >= len(rows) / 2 else -right_hand
        add(
            row,
            _TRAFFIC,
            direction=direction,
            speed=rng.uniform(3.5, 7.5),
            spacing=rng.uniform(13, 17),
            keep=0.62,
            jitter=0.12,
        )
    far, near = layout.far_kerb - layout.base, layout.front - layout.near_kerb
    for share in (0.25, 0.55, 0.8):
        add(
            layout.base + far * share,
            _walker,
            direction=int(rng.choice([-1, 1])),
            speed=rng.uniform(0.9, 1.6),
            spacing=rng.uniform(5, 9),
            keep=0.45,
            spread=far * 0.1,
        )
    add(layout.base + far * 0.3, _waiting, spacing=9.0, keep=0.3)
    for share in (0.3, 0.65):
        add(
            layout.near_kerb + near * share,
            _walker,
            direction=int(rng.choice([-1, 1])),
            speed=rng.uniform(0.9, 1.6),
            spacing=rng.uniform(5, 9),
            keep=0.4,
            spread=near * 0.12,
        )
    return lanes
