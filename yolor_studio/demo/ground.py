"""Pavements, kerbs, the road and what is painted on it; meadows and verges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.daylight import Daylight
from yolor_studio.demo.layout import Layout
from yolor_studio.demo.paint import Colour, Pen, darker, lighter, mix

__all__ = ["paint_ground"]


def paint_ground(
    out: NDArray[np.uint8], rng: np.random.Generator, light: Daylight, layout: Layout, *, margin: int, rural: bool
) -> None:
    """Everything from the row `layout.base` down, on an RGB picture with `margin` pixels more on each side."""
    pen = Pen(out, 1.0, margin, margin, tint=light.tint)
    width, bottom = layout.width + margin, layout.height + margin + 1.0
    slab = pick_stone(rng)
    grass = mix((112, 148, 76), (142, 156, 84), float(rng.random()))
    road = mix((92, 94, 100), (112, 108, 106), float(rng.random()))
    far_ground, near_ground = (grass if rural else slab), (grass if rural and rng.random() < 0.5 else slab)
    _band(pen, -margin, width, layout.base, layout.far_kerb, lighter(far_ground, 0.04), far_ground)
    _band(pen, -margin, width, layout.near_kerb, bottom, near_ground, darker(near_ground, 0.1))
    for ground, top, low in ((far_ground, layout.base, layout.far_kerb), (near_ground, layout.near_kerb, bottom)):
        if ground is slab:
            _slabs(pen, layout, top=top, bottom=low, joint=darker(slab, 0.2), left=-margin, right=width)
    _band(pen, -margin, width, layout.far_kerb, layout.near_kerb, lighter(road, 0.1), darker(road, 0.08))
    _markings(pen, rng, layout, left=-margin, right=width, road=road)
    _kerbs(pen, layout, left=-margin, right=width, stone=lighter(slab, 0.25))
    _shade_under_houses(pen, layout, left=-margin, right=width, opacity=0.3 * light.shadow)
    for ground, top, low in ((far_ground, layout.base, layout.far_kerb), (near_ground, layout.near_kerb, bottom)):
        if ground is grass:
            _blades(pen, rng, layout, top=top, bottom=low, left=-margin, right=width, colour=grass)
    _grain(out, rng, top=max(round(layout.base) + margin, 0))


def pick_stone(rng: np.random.Generator) -> Colour:
    """A pavement's colour."""
    stones: tuple[Colour, ...] = ((196, 190, 180), (182, 182, 182), (206, 192, 172), (176, 170, 164))
    return stones[int(rng.integers(len(stones)))]


def _band(pen: Pen, left: float, right: float, top: float, bottom: float, upper: Colour, lower: Colour) -> None:
    if bottom > top:
        corners = [(left, -top), (right, -top), (right, -bottom), (left, -bottom)]
        pen.polygon(corners, lower)
        pen.gradient(corners, upper, lower)


