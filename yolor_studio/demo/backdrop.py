"""The still picture behind everything: sky, the far and the near side of the street, the ground."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.daylight import Daylight
from yolor_studio.demo.greenery import bush, conifer, tree
from yolor_studio.demo.ground import paint_ground
from yolor_studio.demo.houses import house
from yolor_studio.demo.layout import Layout
from yolor_studio.demo.paint import Pen, darker
from yolor_studio.demo.sky import paint_far, paint_sky

__all__ = ["paint_backdrop"]

_FAR = {
    "city": ("skyline", "skyline", "woods"),
    "suburb": ("woods", "hills", "skyline"),
    "park": ("skyline", "woods"),
    "country": ("hills", "hills", "woods"),
}


def paint_backdrop(
    rng: np.random.Generator, layout: Layout, *, light: Daylight, theme: str, margin: int, fine: int = 2
) -> NDArray[np.uint8]:
    """RGB [height + 2 * margin, width + 2 * margin, 3] for a theme: city, suburb, park or country; `fine` times
    oversampled."""
    big = layout.enlarged(fine)
    edge = margin * fine
    out = np.zeros((big.height + 2 * edge, big.width + 2 * edge, 3), np.uint8)
    paint_sky(out, rng, light, horizon=big.horizon + edge)
    unit = (big.near_kerb - big.horizon) / 0.5
    paint_far(out, rng, light, kind=str(rng.choice(_FAR[theme])), horizon=big.horizon + edge, unit=unit)
    _row(out, rng, big, light, theme=theme, edge=edge)
    paint_ground(out, rng, light, big, margin=edge, rural=theme == "country")
    size = (layout.width + 2 * margin, layout.height + 2 * margin)
    return out if fine == 1 else np.asarray(cv2.resize(out, size, interpolation=cv2.INTER_AREA), np.uint8)


def _row(
    out: NDArray[np.uint8], rng: np.random.Generator, layout: Layout, light: Daylight, *, theme: str, edge: int
) -> None:
    """What stands along the far pavement."""
    scale = layout.scale(layout.base)
    pen = Pen(out, scale, edge, layout.base + edge, tint=light.tint)
    left, right = -edge / scale - 6, (layout.width + edge) / scale + 1
    _lawn(pen, rng, left=left, right=right, top=(layout.base - layout.horizon) / scale)
    x = left + float(rng.uniform(0, 5))
    while x < right:
        if (
            theme == "city"
            or (theme == "suburb" and rng.random() < 0.72)
            or (theme == "country" and rng.random() < 0.14)
        ):
            tall = int(rng.integers(3, 6)) if theme == "city" else int(rng.integers(1, 3)) + 1
            width = float(rng.uniform(6.5, 12) if theme == "city" else rng.uniform(6, 9))
            shop = bool(rng.random() < {"city": 0.7, "suburb": 0.3, "country": 0.0}[theme])
            house(pen.moved(x, 0.0), rng, width=width, storeys=tall, shop=shop, lit=light.lit)
            x += width + (0.0 if theme == "city" and rng.random() < 0.8 else float(rng.uniform(0.5, 3.5)))
        else:
            x += _garden(pen, rng, x, theme=theme)
    if theme in ("park", "country"):
        _fence(pen, left=left, right=right, rail=theme == "country")


def _lawn(pen: Pen, rng: np.random.Generator, *, left: float, right: float, top: float) -> None:
    grass = (116, 150, 84)
    corners = [(left, -0.1), (right, -0.1), (right, top * 0.8), (left, top * 0.8)]
    pen.polygon(corners, grass)
    pen.gradient(corners, (150, 172, 116), darker(grass, 0.08))
    for x in np.arange(left, right, 1.3):
        bush(
            pen.moved(0, top * 0.72),
            rng,
            float(x),
            width=float(rng.uniform(1, 2.2)),
            height=float(rng.uniform(0.5, 1.1)),
        )


def _garden(pen: Pen, rng: np.random.Generator, x: float, *, theme: str) -> float:
    """Some green from x on; returns how many metres it took."""
    wide = float(rng.uniform(2.5, 5.5))
    chance = rng.random()
    if chance < (0.5 if theme != "country" else 0.3):
        tree(pen.moved(0, float(rng.uniform(0.0, 0.5))), rng, x + wide / 2, height=float(rng.uniform(4.5, 8.5)))
    elif chance < 0.66:
        conifer(pen, rng, x + wide / 2, height=float(rng.uniform(4, 8)))
    for _ in range(int(rng.integers(1, 3))):
        bush(
            pen,
            rng,
            x + float(rng.uniform(0, wide)),
            width=float(rng.uniform(1.2, 3)),
            height=float(rng.uniform(0.7, 1.3)),
        )
    return wide


def _fence(pen: Pen, *, left: float, right: float, rail: bool) -> None:
    wood = (150, 124, 96) if rail else (64, 72, 74)
    for y in (0.45, 0.95) if rail else (0.2, 1.0):
        pen.box(left, y, right, y + (0.13 if rail else 0.06), wood)
    for x in np.arange(left, right, 2.0 if rail else 0.22):
        half = 0.09 if rail else 0.025
        pen.box(x - half, 0.0, x + half, 1.25 if rail else 1.12, darker(wood, 0.12))
