"""Cars and buses."""

from __future__ import annotations

import itertools
from functools import partial
from math import cos, pi, sin

import numpy as np

from yolor_studio.demo.actor import Actor, pick
from yolor_studio.demo.paint import Colour, Pen, Point, circle, darker, lighter, mix, rounded

__all__ = ["bus", "car"]

_CAR_PAINT: tuple[Colour, ...] = (
    (196, 42, 44), (30, 78, 150), (236, 236, 232), (44, 48, 54), (150, 156, 162), (26, 104, 96), (232, 178, 48),
    (214, 106, 48), (104, 138, 170), (92, 36, 54), (210, 200, 178), (66, 112, 66), (120, 180, 196),
)  # fmt: skip
_BUS_PAINT: tuple[Colour, ...] = (
    (206, 48, 44),
    (28, 104, 168),
    (240, 190, 46),
    (34, 132, 98),
    (236, 236, 230),
    (226, 112, 40),
)
_TYRE: Colour = (30, 31, 35)
_GLASS_TOP: Colour = (150, 186, 204)
_GLASS_BOTTOM: Colour = (52, 70, 88)


def _wheel(pen: Pen, x: float, radius: float, *, travelled: float, rim: Colour, spokes: int) -> None:
    pen.disc(x, radius, radius, _TYRE)
    pen.disc(x, radius, radius * 0.68, darker(rim, 0.35))
    pen.disc(x, radius, radius * 0.6, rim)
    if radius * pen.scale < 4:
        return
    for spoke in range(spokes):
        angle = -travelled / radius + spoke * 2 * pi / spokes
        for side in (-0.5, 0.5):
            a = angle + side * pi / spokes
            tip = (x + cos(a) * radius * 0.52, radius + sin(a) * radius * 0.52)
            root = (x + cos(angle) * radius * 0.22, radius + sin(angle) * radius * 0.22)
            pen.limb(root, tip, darker(rim, 0.55), widths=(radius * 0.05, radius * 0.14))
    pen.disc(x, radius, radius * 0.16, darker(rim, 0.4))


def _wheels(
    pen: Pen, travelled: float, _time: float, *, xs: tuple[float, ...], radius: float, rim: Colour, spokes: int
) -> None:
    for x in xs:
        _wheel(pen, x, radius, travelled=travelled, rim=rim, spokes=spokes)


def _glass(pen: Pen, points: list[Point], *, frame: Colour) -> None:
    pen.polygon(rounded(points, 0.07), frame)
    centre = np.mean(points, axis=0)
    inner = rounded([tuple(centre + (np.array(p) - centre) * (0.95, 0.9)) for p in points], 0.06)
    pen.polygon(inner, _GLASS_BOTTOM)
    pen.gradient(inner, _GLASS_TOP, _GLASS_BOTTOM)
    left, bottom, right, top = (*np.min(points, axis=0), *np.max(points, axis=0))
    span = right - left
    lean = (top - bottom) * 0.6
    for start, width in ((0.3, 0.2), (0.58, 0.07)):
        x = left + span * start
        w = span * width
        streak = [(x, bottom + 0.03), (x + w, bottom + 0.03), (x + w + lean, top - 0.03), (x + lean, top - 0.03)]
        clipped = [(min(max(px, left + 0.08), right - 0.1), py) for px, py in streak]
        pen.shade(clipped, (235, 244, 250), 0.22)


# Outline from the rear bumper over the roof to the front, then where the windows are: in shares of length and metres.
_STYLES = {
    # name: length, height, (rear deck x, y), (roof start x), (roof end x), (windscreen foot x, y), nose y, wheel radius
    "hatchback": (3.95, 1.48, (-0.49, 0.98), -0.36, 0.08, (0.27, 0.98), 0.74, 0.31),
    "sedan": (4.55, 1.43, (-0.33, 0.98), -0.2, 0.08, (0.25, 0.95), 0.72, 0.32),
    "estate": (4.6, 1.5, (-0.485, 1.0), -0.42, 0.06, (0.23, 0.98), 0.74, 0.32),
    "suv": (4.45, 1.72, (-0.485, 1.12), -0.4, 0.08, (0.26, 1.12), 0.92, 0.37),
    "city": (3.4, 1.52, (-0.49, 1.0), -0.38, 0.14, (0.36, 0.98), 0.78, 0.29),
    "van": (4.9, 1.95, (-0.492, 1.2), -0.47, 0.2, (0.385, 1.16), 0.86, 0.34),
}


