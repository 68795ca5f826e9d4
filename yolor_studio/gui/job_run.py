"""One job on a thread, as the window sees it: its title, progress, failures and end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal

from yolor_studio.core.cancel import CancelToken
from yolor_studio.gui.bridge import Bridge
from yolor_studio.jobs.events import CurvePoint, Event, ItemFailed, Job, Notice, Preview, Progress, Result, Started
from yolor_studio.jobs.runner import Ended, JobThread

__all__ = ["JobRun", "Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended."""

    value: Any = None
    """What its Result carried; None when it did not get there."""
    error: Exception | None = None
    cancelled: bool = False
    failures: tuple[ItemFailed, ...] = field(default=())

    @property
    def finished(self) -> bool:
        """Whether it came to its own end."""
        return self.error is None


class JobRun(QObject):
    """Starts a job at once and tells about it on the window's thread, until `ended`."""

    changed = Signal()
    """Title, detail or progress are new."""
    preview = Signal(object)
    point = Signal(object)
    """A CurvePoint of a training; none is left out."""
    notice = Signal(str)
    ended = Signal(object)
    """An Outcome; the last signal."""

    def __init__(self, make_job: Callable[[CancelToken], Job], bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.title = ""
        self.detail = ""
        self.unit = "frames"
        self.progress = Progress(0)
        self.outcome: Outcome | None = None
        self._failures: list[ItemFailed] = []
        self._value: Any = None
        self._thread = JobThread(make_job, bridge.sink(self._take))
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the end has not been told yet."""
        return self.outcome is None

    @property
    def paused(self) -> bool:
        """Whether it stands still until `resume`."""
        return self._thread.paused

    def pause(self) -> None:
        """Let it stand still; what is found is kept."""
        self._thread.pause()
        self.changed.emit()

    def resume(self) -> None:
        """Let it go on."""
        self._thread.resume()
        self.changed.emit()

    def cancel(self) -> None:
        """Ask it to stop; it tells its end as soon as its step is done."""
        self._thread.cancel()

    def wait(self, seconds: float) -> bool:
        """Block until the thread has ended, for closing the window; False when it takes longer."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _take(self, event: Event | Ended) -> None:
        match event:
            case Started():
                self.title, self.detail, self.unit = event.title, event.detail, event.unit
                self.progress = Progress(0, event.total)
                self.changed.emit()
            case Progress():
                self.progress = event
                self.changed.emit()
            case Preview():
                self.preview.emit(event)
            case CurvePoint():
                self.point.emit(event)
            case Notice():
                self.notice.emit(event.text)
            case ItemFailed():
                self._failures.append(event)
            case Result():
                self._value = event.value
            case Ended():
                self.outcome = Outcome(self._value, event.error, event.cancelled, tuple(self._failures))
                self.ended.emit(self.outcome)
