"""Small company: pigeons, gulls, and plants in pots."""

from __future__ import annotations

from functools import partial
from math import cos, pi, sin

import numpy as np

from yolor_studio.demo.actor import Actor, pick
from yolor_studio.demo.greenery import LEAVES, blob
from yolor_studio.demo.paint import Colour, Pen, curve, darker, lighter, rounded, smooth

__all__ = ["gull", "pigeon", "potted_plant"]


def pigeon(rng: np.random.Generator, *, walks: bool = True) -> Actor:
    """A pigeon on the ground, nodding as it walks."""
    plumage = pick(rng, ((128, 134, 146), (96, 98, 108), (176, 160, 148), (226, 224, 220)), vary=5)
    size, start = float(rng.uniform(1.0, 1.35)), float(rng.random())

    def motion(pen: Pen, travelled: float, time: float) -> None:
        gone = travelled / size if walks else 0.0
        _draw_pigeon(pen.resized(size), gone, time, plumage=plumage, start=start, walks=walks)

    return Actor("bird", -0.24 * size, 0.24 * size, 0.38 * size, motion=motion, low=-0.03, shadow=0.8)


def _draw_pigeon(pen: Pen, travelled: float, time: float, *, plumage: Colour, start: float, walks: bool) -> None:
    phase = travelled / 0.16 + start
    nod = 0.016 * sin(2 * pi * phase * 2) if walks else 0.01 * sin(time * 2 + start * 6)
    for side in (0.5, 0.0):
        foot = 0.03 * cos(2 * pi * (phase + side)) if walks else 0.012 * (1 if side else -1)
        pen.limb((0.0, 0.1), (foot, 0.012), (206, 96, 84), widths=(0.018, 0.012))
        pen.limb((foot, 0.01), (foot + 0.03, 0.006), (206, 96, 84), widths=(0.014, 0.01))
    pen.polygon(curve("-0.1,0.15 -0.22,0.1 -0.21,0.07 -0.08,0.1"), darker(plumage, 0.45))
    body = curve("-0.13,0.15 -0.06,0.19 0.04,0.21 0.1,0.19 0.11,0.13 0.06,0.09 -0.04,0.085")
    pen.polygon(body, plumage)
    pen.gradient(body, lighter(plumage, 0.15), darker(plumage, 0.3))
    pen.polygon(curve("-0.17,0.115 -0.08,0.17 0.03,0.18 0.04,0.13 -0.06,0.11"), darker(plumage, 0.18))
    pen.stroke([(-0.08, 0.14), (-0.03, 0.165)], darker(plumage, 0.6), width=0.014)
    head = pen.moved(0.12 + nod, 0.27)
    pen.limb((0.07, 0.17), (0.115 + nod, 0.25), (84, 128, 112), widths=(0.1, 0.06))
    head.disc(0.0, 0.0, 0.042, darker(plumage, 0.2))
    head.polygon([(0.035, 0.012), (0.078, -0.008), (0.034, -0.014)], (70, 62, 60))
    head.disc(0.016, 0.008, 0.009, (226, 120, 50))


def gull(rng: np.random.Generator) -> Actor:
    """A gull in flight, some metres up."""
    height, beat = float(rng.uniform(3.6, 6.5)), float(rng.uniform(5.5, 8.0))
    draw = partial(_draw_gull, height=height, beat=beat, start=float(rng.uniform(0, 6)))
    return Actor("bird", -0.75, 0.75, height + 0.9, motion=draw, low=height - 0.9, shadow=0)


def _draw_gull(pen: Pen, _travelled: float, time: float, *, height: float, beat: float, start: float) -> None:
    at = pen.moved(0.0, height + 0.12 * sin(time * 1.3 + start))
    flap = sin(time * beat + start)
    for lean, colour in ((0.14, (168, 174, 184)), (-0.04, (226, 230, 234))):
        tip = (lean - 0.22, 0.1 + 0.55 * flap)
        wing = smooth(
            [(0.2, 0.03), (lean + 0.08, 0.06 + 0.3 * flap), tip, (lean - 0.16, 0.04 + 0.28 * flap), (-0.14, 0.0)],
            steps=5,
        )
        at.polygon(wing, colour)
        at.limb(tip, (lean - 0.17, 0.09 + 0.45 * flap), (46, 48, 54), widths=(0.03, 0.05))
    at.polygon(
        curve("-0.4,0.0 -0.46,0.03 -0.2,0.07 0.1,0.08 0.26,0.06 0.3,0.0 0.12,-0.07 -0.14,-0.06"), (242, 243, 244)
    )
    at.disc(0.31, 0.03, 0.065, (246, 246, 246))
    at.polygon([(0.36, 0.045), (0.45, 0.01), (0.36, 0.005)], (232, 170, 60))
    at.disc(0.33, 0.045, 0.012, (30, 30, 34))


