"""Bicycles and motorbikes with their riders: two things each, the rider in front."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import cos, pi, sin

import numpy as np

from yolor_studio.demo.actor import Actor, pick
from yolor_studio.demo.paint import Colour, Pen, Point, curve, darker, lighter, rounded
from yolor_studio.demo.people import Pose, Wardrobe, dress_up, figure

__all__ = ["cyclist", "motorcyclist", "parked_bicycle"]

_FRAMES: tuple[Colour, ...] = (
    (200, 50, 46),
    (34, 96, 150),
    (30, 34, 40),
    (236, 232, 220),
    (64, 140, 96),
    (236, 168, 50),
    (130, 84, 140),
)
_RADIUS = 0.34
_CRANK: Point = (-0.04, 0.3)
_CRANK_LENGTH = 0.17
_GEAR = 2.4
"""Metres travelled for a radian of the pedals, times the wheel's radius."""


def cyclist(rng: np.random.Generator) -> list[Actor]:
    """A bicycle and who rides it."""
    looks = dress_up(rng, riding=True)
    if rng.random() < 0.45:
        looks = replace(looks, cut=str(rng.choice(["short", "long", "bun", "cap"])))
    return [_bicycle(rng), Actor("person", -0.62, 0.72, 1.9, motion=partial(_ride, looks=looks), shadow=0)]


def parked_bicycle(rng: np.random.Generator) -> list[Actor]:
    """A bicycle that leans on its stand."""
    return [_bicycle(rng)]


def _bicycle(rng: np.random.Generator) -> Actor:
    frame = pick(rng, _FRAMES)
    basket = bool(rng.random() < 0.35)
    guard = bool(rng.random() < 0.6)
    step_through = bool(rng.random() < 0.4)
    draw = partial(_draw_bicycle, frame=frame, basket=basket, guard=guard, step_through=step_through)
    return Actor("bicycle", -0.94, 0.96, 1.16, motion=draw, shadow=0.9)


def _pedal(travelled: float, side: int) -> Point:
    angle = -travelled / (_RADIUS * _GEAR) + side * pi
    return (_CRANK[0] + _CRANK_LENGTH * cos(angle), _CRANK[1] + _CRANK_LENGTH * sin(angle))


def _draw_bicycle(
    pen: Pen, travelled: float, _time: float, *, frame: Colour, basket: bool, guard: bool, step_through: bool
) -> None:
    rear, front = (-0.55, _RADIUS), (0.53, _RADIUS)
    for hub in (rear, front):
        pen.ring(*hub, _RADIUS - 0.02, (34, 35, 38), width=0.048)
        pen.ring(*hub, _RADIUS - 0.055, (186, 188, 190), width=0.016)
        if pen.scale > 40:
            for index in range(7):
                angle = -travelled / _RADIUS + index * pi / 7
                dx, dy = cos(angle) * 0.29, sin(angle) * 0.29
                pen.stroke([(hub[0] - dx, hub[1] - dy), (hub[0] + dx, hub[1] + dy)], (160, 164, 168), width=0.008)
        pen.disc(*hub, 0.04, (70, 72, 76))
    seat, head, fork = (-0.2, 0.86), (0.33, 0.84), (0.36, 0.72)
    dark = darker(frame, 0.25)
    w = (0.045, 0.045)
    far = _pedal(travelled, 1)
    pen.limb(_CRANK, far, (90, 92, 96), widths=(0.035, 0.03))
    pen.limb(rear, _CRANK, dark, widths=(0.032, 0.036))
    pen.limb(rear, (-0.17, 0.74), dark, widths=(0.03, 0.034))
    pen.limb(_CRANK, seat, frame, widths=w)
    pen.limb(_CRANK, fork, frame, widths=(0.05, 0.05))
    pen.limb((-0.1, 0.5) if step_through else (-0.18, 0.76), head if not step_through else fork, frame, widths=w)
    pen.limb(front, (0.345, 0.77), frame, widths=(0.034, 0.045))
    pen.limb((0.345, 0.77), (0.3, 1.0), (70, 72, 76), widths=(0.04, 0.036))
    pen.stroke([(0.3, 1.0), (0.4, 1.04), (0.42, 0.99)], (44, 45, 50), width=0.036)
    pen.polygon(curve("-0.36,0.93 -0.22,0.95 -0.06,0.905 -0.2,0.885 -0.33,0.87", steps=3), (44, 38, 36))
    if guard:
        for hub, a, b in ((rear, 0.5, 2.7), (front, 0.3, 2.2)):
            angles = np.linspace(a, b, 10)
            pen.stroke(
                np.stack([hub[0] + 0.375 * np.cos(angles), hub[1] + 0.375 * np.sin(angles)], 1), dark, width=0.03
            )
        pen.stroke([(-0.28, 0.78), (-0.85, 0.76)], (80, 82, 86), width=0.03)
    if basket:
        pen.polygon(rounded([(0.4, 0.98), (0.76, 0.98), (0.7, 0.72), (0.46, 0.72)], 0.03), (150, 112, 68))
        for y in (0.79, 0.86, 0.93):
            pen.stroke([(0.43, y), (0.73, y)], (108, 76, 44), width=0.014)
    pen.disc(*_CRANK, 0.075, (96, 98, 102))
    near = _pedal(travelled, 0)
    pen.limb(_CRANK, near, (60, 62, 66), widths=(0.04, 0.034))
    pen.limb((near[0] - 0.06, near[1]), (near[0] + 0.06, near[1]), (40, 40, 44), widths=(0.035, 0.035))