def car(rng: np.random.Generator) -> Actor:
    """A car of one of six body styles."""
    style = str(rng.choice(list(_STYLES), p=[0.26, 0.24, 0.15, 0.17, 0.1, 0.08]))
    length, height, *_, radius = _STYLES[style]
    paint = pick(rng, _CAR_PAINT)
    rim = pick(rng, ((196, 200, 204), (150, 154, 160), (92, 94, 100)), vary=6)
    xs = (-length * 0.31, length * 0.315)
    taxi = bool(style in ("sedan", "estate") and rng.random() < 0.15)
    roof_rack = bool(style in ("estate", "suv") and rng.random() < 0.4)
    body = partial(_car_body, style=style, paint=(238, 190, 40) if taxi else paint, xs=xs, taxi=taxi, rack=roof_rack)
    wheels = partial(_wheels, xs=xs, radius=radius, rim=rim, spokes=int(rng.integers(5, 8)))
    return Actor(
        "car", -length / 2 - 0.08, length / 2 + 0.08, height + 0.26, body, wheels, lamp=(length / 2 + 1.7, 2.0)
    )


def _car_body(pen: Pen, *, style: str, paint: Colour, xs: tuple[float, float], taxi: bool, rack: bool) -> None:
    length, height, deck, roof_back, roof_front, screen, nose, radius = _STYLES[style]
    half = length / 2
    sill = 0.24
    belt = min(deck[1], screen[1])
    if taxi:
        pen.polygon(
            rounded(
                [(-0.42, height - 0.05), (-0.36, height + 0.17), (-0.02, height + 0.17), (0.06, height - 0.05)], 0.05
            ),
            (250, 246, 220),
        )
    if rack:
        pen.stroke(
            [
                (roof_back * length * 0.7, height - 0.02),
                (roof_back * length * 0.6, height + 0.06),
                (roof_front * length * 0.6, height + 0.06),
                (roof_front * length * 0.8, height - 0.02),
            ],
            (40, 42, 46),
            width=0.04,
        )
    shell = rounded(
        [
            (-half + 0.02, sill + 0.08), (-half, belt * 0.68), (-half + 0.03, belt - 0.04),
            (deck[0] * length, deck[1]), (roof_back * length, height - 0.02), (roof_front * length, height),
            (screen[0] * length, screen[1]), (half - 0.28, nose + 0.08), (half - 0.02, nose - 0.12),
            (half, 0.46), (half - 0.04, sill + 0.04), (half * 0.5, sill), (-half * 0.7, sill),
        ],
        [0.1, 0.1, 0.12, 0.2, 0.3, 0.34, 0.3, 0.3, 0.12, 0.1, 0.1, 0.3, 0.3],
    )  # fmt: skip
    pen.polygon(shell, paint)
    pen.gradient(shell, lighter(paint, 0.22), darker(paint, 0.34))
    pen.shade(
        rounded([(-half, sill - 0.05), (-half, 0.44), (half, 0.42), (half, sill - 0.05)], 0.02),
        darker(paint, 0.62),
        0.55,
    )
    pen.shade(
        [(-half, belt - 0.16), (-half, belt - 0.07), (half - 0.2, nose + 0.02), (half - 0.2, nose - 0.05)],
        lighter(paint, 0.65),
        0.5,
    )
    _car_glass(pen, style, paint)
    for x in xs:
        pen.shade(circle(x, radius + 0.02, radius * 1.2), (18, 19, 24), 0.92)
    pen.limb((-half + 0.06, sill + 0.06), (xs[0] - radius * 1.2, sill + 0.02), darker(paint, 0.72), widths=(0.12, 0.08))
    pen.limb((xs[1] + radius * 1.2, sill + 0.02), (half - 0.08, sill + 0.06), darker(paint, 0.72), widths=(0.08, 0.12))
    _car_details(pen, style, paint)


