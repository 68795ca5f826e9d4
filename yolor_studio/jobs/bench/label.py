"""Pre-labelling beside the bare network."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from yolor_studio.core.cancel import CancelToken
from yolor_studio.detect.detector import Detector
from yolor_studio.detect.library import find_model
from yolor_studio.jobs.adding import add_media, verify_media
from yolor_studio.jobs.bench.clip import benchmark_clip
from yolor_studio.jobs.bench.row import Row
from yolor_studio.jobs.prelabel import PrelabelRequest, prelabel
from yolor_studio.jobs.runner import run_now
from yolor_studio.project import Project

_SLOW_SIZE = 1280
"""At this input size YOLOR-N takes over 100 ms on one core, where the budget for the whole run applies."""


def bench_label(folder: Path) -> Iterator[Row]:
    """Rows on a clip of 1280 x 720 rendered into `folder`, with the bundled model, on the best device here."""
    clip = benchmark_clip(folder, width=1280, height=720, seconds=8)
    with tempfile.TemporaryDirectory(dir=folder) as scratch, Project.create(Path(scratch) / "bench.yolor") as project:
        added = run_now(add_media(project, [clip], CancelToken()))
        run_now(verify_media(project, added.media_ids, CancelToken()))
        first = run_now(prelabel(project, PrelabelRequest(), CancelToken()))
        yield Row("pre-labelling 720p, beyond decoding and session.run", first.own_cpu_ms, "ms of CPU", budget="2 ms")
        yield Row(
            "pre-labelling 720p, end to end",
            first.frames_per_second,
            "frames/s",
            _bare_rate(size=None),
            "bare session.run",
        )
        frames = tuple(range(48))
        slow = run_now(
            prelabel(project, PrelabelRequest(size=_SLOW_SIZE, frames=frames, media_ids=added.media_ids), CancelToken())
        )
        bare = _bare_rate(size=_SLOW_SIZE)
        yield Row(
            f"the same at {_SLOW_SIZE} px, where the model is slow",
            slow.frames_per_second,
            "frames/s",
            bare,
            "bare session.run",
            "0.97 x the floor",
        )


def _bare_rate(*, size: int | None) -> float:
    """Pictures a second of nothing but the network, with the same session options and input shape."""
    detector = Detector(find_model(None), size=size)
    letterbox = detector.letterbox(1280, 720)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (detector.batch, letterbox.height, letterbox.width, 3), np.uint8)
    detector.infer(images)
    started, runs = time.perf_counter(), 0
    while runs < 20 or time.perf_counter() - started < 3:
        detector.infer(images)
        runs += 1
    return runs * detector.batch / (time.perf_counter() - started)
