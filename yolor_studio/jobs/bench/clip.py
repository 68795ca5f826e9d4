"""The clips that benchmarks run on, rendered here."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

_DISTINCT_FRAMES = 48
_RATE = 24


def benchmark_clip(folder: Path, *, width: int, height: int, seconds: int) -> Path:
    """A street scene of this size and length under `folder`. Two rendered seconds go to and fro: to the decoder that is
    video like any other."""
    from yolor_studio.demo.scene import SceneSpec, render_scene
    from yolor_studio.media.encode import encode_mp4

    path = folder / f"bench-{width}x{height}-{seconds}s.mp4"
    if not path.exists():
        spec = SceneSpec(seed=1, width=width, height=height, frames=_DISTINCT_FRAMES, fps=_RATE)
        forward = [picture for picture, _ in render_scene(spec)]
        loop = itertools.cycle(forward + forward[-2:0:-1])
        folder.mkdir(parents=True, exist_ok=True)
        encode_mp4(path, itertools.islice(loop, seconds * _RATE), fps=Fraction(_RATE))
    return path