def _ride(pen: Pen, travelled: float, _time: float, *, looks: Wardrobe) -> None:
    ankles = tuple((p[0] - 0.07, p[1] + 0.115) for p in (_pedal(travelled, 0), _pedal(travelled, 1)))
    pose = Pose(
        (-0.23, 1.0), (0.09, 1.43), (0.2, 1.6), (ankles[0], ankles[1]), ((0.38, 1.06), (0.4, 1.06)), (0.12, 0.12)
    )
    figure(pen, looks, pose)


def motorcyclist(rng: np.random.Generator) -> list[Actor]:
    """A motorbike or scooter and who rides it."""
    looks = dress_up(rng, riding=True)
    scooter = bool(rng.random() < 0.45)
    paint = pick(rng, _FRAMES)
    wheels = partial(_motor_wheels, scooter=scooter)
    body = partial(_scooter_body if scooter else _motorbike_body, paint=paint)
    length = 0.98 if scooter else 1.14
    machine = Actor("motorbike", -length, length, 1.3, body, wheels, lamp=(length + 1.2, 1.5), shadow=0.95)
    pose = (
        Pose((-0.3, 0.86), (-0.16, 1.33), (-0.08, 1.52), ((0.2, 0.42), (0.24, 0.42)), ((0.34, 1.04), (0.37, 1.04)))
        if scooter
        else Pose(
            (-0.34, 0.9),
            (0.0, 1.3),
            (0.12, 1.48),
            ((-0.08, 0.4), (-0.04, 0.4)),
            ((0.44, 1.02), (0.47, 1.02)),
            (0.1, 0.1),
        )
    )
    return [machine, Actor("person", -0.72, 0.82, 1.85, body=lambda pen: figure(pen, looks, pose), shadow=0)]


def _motor_wheels(pen: Pen, travelled: float, _time: float, *, scooter: bool) -> None:
    radius, xs = (0.24, (-0.62, 0.62)) if scooter else (0.32, (-0.72, 0.76))
    for x in xs:
        pen.ring(x, radius, radius - 0.055, (28, 29, 32), width=0.11)
        pen.ring(x, radius, radius - 0.12, (150, 154, 158), width=0.03)
        for index in range(3):
            angle = -travelled / radius + index * 2 * pi / 3
            pen.limb(
                (x, radius),
                (x + cos(angle) * (radius - 0.12), radius + sin(angle) * (radius - 0.12)),
                (120, 122, 128),
                widths=(0.06, 0.03),
            )
        pen.disc(x, radius, 0.065, (70, 72, 78))