_POTS: tuple[Colour, ...] = (
    (186, 104, 72),
    (150, 82, 62),
    (92, 100, 106),
    (214, 206, 192),
    (62, 84, 110),
    (72, 108, 92),
)


def potted_plant(rng: np.random.Generator) -> Actor:
    """A bush, a little tree, long leaves or flowers in a pot."""
    kind = str(rng.choice(["ball", "bush", "leaves", "flowers"]))
    size = float(rng.uniform(0.8, 1.3))
    body = partial(
        _draw_plant,
        seed=int(rng.integers(2**31)),
        kind=kind,
        pot=pick(rng, _POTS, vary=6),
        leaf=pick(rng, LEAVES[:5], vary=8),
    )
    return Actor(
        "pottedplant", -0.56 * size, 0.56 * size, 1.66 * size, body=lambda pen: body(pen.resized(size)), shadow=0.75
    )


def _draw_plant(pen: Pen, *, seed: int, kind: str, pot: Colour, leaf: Colour) -> None:
    rng = np.random.default_rng(seed)
    if kind == "ball":
        pen.limb((0.0, 0.4), (0.0, 1.05), (110, 84, 60), widths=(0.07, 0.05))
        for colour, dy, r in ((darker(leaf, 0.3), 0.0, 0.36), (leaf, 0.04, 0.3), (lighter(leaf, 0.2), 0.12, 0.16)):
            pen.polygon(blob(rng, -0.3 * (0.36 - r), 1.22 + dy, r, tall=1.0, bumps=13), colour)
    elif kind == "leaves":
        for index in range(11):
            angle = pi * (0.12 + 0.076 * index)
            reach = float(rng.uniform(0.8, 1.05))
            tip = (0.5 * cos(angle) * reach, 0.5 + 0.95 * sin(angle) * reach)
            bow = (0.2 * cos(angle), 0.55 + 0.55 * sin(angle))
            pen.polygon(
                smooth(
                    [(-0.05, 0.45), (bow[0] - 0.07, bow[1]), tip, (bow[0] + 0.07, bow[1] - 0.03), (0.05, 0.45)], steps=4
                ),
                darker(leaf, 0.35) if index % 2 else lighter(leaf, 0.08),
            )
    else:
        for colour, dy, r in ((darker(leaf, 0.35), 0.62, 0.34), (leaf, 0.72, 0.28), (lighter(leaf, 0.12), 0.82, 0.18)):
            for dx in (-0.2, 0.2, 0.0):
                pen.polygon(blob(rng, dx * (1.1 - dy * 0.3), dy, r, bumps=9), colour)
    if kind == "flowers":
        bloom = pick(rng, ((226, 70, 84), (250, 206, 80), (236, 130, 170), (244, 240, 236), (150, 90, 180)), vary=6)
        for _ in range(15):
            x, y = float(rng.uniform(-0.38, 0.38)), float(rng.uniform(0.55, 1.02))
            pen.disc(x, y, 0.055, darker(bloom, 0.1))
            pen.disc(x - 0.01, y + 0.01, 0.03, lighter(bloom, 0.3))
    shape = rounded([(-0.26, 0.46), (0.26, 0.46), (0.19, 0.0), (-0.19, 0.0)], 0.03)
    pen.polygon(shape, pot)
    pen.shade([(0.05, 0.5), (0.3, 0.5), (0.22, -0.02), (0.05, -0.02)], darker(pot, 0.55), 0.45)
    pen.polygon(rounded([(-0.3, 0.55), (0.3, 0.55), (0.29, 0.42), (-0.29, 0.42)], 0.03), lighter(pot, 0.1))
    pen.shade([(-0.28, 0.42), (0.28, 0.42), (0.27, 0.37), (-0.27, 0.37)], (20, 20, 28), 0.35)
