"""The sky and what lies far away under it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.daylight import Daylight
from yolor_studio.demo.paint import Colour, Pen, mix

__all__ = ["paint_far", "paint_sky"]


def paint_sky(out: NDArray[np.uint8], rng: np.random.Generator, light: Daylight, *, horizon: float) -> None:
    """Fills an RGB picture with sky down to the row `horizon` and haze below it."""
    height, width = out.shape[:2]
    low = max(horizon, 8.0)
    stops = np.array([-low * 0.3, low * 0.45, low * 1.02])
    rows = np.arange(height)
    column = np.stack(
        [np.interp(rows, stops, [c[k] for c in (light.zenith, light.middle, light.horizon)]) for k in range(3)], 1
    )
    sky = np.broadcast_to(column[:, None, :], out.shape).astype(np.float32)
    sky = sky + _glow(rng, light, height=height, width=width, low=low)
    sky = _clouds(sky, rng, light, low=low)
    out[:] = np.clip(sky + rng.normal(0, 0.7, sky.shape[:2])[..., None], 0, 255).astype(np.uint8)
    if light.lit > 0.45:
        for _ in range(90):
            x, y = int(rng.integers(width)), int(rng.integers(max(int(low * 0.8), 1)))
            out[y, x] = np.minimum(out[y, x].astype(int) + int(rng.integers(40, 150)), 255)


def _glow(rng: np.random.Generator, light: Daylight, *, height: int, width: int, low: float) -> NDArray[np.float32]:
    y, x = np.mgrid[0:height:8, 0:width:8].astype(np.float32)
    sun_x, sun_y = rng.uniform(0.1, 0.9) * width, rng.uniform(0.2, 0.85) * low
    distance = np.hypot(x - sun_x, (y - sun_y) * 1.2) / low
    strength = 46 * np.exp(-((distance / 0.45) ** 2)) + 60 * np.exp(-((distance / 0.13) ** 2))
    colour = (np.array(light.horizon, np.float32) / 255 - 0.35) * (
        0.4 if light.cover > 0.8 or light.lit > 0.45 else 1.0
    )
    field = (strength[..., None] * colour).astype(np.float32)
    return cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)


def _clouds(sky: NDArray[np.float32], rng: np.random.Generator, light: Daylight, *, low: float) -> NDArray[np.float32]:
    """Clouds are summed noise of four sizes, cut off at the cover, lit from above."""
    height, width = sky.shape[:2]
    noise = np.zeros((height, width), np.float32)
    for octave, weight in ((3, 1.0), (6, 0.55), (13, 0.3), (28, 0.16)):
        grid = rng.random((max(octave, 2), max(round(octave * width / height * 0.55), 2))).astype(np.float32)
        noise += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    noise /= 2.01
    threshold = np.quantile(noise, 1 - 0.75 * light.cover)
    density = np.clip((noise - threshold) / 0.13, 0, 1)
    shift = max(round(low * 0.035), 1)
    under = np.clip((noise - np.roll(noise, shift, axis=0)) / 0.1, -0.6, 1)[..., None]
    fade = np.interp(np.arange(height), [0, low * 0.5, low], [0.9, 0.85, 0.25])[:, None]
    base = np.array(light.cloud, np.float32)
    shaded = base * (1 - 0.1 * np.clip(-under, 0, 1)) + np.array(light.horizon, np.float32) * 0.06 * under
    weight = (density * fade)[..., None].astype(np.float32)
    return sky * (1 - weight) + shaded * weight


def paint_far(
    out: NDArray[np.uint8], rng: np.random.Generator, light: Daylight, *, kind: str, horizon: float, unit: float
) -> None:
    """Hills, woods or a skyline along the row `horizon`, paler the farther; `unit` is the picture's full height."""
    tinted: Colour = (light.tint[0] * 255, light.tint[1] * 255, light.tint[2] * 255)
    for layer in range(3):
        near = (layer + 1) / 3
        haze = mix(light.horizon, light.zenith, 0.25)
        if kind == "skyline":
            _skyline(
                out,
                rng,
                light,
                horizon=horizon,
                unit=unit,
                near=near,
                colour=mix(haze, _times((96, 112, 140), tinted), 0.22 + 0.4 * near),
            )
        else:
            leaf = (88, 122, 104) if kind == "hills" else (78, 112, 84)
            _ridge(
                out,
                rng,
                horizon=horizon,
                unit=unit,
                near=near,
                rough=kind == "woods",
                colour=mix(haze, _times(leaf, tinted), 0.22 + 0.5 * near),
            )


def _times(colour: Colour, tint: Colour) -> Colour:
    return (colour[0] * tint[0] / 255, colour[1] * tint[1] / 255, colour[2] * tint[2] / 255)


def _ridge(
    out: NDArray[np.uint8],
    rng: np.random.Generator,
    *,
    horizon: float,
    unit: float,
    near: float,
    rough: bool,
    colour: Colour,
) -> None:
    width = out.shape[1]
    x = np.linspace(0, width, 260)
    rise = np.zeros_like(x)
    for wave, size in ((0.8, 0.05), (1.9, 0.024), (4.7, 0.009)):
        rise += size * np.sin(x / unit * wave * 2 + rng.uniform(0, 6.28))
    lift = (0.13 - 0.045 * near * 2) + rise * (1.15 - 0.5 * near)
    if rough:
        lift = lift * 0.5 + np.abs(np.sin(x / unit * 60 + rng.uniform(0, 6))) * 0.008 + rng.uniform(0, 0.012, x.shape)
    y = horizon - np.maximum(lift, 0.0) * unit
    Pen(out, 1.0, 0, 0).polygon(
        np.concatenate([np.stack([x, -y], 1), [(width, -horizon * 3 - 9), (0, -horizon * 3 - 9)]]), colour
    )


def _skyline(
    out: NDArray[np.uint8],
    rng: np.random.Generator,
    light: Daylight,
    *,
    horizon: float,
    unit: float,
    near: float,
    colour: Colour,
) -> None:
    pen = Pen(out, unit, 0, horizon)
    x = -0.05
    while x < out.shape[1] / unit + 0.05:
        wide, tall = float(rng.uniform(0.03, 0.09)), float(rng.uniform(0.06, 0.26) * (1.15 - 0.55 * near))
        pen.box(x, -0.5, x + wide, tall, mix(colour, (255, 255, 255), float(rng.uniform(0, 0.06))))
        if rng.random() < 0.25:
            pen.polygon([(x, tall), (x + wide, tall), (x + wide / 2, tall + wide * 0.7)], colour)
        elif rng.random() < 0.3:
            pen.box(x + wide * 0.45, tall, x + wide * 0.52, tall + 0.03, colour)
        if near > 0.5:
            for row in np.arange(0.012, tall - 0.01, 0.014):
                for column in np.arange(0.007, wide - 0.008, 0.011):
                    if rng.random() < 0.5:
                        lamp = rng.random() < light.lit
                        pen.box(
                            x + column,
                            row,
                            x + column + 0.005,
                            row + 0.007,
                            (250, 214, 140) if lamp else mix(colour, (20, 30, 50), 0.14),
                        )
        x += wide * float(rng.uniform(0.8, 1.5))
