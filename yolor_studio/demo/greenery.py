"""Trees, bushes and hedges, for the backdrop and in front of it."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.actor import pick
from yolor_studio.demo.paint import Colour, Pen, darker, lighter, mix, smooth

__all__ = ["LEAVES", "blob", "bush", "conifer", "tree"]

LEAVES: tuple[Colour, ...] = (
    (86, 138, 70),
    (106, 152, 74),
    (70, 118, 72),
    (128, 158, 72),
    (74, 128, 92),
    (206, 164, 66),
)


def blob(
    rng: np.random.Generator, x: float, y: float, radius: float, *, tall: float = 0.9, bumps: int = 11
) -> NDArray[np.float64]:
    """A leafy outline around (x, y) -> [N, 2]."""
    angles = np.linspace(0, 2 * pi, bumps, endpoint=False) + rng.uniform(0, 1)
    radii = radius * rng.uniform(0.82, 1.12, bumps)
    return smooth(np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles) * tall], 1), steps=4)


def _crown(pen: Pen, rng: np.random.Generator, x: float, y: float, *, radius: float, leaf: Colour) -> None:
    """Tufts from the shaded lower right to the sunny upper left, then single leaves."""
    angles, reaches = rng.uniform(0, 2 * pi, 18), np.sqrt(rng.uniform(0, 1, 18)) * 0.72
    tufts = np.concatenate([np.stack([reaches * np.cos(angles), reaches * np.sin(angles)], 1), [(0.0, 0.0)]])
    pen.polygon(blob(rng, x, y, radius * 0.8), darker(leaf, 0.36))
    for dx, dy in tufts[np.argsort(tufts @ (-0.6, 1.0))]:
        sun = float(np.clip(0.5 + 0.55 * (dy - 0.6 * dx), 0, 1))
        colour = mix(darker(leaf, 0.38), lighter(leaf, 0.2), sun)
        size = radius * float(rng.uniform(0.24, 0.36))
        centre = (x + dx * radius, y + dy * radius * 0.9)
        pen.polygon(blob(rng, *centre, size, bumps=9), darker(colour, 0.1))
        pen.polygon(blob(rng, centre[0] - size * 0.14, centre[1] + size * 0.2, size * 0.78, bumps=9), colour)
    if radius * pen.scale > 25:
        for _ in range(min(int(radius * pen.scale * 0.8), 100)):
            angle, reach = float(rng.uniform(0, 2 * pi)), float(rng.uniform(0, 1)) ** 0.5 * 0.92
            dx, dy = reach * cos(angle), reach * sin(angle)
            sunny = rng.random() < 0.5 + 0.5 * (dy - 0.6 * dx)
            ground = mix(darker(leaf, 0.38), lighter(leaf, 0.2), float(np.clip(0.5 + 0.55 * (dy - 0.6 * dx), 0, 1)))
            colour = lighter(ground, 0.11) if sunny else darker(ground, 0.18)
            size = radius * float(rng.uniform(0.02, 0.045))
            if reach < 0.74:
                pen.disc(x + dx * radius, y + dy * radius * 0.9, size, colour, tall=0.6)


def tree(pen: Pen, rng: np.random.Generator, x: float, *, height: float) -> None:
    """A leafy tree with its foot at (x, 0)."""
    leaf = pick(rng, LEAVES, vary=8)
    bark = pick(rng, ((104, 80, 60), (124, 104, 84), (90, 72, 60)), vary=5)
    radius = height * float(rng.uniform(0.26, 0.32))
    lean = float(rng.uniform(-0.1, 0.1))
    fork = (x + lean, height - radius * 1.5)
    pen.limb((x, 0.0), fork, bark, widths=(height * 0.05, height * 0.034))
    pen.limb(fork, (x + lean - radius * 0.4, height - radius * 0.9), bark, widths=(height * 0.03, height * 0.014))
    pen.limb(
        fork,
        (x + lean + radius * 0.4, height - radius * 0.8),
        darker(bark, 0.15),
        widths=(height * 0.03, height * 0.014),
    )
    pen.shade(
        [
            (x + height * 0.004, -0.1),
            (x + height * 0.05, -0.1),
            (x + lean + height * 0.04, fork[1]),
            (x + lean + height * 0.004, fork[1]),
        ],
        darker(bark, 0.6),
        0.5,
    )
    _crown(pen, rng, x + lean, height - radius, radius=radius, leaf=leaf)


def conifer(pen: Pen, rng: np.random.Generator, x: float, *, height: float) -> None:
    """A fir or a cypress with its foot at (x, 0)."""
    leaf = pick(rng, ((52, 96, 76), (64, 108, 70), (44, 84, 74)), vary=6)
    pen.limb((x, 0.0), (x, height * 0.3), (96, 76, 60), widths=(height * 0.045, height * 0.03))
    for layer in range(6):
        low, high = height * (0.12 + layer * 0.13), height * (0.38 + layer * 0.125)
        half = height * 0.2 * (1 - layer * 0.145)
        colour = mix(darker(leaf, 0.3), lighter(leaf, 0.08), layer / 5)
        pen.polygon(
            [
                (x - half, low),
                (x - half * 0.5, low + half * 0.12),
                (x, low - half * 0.1),
                (x + half * 0.5, low + half * 0.12),
                (x + half, low),
                (x + half * 0.08, high),
                (x - half * 0.08, high),
            ],
            colour,
        )
        pen.shade(
            [(x + half * 0.1, low - 0.1), (x + half, low), (x + half * 0.08, high), (x, high)], darker(leaf, 0.5), 0.35
        )


def bush(pen: Pen, rng: np.random.Generator, x: float, *, width: float, height: float) -> None:
    """A bush or a piece of hedge over (x, 0)."""
    leaf = pick(rng, LEAVES[:5], vary=8)
    count = max(round(width / height * 2), 2)
    for shade, lift, size in ((darker(leaf, 0.4), 0.4, 0.62), (leaf, 0.52, 0.52), (lighter(leaf, 0.14), 0.66, 0.34)):
        for index in range(count):
            at = x + width * ((index + 0.5) / count - 0.5) + rng.uniform(-0.1, 0.1) * height
            pen.polygon(blob(rng, at, height * lift, height * size, tall=0.8, bumps=9), shade)
