"""The demo: renders its clip on a thread, opens it in a project of its own and pre-labels it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.paths import user_folder
from yolor_studio.gui.job_run import JobRun, Outcome
from yolor_studio.gui.studio import Studio
from yolor_studio.jobs.events import Event, Result, Started
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.jobs.streaming import streamed

__all__ = ["render_demo", "start_demo"]

CLIP = "street.mp4"
"""What `demo_clip` calls it."""


def render_demo(folder: Path, cancel: CancelToken) -> Iterator[Event]:
    """Render the demo clip into `folder`, or find it there; last Result(path of the clip). Raises Cancelled."""
    from yolor_studio.demo.clip import DEMO_SPEC, demo_clip
    from yolor_studio.demo.scene import render_scene
    from yolor_studio.media import encode_mp4

    path = folder / CLIP
    yield Started("Rendering the demo clip", DEMO_SPEC.frames, "frames")
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        meter = RateMeter(DEMO_SPEC.frames)

        def call(tell: Callable[[int], None]) -> None:
            def frames() -> Iterator[NDArray[np.uint8]]:
                for done, (frame, _truth) in enumerate(render_scene(DEMO_SPEC), 1):
                    cancel.check()
                    tell(done)
                    yield frame

            encode_mp4(path, frames(), fps=DEMO_SPEC.fps)

        yield from streamed(call, meter.progress)
    yield Result(demo_clip(folder))


def start_demo(studio: Studio) -> None:
    """Make the demo, open it and pre-label what no run has seen."""
    folder = user_folder("demo")
    run = JobRun(lambda cancel: render_demo(folder, cancel), studio.bridge, studio)

    def rendered(outcome: Outcome) -> None:
        clip: Any = outcome.value
        if outcome.cancelled:
            return
        if outcome.error is not None or clip is None:
            studio.tell(str(outcome.error), "err")
            return
        path = folder / "street.yolor"
        opened = studio.open_project(path) if path.exists() else studio.create_project(path)
        if opened:
            studio.add_media([clip], then=studio.prelabel_new)

    studio.run_task(run, rendered)
