"""A scene set up: backdrop, lanes and camera; gives the frame at any time and the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sin

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Box
from yolor_studio.demo.casting import populate
from yolor_studio.demo.film import Film
from yolor_studio.demo.layout import lay_out
from yolor_studio.demo.scenery import Scenery, frame_scenery, paint_scenery
from yolor_studio.demo.shadow import light_ground, shade_ground
from yolor_studio.demo.sprite import Painter, Sprite
from yolor_studio.demo.traffic import Lane, Visitor

__all__ = ["Stage", "Truth"]


@dataclass(frozen=True)
class Truth:
    """What a frame shows of one thing."""

    track_id: int
    """The same in every frame; from 1 in order of appearance, with gaps for what never came into sight."""
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
    """Renders the frames of one scene; for one thread at a time."""

    def __init__(
        self, scenery: Scenery, lanes: list[Lane], *, film: Film, camera: _Camera, seed: int, frames: int, fps: float
    ) -> None:
        self._scenery, self.lanes, self._film, self._camera = scenery, lanes, film, camera
        self._seed, self._fps = seed, fps
        self._width, self._height = scenery.layout.width, scenery.layout.height
        self._painter = Painter(self._width, self._height, tint=scenery.light.tint, keep=frames > 1)
        self._tracks = self._number(max(frames - 1, 0) / fps)

    @classmethod
    def of_clip(cls, seed: int, width: int, height: int, *, frames: int, fps: float, density: float) -> Stage:
        """A clip's scene."""
        rng = np.random.default_rng([seed, 1])
        layout = lay_out(rng, width, height)
        pan = (float(rng.uniform(0, 0.025)) * width, float(rng.uniform(0.15, 0.4)), float(rng.uniform(0, 6)))
        camera = _Camera(pan, float(rng.choice([0.0, 0.0, 0.0007])) * height)
        scenery = paint_scenery(rng, layout, margin=camera.reach)
        lanes = populate(rng, layout, seed=seed, theme=scenery.theme, density=density)
        film = Film(
            noise=float(rng.uniform(1.0, 2.6)),
            blur=float(rng.choice([0.0, 0.0, 0.4, 0.6])),
            flicker=float(rng.choice([0.0, 0.004, 0.01])),
        )
        return cls(scenery, lanes, film=film, camera=camera, seed=seed, frames=frames, fps=fps)

    @classmethod
    def of_picture(cls, seed: int, width: int, height: int, *, density: float) -> Stage:
        """A single picture's scene, with a wide choice of framing, crowd and quality."""
        rng = np.random.default_rng([seed, 2])
        scenery = frame_scenery(rng, width, height)
        lanes = populate(
            rng,
            scenery.layout,
            seed=seed,
            theme=scenery.theme,
            density=density * float(rng.uniform(0.5, 1.5)),
            anything=bool(rng.random() < 0.6),
        )
        film = Film(
            noise=float(rng.uniform(0, 1)) ** 2 * 8,
            blur=float(rng.uniform(0, 1)) ** 2 * 1.3,
            gain=tuple(rng.uniform(0.82, 1.12) * rng.uniform(0.94, 1.06, 3)),
            lift=float(rng.uniform(-14, 20)),
            jpeg=int(rng.integers(30, 96)) if rng.random() < 0.5 else 0,
        )
        return cls(scenery, lanes, film=film, camera=_Camera((0.0, 0.0, 0.0), 0.0), seed=seed, frames=1, fps=1.0)

    def _number(self, duration: float) -> dict[tuple[int, int], int]:
        found: list[tuple[float, Visitor]] = []
        for lane in self.lanes:
            found += [(lane.entry(v), v) for v in lane.visitors(0.0, duration, margin=self._camera.reach)]
        found.sort(key=lambda item: (item[0], item[1].key))
        tracks, track = {}, 1
        for _, visitor in found:
            tracks[visitor.key] = track
            track += sum(bool(actor.category) for actor in visitor.actors)
        return tracks

    def frame(self, index: int) -> tuple[NDArray[np.uint8], list[Truth]]:
        """RGB [height, width, 3] and what is in it, nearest first."""
        canvas, truths = self.paint(index)
        return self._film.expose(canvas, np.random.default_rng([self._seed, 3, index])), truths

    def paint(self, index: int, *, without: frozenset[int] = frozenset()) -> tuple[NDArray[np.uint8], list[Truth]]:
        """The frame before the camera adds its blur and noise; tracks `without` leave nothing but their shadow."""
        time = index / self._fps
        shift_x, shift_y = self._camera.at(time)
        canvas = self._scenery.view(shift_x, shift_y)
        shots = [shot for shot in self._shots(time, shift_x, shift_y, canvas) if shot.track_id not in without]
        for shot in shots:
            shot.sprite.lay_over(canvas)
        return canvas, self._truth(shots)

    def _shots(self, time: float, shift_x: float, shift_y: float, canvas: NDArray[np.uint8]) -> list[_Shot]:
        present = [(lane, v) for lane in self.lanes for v in lane.visitors(time, time, margin=self._camera.reach)]
        present.sort(key=lambda item: (item[1].y, item[1].key))
        shots = []
        for lane, visitor in present:
            x, travelled = lane.position(visitor, time)
            x, y = x + shift_x, visitor.y + shift_y
            track = self._tracks[visitor.key]
            flip = lane.direction < 0
            for actor in visitor.actors:
                for touch in (shade_ground, light_ground):
                    touch(canvas, actor, visitor.scale, x, y, flip=flip, light=self._scenery.light)
                sprite = self._painter.paint(actor, visitor.scale, x, y, flip=flip, travelled=travelled, time=time)
                if sprite is not None:
                    shots.append(_Shot(track if actor.category else 0, actor.category, sprite))
                track += bool(actor.category)
        return shots

    def _truth(self, shots: list[_Shot]) -> list[Truth]:
        covered = np.zeros((self._height, self._width), bool)
        truths = []
        for shot in reversed(shots):
            rows, columns = shot.sprite.place
            mask = shot.sprite.mask()
            total = np.count_nonzero(mask)
            if not total:
                continue
            if shot.category:
                seen = mask & ~covered[rows, columns]
                count = int(np.count_nonzero(seen))
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
