"""Dogs, cats, horses, cows and sheep: a body and its colours for each kind."""

from __future__ import annotations

import itertools
from functools import partial
from math import cos, pi, sin

import numpy as np

from yolor_studio.demo.actor import Actor, pick
from yolor_studio.demo.paint import Colour, Pen, circle, curve, darker, lighter, mix, smooth
from yolor_studio.demo.people import Pose, Wardrobe, dress_up, figure
from yolor_studio.demo.quadruped import Coat, Legs, animal, draw_eye, draw_legs, draw_shape

__all__ = ["cat", "cow", "dog", "horse", "rider", "sheep"]


_DOG = Legs((-0.27, 0.38), (0.22, 0.36), 0.14, 0.05, 0.62, (60, 48, 42), 0.09)
_DOG_FUR: tuple[Colour, ...] = (
    (178, 124, 70),
    (62, 50, 46),
    (216, 182, 130),
    (236, 228, 214),
    (128, 84, 52),
    (116, 112, 110),
)


def dog(rng: np.random.Generator, *, walks: bool = True) -> Actor:
    """A dog of one of several breeds that never were."""
    mark = str(rng.choice(["plain", "saddle", "bib", "patches"]))
    coat = Coat(
        pick(rng, _DOG_FUR, vary=4),
        pick(rng, _DOG_FUR, vary=4),
        mark,
        float(rng.uniform(0.75, 1.25)),
        float(rng.random()),
    )
    floppy, collar = bool(rng.random() < 0.55), pick(rng, ((200, 50, 50), (40, 90, 170), (60, 140, 90)))
    draw = partial(_draw_dog, floppy=floppy, collar=collar)
    return animal("dog", draw, coat, extent=(-0.72, 0.76, 1.08), walks=walks)


def _draw_dog(pen: Pen, coat: Coat, travelled: float | None, time: float, *, floppy: bool, collar: Colour) -> None:
    phase = None if travelled is None else travelled / _DOG.step + coat.start
    fur = coat.fur
    wag = 0.09 * sin(time * 9 + coat.start * 6)
    draw_legs(pen, _DOG, phase, fur, far=True)
    tail = smooth(
        [
            (-0.36, 0.55),
            (-0.5, 0.66),
            (-0.56 + wag * 0.5, 0.82 + wag),
            (-0.5 + wag * 0.5, 0.84 + wag),
            (-0.44, 0.7),
            (-0.32, 0.61),
        ],
        steps=4,
    )
    pen.polygon(tail, darker(fur, 0.12))
    draw_shape(
        pen,
        "-0.42,0.52 -0.34,0.63 -0.1,0.62 0.14,0.65 0.33,0.66 0.38,0.5 0.3,0.36 0.08,0.33 -0.12,0.38 -0.28,0.36 "
        "-0.4,0.4",
        fur,
    )
    if coat.mark == "saddle":
        pen.shade(curve("-0.38,0.62 -0.1,0.66 0.2,0.68 0.16,0.52 -0.1,0.48 -0.3,0.5"), coat.second, 0.85)
    elif coat.mark == "patches":
        pen.shade(curve("-0.42,0.6 -0.24,0.64 -0.2,0.52 -0.3,0.44 -0.42,0.46"), coat.second, 0.9)
        pen.shade(curve("0.0,0.66 0.2,0.68 0.22,0.54 0.1,0.46 -0.02,0.54"), coat.second, 0.9)
    elif coat.mark == "bib":
        pen.shade(curve("0.26,0.62 0.42,0.6 0.4,0.36 0.2,0.3 0.02,0.3 0.2,0.4"), (240, 234, 222), 0.9)
    draw_legs(pen, _DOG, phase, fur, far=False)
    nod = 0.0 if phase is None else 0.012 * sin(4 * pi * phase)
    head = pen.moved(0.42, 0.78 + nod)
    pen.limb((0.28, 0.58), (0.4, 0.74 + nod), fur, widths=(0.24, 0.17))
    pen.limb((0.3, 0.69), (0.42, 0.63), collar, widths=(0.035, 0.035))
    ear = darker(fur, 0.3) if coat.mark != "plain" else darker(fur, 0.2)
    if not floppy:
        head.polygon(curve("-0.07,0.06 -0.09,0.19 -0.03,0.17 0.0,0.08", steps=4), ear)
    draw_shape(
        head,
        "-0.1,0.0 -0.07,0.09 0.02,0.11 0.1,0.06 0.16,0.035 0.26,0.02 0.27,-0.03 0.22,-0.07 0.08,-0.09 -0.04,-0.08",
        fur,
        dark=0.2,
    )
    head.polygon(curve("0.23,0.03 0.29,0.025 0.285,-0.02 0.25,-0.015", steps=4), (30, 26, 28))
    head.stroke([(0.25, -0.045), (0.14, -0.05)], darker(fur, 0.6), width=0.014)
    if floppy:
        head.polygon(curve("-0.08,0.08 -0.01,0.08 0.0,-0.02 -0.03,-0.1 -0.09,-0.07 -0.1,0.0", steps=4), ear)
    else:
        head.polygon(curve("-0.03,0.07 -0.02,0.2 0.04,0.16 0.05,0.08", steps=4), darker(ear, 0.1))
    draw_eye(head, 0.085, 0.04, 0.018)


