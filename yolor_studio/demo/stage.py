"""A scene set up: backdrop, lanes and camera; gives the frame at any time and the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Box
from yolor_studio.demo.backdrop import paint_backdrop
from yolor_studio.demo.casting import THEMES, populate
from yolor_studio.demo.daylight import Daylight, daylight
from yolor_studio.demo.layout import Layout, lay_out
from yolor_studio.demo.shadow import cast_shadow
from yolor_studio.demo.sprite import OPAQUE, BodyCache, Sprite, blend, clipped, paint_actor
from yolor_studio.demo.traffic import Lane, Visitor

__all__ = ["Stage", "Truth"]


@dataclass(frozen=True)
class Truth:
    """What a frame shows of one thing."""

    track_id: int
    """The same in every frame; 1, 2, 3 ... in order of appearance."""
    category: str
    box: Box
    """Around all its pixels in the picture, those covered by others too."""
    visible_box: Box
    """Around its visible pixels; without area where it is wholly covered."""
    visible: float
    """The share of its pixels in the picture that nothing covers."""
    visible_pixels: int = 0

    @property
    def barely_visible(self) -> bool:
        """Whether a person would hardly know that it is there: under 15 % or under 6 pixels to be seen."""
        return self.visible < 0.15 or self.visible_pixels < 6


@dataclass(frozen=True)
class _Shot:
    """One thing as it is painted in one frame."""

    track_id: int
    category: str
    sprite: Sprite


@dataclass(frozen=True)
class _Camera:
    """A hand or a mast: slow pan and a little shake, in pixels."""

    pan: tuple[float, float, float]
    shake: float

    def at(self, time: float) -> tuple[float, float]:
        size, pace, phase = self.pan
        x = size * sin(pace * time + phase) + self.shake * (sin(7.1 * time + phase) + 0.6 * sin(12.7 * time))
        y = 0.25 * size * sin(0.7 * pace * time) + self.shake * (sin(6.3 * time + 1) + 0.5 * sin(14.9 * time + phase))
        return x, y

    @property
    def reach(self) -> int:
        return ceil(abs(self.pan[0]) + 1.6 * self.shake) + 2


class Stage:
    """Renders the frames of one scene."""

    def __init__(
        self,
        layout: Layout,
        lanes: list[Lane],
        backdrop: NDArray[np.uint8],
        *,
        light: Daylight,
        camera: _Camera,
        frames: int,
        fps: float,
    ) -> None:
        self.layout, self._lanes, self._backdrop, self._camera = layout, lanes, backdrop, camera
        self._fps, self._light = fps, light
        self._bodies: BodyCache = {}
        self._tracks = self._number(frames / fps)

    @classmethod
    def of_clip(cls, seed: int, width: int, height: int, *, frames: int, fps: float, density: float) -> Stage:
        """A clip's scene."""
        rng = np.random.default_rng([seed, 1])
        layout = lay_out(rng, width, height)
        camera = _Camera(
            (float(rng.uniform(0, 0.02)) * width, float(rng.uniform(0.15, 0.4)), float(rng.uniform(0, 6))),
            float(rng.choice([0.0, 0.0, 0.0008])) * height,
        )
        theme = str(rng.choice(list(THEMES), p=list(THEMES.values())))
        lanes = populate(rng, layout, seed=seed, theme=theme, density=density)
        light = daylight(rng)
        backdrop = paint_backdrop(rng, layout, light=light, theme=theme, margin=camera.reach)
        return cls(layout, lanes, backdrop, light=light, camera=camera, frames=frames, fps=fps)

    @classmethod
    def still(cls, seed: int, width: int, height: int, *, density: float) -> Stage:
        """A single picture's scene, with a wider choice of framing."""
        rng = np.random.default_rng([seed, 2])
        zoom = float(np.exp(rng.uniform(-0.1, 0.9)))
        layout = lay_out(
            rng, width, height, zoom=zoom, shift=float(rng.uniform(0.2, 1.0)) * (1 - 1 / zoom) if zoom > 1 else 0.0
        )
        theme = str(rng.choice(list(THEMES), p=list(THEMES.values())))
        lanes = populate(rng, layout, seed=seed, theme=theme, density=density)
        light = daylight(rng)
        backdrop = paint_backdrop(rng, layout, light=light, theme=theme, margin=2, fine=1)
        return cls(layout, lanes, backdrop, light=light, camera=_Camera((0.0, 0.0, 0.0), 0.0), frames=1, fps=1.0)

    def _number(self, duration: float) -> dict[tuple[int, int], int]:
        found: list[tuple[float, Visitor]] = []
        for lane in self._lanes:
            found += [(lane.entry(v, duration), v) for v in lane.visitors(0.0, duration, margin=self._camera.reach)]
        found.sort(key=lambda item: (item[0], item[1].key))
        tracks, track = {}, 1
        for _, visitor in found:
            tracks[visitor.key] = track
            track += sum(bool(actor.category) for actor in visitor.actors)
        return tracks

    def frame(self, index: int, *, without: frozenset[int] = frozenset()) -> tuple[NDArray[np.uint8], list[Truth]]:
        """RGB [height, width, 3] and what is in it, nearest first; tracks `without` are not painted (their shadow is)."""
        time = index / self._fps
        shift_x, shift_y = self._camera.at(time)
        canvas = self._view(shift_x, shift_y)
        shots = self._shots(time, shift_x, shift_y, canvas)
        shots = [shot for shot in shots if shot.track_id not in without]
        for shot in shots:
            blend(canvas, shot.sprite)
        return canvas, self._truth(shots)

    def _view(self, x: float, y: float) -> NDArray[np.uint8]:
        height, width = self._backdrop.shape[:2]
        centre = ((width - 1) / 2 - x, (height - 1) / 2 - y)
        return cv2.getRectSubPix(self._backdrop, (self.layout.width, self.layout.height), centre)

    def _shots(self, time: float, shift_x: float, shift_y: float, canvas: NDArray[np.uint8]) -> list[_Shot]:
        present = [(lane, v) for lane in self._lanes for v in lane.visitors(time, time, margin=self._camera.reach)]
        present.sort(key=lambda item: (item[1].y, item[1].rank))
        shots = []
        for lane, visitor in present:
            x, travelled = lane.position(visitor, time)
            x, y = x + shift_x, visitor.y + shift_y
            track = self._tracks[visitor.key]
            for actor in visitor.actors:
                flip = lane.direction < 0
                cast_shadow(canvas, actor, visitor.scale, x, y, flip=flip, strength=self._light.shadow)
                sprite = paint_actor(
                    actor, visitor.scale, x, y, flip=flip, travelled=travelled, time=time, bodies=self._bodies, tint=self._light.tint
                )
                shots.append(_Shot(track if actor.category else 0, actor.category, sprite))
                track += bool(actor.category)
        return shots

    def _truth(self, shots: list[_Shot]) -> list[Truth]:
        covered = np.zeros((self.layout.height, self.layout.width), bool)
        truths = []
        for shot in reversed(shots):
            place = clipped(shot.sprite, self.layout.width, self.layout.height)
            if place is None:
                continue
            rows, columns, pixels = place
            mask = pixels[..., 3] >= OPAQUE
            total = int(mask.sum())
            if not total:
                continue
            if shot.category:
                seen = mask & ~covered[rows, columns]
                count = int(seen.sum())
                box = _bounds(mask, columns.start, rows.start)
                visible_box = _bounds(seen, columns.start, rows.start) if count else Box(box.x, box.y, 0.0, 0.0)
                truths.append(Truth(shot.track_id, shot.category, box, visible_box, count / total, count))
            covered[rows, columns] |= mask
        return truths


def _bounds(mask: NDArray[np.bool_], x: int, y: int) -> Box:
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    return Box(
        float(x + columns[0]), float(y + rows[0]), float(columns[-1] - columns[0] + 1), float(rows[-1] - rows[0] + 1)
    )
