"""The window's controller: opens and closes projects, runs jobs, and says what a person should know; has no widget."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from yolor_studio.core.entities import Layer, MediaKind
from yolor_studio.core.errors import StudioError
from yolor_studio.gui.adding import add_showing_first
from yolor_studio.gui.bridge import Bridge
from yolor_studio.gui.editing import Editor
from yolor_studio.gui.job_run import JobRun, Outcome
from yolor_studio.gui.locating import open_or_create, project_file_for, split_paths
from yolor_studio.gui.selection import Selection
from yolor_studio.gui.session import Session
from yolor_studio.gui.settings import RecentProject, Settings, thumbnails_folder
from yolor_studio.jobs.adding import Added, verify_media
from yolor_studio.jobs.events import ItemFailed
from yolor_studio.jobs.prelabel import PrelabelRequest, PrelabelSummary, prelabel
from yolor_studio.project import Project

__all__ = ["Message", "Studio"]

BUNDLED_MODEL = "yolor-n"
CLOSING_SECONDS = 10.0
"""How long closing a project waits for its jobs to store what they have."""


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for a person, shown as a toast."""

    text: str
    kind: str = "info"
    """"info", "ok", "warn" or "err"; errors stay until closed."""
    action_text: str = ""
    action: Callable[[], object] | None = None
    details: tuple[ItemFailed, ...] = ()