_CAT = Legs((-0.17, 0.22), (0.14, 0.21), 0.085, 0.036, 0.36, (90, 80, 76), 0.055)
_CAT_FUR: tuple[Colour, ...] = ((206, 138, 70), (48, 46, 50), (142, 138, 136), (232, 226, 216), (124, 98, 76))


def cat(rng: np.random.Generator, *, walks: bool = True) -> Actor:
    """A cat."""
    coat = Coat(
        pick(rng, _CAT_FUR, vary=4),
        (240, 236, 228),
        str(rng.choice(["tabby", "plain", "bib"])),
        float(rng.uniform(1.0, 1.3)),
        float(rng.random()),
    )
    return animal("cat", _draw_cat, coat, extent=(-0.44, 0.42, 0.62), walks=walks)


def _draw_cat(pen: Pen, coat: Coat, travelled: float | None, time: float) -> None:
    phase = None if travelled is None else travelled / _CAT.step + coat.start
    fur = coat.fur
    sway = 0.04 * sin(time * 2.2 + coat.start * 6)
    draw_legs(pen, _CAT, phase, fur, far=True)
    tail = [(-0.24, 0.31), (-0.33, 0.36), (-0.36, 0.46), (-0.33 + sway, 0.55)]
    for start, end in itertools.pairwise(tail):
        pen.limb(start, end, darker(fur, 0.1), widths=(0.05, 0.045))
    draw_shape(
        pen, "-0.27,0.3 -0.2,0.36 0.0,0.34 0.14,0.37 0.23,0.36 0.25,0.28 0.18,0.2 0.0,0.19 -0.14,0.2 -0.25,0.22", fur
    )
    if coat.mark == "tabby":
        for x in np.linspace(-0.2, 0.14, 6):
            pen.shade([(x, 0.38), (x + 0.03, 0.38), (x + 0.02, 0.26)], darker(fur, 0.6), 0.7)
    elif coat.mark == "bib":
        pen.shade(curve("0.14,0.34 0.27,0.34 0.24,0.22 0.1,0.18 0.0,0.18"), coat.second, 0.95)
    draw_legs(pen, _CAT, phase, fur, far=False, sock=coat.second if coat.mark == "bib" else None)
    head = pen.moved(0.26, 0.42)
    pen.limb((0.18, 0.32), (0.25, 0.39), fur, widths=(0.13, 0.11))
    for x, shade in ((-0.06, 0.25), (0.045, 0.1)):
        head.polygon([(x - 0.035, 0.05), (x - 0.01, 0.125), (x + 0.04, 0.05)], darker(fur, shade))
    draw_shape(
        head,
        "-0.085,0.0 -0.07,0.06 0.0,0.08 0.06,0.06 0.09,0.01 0.105,-0.02 0.08,-0.05 0.01,-0.065 -0.06,-0.05",
        fur,
        dark=0.18,
    )
    if coat.mark == "bib":
        head.shade(curve("0.03,-0.01 0.1,0.0 0.11,-0.05 0.02,-0.07"), coat.second, 0.95)
    draw_eye(head, 0.045, 0.015, 0.014)
    head.disc(0.1, -0.012, 0.012, (196, 120, 116))
    if pen.scale > 70:
        for y in (-0.03, -0.045):
            head.stroke([(0.08, -0.03), (0.16, y)], lighter(fur, 0.5), width=0.004)


