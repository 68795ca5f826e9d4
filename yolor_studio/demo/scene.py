"""Street scenes with exact ground truth: any length, any size, the same pixels for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Box
from yolor_studio.demo.stage import Stage, Truth

__all__ = ["Box", "SceneSpec", "Truth", "render_frame", "render_picture", "render_scene"]


_SMALLEST = 16


@dataclass(frozen=True)
class SceneSpec:
    """What to render: width and height in pixels, `frames` at `fps`; `density` 1 is a lively street, 0 an empty one."""

    seed: int = 0
    width: int = 1280
    height: int = 720
    frames: int = 240
    fps: float = 24.0
    density: float = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError when there is nothing to render."""
        if min(self.width, self.height) < _SMALLEST:
            raise ValueError(f"A scene is at least {_SMALLEST} pixels on each side, not {self.width} x {self.height}")
        if self.frames < 0 or self.density < 0 or not self.fps > 0:
            raise ValueError(f"A scene needs a rate over 0 and neither frames nor density under 0: {self}")


def render_scene(spec: SceneSpec) -> Iterator[tuple[NDArray[np.uint8], list[Truth]]]:
    """Every frame in turn, RGB [height, width, 3], with what is in it, nearest first."""
    stage = _stage(spec)
    for index in range(spec.frames):
        yield stage.frame(index)


def render_frame(spec: SceneSpec, index: int) -> tuple[NDArray[np.uint8], list[Truth]]:
    """The frame that `render_scene` gives at `index`. Raises IndexError outside the scene."""
    if not 0 <= index < spec.frames:
        raise IndexError(f"Frame {index} of a scene of {spec.frames} frames")
    return _stage(spec).frame(index)


def render_picture(
    seed: int, width: int, height: int, *, density: float = 1.0
) -> tuple[NDArray[np.uint8], list[Truth]]:
    """One still RGB [height, width, 3]: every seed another street, scale, light and quality; for training."""
    return Stage.of_picture(seed, width, height, density=density).frame(0)


@lru_cache(maxsize=2)
def _stage(spec: SceneSpec) -> Stage:
    return Stage.of_clip(spec.seed, spec.width, spec.height, frames=spec.frames, fps=spec.fps, density=spec.density)
