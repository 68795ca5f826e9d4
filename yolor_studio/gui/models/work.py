"""The one job of the models page: a download, an addition or a check. It goes on when the page is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from yolor_studio.core.cancel import CancelToken
from yolor_studio.gui.job_run import JobRun, Outcome
from yolor_studio.gui.models.shelf import Refusal, file_key, model_key, release_key
from yolor_studio.gui.studio import Studio
from yolor_studio.jobs.events import Job
from yolor_studio.jobs.model_adding import AddedModel

if TYPE_CHECKING:
    from yolor_studio.detect.library import ModelEntry
    from yolor_studio.detect.releases import Release

__all__ = ["ModelWork"]

CLOSING_SECONDS = 10.0


class ModelWork(QObject):
    """Runs one job at a time and remembers what was refused and why, until it is dismissed."""

    changed = Signal()
    """The job started or moved on, or a problem was dismissed."""
    shelf_changed = Signal(str, str)
    """Rows came, went or changed: the row of the first key is now that of the second; "" for none."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._studio = studio
        self.run: JobRun | None = None
        self.key = ""
        """Of the row that the job under way is about."""
        self.problems: dict[str, str] = {}
        """Row -> why its last job failed."""
        self.notices: dict[str, tuple[str, ...]] = {}
        """Row -> what its last job had to say."""
        self.files: dict[str, Refusal] = {}
        """Files that are being added, or were refused."""
        self.origins: dict[str, Refusal] = {}
        """Row of an added model -> the file that it came from, in this session."""
        self.watched = False
        """Whether the page is in view: what happens is told there."""
        self._heard: list[str] = []
        self._waiting: deque[Refusal] = deque()

    @classmethod
    def of(cls, studio: Studio) -> ModelWork:
        """The one of this window."""
        found = studio.findChild(cls)
        return found if found is not None else cls(studio)

    @property
    def running(self) -> bool:
        """Whether a job is under way."""
        return self.run is not None

    def download(self, release: Release) -> None:
        """Fetch, convert, add and check a published model."""
        from yolor_studio.jobs import model_adding

        self._start(release_key(release.name), lambda cancel: model_adding.download(release, cancel))

    def add(self, file: Path, *, cfg: Path | None = None, names: Path | None = None) -> None:
        """Convert, add and check a file, after the job under way."""
        key = file_key(file)
        self.files[key] = Refusal(file, "", cfg, names)
        self._waiting.append(self.files[key])
        self.shelf_changed.emit("", key)
        self._next()

    def _next(self) -> None:
        from yolor_studio.jobs import model_adding

        if self.running or not self._waiting:
            return
        asked = self._waiting.popleft()
        self._start(
            file_key(asked.file),
            lambda cancel: model_adding.add(asked.file, cancel, cfg=asked.cfg, names=asked.names),
        )

    def check(self, entry: ModelEntry) -> None:
        """Check a model."""
        from yolor_studio.jobs.model_check import check_model

        device = self._studio.settings.device
        self._start(model_key(entry.name), lambda cancel: check_model(entry, cancel, device=device))

    def cancel(self) -> None:
        """Stop the job under way."""
        if self.run is not None:
            self.run.cancel()

    def dismiss(self, key: str) -> None:
        """Forget a problem, and the file that had it."""
        self.problems.pop(key, None)
        self.notices.pop(key, None)
        self.files.pop(key, None)
        self._waiting = deque(waiting for waiting in self._waiting if file_key(waiting.file) != key)
        self.shelf_changed.emit("", "")

    def stop(self) -> None:
        """End the job and wait: the window closes."""
        self._waiting.clear()
        if self.run is not None:
            self.run.cancel()
            self.run.wait(CLOSING_SECONDS)
            self._studio.bridge.drain()

    def _start(self, key: str, make_job: Callable[[CancelToken], Job]) -> None:
        if self.running:
            return
        self.problems.pop(key, None)
        self.notices.pop(key, None)
        self.key, self._heard = key, []
        self.run = JobRun(make_job, self._studio.bridge, self)
        self.run.changed.connect(self.changed)
        self.run.notice.connect(self._heard.append)
        self.run.ended.connect(self._ended)
        self.changed.emit()

    def _ended(self, outcome: Outcome) -> None:
        was = key = self.key
        run = self.run
        self.run, self.key = None, ""
        if run is not None:
            run.deleteLater()
        origin = self.files.get(key)
        if outcome.error is not None:
            self._failed(key, outcome)
        else:
            self.files.pop(key, None)
            if isinstance(outcome.value, AddedModel):
                key = model_key(outcome.value.entry.name)
                if origin is not None:
                    self.origins[key] = origin
        self.notices[key] = tuple(self._heard)
        self._tell(outcome)
        self.shelf_changed.emit(was, key)
        self.changed.emit()
        self._next()

    def _tell(self, outcome: Outcome) -> None:
        """Where the page is not in view, or a model is new, everybody may know."""
        if isinstance(outcome.value, AddedModel):
            text = self.tr("{name} is in the list of models").format(name=outcome.value.entry.name)
            self._studio.tell(text, "ok")
        elif outcome.error is not None and not outcome.cancelled and not self.watched:
            self._studio.tell(str(outcome.error), "err")

    def _failed(self, key: str, outcome: Outcome) -> None:
        origin = self.files.get(key)
        if outcome.cancelled:
            self.files.pop(key, None)
            self._heard.append(str(outcome.error))
        elif origin is not None:
            self.files[key] = Refusal(origin.file, str(outcome.error), origin.cfg, origin.names)
        else:
            self.problems[key] = str(outcome.error)
