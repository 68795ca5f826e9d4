"""The least that a video's frames can cost: plain PyAV, which benchmarks set our own figures beside."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from yolor_studio.media.libav import choose_stream, open_container


def bare_steps(path: Path, count: int) -> list[float]:
    """Seconds for each of the first `count` frames, decoded one after another and converted to BGRA."""
    seconds = []
    with open_container(path) as container:
        frames = container.decode(_stream(container, path))
        for _ in range(count):
            started = time.perf_counter()
            frame = next(frames, None)
            if frame is None:
                break
            frame.to_ndarray(format="bgra")
            seconds.append(time.perf_counter() - started)
    return seconds


def bare_seeks(path: Path, pts: Sequence[int]) -> list[float]:
    """Seconds for each seek: to the keyframe before, decoding on to the frame of that pts, converted to BGRA."""
    seconds = []
    with open_container(path) as container:
        stream = _stream(container, path)
        for wanted in pts:
            started = time.perf_counter()
            container.seek(wanted, stream=stream)
            for frame in container.decode(stream):
                if frame.pts is not None and frame.pts >= wanted:
                    frame.to_ndarray(format="bgra")
                    break
            seconds.append(time.perf_counter() - started)
    return seconds


def _stream(container: Any, path: Path) -> Any:
    stream = choose_stream(container, path)
    stream.thread_type = "SLICE"
    return stream