_HORSE = Legs((-0.62, 0.98), (0.56, 0.92), 0.3, 0.1, 1.7, (54, 46, 42), 0.17)
_HORSE_FUR: tuple[Colour, ...] = (
    (126, 74, 44),
    (74, 46, 36),
    (52, 46, 46),
    (206, 200, 192),
    (168, 104, 58),
    (196, 160, 108),
)


def _horse_coat(rng: np.random.Generator) -> Coat:
    fur = pick(rng, _HORSE_FUR, vary=4)
    mane = darker(fur, 0.65) if rng.random() < 0.65 else mix((228, 204, 160), fur, 0.15)
    return Coat(fur, mane, str(rng.choice(["plain", "socks"])), float(rng.uniform(0.92, 1.06)), float(rng.random()))


def horse(rng: np.random.Generator, *, walks: bool = True, tacked: bool = False) -> Actor:
    """A horse, `tacked` with saddle and bridle or without."""
    coat = _horse_coat(rng)
    draw = partial(_draw_horse, saddle=pick(rng, ((120, 60, 44), (44, 60, 110), (150, 40, 46))) if tacked else None)
    return animal("horse", draw, coat, extent=(-1.3, 1.62, 2.42), walks=walks)


def rider(rng: np.random.Generator) -> list[Actor]:
    """A horse and who rides it."""
    mount = horse(rng, tacked=True)
    looks = dress_up(rng, riding=True)
    size = mount.top / 2.42
    return [mount, Actor("person", -0.6, 0.85, 2.95 * size, motion=partial(_sit, looks=looks, size=size), shadow=0)]


def _sit(pen: Pen, travelled: float, _time: float, *, looks: Wardrobe, size: float) -> None:
    lift = 1.62 * size + 0.02 * cos(4 * pi * travelled / 1.7)
    pose = Pose(
        (-0.12, lift),
        (-0.06, lift + 0.5),
        (0.0, lift + 0.69),
        ((-0.02, lift - 0.72), (0.02, lift - 0.72)),
        ((0.36, lift + 0.16), (0.38, lift + 0.16)),
        (-0.1, -0.1),
    )
    figure(pen, looks, pose)


def _draw_horse(pen: Pen, coat: Coat, travelled: float | None, time: float, *, saddle: Colour | None) -> None:
    phase = None if travelled is None else travelled / _HORSE.step + coat.start
    fur, mane = coat.fur, coat.second
    sock = (236, 230, 220) if coat.mark == "socks" else None
    nod = 0.03 * sin(4 * pi * phase) if phase is not None else 0.04 * sin(time * 0.8 + coat.start * 6)
    swing = 0.05 * sin(time * 2.4 + coat.start * 6)
    draw_legs(pen, _HORSE, phase, fur, far=True, sock=sock)
    tail = smooth(
        [
            (-0.86, 1.42),
            (-1.02, 1.34),
            (-1.1 + swing, 0.95),
            (-1.06 + swing * 2, 0.58),
            (-0.97 + swing * 1.5, 0.6),
            (-0.95 + swing, 1.0),
            (-0.86, 1.24),
        ]
    )
    pen.polygon(tail, mane)
    draw_shape(
        pen,
        "-0.92,1.32 -0.8,1.48 -0.52,1.54 -0.18,1.45 0.16,1.48 0.44,1.58 0.7,1.5 "
        "0.84,1.26 0.74,0.98 0.48,0.86 0.1,0.84 -0.28,0.9 -0.58,0.9 -0.84,1.02",
        fur,
    )
    draw_legs(pen, _HORSE, phase, fur, far=False, sock=sock)
    pen.shade(curve("-0.72,1.3 -0.5,1.42 -0.36,1.2 -0.5,0.96 -0.74,1.0"), lighter(fur, 0.3), 0.15)
    at = pen.moved(0.0, nod)
    draw_shape(
        at,
        "0.4,1.52 0.62,1.72 0.86,2.02 1.02,2.14 1.16,2.06 1.14,1.92 1.0,1.72 0.88,1.46 0.8,1.18 0.6,1.1",
        fur,
        dark=0.22,
    )
    at.polygon(curve("0.36,1.56 0.52,1.76 0.76,2.06 0.98,2.22 1.08,2.18 0.96,2.06 0.82,1.84 0.62,1.64 0.48,1.5"), mane)
    at.polygon(curve("0.99,2.12 1.02,2.32 1.09,2.24 1.11,2.12", steps=4), darker(fur, 0.15))
    draw_shape(
        at, "0.98,2.1 1.1,2.18 1.24,2.08 1.4,1.86 1.52,1.7 1.5,1.6 1.4,1.57 1.28,1.66 1.12,1.8 1.0,1.92", fur, dark=0.18
    )
    at.shade(curve("1.4,1.74 1.52,1.72 1.5,1.58 1.38,1.58"), darker(fur, 0.6), 0.5)
    at.polygon(curve("1.05,2.16 1.14,2.2 1.2,2.06 1.12,2.08", steps=4), mane)
    at.disc(1.47, 1.66, 0.022, (28, 22, 22))
    draw_eye(at, 1.2, 1.98, 0.032)
    if saddle is not None:
        pen.polygon(curve("-0.42,1.5 -0.06,1.47 0.24,1.5 0.22,1.12 -0.02,1.02 -0.36,1.16"), saddle)
        pen.polygon(curve("-0.36,1.6 -0.1,1.54 0.14,1.58 0.16,1.46 -0.08,1.4 -0.34,1.46"), (66, 42, 32))
        pen.stroke([(0.0, 1.1), (0.02, 0.85)], (60, 44, 36), width=0.05)
        at.stroke([(1.3, 1.94), (1.26, 1.72), (1.02, 2.1)], (60, 40, 30), width=0.03)
        at.stroke([(1.36, 1.7), (0.9, 1.62), (0.34, 1.72)], (60, 40, 30), width=0.022)


