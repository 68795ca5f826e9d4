"""Opening, stepping and seeking in a minute of 1080p."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from yolor_studio.jobs.bench.clip import benchmark_clip
from yolor_studio.jobs.bench.row import Row, median, p95
from yolor_studio.media import FrameCache, build_index, open_media
from yolor_studio.media.floor import bare_seeks, bare_steps

_STEPS, _SEEKS = 200, 40


def bench_video(folder: Path) -> Iterator[Row]:
    """Rows on a 60 s clip of 1920 x 1080 rendered into `folder`."""
    clip = benchmark_clip(folder, width=1920, height=1080, seconds=60)
    with open_media(clip) as source:  # libraries and the file's pages are loaded before the clock runs
        source.read(0)
    started = time.perf_counter()
    with open_media(clip) as source:
        source.read(0, bgra=True)
        opened = time.perf_counter() - started
    yield Row(
        "60 s of 1080p: open to first frame", opened * 1000, "ms", median(bare_steps(clip, 1)), "bare decode", "300 ms"
    )

    started = time.perf_counter()
    index = build_index(clip, verify=False)
    yield Row("index without decoding", (time.perf_counter() - started) * 1000, "ms", budget="in the background")

    index = build_index(clip)
    rng = np.random.default_rng(5)
    targets = rng.permutation(index.frames)[:_SEEKS].tolist()
    with open_media(clip, index=index.to_bytes()) as source:
        steps = [_timed(lambda k=k: source.read(k, bgra=True)) for k in range(_STEPS)]
        yield Row("next frame, p95", p95(steps), "ms", p95(bare_steps(clip, _STEPS)), "bare decode", "50 ms")
        pts = [int(index.pts[k]) for k in targets]
        seeks = [_timed(lambda k=k: source.read(k, bgra=True)) for k in targets]
        floor = bare_seeks(clip, pts)
        yield Row("random seek, mean", _mean(seeks), "ms", _mean(floor), "bare seek and decode", "1.15 x the floor")

        cache = FrameCache(1 << 28)
        for k in range(20):
            cache.put(0, k, source.read(k, bgra=True))
        cached = [_timed(lambda k=k: cache.get(0, k)) for k in range(20)]
        yield Row("next frame when cached, p95", p95(cached), "ms", budget="16 ms")


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _mean(seconds: list[float]) -> float:
    return float(np.mean(seconds)) * 1000
