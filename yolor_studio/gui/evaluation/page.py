"""The evaluation page: choose a model and data, measure, look at what came of it; earlier results stay at hand."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from yolor_studio.core.errors import StudioError
from yolor_studio.gui import looks
from yolor_studio.gui.dialogs import asking
from yolor_studio.gui.evaluation import sources
from yolor_studio.gui.evaluation.report import EvaluationReport
from yolor_studio.gui.evaluation.sizes import sizes_of
from yolor_studio.gui.evaluation.sources import ProjectFrames, Source
from yolor_studio.gui.evaluation.spots import Spot
from yolor_studio.gui.evaluation.table import percent
from yolor_studio.gui.evaluation.way_back import WayBack
from yolor_studio.gui.job_run import JobRun, Outcome
from yolor_studio.gui.pages import Page
from yolor_studio.gui.panels.run_control import progress_text
from yolor_studio.gui.studio import BUNDLED_MODEL, Studio
from yolor_studio.gui.widgets import ElidedLabel, EmptyState, JobButton
from yolor_studio.jobs.datasets import Dataset, datasets_in
from yolor_studio.jobs.evaluation import Evaluation
from yolor_studio.jobs.events import Progress

if TYPE_CHECKING:
    from yolor_studio.detect.library import ModelEntry

__all__ = ["EvaluationPage", "Result"]

NARROW = 1280
LEAST_CHOICE, MOST_CHOICE = 84, 300
CLOSING_SECONDS = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One measurement of this session."""

    evaluation: Evaluation
    source: Source
    at: datetime.datetime
    notices: tuple[str, ...] = ()
    """What was told meanwhile."""

    @property
    def name(self) -> str:
        """In the list of earlier results."""
        return f"{self.at:%H:%M} · {self.evaluation.model}, {self.evaluation.size:,} px · {self.source.name}"


