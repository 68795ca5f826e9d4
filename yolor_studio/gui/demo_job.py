"""The demo: renders its clip on a thread, opens it in a project of its own and pre-labels it."""

from __future__ import annotations

from typing import Any

from yolor_studio.core.paths import user_folder
from yolor_studio.gui.job_run import JobRun, Outcome
from yolor_studio.gui.studio import Studio
from yolor_studio.jobs.demo import render_demo

__all__ = ["start_demo"]


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
