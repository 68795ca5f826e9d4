"""The training under way, or the one that ended last: its curves and its end, whatever page is in view."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from yolor_studio.core.cancel import CancelToken
from yolor_studio.gui.bridge import Bridge
from yolor_studio.gui.job_run import JobRun, Outcome
from yolor_studio.gui.training.stopped import remember
from yolor_studio.jobs.events import CurvePoint, Job
from yolor_studio.jobs.train import TrainOutcome, TrainRequest, train

__all__ = ["Training"]

LEARNING_UNIT = "steps"
_STOP_SECONDS = 60.0
"""How long closing the window waits for the step under way and the checkpoint."""


class Training(QObject):
    """Runs a request at once."""

    changed = Signal()
    """Progress, curves or notices are new."""
    ended = Signal()

    def __init__(
        self,
        request: TrainRequest,
        bridge: Bridge,
        parent: QObject | None = None,
        *,
        job: Callable[[TrainRequest, CancelToken], Job] = train,
    ) -> None:
        super().__init__(parent)
        self.request = request
        self.points: list[CurvePoint] = []
        self.notices: list[str] = []
        self.outcome: Outcome | None = None
        self.stopping = False
        """Whether a person stopped it, and it finishes its step."""
        self._bridge = bridge
        self._remembered = False
        self.run = JobRun(lambda cancel: job(request, cancel), bridge, self)
        self.run.changed.connect(self._progressed)
        self.run.point.connect(self._add_point)
        self.run.notice.connect(self._add_notice)
        self.run.ended.connect(self._end)

    @property
    def name(self) -> str:
        """What the result is called."""
        return self.request.name or ""

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.outcome is None

    @property
    def learning(self) -> bool:
        """Whether it has begun to learn: before that it reads pictures."""
        return self.run.unit == LEARNING_UNIT and bool(self.run.title)

    @property
    def done(self) -> int:
        """Steps that are done, those before a training went on too."""
        return max(self.run.progress.done, self.points[-1].step if self.points else 0) if self.learning else 0

    @property
    def result(self) -> TrainOutcome | None:
        """What it made; None while it runs, and where it did not get there."""
        value = self.outcome.value if self.outcome is not None else None
        return value if isinstance(value, TrainOutcome) else None

    def curve(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(steps, values) of "loss", "AP50" or another."""
        pairs = [(point.step, point.values[name]) for point in self.points if name in point.values]
        return np.array([step for step, _ in pairs], float), np.array([value for _, value in pairs], float)

    @property
    def before(self) -> float | None:
        """AP50 of the starting point."""
        return next((p.values["AP50"] for p in self.points if p.step == 0 and "AP50" in p.values), None)

    @property
    def best(self) -> float | None:
        """AP50 of the weights that would be kept now."""
        return next((p.values["AP50"] for p in reversed(self.points) if p.best and "AP50" in p.values), None)

    def stop(self) -> None:
        """Finish the step, keep a checkpoint, and end."""
        self.stopping = True
        self.run.cancel()
        self.changed.emit()

    def stop_and_wait(self) -> None:
        """As `stop`, for closing the window."""
        if self.running:
            self.run.cancel()
            self.run.wait(_STOP_SECONDS)

    def _progressed(self) -> None:
        if self.learning and not self._remembered:
            self._remembered = True
            remember(self.request)
        self.changed.emit()

    def _add_point(self, point: CurvePoint) -> None:
        self.points.append(point)
        self.changed.emit()

    def _add_notice(self, text: str) -> None:
        self.notices.append(text)
        self.changed.emit()

    def _end(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.changed.emit()
        self.ended.emit()
