"""What all animals on four legs share: a coat, a walk of four beats, and how a body is lit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from yolor_studio.demo.actor import Actor
from yolor_studio.demo.paint import Colour, Pen, Point, curve, darker, knee, lighter
from yolor_studio.demo.people import stride

__all__ = ["Coat", "Legs", "animal", "draw_eye", "draw_legs", "draw_shape"]


@dataclass(frozen=True)
class Legs:
    """How an animal's legs are built, in metres."""

    hind: Point
    """The hip."""
    fore: Point
    """The elbow."""
    upper: float
    """Thickness where the leg leaves the body; it tapers to `lower`."""
    lower: float
    step: float
    """Metres gone in one cycle."""
    hoof: Colour
    foot: float
    """Length of the hoof or paw."""


@dataclass(frozen=True)
class Coat:
    """What an animal looks like."""

    fur: Colour
    second: Colour
    mark: str
    size: float
    start: float
    """Where in its stride it begins, 0 to 1."""


_OFFSETS = ((0.0, "hind", 0), (0.25, "fore", 0), (0.5, "hind", 1), (0.75, "fore", 1))
"""The four-beat walk: when each foot sets off, which it is, and whether it is on the far side."""


def draw_legs(pen: Pen, legs: Legs, phase: float | None, fur: Colour, *, far: bool, sock: Colour | None = None) -> None:
    """The legs of one side; without a phase the animal stands."""
    for offset, which, side in _OFFSETS:
        if bool(side) != far:
            continue
        top = legs.hind if which == "hind" else legs.fore
        x, y = top[0] + (0.06 * legs.step if far else 0.0), top[1]
        dx, lift, _ = (
            (0.0, 0.0, 0.0) if phase is None else stride(phase + offset, legs.step, lift=0.16 * y, stance=0.62)
        )
        if phase is None:
            dx = (0.05 if far else -0.03) * legs.step
        ankle = (x + dx - (0.05 * y if which == "hind" else 0.0), lift + legs.foot * 0.45)
        joint = knee((x, y), ankle, y * 0.505, y * 0.505, bend=-1 if which == "hind" else 1)
        colour = darker(fur, 0.34) if far else fur
        low = colour if sock is None else (darker(sock, 0.34) if far else sock)
        pen.limb((x, y), joint, colour, widths=(legs.upper * (1.2 if which == "hind" else 1.0), legs.lower * 1.35))
        pen.limb(joint, ankle, colour, widths=(legs.lower * 1.3, legs.lower))
        if sock is not None:
            pen.limb(
                ((joint[0] + ankle[0]) / 2, (joint[1] + ankle[1]) / 2), ankle, low, widths=(legs.lower, legs.lower)
            )
        pen.limb(
            (ankle[0] - legs.foot * 0.1, ankle[1] - legs.foot * 0.1),
            (ankle[0] + legs.foot * 0.5, ankle[1] - legs.foot * 0.2),
            darker(legs.hoof, 0.3) if far else legs.hoof,
            widths=(legs.lower, legs.foot * 0.5),
        )


def draw_shape(pen: Pen, outline: str, colour: Colour, *, light: float = 0.14, dark: float = 0.3) -> None:
    """A part of the body: a smooth outline, lit from above."""
    points = curve(outline)
    pen.polygon(points, colour)
    pen.gradient(points, lighter(colour, light), darker(colour, dark), opacity=0.8)


def draw_eye(pen: Pen, x: float, y: float, size: float) -> None:
    """An eye of this radius, with a light in it where that can be seen."""
    pen.disc(x, y, size, (26, 22, 22))
    if pen.scale * size > 1.6:
        pen.disc(x + size * 0.3, y + size * 0.3, size * 0.35, (240, 240, 240))


def animal(
    category: str, draw: Callable[..., None], coat: Coat, *, extent: tuple[float, float, float], walks: bool
) -> Actor:
    """An actor that `draw` paints with (pen, coat, metres gone or None while it stands, seconds). `extent`: how far it
    reaches back, to the front and up, in metres at size 1."""

    def motion(pen: Pen, travelled: float, time: float) -> None:
        draw(pen.resized(coat.size), coat, travelled / coat.size if walks else None, time)

    back, front, top = (length * coat.size for length in extent)
    return Actor(category, back, front, top, motion=motion, shadow=0.9)
