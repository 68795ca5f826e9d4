"""People: one jointed figure that walks, stands, rides a bicycle, a motorbike or a horse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import cos, hypot, pi, sin

import numpy as np

from yolor_studio.demo.actor import Actor, pick
from yolor_studio.demo.paint import Colour, Pen, Point, curve, darker, knee, lighter, path, rounded

__all__ = ["Pose", "Wardrobe", "dress_up", "figure", "pedestrian", "stride"]

_SKIN: tuple[Colour, ...] = (
    (240, 204, 178),
    (226, 178, 144),
    (196, 142, 106),
    (150, 100, 70),
    (104, 68, 48),
    (84, 54, 40),
)
_HAIR: tuple[Colour, ...] = (
    (40, 30, 26),
    (84, 54, 34),
    (150, 104, 56),
    (206, 170, 104),
    (150, 150, 152),
    (160, 72, 36),
)
_TOPS: tuple[Colour, ...] = (
    (206, 66, 60), (44, 92, 150), (240, 236, 226), (58, 62, 72), (232, 178, 60), (70, 130, 98), (146, 92, 140),
    (224, 130, 96), (104, 156, 184), (120, 44, 60), (176, 164, 140), (36, 54, 84),
)  # fmt: skip
_BOTTOMS: tuple[Colour, ...] = (
    (44, 58, 92),
    (38, 40, 48),
    (106, 96, 84),
    (78, 92, 116),
    (140, 124, 98),
    (70, 46, 42),
    (92, 104, 80),
)
_SHOES: tuple[Colour, ...] = ((40, 36, 36), (230, 228, 222), (110, 70, 44), (176, 52, 48), (60, 70, 92))
_SHOE = rounded(
    path("-0.07,-0.085 -0.075,-0.01 -0.03,0.035 0.05,0.025 0.12,-0.03 0.185,-0.05 0.19,-0.085"), 0.03, steps=3
)
_THIGH, _SHIN, _UPPER, _FORE = 0.43, 0.44, 0.29, 0.27


@dataclass(frozen=True)
class Wardrobe:
    """What a person looks like."""

    skin: Colour
    hair: Colour
    top: Colour
    bottom: Colour
    shoes: Colour
    style: str
    """Below the belt: trousers, shorts, skirt or dress."""
    cut: str
    """Hair: short, long, bun, cap, hat, hood, bald or helmet."""
    coat: bool
    sleeves: float
    """1 long, 0.5 to the elbow."""
    bag: str
    """none, backpack, handbag or phone."""
    accent: Colour
    build: float
    """Widths, 1 is slim to normal."""


@dataclass(frozen=True)
class Pose:
    """Where the joints are, in metres of a 1.75 m figure; near comes first in each pair."""

    hip: Point
    shoulder: Point
    head: Point
    ankles: tuple[Point, Point]
    hands: tuple[Point, Point]
    pitches: tuple[float, float] = (0.0, 0.0)
    """How far each foot's toes point down, in radians."""


def dress_up(rng: np.random.Generator, *, riding: bool = False) -> Wardrobe:
    """Random looks; those who are `riding` wear a helmet and what one rides in."""
    style = str(rng.choice(["trousers", "shorts", "skirt", "dress"], p=[0.62, 0.14, 0.12, 0.12]))
    if riding and style != "shorts":
        style = "trousers"
    cut = str(
        rng.choice(["short", "long", "bun", "cap", "hat", "hood", "bald"], p=[0.32, 0.27, 0.12, 0.11, 0.06, 0.07, 0.05])
    )
    bag = str(rng.choice(["none", "backpack", "handbag"], p=[0.55, 0.25, 0.2]))
    return Wardrobe(
        skin=pick(rng, _SKIN, vary=5),
        hair=pick(rng, _HAIR, vary=8),
        top=pick(rng, _TOPS),
        bottom=pick(rng, _BOTTOMS),
        shoes=pick(rng, _SHOES, vary=6),
        style=style,
        cut="helmet" if riding else cut,
        coat=bool(rng.random() < 0.35 and not riding and style != "dress"),
        sleeves=1.0 if rng.random() < 0.65 else 0.5,
        bag="none" if riding and bag == "handbag" else bag,
        accent=pick(rng, _TOPS),
        build=float(rng.uniform(0.92, 1.2)),
    )


