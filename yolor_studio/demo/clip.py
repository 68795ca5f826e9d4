"""Scenes as video files, and the clip that the program shows at its first start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.demo.scene import SceneSpec, Truth, render_scene

__all__ = ["DEMO_SPEC", "demo_clip", "write_clip"]

DEMO_SPEC = SceneSpec(seed=9, width=640, height=360, frames=312, fps=24.0, density=1.0)
"""The demo's scene: 13 seconds with most categories, small enough to be ready soon."""


def write_clip(
    path: Path, spec: SceneSpec, *, cancel: CancelToken | None = None, progress: Callable[[int], None] | None = None
) -> list[list[Truth]]:
    """Renders the scene into an mp4 and returns what each frame shows; `progress` hears how many frames are done.

    The file appears when it is whole. Raises ValueError when a side is odd or there is no frame, MediaError when the
    file cannot be written, Cancelled."""
    from yolor_studio.media.encode import encode_mp4

    truths: list[list[Truth]] = []

    def frames() -> Iterator[NDArray[np.uint8]]:
        for frame, truth in render_scene(spec):
            if cancel is not None:
                cancel.check()
            truths.append(truth)
            if progress is not None:
                progress(len(truths))
            yield frame

    path.parent.mkdir(parents=True, exist_ok=True)
    encode_mp4(path, frames(), fps=spec.fps)
    return truths


def demo_clip(
    folder: Path, *, cancel: CancelToken | None = None, progress: Callable[[int], None] | None = None
) -> Path:
    """The demo's `street.mp4` in a folder, rendered unless it is there; see `write_clip`."""
    path = folder / "street.mp4"
    if not path.is_file():
        write_clip(path, DEMO_SPEC, cancel=cancel, progress=progress)
    return path
