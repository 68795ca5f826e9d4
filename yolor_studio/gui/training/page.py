"""The page that follows a training: how far it is, its curves, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.dialogs.figures import clear, note
from yolor_studio.gui.evaluation.table import percent
from yolor_studio.gui.pages import Page
from yolor_studio.gui.panels.progress_bar import ThinBar
from yolor_studio.gui.panels.run_control import duration_text, progress_text
from yolor_studio.gui.studio import BUNDLED_MODEL
from yolor_studio.gui.training.run import Training
from yolor_studio.gui.training.stopped import asked_twice
from yolor_studio.gui.widgets import ElidedLabel, EmptyState
from yolor_studio.gui.widgets.cards import Card, FigureCard
from yolor_studio.gui.widgets.plot import Marker, Plot, Series
from yolor_studio.jobs.train import TrainOutcome

__all__ = ["TrainingPage"]

MARGIN, GAP = 16, 12
LEAST_AP_AXIS, LEAST_LOSS_AXIS = 10.0, 1.0


class TrainingPage(Page):
    """Shows the training that `find` gives, and asks for what a person wants next."""

    start_wanted = Signal()
    resume_wanted = Signal(object)
    """The TrainRequest of a stopped training."""
    drop_wanted = Signal(object)
    """The TrainRequest of a stopped training that is to go for good."""
    use_wanted = Signal(str)
    """A model's name: use it for pre-labelling."""
    evaluate_wanted = Signal(str)

    def __init__(self, find: Callable[[], Training | None], *, back: str, parent: QWidget | None = None) -> None:
        super().__init__(parent.tr("Fine-tuning") if parent is not None else "Fine-tuning", back=back, parent=parent)
        self._find = find
        self._shown: Training | None = None
        self._empty = EmptyState("graduation-cap", self.tr("Nothing is being trained"))
        self._empty.set_texts(
            self.tr("Nothing is being trained"),
            reason=self.tr("A model learns from the frames that you reviewed, and pre-labels the next ones better."),
            action=self.tr("Fine-tune…"),
        )
        self._empty.acted.connect(self.start_wanted)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._build())
        self.content.addWidget(self._stack)
        self.refresh()

    def refresh(self) -> None:
        """Follow the training of now."""
        training = self._find()
        if training is not self._shown:
            self._shown = training
            if training is not None:
                training.changed.connect(self._show)
        self._stack.setCurrentIndex(0 if training is None else 1)
        self._show()

    # Building

    def _build(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        column.setSpacing(GAP)
        column.addWidget(self._build_head())
        self.figures = {
            name: FigureCard(title, hint)
            for name, title, hint in (
                (
                    "ap50",
                    self.tr("AP at overlap 0.50"),
                    self.tr("On the frames kept apart, in percent: of the weights that are kept so far"),
                ),
                ("before", self.tr("Before"), self.tr("The starting point on the same frames")),
                ("loss", self.tr("Loss"), self.tr("How far the model is from your boxes; it should fall")),
                ("time", self.tr("Time left"), self.tr("It may end earlier when it gets no better")),
            )
        }
        cards = QHBoxLayout()
        cards.setSpacing(GAP)
        for card in self.figures.values():
            cards.addWidget(card, 1)
        column.addLayout(cards)
        self.ap = Plot(self.tr("AP over the steps"), x_label=self.tr("steps"), y_label=self.tr("AP"))
        self.loss = Plot(self.tr("Loss over the steps"), x_label=self.tr("steps"), y_label=self.tr("loss"))
        plots = QHBoxLayout()
        plots.setSpacing(GAP)
        for title, about, plot in (
            (self.tr("How good it is"), self.tr("on the frames kept apart, in percent; the best AP is kept"), self.ap),
            (
                self.tr("What it learns"),
                self.tr("all together is weighted, and holds tags and embeddings"),
                self.loss,
            ),
        ):
            card = Card(title, about)
            card.lines.addWidget(plot, 1)
            plots.addWidget(card, 1)
        column.addLayout(plots, 1)
        self._log = Card(self.tr("What happened"))
        self._notes = QVBoxLayout()
        self._notes.setSpacing(4)
        self._log.lines.addLayout(self._notes)
        column.addWidget(self._log)
        return page

    def _build_head(self) -> QWidget:
        head = Card("")
        self._head = head
        self.stop_button = QPushButton(self.tr("Stop"))
        self.stop_button.setToolTip(self.tr("Finishes the step and keeps a checkpoint: it can go on later"))
        looks.set_icon(self.stop_button, "pause")
        self.stop_button.clicked.connect(self._stop)
        self.resume_button = QPushButton(self.tr("Go on"))
        looks.dress(self.resume_button, kind="primary")
        self.resume_button.clicked.connect(self._resume)
        self.drop_button = QPushButton(self.tr("Drop"))
        self.drop_button.setToolTip(self.tr("Deletes what it has learned so far; the second press does it"))
        looks.dress(self.drop_button, kind="quiet")
        self.drop_button.clicked.connect(self._drop)
        self.evaluate_button = QPushButton(self.tr("Evaluate"))
        looks.set_icon(self.evaluate_button, "chart-line")
        self.evaluate_button.clicked.connect(lambda: self._ask(self.evaluate_wanted))
        self.use_button = QPushButton(self.tr("Use for pre-labelling"))
        looks.dress(self.use_button, kind="primary")
        self.use_button.clicked.connect(lambda: self._ask(self.use_wanted))
        self.again_button = QPushButton(self.tr("Fine-tune…"))
        self.again_button.clicked.connect(self.start_wanted)
        for button in (
            self.drop_button, self.again_button, self.evaluate_button, self.stop_button, self.resume_button,
            self.use_button,
        ):  # fmt: skip
            head.head.addWidget(button)
        self._progress = ElidedLabel()
        looks.set_font(self._progress, looks.SECONDARY, tabular=True)
        looks.dress(self._progress, role="tx2")
        self._bar = ThinBar()
        head.lines.addWidget(self._progress)
        head.lines.addWidget(self._bar)
        return head

    # What is shown

    def _show(self) -> None:
        training = self._shown
        if training is None:
            return
        self._show_head(training)
        self._show_figures(training)
        self._show_curves(training)
        self._show_notes(training)

    def _show_head(self, training: Training) -> None:
        run, progress, result = training.run, training.run.progress, training.result
        stopped = training.outcome is not None and training.outcome.cancelled
        self.stop_button.setVisible(training.running)
        self.stop_button.setEnabled(not training.stopping)
        self.resume_button.setVisible(stopped)
        self._show_drop(stopped)
        self.use_button.setVisible(result is not None)
        self.evaluate_button.setVisible(result is not None)
        self.again_button.setVisible(not training.running)
        done = max(progress.done, training.done)
        share = done / progress.total if progress.total else 0.0
        if training.running:
            title = run.title or self.tr("Starting")
            about = self._pace(training)
        elif result is not None:
            title, share = self.tr("{name} is trained and in the list of models").format(name=result.name), 1.0
            about = self._verdict(result)
        elif stopped:
            title = self.tr("{name} is stopped").format(name=training.name)
            about = self.tr("{done} of {total} steps are done and kept.").format(
                done=f"{done:,}", total=f"{progress.total or 0:,}"
            )
        else:
            title = self.tr("{name} could not be trained").format(name=training.name)
            about = str(training.outcome.error) if training.outcome is not None else ""
        self._head.set_title(title, run.detail if training.running else "")
        self._progress.set_text(about)
        self._bar.set_share(share)
        self.setAccessibleDescription(f"{title}. {about}")

    def _show_drop(self, visible: bool) -> None:
        """Asked for the first time, whenever it comes into sight."""
        if not visible or self.drop_button.isHidden():
            looks.dress(self.drop_button, kind="quiet")
            self.drop_button.setText(self.tr("Drop"))
        self.drop_button.setVisible(visible)

    def _pace(self, training: Training) -> str:
        """How far a training is that goes on: "312 of 1,200 steps · 4 min left · loss 2.1"."""
        run, progress = training.run, training.run.progress
        if training.stopping:
            return self.tr("finishing the step and keeping what is learned")
        if not run.title:
            return self.tr("loading PyTorch")
        if not training.learning:
            return progress_text(progress, with_rate=False, unit=run.unit)
        parts = [
            self.tr("{done} of {total} steps").format(done=f"{training.done:,}", total=f"{progress.total or 0:,}"),
            self.tr("{time} left").format(time=duration_text(progress.eta)) if progress.eta is not None else "",
            progress.note,
        ]
        return " · ".join(part for part in parts if part)

    def _verdict(self, result: TrainOutcome) -> str:
        minutes = duration_text(result.seconds)
        if result.ap50 is None:
            return self.tr("{steps} steps in {time}; nothing was kept apart to measure by.").format(
                steps=f"{result.steps:,}", time=minutes
            )
        if not result.best_step:
            text = self.tr("It got no better than {model}, whose weights it has: AP at overlap 0.50 is {after}.")
            return text.format(model=self._start_name(), after=percent(result.ap50))
        text = self.tr(
            "AP at overlap 0.50 is {after} on {frames} frames kept apart, {before} before; {steps} steps in {time}."
        )
        return text.format(
            after=percent(result.ap50),
            before=percent(result.ap50_before),
            frames=f"{result.kept_apart:,}",
            steps=f"{result.steps:,}",
            time=minutes,
        )

    def _show_figures(self, training: Training) -> None:
        best, before = training.best, training.before
        gain = ""
        if best is not None and before is not None:
            gain = f"{(best - before) * 100:+.1f}".replace("-", "−")
        self.figures["ap50"].set_figure(percent(best), gain)
        self.figures["before"].set_figure(percent(before), self._start_name())
        _, losses = training.curve("loss")
        self.figures["loss"].set_figure(f"{losses[-1]:.3f}" if len(losses) else "–")
        eta = training.run.progress.eta if training.running and training.learning else None
        if training.result is not None:
            self.figures["time"].set_figure(self.tr("done"), duration_text(training.result.seconds))
        else:
            self.figures["time"].set_figure(duration_text(eta) if eta is not None else "–")

    def _show_curves(self, training: Training) -> None:
        total = float(training.run.progress.total or 1) if training.learning else 1.0
        for plot, names, empty in (
            (
                self.ap,
                ("AP", "AP50"),
                self.tr("Measured soon") if training.running else self.tr("Nothing was measured"),
            ),
            (self.loss, ("box", "objectness", "classes", "loss"), self.tr("Nothing learned yet")),
        ):
            series, scale = [], 100.0 if plot is self.ap else 1.0
            for name in names:
                steps, values = training.curve(name)
                main = name in ("AP50", "loss")
                if len(steps):
                    colour = {"AP": "review", "box": "tx3", "objectness": "doubt", "classes": "review"}.get(
                        name, "accent"
                    )
                    series.append(Series(self._word(name), steps, values * scale, colour, 2.5 if main else 1.2))
            top = max((float(np.nanmax(one.y)) for one in series), default=0.0) * 1.08
            plot.set_series(
                series,
                x_range=(0.0, max(total, max((float(one.x[-1]) for one in series), default=1.0))),
                # What is next to nothing looks like it.
                y_range=(0.0, max(top, LEAST_AP_AXIS if plot is self.ap else LEAST_LOSS_AXIS)),
                empty=empty,
            )
        kept = next((p for p in reversed(training.points) if p.best and "AP" in p.values), None)
        self.ap.set_marker(Marker(kept.step, kept.values["AP"] * 100, self.tr("kept")) if kept is not None else None)

    def _start_name(self) -> str:
        return (self._shown.request.model if self._shown is not None else None) or BUNDLED_MODEL

    def _word(self, name: str) -> str:
        return {
            "box": self.tr("boxes"),
            "objectness": self.tr("something there"),
            "classes": self.tr("categories"),
            "loss": self.tr("all together"),
            "AP50": self.tr("AP at overlap 0.50"),
        }.get(name, name)

    def _show_notes(self, training: Training) -> None:
        texts = training.notices[-4:]
        outcome = training.outcome
        failures = len(outcome.failures) if outcome is not None else 0
        if failures:
            texts = [*texts, self.tr("{count} pictures could not be read.").format(count=f"{failures:,}")]
        self._log.setVisible(bool(texts))
        if [label.text() for label in self._log.findChildren(QLabel) if label.wordWrap()] != texts:
            clear(self._notes)
            for text in texts:
                self._notes.addWidget(note(text))

    # Buttons

    def _stop(self) -> None:
        if self._shown is not None:
            self._shown.stop()

    def _drop(self) -> None:
        if self._shown is not None and asked_twice(self.drop_button):
            self.drop_wanted.emit(self._shown.request)

    def _resume(self) -> None:
        if self._shown is not None:
            self.resume_wanted.emit(self._shown.request)

    def _ask(self, signal: object) -> None:
        if self._shown is not None and self._shown.result is not None:
            signal.emit(self._shown.result.name)  # pyright: ignore[reportAttributeAccessIssue]