def stride(phase: float, length: float, *, lift: float, stance: float = 0.58) -> tuple[float, float, float]:
    """Where a foot is at `phase` (0..1) of its cycle of `length` metres -> x from under the hip, height, pitch. On the
    ground it moves back exactly as fast as the body moves on, so that it stands still on the pavement."""
    phase %= 1.0
    reach = stance * length
    if phase < stance:
        share = phase / stance
        return reach * (0.5 - share), 0.0, max(share - 0.75, 0) * 1.6 - max(0.12 - share, 0) * 2.2
    share = (phase - stance) / (1 - stance)
    eased = share * share * (3 - 2 * share)
    return reach * (eased - 0.5), lift * sin(pi * share), 0.4 * cos(pi * share) + 0.02


def pedestrian(rng: np.random.Generator, *, standing: bool = False) -> Actor:
    """Somebody on foot, grown up or a child, walking or waiting."""
    looks = dress_up(rng)
    child = rng.random() < 0.14
    size = float(rng.uniform(0.6, 0.78) if child else rng.uniform(0.9, 1.08))
    swing = float(rng.uniform(0.75, 1.15))
    step = float(rng.uniform(1.28, 1.5))
    start = float(rng.uniform(0, 1))
    draw = partial(_stand if standing else _walk, looks=looks, size=size, step=step, swing=swing, start=start)
    return Actor("person", -0.62 * size, 0.66 * size, 1.98 * size, motion=draw, shadow=0.7)


def _walk(
    pen: Pen, travelled: float, _time: float, *, looks: Wardrobe, size: float, step: float, swing: float, start: float
) -> None:
    phase = travelled / (size * step) + start
    bob = -0.026 * cos(4 * pi * phase)
    ankles, pitches, hands = [], [], []
    for offset in (0.0, 0.5):
        x, y, pitch = stride(phase + offset, step, lift=0.13)
        ankles.append((x - 0.03, 0.085 + y + max(pitch, 0) * 0.09))
        pitches.append(pitch)
        arm = 0.5 * swing * cos(2 * pi * (phase + offset + 0.46))
        hands.append((0.02 + 0.5 * sin(arm), 1.42 + bob - 0.5 * cos(arm) + 0.03 * arm))
    figure(
        pen.resized(size),
        looks,
        Pose(
            (-0.02, 0.95 + bob),
            (0.02, 1.43 + bob),
            (0.055, 1.625 + bob),
            (ankles[0], ankles[1]),
            (hands[0], hands[1]),
            (pitches[0], pitches[1]),
        ),
    )


def _stand(
    pen: Pen, _travelled: float, time: float, *, looks: Wardrobe, size: float, step: float, swing: float, start: float
) -> None:
    sway = 0.02 * sin(time * 1.1 + start * 6)
    nod = 0.012 * sin(time * 0.7 + step * 5)
    phone = start < 0.4
    near = (0.3, 1.24 + nod) if phone else (0.04 + sway, 0.9)
    pose = Pose(
        (sway * 0.5, 0.945),
        (sway, 1.44),
        (0.03 + sway + nod, 1.635),
        ((0.06, 0.085), (-0.08 * swing, 0.085)),
        (near, (0.1, 0.9)),
    )
    figure(pen.resized(size), looks, pose)
    if phone:
        pen.resized(size).limb((0.31, 1.24 + nod), (0.36, 1.34 + nod), (30, 32, 40), widths=(0.05, 0.05))


def figure(pen: Pen, looks: Wardrobe, pose: Pose) -> None:
    """Draws a person facing +x: the far arm and leg, the trunk, the near leg, the head and the near arm."""
    _arm(pen, looks, pose, 1)
    _leg(pen, looks, pose, 1)
    if looks.bag == "backpack":
        _backpack(pen, looks, pose)
    if looks.style in ("skirt", "dress"):
        _leg(pen, looks, pose, 0)
        _skirt(pen, looks, pose)
        _trunk(pen, looks, pose)
    else:
        if looks.coat:
            _leg(pen, looks, pose, 0)
            _trunk(pen, looks, pose)
        else:
            _trunk(pen, looks, pose)
            _leg(pen, looks, pose, 0)
    _head(pen, looks, pose)
    _arm(pen, looks, pose, 0)


def _leg(pen: Pen, looks: Wardrobe, pose: Pose, side: int) -> None:
    dark = 0.32 if side else 0.0
    hip = (pose.hip[0] - 0.02 * side, pose.hip[1] - 0.04)
    ankle, pitch = pose.ankles[side], pose.pitches[side]
    joint = knee(hip, ankle, _THIGH, _SHIN, bend=1)
    cloth, skin, shoe = darker(looks.bottom, dark), darker(looks.skin, dark), darker(looks.shoes, dark)
    bare = {"trousers": None, "shorts": cloth, "skirt": skin, "dress": skin}[looks.style]
    w = looks.build
    pen.limb(joint, ankle, (bare and skin) or cloth, widths=(0.118 * w, 0.082 * w))
    pen.limb(
        hip,
        joint,
        cloth if looks.style in ("trousers", "shorts") else skin,
        widths=(0.185 * w, (0.15 if looks.style == "shorts" else 0.125) * w),
    )
    c, s = cos(pitch), sin(pitch)
    turn = np.array([[c, -s], [s, c]])
    pen.polygon(_SHOE @ turn + ankle, shoe)


