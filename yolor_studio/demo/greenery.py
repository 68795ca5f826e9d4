"""Trees, bushes and hedges, for the backdrop and in front of it."""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.actor import pick
from yolor_studio.demo.paint import Colour, Pen, darker, lighter, mix, smooth

__all__ = ["LEAVES", "blob", "bush", "conifer", "tree"]

LEAVES: tuple[Colour, ...] = ((86, 138, 70), (106, 152, 74), (70, 118, 72), (128, 158, 72), (74, 128, 92), (176, 142, 60))


def blob(rng: np.random.Generator, x: float, y: float, radius: float, *, tall: float = 0.9, bumps: int = 11) -> NDArray[np.float64]:
    """A leafy outline around (x, y) -> [N, 2]."""
    angles = np.linspace(0, 2 * pi, bumps, endpoint=False) + rng.uniform(0, 1)
    radii = radius * rng.uniform(0.82, 1.12, bumps)
    return smooth(np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles) * tall], 1), steps=4)


def _crown(pen: Pen, rng: np.random.Generator, x: float, y: float, *, radius: float, leaf: Colour) -> None:
    places = [(0.0, 0.0, 1.0)] + [(float(rng.uniform(-0.75, 0.75)), float(rng.uniform(-0.45, 0.6)), float(rng.uniform(0.45, 0.7))) for _ in range(6)]
    for depth, shift_y, shift_x, size in ((darker(leaf, 0.38), -0.1, 0.0, 1.0), (leaf, 0.06, -0.03, 0.86), (lighter(leaf, 0.14), 0.22, -0.1, 0.62)):
        for dx, dy, part in places:
            centre = (x + (dx + shift_x) * radius, y + (dy + shift_y) * radius * 0.9)
            pen.polygon(blob(rng, *centre, radius * part * size * 0.72), mix(depth, leaf, float(rng.uniform(0, 0.3))))
    for _ in range(26):
        dx, dy = rng.uniform(-0.9, 0.7), rng.uniform(-0.5, 0.85)
        if dx * dx + dy * dy < 0.8:
            pen.shade(blob(rng, x + dx * radius, y + dy * radius * 0.9, radius * 0.1, bumps=6), lighter(leaf, 0.4) if dy > dx * 0.4 else darker(leaf, 0.5), 0.4)


def tree(pen: Pen, rng: np.random.Generator, x: float, *, height: float) -> None:
    """A leafy tree with its foot at (x, 0)."""
    leaf = pick(rng, LEAVES, vary=8)
    bark = pick(rng, ((104, 80, 60), (124, 104, 84), (90, 72, 60)), vary=5)
    radius = height * float(rng.uniform(0.26, 0.32))
    lean = float(rng.uniform(-0.1, 0.1))
    fork = (x + lean, height - radius * 1.5)
    pen.limb((x, 0.0), fork, bark, widths=(height * 0.05, height * 0.034))
    pen.limb(fork, (x + lean - radius * 0.4, height - radius * 0.9), bark, widths=(height * 0.03, height * 0.014))
    pen.limb(fork, (x + lean + radius * 0.4, height - radius * 0.8), darker(bark, 0.15), widths=(height * 0.03, height * 0.014))
    pen.shade([(x + height * 0.004, -0.1), (x + height * 0.05, -0.1), (x + lean + height * 0.04, fork[1]), (x + lean + height * 0.004, fork[1])], darker(bark, 0.6), 0.5)
    _crown(pen, rng, x + lean, height - radius, radius=radius, leaf=leaf)


def conifer(pen: Pen, rng: np.random.Generator, x: float, *, height: float) -> None:
    """A fir or a cypress with its foot at (x, 0)."""
    leaf = pick(rng, ((52, 96, 76), (64, 108, 70), (44, 84, 74)), vary=6)
    pen.limb((x, 0.0), (x, height * 0.3), (96, 76, 60), widths=(height * 0.045, height * 0.03))
    for layer in range(6):
        low, high = height * (0.12 + layer * 0.13), height * (0.38 + layer * 0.125)
        half = height * 0.2 * (1 - layer * 0.145)
        colour = mix(darker(leaf, 0.3), lighter(leaf, 0.08), layer / 5)
        pen.polygon([(x - half, low), (x - half * 0.5, low + half * 0.12), (x, low - half * 0.1), (x + half * 0.5, low + half * 0.12), (x + half, low), (x + half * 0.08, high), (x - half * 0.08, high)], colour)
        pen.shade([(x + half * 0.1, low - 0.1), (x + half, low), (x + half * 0.08, high), (x, high)], darker(leaf, 0.5), 0.35)


def bush(pen: Pen, rng: np.random.Generator, x: float, *, width: float, height: float) -> None:
    """A bush or a piece of hedge over (x, 0)."""
    leaf = pick(rng, LEAVES[:5], vary=8)
    count = max(round(width / height * 2), 2)
    for shade, lift, size in ((darker(leaf, 0.4), 0.4, 0.62), (leaf, 0.52, 0.52), (lighter(leaf, 0.14), 0.66, 0.34)):
        for index in range(count):
            at = x + width * ((index + 0.5) / count - 0.5) + rng.uniform(-0.1, 0.1) * height
            pen.polygon(blob(rng, at, height * lift, height * size, tall=0.8, bumps=9), shade)