_COW = Legs((-0.66, 0.8), (0.52, 0.76), 0.26, 0.11, 1.25, (60, 52, 48), 0.16)
_COW_FUR: tuple[Colour, ...] = ((240, 234, 224), (150, 88, 52), (66, 52, 46), (206, 166, 120))


def cow(rng: np.random.Generator, *, walks: bool = True) -> Actor:
    """A cow, standing with its head up or walking."""
    fur = pick(rng, _COW_FUR, vary=6)
    second = pick(rng, ((40, 36, 36), (128, 70, 42)), vary=5) if fur[0] > 200 else (240, 234, 226)
    coat = Coat(
        fur,
        second,
        str(rng.choice(["patches", "patches", "plain"])),
        float(rng.uniform(0.95, 1.08)),
        float(rng.random()),
    )
    spots = [
        (float(rng.uniform(-0.75, 0.55)), float(rng.uniform(0.95, 1.4)), float(rng.uniform(0.14, 0.32)))
        for _ in range(5)
    ]
    return animal("cow", partial(_draw_cow, spots=spots), coat, extent=(-1.2, 1.56, 1.78), walks=walks)


def _draw_cow(
    pen: Pen, coat: Coat, travelled: float | None, time: float, *, spots: list[tuple[float, float, float]]
) -> None:
    phase = None if travelled is None else travelled / _COW.step + coat.start
    fur = coat.fur
    nod = 0.02 * sin(4 * pi * phase) if phase is not None else 0.03 * sin(time * 0.7 + coat.start * 6)
    swing = 0.05 * sin(time * 2.0 + coat.start * 6)
    draw_legs(pen, _COW, phase, fur, far=True)
    pen.limb((-0.92, 1.34), (-1.02 + swing, 0.82), darker(fur, 0.15), widths=(0.07, 0.04))
    pen.polygon(
        smooth([(-1.04 + swing, 0.86), (-1.09 + swing, 0.6), (-0.97 + swing, 0.62), (-0.99 + swing, 0.86)], steps=4),
        darker(coat.second, 0.3),
    )
    pen.polygon(curve("-0.5,0.74 -0.52,0.6 -0.36,0.54 -0.22,0.62 -0.2,0.78"), (232, 172, 164))
    draw_shape(
        pen,
        "-0.96,1.28 -0.88,1.42 -0.6,1.44 -0.2,1.4 0.2,1.42 0.56,1.46 0.8,1.4 "
        "0.88,1.16 0.76,0.86 0.5,0.72 0.1,0.66 -0.34,0.7 -0.66,0.76 -0.92,0.94",
        fur,
    )
    if coat.mark == "patches":
        for x, y, r in spots:
            wobble = [
                (
                    x + r * cos(a) * (1 + 0.25 * sin(3 * a + r * 20)),
                    y + r * 0.85 * sin(a) * (1 + 0.2 * cos(2 * a + x * 9)),
                )
                for a in np.linspace(0, 2 * pi, 9)[:-1]
            ]
            pen.shade(smooth(wobble, steps=4), coat.second, 0.95)
    draw_legs(pen, _COW, phase, fur, far=False)
    at = pen.moved(0.0, nod)
    draw_shape(at, "0.6,1.42 0.86,1.46 1.04,1.54 1.16,1.4 1.0,1.16 0.86,0.96 0.66,0.9", fur, dark=0.24)
    for x, tip in ((1.08, 1.02), (1.14, 1.2)):
        at.polygon(
            smooth([(x - 0.04, 1.54), (tip - 0.02, 1.72), (tip + 0.02, 1.7), (x + 0.04, 1.56)], steps=4),
            (230, 222, 200),
        )
    draw_shape(
        at,
        "1.0,1.5 1.14,1.58 1.24,1.5 1.36,1.28 1.46,1.16 1.42,1.04 1.3,1.02 1.14,1.14 1.02,1.3",
        coat.second if coat.mark == "patches" else fur,
        dark=0.15,
    )
    at.polygon(curve("1.32,1.2 1.46,1.16 1.46,1.04 1.34,1.0 1.26,1.08"), (226, 180, 168))
    at.disc(1.42, 1.1, 0.022, (70, 46, 44))
    at.polygon(curve("1.04,1.46 0.9,1.48 0.84,1.38 0.94,1.36 1.04,1.4", steps=4), darker(fur, 0.2))
    draw_eye(at, 1.22, 1.4, 0.03)