def _along(pose: Pose, points: list[Point]) -> list[Point]:
    """Points as (forward of the spine, share of the way from hip to shoulder) -> metres."""
    dx, dy = pose.shoulder[0] - pose.hip[0], pose.shoulder[1] - pose.hip[1]
    reach = max(hypot(dx, dy), 1e-6)
    return [(pose.hip[0] + dx * t + dy / reach * x, pose.hip[1] + dy * t - dx / reach * x) for x, t in points]


def _trunk(pen: Pen, looks: Wardrobe, pose: Pose) -> None:
    w = looks.build
    low = -0.34 if looks.coat else -0.1
    flare = 1.12 if looks.coat else 1.0
    cloth = looks.top
    outline = [
        (-0.1 * w, 1.05),
        (0.04 * w, 1.1),
        (0.115 * w, 0.95),
        (0.135 * w, 0.68),
        (0.115 * w, 0.3),
        (0.13 * w * flare, low),
        (-0.135 * w * flare, low),
        (-0.12 * w, 0.3),
        (-0.145 * w, 0.75),
    ]
    neck = _along(pose, [(0.0, 1.0)])[0]
    pen.limb(neck, (pose.head[0] - 0.015, pose.head[1] - 0.05), darker(looks.skin, 0.18), widths=(0.1, 0.09))
    shape = rounded(_along(pose, outline), 0.06, steps=4)
    pen.polygon(shape, cloth)
    pen.shade(
        _along(
            pose, [(-0.16 * w, 1.05), (-0.06 * w, 1.05), (-0.05 * w, 0.4), (-0.03 * w, low), (-0.17 * w * flare, low)]
        ),
        darker(cloth, 0.55),
        0.4,
    )
    pen.shade(
        _along(pose, [(0.06 * w, 1.0), (0.16 * w, 0.9), (0.16 * w, 0.2), (0.09 * w, 0.2)]), lighter(cloth, 0.5), 0.22
    )
    if not looks.coat and looks.style != "dress":
        pen.shade(
            _along(pose, [(-0.2, 0.02), (0.2, 0.02), (0.2, -0.12), (-0.2, -0.12)]), darker(looks.bottom, 0.15), 0.95
        )


def _skirt(pen: Pen, looks: Wardrobe, pose: Pose) -> None:
    cloth = looks.top if looks.style == "dress" else looks.bottom
    knees = [knee(pose.hip, ankle, _THIGH, _SHIN, bend=1) for ankle in pose.ankles]
    front, back = max(k[0] for k in knees) + 0.1, min(k[0] for k in knees) - 0.1
    hem = min(k[1] for k in knees) - 0.02
    x, y = pose.hip
    shape = rounded(
        [(x - 0.12, y + 0.1), (x + 0.12, y + 0.1), (max(front, x + 0.17), hem), (min(back, x - 0.17), hem)],
        [0.03, 0.03, 0.05, 0.05],
    )
    pen.polygon(shape, cloth)
    pen.shade(
        [(x - 0.14, y + 0.1), (x - 0.03, y + 0.1), (x - 0.04, hem - 0.1), (back - 0.1, hem - 0.1)],
        darker(cloth, 0.5),
        0.4,
    )


def _backpack(pen: Pen, looks: Wardrobe, pose: Pose) -> None:
    shape = rounded(_along(pose, [(-0.08, 1.0), (-0.24, 0.98), (-0.3, 0.6), (-0.28, 0.22), (-0.08, 0.2)]), 0.07)
    pen.polygon(shape, looks.accent)
    pen.shade(_along(pose, [(-0.08, 0.5), (-0.4, 0.5), (-0.4, 0.1), (-0.08, 0.1)]), darker(looks.accent, 0.5), 0.45)


