"""Fine-tuning in one window: starts trainings one at a time, shows their page, and tells how they ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from yolor_studio.core.errors import StudioError
from yolor_studio.gui.dialogs.sheet import Sheet
from yolor_studio.gui.evaluation.table import percent
from yolor_studio.gui.pages import Page, PageStack
from yolor_studio.gui.panels.run_control import duration_text
from yolor_studio.gui.studio import Studio
from yolor_studio.gui.training.page import TrainingPage
from yolor_studio.gui.training.run import Training
from yolor_studio.gui.training.sheet import TrainingSheet
from yolor_studio.jobs.train import TrainOutcome, TrainRequest, discard_stopped

__all__ = ["TrainingDesk"]

PAGE = "training"


class TrainingDesk(QObject):
    """A training outlives the project that it learns from: its pictures were read when it began."""

    changed = Signal()
    """What the status line says of it is new."""
    evaluate_wanted = Signal(str)
    """A model's name."""

    def __init__(
        self, studio: Studio, pages: PageStack, *, host: QWidget, open_sheet: Callable[[Sheet], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._studio, self._pages, self._host, self._open_sheet = studio, pages, host, open_sheet
        self.training: Training | None = None
        """The one under way, or the one that ended last."""

    def open(self) -> None:
        """The page of the training under way; without one the sheet that starts one."""
        running = self.training is not None and self.training.running
        if running or self._studio.session is None:
            self.show_page()
        else:
            self.show_sheet()

    def show_sheet(self) -> None:
        """The sheet that starts a training from the open project."""
        if self._studio.session is None:
            self._studio.tell(self.tr("Open a project first: a model learns from its reviewed frames."))
            return
        sheet = TrainingSheet(self._host, self._studio)
        sheet.start_wanted.connect(self.begin)
        self._open_sheet(sheet)

    def begin(self, request: TrainRequest) -> None:
        """Train, and show the page."""
        if self.training is not None and self.training.running:
            return
        self.training = training = Training(request, self._studio.bridge, self)
        training.changed.connect(self.changed)
        training.ended.connect(lambda: self._ended(training))
        self.show_page()
        self.changed.emit()

    def show_page(self) -> None:
        """Follow the training."""
        page = self._pages.show_page(PAGE, self._build)
        if isinstance(page, TrainingPage):
            page.refresh()

    def stop(self) -> None:
        """The window closes: keep a checkpoint. Its step takes a while, which nobody needs to look at."""
        if self.training is not None and self.training.running:
            self._host.window().hide()
            self.training.stop_and_wait()

    def status(self) -> str:
        """What the status line says while one is under way: "Training street 41 %, 12 min left"."""
        training = self.training
        if training is None or not training.running:
            return ""
        progress = training.run.progress
        if not training.learning or not progress.total:
            return self.tr("Training {name}: reading pictures").format(name=training.name)
        text = self.tr("Training {name} {share} %").format(
            name=training.name, share=int(100 * training.done / progress.total)
        )
        return f"{text}, {duration_text(progress.eta)} {self.tr('left')}" if progress.eta is not None else text

    def _build(self) -> Page:
        session = self._studio.session
        back = session.project.path.stem if session is not None else self.tr("Start")
        page = TrainingPage(lambda: self.training, back=back)
        page.start_wanted.connect(self.show_sheet)
        page.resume_wanted.connect(self._resume)
        page.drop_wanted.connect(self._drop)
        page.use_wanted.connect(self._use)
        page.evaluate_wanted.connect(self.evaluate_wanted)
        return page

    def _resume(self, request: TrainRequest) -> None:
        self.begin(replace(request, resume=True))

    def _drop(self, request: TrainRequest) -> None:
        try:
            name = discard_stopped(request)
        except StudioError as error:
            self._studio.tell(str(error), "err")
            return
        self.training = None
        self.show_page()
        self._studio.tell(self.tr("The stopped training {name} is dropped").format(name=name), "ok")

    def _use(self, name: str) -> None:
        self._studio.choose_model(name)
        self._studio.tell(
            self.tr("{name} pre-labels from now on").format(name=name),
            "ok",
            action_text=self.tr("Back to labelling"),
            action=self._pages.leave,
        )

    def _ended(self, training: Training) -> None:
        self.changed.emit()
        outcome, result = training.outcome, training.result
        if outcome is None or isinstance(self._pages.page, TrainingPage):
            return  # the page says it
        if result is not None:
            self._studio.tell(self._told(result), "ok", action_text=self.tr("Show"), action=self.show_page)
        elif outcome.error is not None and not outcome.cancelled:
            self._studio.tell(str(outcome.error), "err", action_text=self.tr("Show"), action=self.show_page)

    def _told(self, result: TrainOutcome) -> str:
        """The result in one sentence, while the page is out of sight."""
        if result.ap50 is None:
            return self.tr("{name} is trained").format(name=result.name)
        if not result.best_step:
            text = self.tr("{name} got no better than the model that it started from, whose weights it has")
            return text.format(name=result.name)
        text = self.tr("{name} is trained: AP at overlap 0.50 went from {before} to {after}")
        return text.format(name=result.name, before=percent(result.ap50_before), after=percent(result.ap50))