def _car_glass(pen: Pen, style: str, paint: Colour) -> None:
    length, height, deck, roof_back, roof_front, screen, _, _ = _STYLES[style]
    foot, top = max(deck[1], screen[1]) + 0.02, height - 0.1
    back = deck[0] * length + (0.24 if style in ("sedan",) else 0.16)
    rise = (top - foot) / (height - foot)
    back_top = back + (roof_back * length - deck[0] * length) * rise * 0.9 + 0.04
    front = screen[0] * length - 0.1
    front_top = front - (screen[0] - roof_front) * length * rise * 0.95
    pillar = -0.08 * length if style != "van" else 0.13 * length
    frame = darker(paint, 0.66)
    if style == "van":
        _glass(pen, [(pillar + 0.07, foot), (pillar + 0.07, top), (front_top, top), (front, foot)], frame=frame)
        pen.shade(
            rounded([(-length * 0.45, foot), (-length * 0.45, top), (pillar - 0.1, top), (pillar - 0.1, foot)], 0.06),
            darker(paint, 0.5),
            0.25,
        )
        return
    _glass(pen, [(back, foot), (back_top, top), (pillar - 0.03, top), (pillar - 0.03, foot)], frame=frame)
    _glass(pen, [(pillar + 0.03, foot), (pillar + 0.03, top), (front_top, top), (front, foot)], frame=frame)
    if style in ("estate", "suv"):
        x = back + (pillar - back) * 0.42
        pen.box(x - 0.035, foot, x + 0.035, top, frame)


def _car_details(pen: Pen, style: str, paint: Colour) -> None:
    length, _, deck, _, _, screen, nose, _ = _STYLES[style]
    half, belt = length / 2, min(deck[1], screen[1])
    seam = darker(paint, 0.55)
    pillar = -0.08 * length if style != "van" else 0.13 * length
    for x in (pillar, screen[0] * length - 0.16):
        pen.stroke([(x, belt), (x + 0.02, 0.62), (x - 0.04, 0.32)], seam, width=0.018)
    for x in (pillar - 0.26, pillar + 0.18) if style != "van" else (pillar + 0.18,):
        pen.limb((x, belt - 0.13), (x + 0.16, belt - 0.13), mix(seam, (220, 220, 220), 0.3), widths=(0.035, 0.035))
    mirror = screen[0] * length - 0.22
    pen.polygon(
        rounded(
            [
                (mirror, belt + 0.02),
                (mirror - 0.02, belt + 0.15),
                (mirror + 0.14, belt + 0.13),
                (mirror + 0.16, belt + 0.02),
            ],
            0.04,
        ),
        darker(paint, 0.3),
    )
    lamp = rounded(
        [(half - 0.36, nose - 0.02), (half - 0.1, nose - 0.06), (half - 0.03, nose - 0.16), (half - 0.28, nose - 0.14)],
        0.04,
    )
    pen.lamp(lamp, (250, 246, 226))
    pen.polygon(
        rounded(
            [
                (-half + 0.01, belt - 0.12),
                (-half + 0.22, belt - 0.12),
                (-half + 0.15, belt - 0.34),
                (-half + 0.0, belt - 0.34),
            ],
            0.04,
        ),
        (178, 28, 30),
    )
    pen.box(-half + 0.03, belt - 0.27, -half + 0.12, belt - 0.22, (240, 150, 90))
    pen.limb((half - 0.14, 0.42), (half - 0.02, 0.42), (40, 42, 48), widths=(0.1, 0.1))


def bus(rng: np.random.Generator) -> Actor:
    """A city bus."""
    length, height = float(rng.uniform(9.6, 11.8)), float(rng.uniform(2.9, 3.15))
    xs = (-length * 0.27, length * 0.3)
    paint = pick(rng, _BUS_PAINT, vary=8)
    roof = paint if rng.random() < 0.5 else (238, 238, 232)
    band = pick(rng, _BUS_PAINT, vary=8) if rng.random() < 0.5 else darker(paint, 0.35)
    body = partial(_bus_body, length=length, height=height, paint=paint, roof=roof, band=band, xs=xs)
    wheels = partial(_wheels, xs=xs, radius=0.48, rim=(168, 172, 176), spokes=8)
    return Actor("bus", -length / 2 - 0.1, length / 2 + 0.34, height + 0.3, body, wheels, lamp=(length / 2 + 1.9, 2.3))