class EvaluationPage(Page):
    """Lives as long as the project is open; results are kept as long."""

    place_wanted = Signal(object, object)
    """((media id, frame), Spot): show this frame with this box selected."""
    shown_wanted = Signal()
    """A person wants to see this page, from the canvas or after a measurement that ended out of sight."""
    look_wanted = Signal(object, object, object)
    """(Evaluation, Spot, colours): show a picture that is in no project."""

    def __init__(self, studio: Studio, *, back: str, parent: QWidget | None = None) -> None:
        super().__init__(studio.tr("Evaluation"), back=back, parent=parent)
        self._studio, self._session = studio, studio.session
        self._sources: list[Source] = []
        if studio.session is not None:
            self._sources.append(ProjectFrames(studio.session.project))
        self.results: list[Result] = []
        self._entries: dict[str, ModelEntry | None] = {}
        self._way_back: WayBack | None = None
        self._run: JobRun | None = None
        self._measured: Source | None = None
        self._notices: list[str] = []
        self.models, self.sizes, self.data = QComboBox(), QComboBox(), QComboBox()
        for box, name in (
            (self.models, self.tr("Model to measure")),
            (self.sizes, self.tr("Longest side of the pictures that it sees, in pixels")),
            (self.data, self.tr("Data to measure it on")),
        ):
            looks.dress(box, size="bar")
            box.setAccessibleName(name)
            box.setToolTip(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.setMinimumWidth(LEAST_CHOICE)  # names give way where the bar is narrow
            box.setMaximumWidth(MOST_CHOICE)
        self.button = JobButton(self.tr("Evaluate"), "chart-line", split=False)
        self.button.started.connect(self.start)
        self.button.pause_requested.connect(lambda: self._run and self._run.pause())
        self.button.resume_requested.connect(lambda: self._run and self._run.resume())
        self.button.cancel_requested.connect(lambda: self._run and self._run.cancel())
        for widget in (self.models, self.sizes, self.data, self.button):
            self.bar.addWidget(widget)
        self.report = EvaluationReport(studio.bridge)
        self.report.limit_wanted.connect(self._use_limit)
        self.report.opened.connect(self._open)
        self._build()
        self._list_sources()
        self.models.activated.connect(lambda _index: self._list_sizes())
        self.data.activated.connect(self._data_chosen)
        self.refresh()

    def hints(self) -> list[tuple[str, str]]:
        if not self.results:
            return [("Esc", self.tr("back"))]
        return [("← →", self.tr("score limit, cells")), ("Enter", self.tr("open the box")), ("Esc", self.tr("back"))]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.button.set_small(self.width() < NARROW)

    # What there is to choose

    def refresh(self, model: str = "") -> None:
        """List the models of now with `model` chosen, or the one that was, and say what can be measured."""
        chosen = model or self.models.currentData() or self._studio.model
        with QSignalBlocker(self.models):
            self.models.clear()
            self._entries = _models_of(self._studio)
            for name in self._entries:
                self.models.addItem(looks.icon("cube"), Path(name).stem if "/" in name else name, name)
            self.models.setCurrentIndex(max(self.models.findData(chosen), 0))
        self._list_sizes()
        self._show_state()

    def _list_sizes(self) -> None:
        """Those of the chosen model: its own unless a person chose another that it has too."""
        entry, wanted = self._entries.get(self.models.currentData()), self.sizes.currentData()
        with QSignalBlocker(self.sizes):
            self.sizes.clear()
            for size in sizes_of(entry) if entry is not None else ():
                own = entry is not None and size == entry.size
                text = self.tr("{size} px, its own") if own else self.tr("{size} px")
                self.sizes.addItem(text.format(size=f"{size:,}"), None if own else size)
            if entry is None:
                self.sizes.addItem(self.tr("its own size"), None)
            # A search for None finds nothing, so its own is looked for by its place.
            own_place = next(place for place in range(self.sizes.count()) if self.sizes.itemData(place) is None)
            place = self.sizes.findData(wanted) if wanted is not None else -1
            self.sizes.setCurrentIndex(place if place >= 0 else own_place)
        self.sizes.setEnabled(self.sizes.count() > 1)

    @property
    def source(self) -> Source | None:
        """What would be measured on."""
        place = self.data.currentData()
        return self._sources[place] if isinstance(place, int) and place >= 0 else None

    def choose_dataset(self, path: Path) -> None:
        """Add the datasets of a COCO file or folder to the choice, and choose the first; what is wrong is told."""
        try:
            found = datasets_in(path)
        except (StudioError, OSError) as error:
            self._studio.tell(str(error), "err")
            return
        for dataset in found:
            if dataset not in self._sources:
                self._sources.append(dataset)
        # Of several, the one that is there to measure by.
        best = next((one for one in found if one.data.stem.lower().endswith(("val", "valid", "test"))), found[0])
        self._list_sources(best)
        self._show_state()

    def _list_sources(self, chosen: Source | None = None) -> None:
        chosen = chosen or self.source or (self._sources[0] if self._sources else None)
        with QSignalBlocker(self.data):
            self.data.clear()
            for place, source in enumerate(self._sources):
                if isinstance(source, ProjectFrames):
                    self.data.addItem(looks.icon("check-circle"), self.tr("Reviewed frames"), place)
                else:
                    self.data.addItem(looks.icon("folder"), source.name, place)
            self.data.addItem(looks.icon("folder-open"), self.tr("COCO folder…"), "folder")
            self.data.addItem(looks.icon("file-text"), self.tr("COCO file…"), "file")
            here = self._sources.index(chosen) if chosen in self._sources else -1
            self.data.setCurrentIndex(here)
            if here < 0:
                self.data.setPlaceholderText(self.tr("Choose data"))

    def _data_chosen(self, _index: int) -> None:
        kind = self.data.currentData()
        if kind in ("folder", "file"):
            self._list_sources(self._before)
            self._ask(str(kind))
        self._before = self.source
        self._show_state()

    def _act(self) -> None:
        """The button of the empty page: measure where there is something to measure by, else ask for it."""
        source = self.source
        if isinstance(source, Dataset) or (source is not None and source.project.counts().reviewed):
            self.start()
        else:
            self._ask("folder")

    def _ask(self, kind: str) -> None:
        start = str(Path.home())
        if self._studio.session is not None:
            start = str(self._studio.session.project.path.parent)
        path = asking.dataset_folder(self, start) if kind == "folder" else asking.dataset_file(self, start)
        if path is not None:
            self.choose_dataset(path)

    # Measuring

    def start(self) -> None:
        """Measure the chosen model on the chosen data."""
        source = self.source
        if source is None:
            self.data.showPopup()
            return
        if self._run is not None and self._run.running:
            return
        model, size, device = self.models.currentData(), self.sizes.currentData(), self._studio.settings.device
        self._measured, self._notices = source, []
        self._run = JobRun(
            lambda cancel: sources.start(source, cancel, model=model, size=size, device=device),
            self._studio.bridge,
            self,
        )
        self._run.changed.connect(self._show_state)
        self._run.notice.connect(self._notices.append)
        self._run.ended.connect(self._ended)
        self._show_state()

    def stop(self) -> None:
        """End the measurement and every thread."""
        if self._run is not None and self._run.running:
            self._run.cancel()
            self._run.wait(CLOSING_SECONDS)
        self.report.close_reading()

    def _ended(self, outcome: Outcome) -> None:
        if outcome.cancelled:
            self._studio.tell(self.tr("Stopped. Nothing was measured."))
        elif outcome.error is not None:
            self._studio.tell(str(outcome.error), "err")
        elif isinstance(outcome.value, Evaluation) and self._measured is not None:
            result = Result(outcome.value, self._measured, datetime.datetime.now(), tuple(self._notices))
            self.results.insert(0, result)
            self._list_results()
            self._show_result(0)
            self.hints_changed.emit()
            if not self.isVisible():
                text = self.tr("{model} is measured: AP at overlap 0.50 is {figure}").format(
                    model=outcome.value.model, figure=percent(outcome.value.scores.ap50)
                )
                self._studio.tell(text, "ok", action_text=self.tr("Show"), action=self.shown_wanted.emit)
            elif outcome.failures:
                text = self.tr("{count} pictures or records could not be used").format(
                    count=f"{len(outcome.failures):,}"
                )
                self._studio.tell(text, "warn", details=outcome.failures)
        self._show_state()

    # What is shown

    def _build(self) -> None:
        self._empty = EmptyState("chart-line", "")
        self._empty.acted.connect(self._act)
        self._heading = ElidedLabel()
        looks.set_font(self._heading, looks.BODY)
        self._earlier = QComboBox()
        looks.dress(self._earlier, size="panel")
        self._earlier.setAccessibleName(self.tr("Results of this session"))
        self._earlier.activated.connect(self._show_result)
        self._notice = QLabel()
        self._notice.setWordWrap(True)
        self._notice.setContentsMargins(16, 8, 16, 0)
        looks.set_font(self._notice, looks.SECONDARY)
        looks.dress(self._notice, role="warn")
        strip = QFrame()
        looks.dress(strip, line="bottom")  # figures are scrolled away below it
        line = QHBoxLayout(strip)
        line.setContentsMargins(16, 8, 16, 8)
        line.addWidget(self._heading, 1)
        line.addWidget(self._earlier)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(strip)
        column.addWidget(self._notice)
        column.addWidget(self.report, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(shown)
        self.content.addWidget(self._stack)
        self._before: Source | None = self._sources[0] if self._sources else None

    def _list_results(self) -> None:
        self._earlier.clear()
        for result in self.results:
            self._earlier.addItem(result.name)
        self._earlier.setVisible(len(self.results) > 1)

    def _show_result(self, number: int) -> None:
        result = self.results[number]
        evaluation, scores = result.evaluation, result.evaluation.scores
        text = self.tr("{model} on {data} · {pictures} pictures, {boxes} boxes · {size} px on {device} · {time}")
        self._heading.set_text(
            text.format(
                model=evaluation.model,
                data=result.source.name,
                pictures=f"{scores.images:,}",
                boxes=f"{scores.boxes:,}",
                size=evaluation.size,
                device=evaluation.device,
                time=f"{result.at:%H:%M}",
            )
        )
        self._notice.setText(" ".join(result.notices))
        self._notice.setVisible(bool(result.notices))
        colours = sources.colours_of(result.source, evaluation, self._session)
        session = self._session
        self.report.show_evaluation(
            evaluation, colours, can_use_limit=session is not None and not session.project.read_only
        )
        self._stack.setCurrentIndex(1)

    def _show_state(self) -> None:
        run = self._run
        if run is not None and run.running:
            progress = run.progress
            if run.paused:
                self.button.show_paused(
                    self.tr("Paused"),
                    done=progress.done,
                    total=progress.total,
                    detail=progress_text(Progress(progress.done, progress.total)),
                )
            else:
                detail = progress_text(progress, unit=run.unit) if run.title else self.tr("loading the model")
                short = progress_text(progress, with_rate=False) if run.title else self.tr("loading")
                if run.title and progress.done == progress.total:
                    detail = short = self.tr("comparing with your boxes")
                self.button.show_running(
                    self.tr("Evaluating"), done=progress.done, total=progress.total, detail=detail, short=short
                )
        else:
            self.button.show_idle()
        title, reason, action = self._invitation()
        self._empty.set_texts(title, reason=reason, action=action)

    def _invitation(self) -> tuple[str, str, str]:
        if self._run is not None and self._run.running:
            return (
                self.tr("Measuring"),
                self.tr("The model looks at every picture and is compared with your boxes."),
                "",
            )
        source = self.source
        if source is None:
            return (
                self.tr("Nothing is measured yet"),
                self.tr("Choose a COCO folder whose boxes are right, or open a project with reviewed frames."),
                self.tr("Choose a COCO folder"),
            )
        if isinstance(source, Dataset):
            text = self.tr("{pictures} pictures with {boxes} boxes to measure by.")
            return (
                self.tr("Nothing is measured yet"),
                text.format(pictures=f"{source.pictures:,}", boxes=f"{source.boxes:,}"),
                self.tr("Evaluate"),
            )
        reviewed = source.project.counts().reviewed
        if not reviewed:
            return (
                self.tr("No frame is reviewed"),
                self.tr("A model is measured by frames that you declared finished (F), or by a COCO folder."),
                self.tr("Choose a COCO folder"),
            )
        text = self.tr("The model looks at the {count} frames that you reviewed and is compared with your boxes.")
        if reviewed == 1:
            text = self.tr("The model looks at the one frame that you reviewed and is compared with your boxes.")
        return self.tr("Nothing is measured yet"), text.format(count=f"{reviewed:,}"), self.tr("Evaluate")

    # Doors

    def _open(self, spot: Spot) -> None:
        evaluation = self.report.evaluation
        if evaluation is None:
            return
        place = sources.place_of(evaluation, spot, self._session)
        if place is not None:
            self.place_wanted.emit(place, spot)
        else:
            result = next(one for one in self.results if one.evaluation is evaluation)
            self.look_wanted.emit(evaluation, spot, tuple(sources.colours_of(result.source, evaluation, self._session)))

    def show_way_back(self, canvas: QWidget, spot: Spot, *, key: str) -> None:
        """Lay the way back to this page over the canvas that shows a box; `key` does the same."""
        spots, cell = self.report.boxes.spots, self.report.matrix.cell
        if spot not in spots or cell is None:
            return
        if self._way_back is None:
            self._way_back = WayBack(canvas, key=key)
            self._way_back.back_wanted.connect(self.shown_wanted)
            self._way_back.step_wanted.connect(self.report.boxes.step)
        self._way_back.say(self.report.matrix.sentence(cell), place=spots.index(spot), count=len(spots))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._way_back is not None:
            self._way_back.hide()

    def _use_limit(self, limit: float, category: int | None) -> None:
        session, evaluation = self._session, self.report.evaluation
        if session is None or evaluation is None:
            return
        text = f"{limit:.2f}"
        if category is None:
            session.set_limit(limit)
            self._studio.tell(self.tr("Predictions are shown from a score of {limit}").format(limit=text), "ok")
            return
        name = evaluation.analysis.categories[category][1]
        own = next((one for one in session.categories if one.name.casefold() == name.casefold()), None)
        if own is None:
            self._studio.tell(self.tr("The project has no category {name}.").format(name=name), "warn")
            return
        session.set_limit(limit, own.id)
        self._studio.tell(
            self.tr("Predictions of {name} are shown from a score of {limit}").format(name=name, limit=text), "ok"
        )


def _models_of(studio: Studio) -> dict[str, ModelEntry | None]:
    """Every model by what it is chosen by; None for one that is only known by its path."""
    from yolor_studio.detect.library import list_models

    found: dict[str, ModelEntry | None] = {}
    try:
        found.update((entry.name, entry) for entry in list_models())
    except StudioError as error:
        studio.tell(str(error), "err")
        found[BUNDLED_MODEL] = None
    found.setdefault(studio.model)  # chosen by its path
    return found