def _slabs(pen: Pen, layout: Layout, *, top: float, bottom: float, joint: Colour, left: float, right: float) -> None:
    """Joints of square slabs: rows at equal real distances, and lines that run to the vanishing point."""
    focal = layout.height * 1.1
    depth_near, depth_far = focal * layout.eye / (bottom - layout.horizon), focal * layout.eye / (top - layout.horizon)
    side = 1.0
    for depth in np.arange(depth_near // side * side, depth_far, side):
        y = layout.horizon + focal * layout.eye / max(depth, 0.5)
        if top < y < bottom:
            pen.shade([(left, -y), (right, -y), (right, -y - 1.0), (left, -y - 1.0)], joint, 0.5)
    middle = layout.width * 0.5
    pitch = layout.scale(bottom) * side
    shrink = layout.scale(top) / layout.scale(bottom)
    reach = (max(right, 0) - left) / shrink
    for x in np.arange(middle - reach, middle + reach, pitch):
        upper, w = middle + (x - middle) * shrink, 0.6
        if max(x, upper) > left and min(x, upper) < right:
            pen.shade(
                [(x - w, -bottom), (x + w, -bottom), (upper + w * 0.7, -top), (upper - w * 0.7, -top)], joint, 0.4
            )


def _markings(pen: Pen, rng: np.random.Generator, layout: Layout, *, left: float, right: float, road: Colour) -> None:
    paint: Colour = (232, 230, 220)
    for _ in range(int(rng.integers(1, 4))):
        y = rng.uniform(layout.far_kerb, layout.near_kerb - 0.35 * layout.scale(layout.near_kerb))
        x, scale = rng.uniform(left, right), layout.scale(y)
        patch = [(x, -y), (x + 3 * scale, -y), (x + 3.2 * scale, -y - 0.3 * scale), (x - 0.1 * scale, -y - 0.3 * scale)]
        pen.shade(patch, darker(road, 0.35), float(rng.uniform(0.25, 0.6)))
    if rng.random() < 0.4:
        _zebra(pen, layout, x=float(rng.uniform(0.15, 0.85)) * layout.width, paint=paint)
    for index, y in enumerate(layout.lane_edges()):
        scale = layout.scale(y)
        thick, dash, gap = 0.055 * scale, 3.0 * scale, (3.4 if layout.lanes == 2 or index else 2.4) * scale
        start = left - float(rng.uniform(0, dash + gap))
        for x in np.arange(start, right, dash + gap):
            pen.shade([(x, -y + thick), (x + dash, -y + thick), (x + dash, -y - thick), (x, -y - thick)], paint, 0.85)
    for y in (
        layout.far_kerb + 0.3 * layout.scale(layout.far_kerb) * 0.3,
        layout.near_kerb - 0.3 * layout.scale(layout.near_kerb) * 0.3,
    ):
        thick = 0.03 * layout.scale(y)
        pen.shade([(left, -y + thick), (right, -y + thick), (right, -y - thick), (left, -y - thick)], paint, 0.55)
    for _ in range(int(rng.integers(0, 3))):
        y = float(rng.uniform(layout.far_kerb + 0.2 * (layout.near_kerb - layout.far_kerb), layout.near_kerb))
        x, scale = float(rng.uniform(0, layout.width)), layout.scale(y)
        pen.disc(x, -y, 0.36 * scale, darker(road, 0.35), tall=0.3)
        pen.disc(x, -y, 0.29 * scale, darker(road, 0.15), tall=0.28)


def _zebra(pen: Pen, layout: Layout, *, x: float, paint: Colour) -> None:
    """Bars along the traffic's direction, across the road."""
    focal = layout.height * 1.1
    near, far = (focal * layout.eye / (y - layout.horizon) for y in (layout.near_kerb, layout.far_kerb))
    depths = np.linspace(near, far, 15)
    for high, low in zip(depths[1::2], depths[0::2], strict=False):
        rows = [layout.horizon + focal * layout.eye / depth for depth in (low, high)]
        corners = []
        for y, sides in ((rows[0], (-1, 1)), (rows[1], (1, -1))):
            corners += [
                (
                    layout.width / 2
                    + (x - layout.width / 2) * layout.scale(y) / layout.scale(layout.near_kerb)
                    + side * 1.6 * layout.scale(y),
                    -y,
                )
                for side in sides
            ]
        pen.shade(corners, paint, 0.8)


def _kerbs(pen: Pen, layout: Layout, *, left: float, right: float, stone: Colour) -> None:
    for y, sign in ((layout.far_kerb, 1), (layout.near_kerb, -1)):
        tall = 0.13 * layout.scale(y)
        _band(pen, left, right, y - tall * 0.8, y, stone, stone)
        if sign > 0:
            _band(pen, left, right, y, y + tall * 0.9, darker(stone, 0.4), darker(stone, 0.5))
            corners = [(left, -y - tall * 0.9), (right, -y - tall * 0.9), (right, -y - tall * 3), (left, -y - tall * 3)]
            pen.shade(corners, (30, 32, 40), 0.18)
        step = 1.2 * layout.scale(y)
        for x in np.arange(left, right, step):
            pen.shade(
                [
                    (x, -y + tall * 0.8),
                    (x + 1.0, -y + tall * 0.8),
                    (x + 1.0, -y - tall * 0.9 * (sign > 0)),
                    (x, -y - tall * 0.9 * (sign > 0)),
                ],
                darker(stone, 0.5),
                0.4,
            )


def _shade_under_houses(pen: Pen, layout: Layout, *, left: float, right: float, opacity: float) -> None:
    deep = (layout.far_kerb - layout.base) * 0.55
    for part in range(4):
        low = layout.base + deep * (1 - part / 4)
        pen.shade(
            [(left, -layout.base), (right, -layout.base), (right, -low), (left, -low)], (34, 38, 62), opacity * 0.45
        )


def _blades(
    pen: Pen,
    rng: np.random.Generator,
    layout: Layout,
    *,
    top: float,
    bottom: float,
    left: float,
    right: float,
    colour: Colour,
) -> None:
    for _ in range(round((right - left) * 0.25)):
        x, y = float(rng.uniform(left, right)), float(rng.uniform(top, bottom))
        tall = layout.scale(y) * float(rng.uniform(0.08, 0.2))
        shade = darker(colour, 0.25) if rng.random() < 0.6 else lighter(colour, 0.22)
        pen.shade([(x, -y), (x + tall * 0.35, -y), (x + tall * 0.3 * float(rng.uniform(-1, 2)), -y + tall)], shade, 0.7)


def _grain(out: NDArray[np.uint8], rng: np.random.Generator, *, top: int) -> None:
    ground = out[top:]
    if ground.size:
        fine = rng.normal(0, 3.2, ground.shape[:2]).astype(np.float32)
        coarse = rng.normal(0, 1, (max(ground.shape[0] // 14, 2), max(ground.shape[1] // 50, 2))).astype(np.float32)
        soft = cv2.resize(coarse, (ground.shape[1], ground.shape[0]), interpolation=cv2.INTER_CUBIC) * 2.2
        ground[:] = np.clip(ground + (fine + soft)[..., None], 0, 255).astype(np.uint8)