def _motorbike_body(pen: Pen, *, paint: Colour) -> None:
    steel, dark = (150, 154, 160), (40, 42, 48)
    pen.limb((0.76, 0.32), (0.5, 0.92), steel, widths=(0.07, 0.08))
    pen.limb((-0.72, 0.32), (-0.16, 0.42), dark, widths=(0.07, 0.1))
    pen.polygon(curve("-0.3,0.26 -0.28,0.56 0.1,0.62 0.34,0.54 0.36,0.28 0.05,0.2"), (62, 64, 70))
    for y in (0.34, 0.42, 0.5):
        pen.limb((-0.08, y), (0.26, y), (104, 106, 112), widths=(0.03, 0.03))
    pen.stroke([(0.3, 0.5), (0.4, 0.3), (0.1, 0.2), (-0.5, 0.24)], (120, 122, 128), width=0.06)
    pen.limb((-0.5, 0.24), (-1.0, 0.36), (186, 188, 194), widths=(0.1, 0.13))
    pen.polygon(
        curve("-0.98,0.86 -0.9,0.94 -0.55,0.86 -0.2,0.82 -0.1,0.68 -0.5,0.66"),
        darker(paint, 0.15),
    )
    pen.polygon(curve("-0.84,0.92 -0.5,0.94 -0.12,0.88 -0.12,0.78 -0.5,0.82 -0.8,0.86"), (34, 32, 34))
    tank = curve("-0.2,0.72 -0.16,0.92 0.14,1.04 0.42,0.98 0.5,0.8 0.2,0.68")
    pen.polygon(tank, paint)
    pen.gradient(tank, lighter(paint, 0.4), darker(paint, 0.4))
    pen.polygon(curve("0.5,0.62 0.72,0.68 1.0,0.62 1.06,0.5 0.98,0.56 0.74,0.6"), paint)
    pen.disc(0.64, 0.9, 0.1, dark)
    pen.disc(0.68, 0.9, 0.075, (246, 244, 226))
    pen.stroke([(0.48, 0.94), (0.42, 1.08), (0.5, 1.06)], dark, width=0.05)
    pen.limb((0.46, 1.06), (0.52, 1.22), dark, widths=(0.02, 0.09))
    pen.limb((-1.0, 0.88), (-0.96, 0.84), (196, 36, 34), widths=(0.09, 0.06))


def _scooter_body(pen: Pen, *, paint: Colour) -> None:
    dark = (44, 44, 48)
    pen.limb((0.62, 0.24), (0.4, 1.0), (150, 154, 160), widths=(0.06, 0.06))
    rear = curve("-0.95,0.46 -0.86,0.72 -0.4,0.74 -0.14,0.62 -0.12,0.3 -0.4,0.3 -0.72,0.38")
    pen.polygon(rear, paint)
    pen.gradient(rear, lighter(paint, 0.35), darker(paint, 0.35))
    pen.polygon(rounded([(-0.2, 0.3), (0.4, 0.3), (0.4, 0.22), (-0.2, 0.22)], 0.03), darker(paint, 0.45))
    shield = curve("0.3,0.24 0.38,0.56 0.36,0.94 0.46,0.98 0.54,0.6 0.6,0.34 0.46,0.2")
    pen.polygon(shield, paint)
    pen.gradient(shield, lighter(paint, 0.3), darker(paint, 0.3))
    pen.polygon(curve("0.42,0.4 0.62,0.52 0.9,0.38 0.88,0.26 0.66,0.36"), paint)
    pen.polygon(curve("-0.84,0.78 -0.5,0.84 -0.12,0.76 -0.16,0.7 -0.5,0.7 -0.82,0.72"), (52, 40, 36))
    pen.disc(0.46, 1.0, 0.085, paint)
    pen.disc(0.5, 1.0, 0.06, (246, 244, 226))
    pen.stroke([(0.4, 1.0), (0.34, 1.08), (0.38, 1.06)], dark, width=0.05)
    pen.limb((0.38, 1.08), (0.44, 1.24), dark, widths=(0.02, 0.09))
    pen.limb((-0.94, 0.56), (-0.9, 0.62), (196, 36, 34), widths=(0.07, 0.05))
