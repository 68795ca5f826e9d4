"""Houses of a street: walls, windows, shop fronts, awnings, roofs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yolor_studio.demo.actor import pick
from yolor_studio.demo.greenery import bush
from yolor_studio.demo.paint import Colour, Pen, darker, lighter, mix

__all__ = ["house"]

_WALLS: tuple[Colour, ...] = (
    (226, 208, 180), (208, 160, 126), (188, 104, 82), (236, 226, 206), (178, 188, 192), (230, 190, 140),
    (172, 128, 108), (204, 214, 208), (222, 178, 166), (158, 92, 76), (196, 196, 176), (150, 164, 178), (240, 214, 160),
)  # fmt: skip
_ROOFS: tuple[Colour, ...] = ((156, 84, 66), (120, 72, 62), (92, 96, 108), (108, 104, 104), (140, 100, 78))
_TRIMS: tuple[Colour, ...] = ((246, 244, 236), (250, 248, 242), (76, 82, 90), (70, 96, 92), (120, 72, 56))
_SIGNS: tuple[Colour, ...] = (
    (44, 92, 92),
    (150, 52, 54),
    (36, 52, 92),
    (222, 170, 62),
    (62, 66, 70),
    (90, 118, 74),
    (176, 100, 64),
)
_STOREY = 3.1


@dataclass(frozen=True)
class _Style:
    wall: Colour
    trim: Colour
    panes: str
    shutters: Colour | None
    lit: float
    balconies: bool
    flowers: bool


def house(pen: Pen, rng: np.random.Generator, *, width: float, storeys: int, shop: bool, lit: float) -> None:
    """A house front from (0, 0) to (width, ...) in metres; `lit` is the share of windows with a light on."""
    style = _Style(
        wall=pick(rng, _WALLS, vary=7),
        trim=pick(rng, _TRIMS, vary=3),
        panes=str(rng.choice(["sash", "cross", "wide", "plain"])),
        shutters=pick(rng, _SIGNS) if rng.random() < 0.25 else None,
        lit=lit,
        balconies=bool(rng.random() < 0.22),
        flowers=bool(rng.random() < 0.25),
    )
    ground = 3.7 if shop else 3.3
    eaves = ground + (storeys - 1) * _STOREY + 0.3
    _wall(pen, rng, style, width=width, eaves=eaves)
    for storey in range(storeys - 1):
        _storey(pen, rng, style, width=width, y=ground + storey * _STOREY)
    if shop:
        _shop(pen, rng, style, width=width, ground=ground)
    else:
        _entrance(pen, rng, style, width=width)
    _roof(pen, rng, style, width=width, eaves=eaves)


def _wall(pen: Pen, rng: np.random.Generator, style: _Style, *, width: float, eaves: float) -> None:
    wall = [(0.0, 0.0), (width, 0.0), (width, eaves), (0.0, eaves)]
    pen.polygon(wall, style.wall)
    pen.gradient(wall, lighter(style.wall, 0.1), darker(style.wall, 0.14))
    if rng.random() < 0.4:
        for _ in range(round(width * eaves * 0.5)):
            x, y = float(rng.uniform(0, width - 0.5)), float(rng.uniform(0, eaves - 0.2))
            pen.shade([(x, y), (x + 0.45, y), (x + 0.45, y + 0.14), (x, y + 0.14)], darker(style.wall, 0.35), 0.3)
    pen.shade([(width - 0.35, 0), (width, 0), (width, eaves), (width - 0.35, eaves)], darker(style.wall, 0.5), 0.3)
    pen.shade([(0, 0), (0.12, 0), (0.12, eaves), (0, eaves)], lighter(style.wall, 0.6), 0.35)


def _storey(pen: Pen, rng: np.random.Generator, style: _Style, *, width: float, y: float) -> None:
    pen.box(0, y - 0.1, width, y + 0.02, mix(style.wall, style.trim, 0.4))
    count = max(int(width / (2.7 if style.panes == "wide" else 2.1)), 1)
    pitch = width / count
    size = (1.7, 1.45) if style.panes == "wide" else (1.1, 1.75)
    for index in range(count):
        x = pitch * (index + 0.5)
        _window(pen, rng, style, x=x, y=y + 0.72, size=size)
        if style.balconies and index % 2 == 0:
            _balcony(pen, x=x, y=y + 0.35, half=size[0] * 0.75)


def _window(
    pen: Pen, rng: np.random.Generator, style: _Style, *, x: float, y: float, size: tuple[float, float]
) -> None:
    w, h = size[0] / 2, size[1]
    if style.shutters is not None:
        for side in (-1, 1):
            inner, outer = sorted((x + side * (w + 0.05), x + side * (w + 0.5)))
            pen.box(inner, y - 0.02, outer, y + h + 0.02, style.shutters)
            for slat in np.arange(y + 0.12, y + h - 0.05, 0.2):
                pen.shade(
                    [(inner, slat), (outer, slat), (outer, slat + 0.07), (inner, slat + 0.07)],
                    darker(style.shutters, 0.5),
                    0.5,
                )
    pen.box(x - w - 0.1, y - 0.08, x + w + 0.1, y + h + 0.14, style.trim)
    lamp = rng.random() < style.lit
    glass = [(x - w, y), (x + w, y), (x + w, y + h), (x - w, y + h)]
    if lamp:
        pen.lamp(glass, mix((255, 206, 120), (255, 236, 180), float(rng.random())))
    else:
        pen.polygon(glass, (70, 92, 112))
        pen.gradient(glass, mix((92, 118, 140), (150, 176, 192), float(rng.random())), (48, 62, 80))
        pen.shade(
            [(x - w, y + h * 0.35), (x - w * 0.2, y + h), (x + w * 0.4, y + h), (x - w, y - 0.0)], (210, 226, 236), 0.22
        )
    if rng.random() < 0.45:
        cloth = mix((236, 232, 222), (206, 178, 158), float(rng.random()))
        for side in (-1, 1):
            pen.shade(
                [
                    (x + side * w, y + h),
                    (x + side * w * 0.35, y + h),
                    (x + side * w * 0.7, y + h * 0.4),
                    (x + side * w * 0.75, y),
                    (x + side * w, y),
                ],
                cloth,
                0.7,
            )
    pen.shade([(x - w, y + h - 0.16), (x + w, y + h - 0.16), (x + w, y + h), (x - w, y + h)], (24, 28, 40), 0.35)
    bars = {"sash": ((0.0, 0.52),), "cross": ((1.0, 0.66),), "wide": ((2.0, 0.0),), "plain": ((1.0, 0.0),)}[
        style.panes
    ][0]
    for part in range(int(bars[0])):
        at = x - w + 2 * w * (part + 1) / (int(bars[0]) + 1)
        pen.box(at - 0.035, y, at + 0.035, y + h, style.trim)
    if bars[1]:
        pen.box(x - w, y + h * bars[1] - 0.035, x + w, y + h * bars[1] + 0.035, style.trim)
    pen.box(x - w - 0.16, y - 0.16, x + w + 0.16, y - 0.05, lighter(style.trim, 0.2))
    pen.shade(
        [(x - w - 0.12, y - 0.17), (x + w + 0.16, y - 0.17), (x + w + 0.16, y - 0.28), (x - w - 0.12, y - 0.28)],
        (20, 22, 34),
        0.28,
    )
    if style.flowers:
        bush(pen.moved(x, y - 0.14), rng, 0.0, width=2 * w, height=0.34)
        for _ in range(5):
            pen.disc(
                x + float(rng.uniform(-w, w)),
                y + float(rng.uniform(0.02, 0.2)),
                0.06,
                pick(rng, ((226, 70, 84), (250, 210, 90), (236, 130, 170))),
            )


def _balcony(pen: Pen, *, x: float, y: float, half: float) -> None:
    rail = (58, 62, 70)
    pen.box(x - half, y - 0.08, x + half, y + 0.06, (150, 146, 142))
    pen.box(x - half, y + 0.92, x + half, y + 0.99, rail)
    for at in np.linspace(x - half + 0.03, x + half - 0.03, 9):
        pen.box(at - 0.02, y, at + 0.02, y + 0.95, rail)


def _shop(pen: Pen, rng: np.random.Generator, style: _Style, *, width: float, ground: float) -> None:
    colour = pick(rng, _SIGNS)
    pen.box(0.15, 0.0, width - 0.15, ground - 0.15, darker(colour, 0.1))
    door = 0.55 if rng.random() < 0.5 else width - 1.75
    for left, right in ((door + 1.35, width - 0.45), (0.45, door - 0.15)):
        if right - left > 0.8:
            _shop_window(pen, rng, style, left=left, right=right)
    pen.box(door - 0.08, 0.0, door + 1.2, 2.5, darker(colour, 0.45))
    pane = [(door + 0.08, 0.55), (door + 1.04, 0.55), (door + 1.04, 2.35), (door + 0.08, 2.35)]
    pen.polygon(pane, (70, 88, 104))
    pen.gradient(pane, (128, 152, 168), (52, 64, 80))
    pen.box(door + 0.12, 1.1, door + 0.17, 1.35, (230, 220, 180))
    sign = [(0.3, ground - 0.75), (width - 0.3, ground - 0.75), (width - 0.3, ground - 0.12), (0.3, ground - 0.12)]
    pen.polygon(sign, colour)
    pen.gradient(sign, lighter(colour, 0.15), darker(colour, 0.2))
    _lettering(pen, rng, x=width / 2, y=ground - 0.58, colour=lighter(colour, 0.8), width=min(width - 2, 4.0))
    if rng.random() < 0.65:
        _awning(pen, rng, width=width, y=ground - 0.75)


def _shop_window(pen: Pen, rng: np.random.Generator, style: _Style, *, left: float, right: float) -> None:
    pen.box(left - 0.08, 0.5, right + 0.08, 2.68, (236, 232, 222))
    pane = [(left, 0.58), (right, 0.58), (right, 2.6), (left, 2.6)]
    if style.lit > 0.2:
        pen.lamp(pane, (255, 222, 156))
    else:
        pen.polygon(pane, (92, 108, 120))
        pen.gradient(pane, (150, 170, 180), (70, 80, 92))
    for x in np.arange(left + 0.3, right - 0.25, 0.5):
        tall = float(rng.uniform(0.2, 0.8))
        pen.shade(
            [(x - 0.14, 0.6), (x + 0.14, 0.6), (x + 0.1, 0.6 + tall), (x - 0.1, 0.6 + tall)],
            pick(rng, _SIGNS, vary=20),
            0.65,
        )
    pen.shade(
        [(left, 0.6), (left + 0.5, 0.6), (min(left + 1.5, right), 2.58), (left + 0.7, 2.58)], (240, 246, 250), 0.18
    )
    middle = (left + right) / 2
    pen.box(middle - 0.03, 0.58, middle + 0.03, 2.6, (236, 232, 222))


def _lettering(pen: Pen, rng: np.random.Generator, *, x: float, y: float, colour: Colour, width: float) -> None:
    """Strokes that look like a name from afar, and are none."""
    at = x - width * 0.35
    while at < x + width * 0.35:
        wide, tall = float(rng.uniform(0.1, 0.24)), float(rng.choice([0.22, 0.22, 0.3]))
        if rng.random() < 0.85:
            pen.box(at, y, at + 0.06, y + tall, colour)
            pen.box(
                at,
                y + float(rng.choice([0.0, 0.09, 0.17])),
                at + wide,
                y + 0.05 + float(rng.choice([0.0, 0.09, 0.17])),
                colour,
            )
        at += wide + 0.09


def _awning(pen: Pen, rng: np.random.Generator, *, width: float, y: float) -> None:
    a, b = pick(rng, ((196, 62, 58), (52, 110, 98), (46, 84, 140), (226, 160, 60), (130, 70, 90))), (246, 240, 228)
    count = max(round((width - 0.5) / 0.5), 2)
    edges = np.linspace(0.25, width - 0.25, count + 1)
    for index in range(count):
        left, right = float(edges[index]), float(edges[index + 1])
        colour = a if index % 2 else b
        pen.polygon([(left, y + 0.1), (right, y + 0.1), (right + 0.05, y - 0.62), (left - 0.05, y - 0.62)], colour)
        pen.disc((left + right) / 2, y - 0.62, (right - left) / 2, darker(colour, 0.1), tall=0.6)
    pen.shade([(0.2, y + 0.1), (width - 0.2, y + 0.1), (width - 0.2, y - 0.1), (0.2, y - 0.1)], (20, 20, 30), 0.2)
    pen.shade([(0.4, y - 0.8), (width - 0.3, y - 0.8), (width - 0.3, y - 1.25), (0.4, y - 1.25)], (20, 22, 34), 0.28)


def _entrance(pen: Pen, rng: np.random.Generator, style: _Style, *, width: float) -> None:
    pen.box(0, 0, width, 0.55, darker(style.wall, 0.28))
    door = width * float(rng.choice([0.25, 0.5, 0.75]))
    colour = pick(rng, _SIGNS)
    pen.box(door - 0.75, 0.0, door + 0.75, 2.75, style.trim)
    pen.box(door - 0.58, 0.15, door + 0.58, 2.2, colour)
    for x in (-0.44, 0.08):
        for low, high in ((0.4, 1.05), (1.25, 2.0)):
            pen.shade(
                [(door + x, low), (door + x + 0.36, low), (door + x + 0.36, high), (door + x, high)],
                darker(colour, 0.5),
                0.5,
            )
    pane = [(door - 0.58, 2.28), (door + 0.58, 2.28), (door + 0.58, 2.6), (door - 0.58, 2.6)]
    (pen.lamp if rng.random() < style.lit * 1.5 else pen.polygon)(
        pane, (255, 220, 150) if style.lit > 0.3 else (110, 134, 150)
    )
    pen.box(door - 0.95, 0.0, door + 0.95, 0.16, (190, 186, 180))
    size = (1.1, 1.6)
    for x in np.arange(1.1, width - 0.7, 2.1):
        if abs(x - door) > 1.5:
            _window(pen, rng, style, x=float(x), y=0.95, size=size)


def _roof(pen: Pen, rng: np.random.Generator, style: _Style, *, width: float, eaves: float) -> None:
    kind = str(rng.choice(["flat", "tiles", "tiles", "gable"]))
    tile = pick(rng, _ROOFS, vary=6)
    if kind == "flat":
        pen.box(-0.12, eaves, width + 0.12, eaves + 0.55, mix(style.wall, style.trim, 0.5))
        pen.box(-0.2, eaves + 0.45, width + 0.2, eaves + 0.65, lighter(style.wall, 0.35))
        if rng.random() < 0.5:
            pen.box(width * 0.6, eaves + 0.65, width * 0.6 + 1.6, eaves + 1.7, darker(style.wall, 0.3))
    else:
        tall = float(rng.uniform(1.6, 2.6))
        inset = 0.9 if kind == "tiles" else width / 2 - 0.05
        if kind == "gable":
            tall = width * 0.42
        _chimney(pen, rng, x=width * float(rng.uniform(0.2, 0.8)), y=eaves + tall * (0.8 if kind == "tiles" else 0.35))
        slope = [(-0.35, eaves), (width + 0.35, eaves), (width - inset, eaves + tall), (inset, eaves + tall)]
        if kind == "gable":
            pen.polygon(slope, style.wall)
            pen.gradient(slope, lighter(style.wall, 0.05), style.wall)
            _window(pen, rng, style, x=width / 2, y=eaves + 0.6, size=(1.0, 1.3))
            for side in (-1, 1):
                pen.limb(
                    (width / 2 + side * (width / 2 + 0.4), eaves - 0.05),
                    (width / 2, eaves + tall + 0.05),
                    tile,
                    widths=(0.4, 0.4),
                )
        else:
            pen.polygon(slope, tile)
            pen.gradient(slope, lighter(tile, 0.14), darker(tile, 0.12))
            for row in np.arange(0.25, tall, 0.32):
                left = (inset + 0.35) * row / tall - 0.33
                low, high = eaves + row, eaves + row + 0.06
                line = [(left, low), (width - left, low), (width - left, high), (left, high)]
                pen.shade(line, darker(tile, 0.5), 0.4)
            for x in np.arange(width * 0.25, width * 0.8, 3.2):
                if rng.random() < 0.6:
                    _dormer(pen, rng, style, x=float(x), y=eaves + 0.35, tile=tile)
        pen.box(-0.35, eaves - 0.16, width + 0.35, eaves + 0.08, mix(style.trim, tile, 0.2))
    pen.shade([(0, eaves - 0.16), (width, eaves - 0.16), (width, eaves - 0.55), (0, eaves - 0.55)], (20, 22, 36), 0.3)


def _dormer(pen: Pen, rng: np.random.Generator, style: _Style, *, x: float, y: float, tile: Colour) -> None:
    pen.box(x - 0.7, y, x + 0.7, y + 1.15, lighter(style.wall, 0.1))
    _window(pen, rng, style, x=x, y=y + 0.15, size=(0.85, 0.85))
    pen.polygon([(x - 0.9, y + 1.1), (x + 0.9, y + 1.1), (x, y + 1.75)], darker(tile, 0.12))


def _chimney(pen: Pen, rng: np.random.Generator, *, x: float, y: float) -> None:
    brick = pick(rng, ((158, 92, 76), (176, 140, 116), (140, 96, 84)), vary=5)
    pen.box(x - 0.35, y - 0.6, x + 0.35, y + 0.9, brick)
    pen.shade(
        [(x + 0.1, y - 0.6), (x + 0.35, y - 0.6), (x + 0.35, y + 0.9), (x + 0.1, y + 0.9)], darker(brick, 0.5), 0.45
    )
    pen.box(x - 0.42, y + 0.8, x + 0.42, y + 0.95, darker(brick, 0.2))
    for pot in (-0.18, 0.14):
        pen.box(x + pot - 0.08, y + 0.95, x + pot + 0.1, y + 1.2, (176, 108, 84))