_SHEEP = Legs((-0.3, 0.4), (0.28, 0.38), 0.12, 0.06, 0.6, (40, 36, 36), 0.08)


def sheep(rng: np.random.Generator, *, walks: bool = True) -> Actor:
    """A woolly sheep."""
    face = pick(rng, ((48, 44, 46), (216, 204, 188), (96, 82, 74)), vary=5)
    wool = pick(rng, ((238, 232, 218), (222, 212, 194), (198, 188, 172), (92, 80, 72)), vary=5)
    coat = Coat(wool, face, "plain", float(rng.uniform(0.95, 1.15)), float(rng.random()))
    curls = [
        (float(rng.uniform(-0.42, 0.36)), float(rng.uniform(0.5, 0.84)), float(rng.uniform(0.05, 0.09)))
        for _ in range(14)
    ]
    return animal("sheep", partial(_draw_sheep, curls=curls), coat, extent=(-0.66, 0.82, 1.08), walks=walks)


def _draw_sheep(
    pen: Pen, coat: Coat, travelled: float | None, time: float, *, curls: list[tuple[float, float, float]]
) -> None:
    phase = None if travelled is None else travelled / _SHEEP.step + coat.start
    wool, face = coat.fur, coat.second
    nod = 0.015 * sin(4 * pi * phase) if phase is not None else 0.03 * sin(time * 0.9 + coat.start * 6)
    draw_legs(pen, _SHEEP, phase, face, far=True)
    draw_legs(pen, _SHEEP, phase, face, far=False)
    rim = [(-0.02 + 0.5 * cos(a), 0.66 + 0.27 * sin(a)) for a in np.linspace(0, 2 * pi, 17)[:-1]]
    for x, y in rim:
        pen.disc(x, y, 0.095, darker(wool, 0.3) if y < 0.58 else wool)
    draw_shape(
        pen, "-0.52,0.66 -0.4,0.86 -0.02,0.93 0.36,0.87 0.48,0.68 0.38,0.46 -0.02,0.4 -0.42,0.46", wool, dark=0.34
    )
    for x, y, r in curls:
        pen.shade(circle(x, y, r), lighter(wool, 0.5) if y > 0.66 else darker(wool, 0.3), 0.3)
    head = pen.moved(0.52, 0.86 + nod)
    head.polygon(curve("-0.03,0.04 -0.16,0.05 -0.17,-0.03 -0.03,-0.03", steps=4), darker(face, 0.2))
    draw_shape(
        head, "-0.09,0.02 -0.03,0.11 0.08,0.08 0.18,-0.06 0.22,-0.15 0.17,-0.2 0.06,-0.14 -0.06,-0.1", face, dark=0.2
    )
    for x, y in ((-0.06, 0.08), (0.0, 0.11), (-0.1, 0.02)):
        head.disc(x, y, 0.065, wool)
    head.disc(0.195, -0.15, 0.013, darker(face, 0.6))
    draw_eye(head, 0.07, 0.02, 0.018)
