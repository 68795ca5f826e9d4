"""Scenes as video files, and the clip that the program shows at its first start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.demo.scene import SceneSpec, Truth, render_scene

__all__ = ["DEMO_SPEC", "demo_clip", "write_clip"]

DEMO_SPEC = SceneSpec(seed=9, width=640, height=360, frames=312, fps=24.0, density=1.0)
"""The demo's scene: 13 seconds with most categories, small enough to be ready soon."""


def write_clip(path: Path, spec: SceneSpec) -> list[list[Truth]]:
    """Renders the scene into an mp4 and returns what each frame shows. The file appears when it is whole. Raises
    ValueError when a side is odd or there is no frame, MediaError when the file cannot be written."""
    from yolor_studio.media.encode import encode_mp4

    truths: list[list[Truth]] = []

    def frames() -> Iterator[NDArray[np.uint8]]:
        for frame, truth in render_scene(spec):
            truths.append(truth)
            yield frame

    path.parent.mkdir(parents=True, exist_ok=True)
    encode_mp4(path, frames(), fps=spec.fps)
    return truths


def demo_clip(folder: Path) -> Path:
    """The demo's `street.mp4` in a folder, rendered unless it is there."""
    path = folder / "street.mp4"
    if not path.is_file():
        write_clip(path, DEMO_SPEC)
    return path
