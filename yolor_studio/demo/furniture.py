"""Street furniture: it stands in front of things and is none of the categories."""

from __future__ import annotations

import numpy as np

from yolor_studio.demo.actor import Actor, pick
from yolor_studio.demo.greenery import bush, conifer, tree
from yolor_studio.demo.paint import Pen, darker, lighter, rounded

__all__ = ["bench", "bin_", "bollard", "hedge", "lamp_post", "sign_post", "street_tree"]

_IRON = ((52, 60, 64), (40, 66, 60), (70, 74, 82))


def lamp_post(rng: np.random.Generator) -> list[Actor]:
    """A street lamp, old or new."""
    iron, old, height = pick(rng, _IRON, vary=4), bool(rng.random() < 0.5), float(rng.uniform(4.2, 5.6))

    def body(pen: Pen) -> None:
        pen.polygon(rounded([(-0.15, 0.0), (-0.11, 0.7), (0.11, 0.7), (0.15, 0.0)], 0.04), iron)
        pen.limb((0.0, 0.5), (0.0, height - 0.3), iron, widths=(0.14, 0.09))
        pen.shade([(0.02, 0.0), (0.12, 0.0), (0.1, height), (0.02, height)], darker(iron, 0.6), 0.5)
        if old:
            pen.box(-0.3, height - 0.5, 0.3, height - 0.44, iron)
            pen.lamp(
                [(-0.13, height - 0.3), (0.13, height - 0.3), (0.2, height + 0.16), (-0.2, height + 0.16)],
                (255, 240, 196),
            )
            pen.polygon(
                [(-0.25, height + 0.16), (0.25, height + 0.16), (0.06, height + 0.38), (-0.06, height + 0.38)], iron
            )
        else:
            pen.limb((0.0, height - 0.35), (0.35, height + 0.05), iron, widths=(0.09, 0.08))
            pen.limb((0.35, height + 0.05), (1.0, height + 0.12), iron, widths=(0.09, 0.16))
            pen.lamp(
                rounded(
                    [(0.55, height + 0.03), (1.0, height + 0.06), (0.95, height + 0.0), (0.6, height - 0.03)], 0.02
                ),
                (255, 244, 206),
            )

    return [Actor("", -0.4, 1.15, height + 0.5, body=body, lamp=(0.4, 2.4), shadow=0.3)]


def street_tree(rng: np.random.Generator) -> list[Actor]:
    """A tree in the pavement."""
    seed, height, fir = int(rng.integers(2**31)), float(rng.uniform(4.2, 6.5)), bool(rng.random() < 0.12)

    def body(pen: Pen) -> None:
        (conifer if fir else tree)(pen, np.random.default_rng(seed), 0.0, height=height)

    half = height * 0.53
    return [Actor("", -half, half, height * 1.16, body=body, low=-0.3, shadow=0.5)]


def bollard(rng: np.random.Generator) -> list[Actor]:
    """A short post."""
    iron = pick(rng, _IRON, vary=4)

    def body(pen: Pen) -> None:
        pen.polygon(rounded([(-0.09, 0.0), (-0.07, 0.85), (0.07, 0.85), (0.09, 0.0)], 0.04), iron)
        pen.disc(0.0, 0.88, 0.095, iron)
        pen.box(-0.075, 0.6, 0.075, 0.7, (232, 228, 216))
        pen.shade([(0.02, 0.0), (0.1, 0.0), (0.1, 1.0), (0.02, 1.0)], darker(iron, 0.6), 0.5)

    return [Actor("", -0.14, 0.14, 1.02, body=body, shadow=0.9)]


def bench(rng: np.random.Generator) -> list[Actor]:
    """A park bench seen from the front."""
    wood = pick(rng, ((156, 110, 70), (120, 84, 58), (92, 116, 84)), vary=5)

    def body(pen: Pen) -> None:
        for x in (-0.75, 0.75):
            pen.limb((x, 0.0), (x, 0.86), (44, 48, 50), widths=(0.08, 0.06))
        for y in (0.42, 0.6, 0.74, 0.88):
            pen.polygon(
                rounded([(-0.92, y - 0.055), (-0.92, y + 0.055), (0.92, y + 0.055), (0.92, y - 0.055)], 0.02),
                wood if y > 0.5 else lighter(wood, 0.2),
            )
            pen.shade(
                [(-0.92, y - 0.055), (0.92, y - 0.055), (0.92, y - 0.02), (-0.92, y - 0.02)], darker(wood, 0.6), 0.4
            )

    return [Actor("", -1.0, 1.0, 1.0, body=body, shadow=1.0)]


def bin_(rng: np.random.Generator) -> list[Actor]:
    """A litter bin."""
    tin = pick(rng, ((52, 92, 74), (70, 78, 86), (44, 70, 110)), vary=5)

    def body(pen: Pen) -> None:
        pen.polygon(rounded([(-0.24, 0.05), (-0.27, 0.85), (0.27, 0.85), (0.24, 0.05)], 0.05), tin)
        for x in (-0.14, -0.02, 0.1):
            pen.shade([(x, 0.1), (x + 0.05, 0.1), (x + 0.05, 0.7), (x, 0.7)], darker(tin, 0.5), 0.5)
        pen.polygon(rounded([(-0.31, 0.82), (-0.26, 1.0), (0.26, 1.0), (0.31, 0.82)], 0.05), darker(tin, 0.3))

    return [Actor("", -0.34, 0.34, 1.06, body=body, shadow=0.9)]


def sign_post(rng: np.random.Generator) -> list[Actor]:
    """A traffic sign on a post."""
    kind = int(rng.integers(3))

    def body(pen: Pen) -> None:
        pen.limb((0.0, 0.0), (0.0, 2.75), (134, 138, 142), widths=(0.07, 0.07))
        if kind == 0:
            pen.disc(0.0, 2.5, 0.34, (196, 44, 44))
            pen.disc(0.0, 2.5, 0.26, (244, 242, 238))
        elif kind == 1:
            pen.polygon(rounded([(-0.4, 2.2), (0.4, 2.2), (0.0, 2.9)], 0.08), (196, 44, 44))
            pen.polygon(rounded([(-0.26, 2.28), (0.26, 2.28), (0.0, 2.74)], 0.05), (246, 240, 222))
        else:
            pen.polygon(rounded([(-0.3, 2.2), (0.3, 2.2), (0.3, 2.8), (-0.3, 2.8)], 0.06), (42, 92, 164))
            pen.polygon([(-0.16, 2.32), (0.16, 2.32), (0.0, 2.66)], (244, 244, 244))

    return [Actor("", -0.48, 0.48, 3.0, body=body, shadow=0.5)]


def hedge(rng: np.random.Generator) -> list[Actor]:
    """A piece of hedge, or grass grown tall."""
    seed, width, height = int(rng.integers(2**31)), float(rng.uniform(1.2, 2.6)), float(rng.uniform(0.5, 0.9))

    def body(pen: Pen) -> None:
        bush(pen, np.random.default_rng(seed), 0.0, width=width, height=height)

    return [Actor("", -width * 0.9, width * 0.9, height * 1.5, body=body, shadow=0.6)]