def _bus_body(
    pen: Pen, *, length: float, height: float, paint: Colour, roof: Colour, band: Colour, xs: tuple[float, float]
) -> None:
    half = length / 2
    pen.polygon(
        rounded(
            [
                (-half * 0.7, height - 0.05),
                (-half * 0.68, height + 0.2),
                (-half * 0.2, height + 0.2),
                (-half * 0.18, height - 0.05),
            ],
            0.1,
        ),
        darker(roof, 0.25),
    )
    shell = rounded(
        [(-half, 0.32), (-half, height - 0.02), (half - 0.12, height), (half, height * 0.5), (half, 0.3)],
        [0.14, 0.32, 0.4, 0.5, 0.16],
    )
    pen.polygon(shell, paint)
    top = rounded(
        [(-half, height * 0.77), (-half, height), (half - 0.12, height), (half, height * 0.77)], [0.02, 0.3, 0.4, 0.02]
    )
    pen.gradient(shell, lighter(paint, 0.12), darker(paint, 0.3))
    pen.gradient(top, lighter(roof, 0.3), roof)
    pen.shade([(-half, 0.2), (-half, 0.56), (half, 0.56), (half, 0.2)], darker(paint, 0.7), 0.45)
    pen.shade([(-half, 0.92), (-half, 1.1), (half, 1.1), (half, 0.92)], band, 0.85)
    low, high = 1.36, height * 0.79
    pen.polygon(
        rounded(
            [
                (-half + 0.16, low - 0.05),
                (-half + 0.16, high + 0.05),
                (half - 0.1, high + 0.05),
                (half - 0.02, low - 0.05),
            ],
            0.1,
        ),
        (28, 32, 40),
    )
    doors = (half - 1.5, -length * 0.06)
    count = max(round(length / 1.45), 5)
    edges = np.linspace(-half + 0.22, half - 0.1, count + 1)
    for left, right in itertools.pairwise(edges):
        _glass(
            pen,
            [(left + 0.03, low), (left + 0.03, high), (right - 0.03, high), (right - 0.03, low)],
            frame=(36, 42, 52),
        )
        _passenger(pen, (left + right) / 2 + 0.1, low, seed=int(left * 97))
    for x in doors:
        pen.polygon(rounded([(x, 0.4), (x, high + 0.08), (x + 1.15, high + 0.08), (x + 1.15, 0.4)], 0.06), (38, 42, 50))
        for part in (0.05, 0.6):
            _glass(
                pen,
                [(x + part, 0.5), (x + part, high), (x + part + 0.5, high), (x + part + 0.5, 0.5)],
                frame=(60, 66, 74),
            )
    pen.polygon(
        rounded(
            [
                (half - 1.9, height - 0.44),
                (half - 1.9, height - 0.14),
                (half - 0.3, height - 0.14),
                (half - 0.2, height - 0.44),
            ],
            0.06,
        ),
        (26, 26, 28),
    )
    for index in range(7):
        x = half - 1.72 + index * 0.19
        letter = [(x, height - 0.37), (x + 0.12, height - 0.37), (x + 0.12, height - 0.22), (x, height - 0.22)]
        pen.lamp(letter, (250, 186, 60))
    for x in xs:
        pen.shade(circle(x, 0.5, 0.6), (18, 19, 24), 0.92)
    pen.lamp([(half - 0.16, 0.62), (half - 0.01, 0.62), (half - 0.01, 0.82), (half - 0.16, 0.82)], (250, 246, 226))
    pen.box(-half + 0.01, 0.72, -half + 0.1, 1.2, (186, 30, 30))
    pen.limb((half - 0.06, height * 0.8), (half + 0.2, height * 0.74), (24, 24, 28), widths=(0.05, 0.05))
    pen.limb((half + 0.2, height * 0.74), (half + 0.2, height * 0.6), (24, 24, 28), widths=(0.14, 0.14))


def _passenger(pen: Pen, x: float, y: float, *, seed: int) -> None:
    if seed % 3 == 0:
        return
    tone = darker(((196, 150, 120), (120, 82, 60), (220, 180, 150))[seed % 3], 0.45)
    shirt = darker(((90, 110, 160), (150, 80, 70), (90, 130, 100), (150, 140, 120))[seed % 4], 0.5)
    pen.shade(
        rounded([(x - 0.24, y + 0.02), (x - 0.2, y + 0.24), (x + 0.14, y + 0.24), (x + 0.2, y + 0.02)], 0.08),
        shirt,
        0.75,
    )
    pen.shade(
        rounded([(x - 0.14, y + 0.24), (x - 0.14, y + 0.5), (x + 0.1, y + 0.5), (x + 0.1, y + 0.24)], 0.12), tone, 0.75
    )