class Studio(QObject):
    """Everything that the window does beside editing boxes."""

    session_changed = Signal()
    run_changed = Signal()
    """The pre-labelling run started, moved on, paused or ended."""
    task_changed = Signal()
    """Another job (adding media, the demo) started, moved on or ended."""
    told = Signal(object)
    """A Message."""
    noticed = Signal(str)
    """A sentence of the pre-labelling run that is said once: the device fell back, classes are ignored."""
    run_ended = Signal(object)
    """The Outcome of the pre-labelling run."""

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.bridge = Bridge(self)
        self.selection = Selection(self)
        self.session: Session | None = None
        self.editor: Editor | None = None
        self.run: JobRun | None = None
        """The pre-labelling run under way, or the one that ended last in this project."""
        self.task: JobRun | None = None
        """The other job under way: adding media or the demo."""
        self._verifying: JobRun | None = None

    # Projects

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open what a person named or dropped: a project, or media, which go into the open project or into one of
        their own beside them. What cannot be opened is told."""
        try:
            project, media = split_paths(paths)
            if project is not None:
                self.open_project(project)
            elif self.session is None and media:
                missing = [path for path in media if not path.exists()]
                if len(missing) == len(media):
                    raise StudioError(f"{missing[0]} does not exist. Nothing was opened.")
                self._take(open_or_create(project_file_for([path for path in media if path.exists()])))
        except (StudioError, OSError) as error:
            self.tell(str(error), "err")
            return
        if media and self.session is not None:
            self.add_media(media)

    def open_project(self, path: Path) -> bool:
        """Open a project in place of the one that is open; whether that worked."""
        try:
            self._take(Project.open(path))
        except (StudioError, OSError) as error:
            self.tell(str(error), "err")
            return False
        return True

    def create_project(self, path: Path) -> bool:
        """Make an empty project in place of the one that is open; whether that worked."""
        try:
            self._take(Project.create(path))
        except (StudioError, OSError) as error:
            self.tell(str(error), "err")
            return False
        return True

    def close_project(self) -> None:
        """Stop the project's jobs, keep what they found, and close it."""
        if self.session is None:
            return
        self._stop_jobs()
        self.remember_project()
        self.selection.set(())
        session, self.session, self.editor, self.run = self.session, None, None, None
        self.session_changed.emit()
        session.close()
        session.deleteLater()

    def remember_project(self) -> None:
        """Put the open project first in the list of recent ones, with its figures of now."""
        if self.session is None:
            return
        path = self.session.project.path
        counts = self.session.project.counts()
        self.settings.remember(
            RecentProject(
                str(path),
                datetime.datetime.now().isoformat(timespec="minutes"),
                media=counts.media,
                frames=counts.frames,
                reviewed=counts.reviewed,
                thumbnail=_thumbnail_name(path),
            )
        )

    def keep_thumbnail(self, pixmap: QPixmap) -> None:
        """Store the picture by which the start page shows the open project; losing it loses nothing else."""
        if self.session is not None:
            folder = thumbnails_folder()
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                pixmap.save(str(folder / _thumbnail_name(self.session.project.path)), "JPEG", 88)

    def _take(self, project: Project) -> None:
        self.close_project()
        self.session = Session(project, self.bridge, self)
        self.editor = Editor(self.session, self.selection)
        self.session_changed.emit()
        self.remember_project()
        if project.read_only_reason:
            text = self.tr("{name} is open for reading only: {reason}. Nothing in it can be changed here.")
            self.tell(text.format(name=project.path.name, reason=project.read_only_reason), "warn")
        self.verify([media.id for media in self.session.media])

    # Media

    def add_media(self, paths: Sequence[Path], then: Callable[[], object] | None = None) -> None:
        """Enter media into the open project on a thread, show the first of them, and call `then` when that worked."""
        session = self._writable()
        if session is None:
            return
        project, paths = session.project, list(paths)
        run = JobRun(lambda cancel: add_showing_first(project, paths, cancel), self.bridge, self)
        self._start_task(run, lambda outcome: self._media_added(outcome, then))

    def _media_added(self, outcome: Outcome, then: Callable[[], object] | None) -> None:
        if outcome.error is not None and not outcome.cancelled:
            self.tell(str(outcome.error), "err")
        self._tell_failures(outcome, self.tr("{count} of what you named could not be opened"))
        added = outcome.value
        if not isinstance(added, Added) or self.session is None or not added.media_ids:
            return
        if added.new or self.session.current is None:
            self.session.go(added.media_ids[0])
        self.remember_project()
        self.verify(added.media_ids)
        if then is not None:
            then()

    def verify(self, media_ids: Sequence[int]) -> None:
        """Prove the frame counts of new videos in the background, one run at a time."""
        session = self.session
        if session is None or session.project.read_only:
            return
        waiting = [
            media_id
            for media_id in media_ids
            if (media := session.media_by_id(media_id)) and media.kind is MediaKind.VIDEO
        ]
        if not waiting:
            return
        if self._verifying is not None and self._verifying.running:
            self._verifying.ended.connect(lambda _outcome: self.verify(media_ids))
            return
        project = session.project
        self._verifying = JobRun(lambda cancel: verify_media(project, waiting, cancel), self.bridge, self)
        self._verifying.ended.connect(self._verified)

    def _verified(self, outcome: Outcome) -> None:
        self._tell_failures(outcome, self.tr("{count} videos cannot be read to their end"))

    # Pre-labelling

    @property
    def model(self) -> str:
        """The name of the model that a run would use."""
        return self.settings.model or BUNDLED_MODEL

    def choose_model(self, name: str) -> None:
        """Use this model from now on."""
        self.settings.model = "" if name == BUNDLED_MODEL else name
        self.settings.save()
        self.run_changed.emit()

    def choose_device(self, device: str) -> None:
        """Run on this device from now on: "auto" is the fastest that works."""
        self.settings.device = device
        self.settings.save()
        self.run_changed.emit()

    @property
    def device(self) -> str:
        """The device of the run under way or of the layer that is shown; empty while none is known."""
        if self.run is not None and " on " in self.run.detail:
            return self.run.detail.rsplit(" on ", 1)[1]
        layer = self.layer
        return layer.device if layer is not None else ""

    @property
    def running(self) -> bool:
        """Whether a pre-labelling run is under way."""
        return self.run is not None and self.run.running

    @property
    def layer(self) -> Layer | None:
        """The layer of predictions that is shown."""
        return self.session.project.shown_layer() if self.session is not None else None

    def prelabel(
        self,
        media_ids: Sequence[int] | None,
        frames: Sequence[int] | None = None,
        *,
        every: int = 1,
        only_unreviewed: bool = False,
        again: bool = False,
    ) -> None:
        """Run the model over media (None: all of them) or over some frames of one; one run at a time."""
        session = self._writable()
        if session is None or self.running:
            return
        project = session.project
        request = PrelabelRequest(
            self.settings.model or None,
            media_ids=tuple(media_ids) if media_ids is not None else None,
            frames=tuple(frames) if frames is not None else None,
            every=every,
            only_unreviewed=only_unreviewed,
            again=again,
            device=self.settings.device,
        )
        self.run = JobRun(lambda cancel: prelabel(project, request, cancel), self.bridge, self)
        self.run.changed.connect(self.run_changed)
        self.run.notice.connect(self.noticed)
        self.run.ended.connect(self._run_ended)
        self.run_changed.emit()

    def prelabel_new(self) -> None:
        """Run the model over the media in view if no run has seen it."""
        session, layer = self.session, self.layer
        if session is None or session.current is None:
            return
        if layer is None or not len(session.project.visited_frames(layer.id, session.current.id)):
            self.prelabel([session.current.id])

    def _run_ended(self, outcome: Outcome) -> None:
        self.run_changed.emit()
        self.run_ended.emit(outcome)
        if self.session is not None:
            self.session.choose_common_category()
        if outcome.cancelled:
            self.tell(self.tr("Pre-labelling stopped. What was found is kept, and the next run goes on from there."))
        elif outcome.error is not None:
            self.tell(str(outcome.error), "err")
        elif outcome.failures:
            self._tell_failures(
                outcome, self.tr("{count} frames could not be pre-labelled; nothing of yours was touched")
            )
        elif isinstance(outcome.value, PrelabelSummary):
            summary = outcome.value
            if summary.frames:
                seconds = f"{summary.seconds:,.1f}" if summary.seconds < 10 else f"{summary.seconds:,.0f}"
                frames = self.tr("1 frame") if summary.frames == 1 else f"{summary.frames:,} {self.tr('frames')}"
                boxes = self.tr("1 prediction") if summary.boxes == 1 else f"{summary.boxes:,} {self.tr('predictions')}"
                self.tell(
                    self.tr("{frames} done, {boxes} in {seconds} s").format(
                        frames=frames, boxes=boxes, seconds=seconds
                    ),
                    "ok",
                )
            else:
                self.tell(self.tr("Nothing to do: the model has seen these frames."))

    def stop_model_work(self) -> None:
        """End the download, addition or check that is under way: the window closes."""
        from yolor_studio.gui.models.work import ModelWork

        for work in self.findChildren(ModelWork):
            work.stop()

    # Tasks and messages

    def run_task(self, run: JobRun, then: Callable[[Outcome], object]) -> None:
        """Show `run` as the job under way and call `then` with its outcome."""
        self._start_task(run, then)

    def tell(
        self,
        text: str,
        kind: str = "info",
        *,
        action_text: str = "",
        action: Callable[[], object] | None = None,
        details: tuple[ItemFailed, ...] = (),
    ) -> None:
        """Say a sentence to the person."""
        self.told.emit(Message(text, kind, action_text, action, details))

    def tell_undoable(self, text: str) -> None:
        """Say what was just done, with Undo beside it."""
        editor = self.editor
        if editor is not None:
            self.tell(text, "ok", action_text=self.tr("Undo"), action=editor.undo)

    def _start_task(self, run: JobRun, then: Callable[[Outcome], object]) -> None:
        self.task = run
        run.changed.connect(self.task_changed)

        def ended(outcome: Outcome) -> None:
            if self.task is run:
                self.task = None
            self.task_changed.emit()
            then(outcome)

        run.ended.connect(ended)
        self.task_changed.emit()

    def _tell_failures(self, outcome: Outcome, text: str) -> None:
        failures = outcome.failures
        if len(failures) == 1:
            self.tell(f"{failures[0].what}: {failures[0].why}", "err")
        elif failures:  # stays until it is closed: nowhere else do they stand together
            self.tell(text.format(count=f"{len(failures):,}"), "err", details=failures)

    def _writable(self) -> Session | None:
        if self.session is not None and self.session.project.read_only:
            self.tell(self.tr("This project is open for reading only. Nothing was changed."), "warn")
            return None
        return self.session

    def _stop_jobs(self) -> None:
        jobs = [job for job in (self.run, self.task, self._verifying) if job is not None and job.running]
        for job in jobs:
            job.cancel()
        for job in jobs:
            job.wait(CLOSING_SECONDS)
        self.bridge.drain()
        self.task = self._verifying = None


def _thumbnail_name(project: Path) -> str:
    return hashlib.sha256(str(project).encode()).hexdigest()[:20] + ".jpg"