def _arm(pen: Pen, looks: Wardrobe, pose: Pose, side: int) -> None:
    dark = 0.32 if side else 0.0
    shoulder = (pose.shoulder[0] - 0.015 + 0.02 * side, pose.shoulder[1] - 0.03)
    hand = pose.hands[side]
    elbow = knee(shoulder, hand, _UPPER, _FORE, bend=-1)
    cloth = darker(looks.top, dark + (0.0 if side else 0.1))
    skin = darker(looks.skin, dark)
    pen.limb(elbow, hand, cloth if looks.sleeves > 0.7 else skin, widths=(0.085 * looks.build, 0.06))
    pen.limb(shoulder, elbow, cloth, widths=(0.12 * looks.build, 0.09 * looks.build))
    pen.disc(hand[0], hand[1] - 0.015, 0.045, skin)
    if looks.bag == "handbag" and not side:
        x, y = hand
        pen.stroke([(x - 0.07, y - 0.14), (x, y - 0.02), (x + 0.07, y - 0.14)], darker(looks.accent, 0.4), width=0.02)
        pen.polygon(
            rounded([(x - 0.13, y - 0.13), (x + 0.13, y - 0.13), (x + 0.15, y - 0.33), (x - 0.15, y - 0.33)], 0.04),
            looks.accent,
        )


def _head(pen: Pen, looks: Wardrobe, pose: Pose) -> None:
    at = pen.moved(*pose.head)
    hair, skin = looks.hair, looks.skin
    if looks.cut == "long":
        at.polygon(
            curve("0.0,0.12 -0.12,0.09 -0.16,-0.05 -0.17,-0.22 -0.06,-0.25 0.0,-0.1"),
            darker(hair, 0.2),
        )
    if looks.cut == "bun":
        at.disc(-0.145, 0.08, 0.062, darker(hair, 0.15))
    face = curve(
        "0.0,0.13 0.085,0.09 0.1,0.02 0.125,-0.022 0.1,-0.05 0.085,-0.11 0.02,-0.135 -0.07,-0.09 -0.115,0.0 -0.085,0.1",
        steps=4,
    )
    at.polygon(face, skin)
    at.shade([(-0.13, -0.16), (0.03, -0.16), (-0.02, 0.0), (-0.13, 0.05)], darker(skin, 0.4), 0.35)
    if pen.scale > 40:
        at.disc(0.068, 0.015, 0.013, (34, 28, 30), tall=1.4)
        at.stroke([(0.06, -0.07), (0.098, -0.066)], darker(skin, 0.45), width=0.014)
    at.disc(-0.012, -0.012, 0.026, darker(skin, 0.16), tall=1.3)
    _hair(at, looks)


def _hair(at: Pen, looks: Wardrobe) -> None:
    hair = looks.hair
    if looks.cut in ("short", "long", "bun"):
        cap = curve(
            "0.09,0.1 0.03,0.155 -0.06,0.15 -0.13,0.08 -0.135,-0.02 -0.09,-0.07 -0.05,0.0 -0.02,0.055 0.05,0.07",
            steps=4,
        )
        at.polygon(cap, hair)
        at.shade(curve("0.05,0.13 -0.04,0.14 -0.1,0.07 -0.03,0.1", steps=3), lighter(hair, 0.4), 0.35)
    elif looks.cut == "hood":
        at.polygon(
            curve("0.07,0.14 -0.03,0.18 -0.14,0.1 -0.16,-0.06 -0.1,-0.17 -0.01,-0.16 -0.03,-0.02 0.02,0.08", steps=4),
            darker(looks.top, 0.1),
        )
    elif looks.cut == "cap":
        at.polygon(
            curve("0.1,0.07 0.06,0.14 -0.04,0.16 -0.12,0.1 -0.13,0.03 -0.02,0.06", steps=4),
            looks.accent,
        )
        at.limb((0.06, 0.075), (0.19, 0.05), darker(looks.accent, 0.2), widths=(0.04, 0.022))
        at.polygon(curve("-0.05,0.05 -0.13,0.03 -0.13,-0.05 -0.08,-0.07", steps=3), hair)
    elif looks.cut == "hat":
        at.polygon(rounded([(-0.11, 0.06), (-0.085, 0.21), (0.075, 0.21), (0.1, 0.06)], 0.05), looks.accent)
        at.limb((-0.2, 0.065), (0.19, 0.06), darker(looks.accent, 0.2), widths=(0.03, 0.03))
        at.box(-0.1, 0.075, 0.09, 0.11, darker(looks.accent, 0.55))
    elif looks.cut == "helmet":
        at.polygon(
            curve("0.12,0.06 0.09,0.14 -0.01,0.185 -0.12,0.14 -0.16,0.04 -0.1,0.02 0.0,0.05", steps=4),
            looks.accent,
        )
        at.shade(curve("0.05,0.14 -0.02,0.17 -0.1,0.12 -0.02,0.13", steps=3), (255, 255, 255), 0.4)
        at.stroke([(-0.04, 0.05), (0.0, -0.04), (0.03, -0.12)], (40, 40, 44), width=0.016)
