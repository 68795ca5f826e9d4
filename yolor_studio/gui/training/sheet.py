"""The sheet that starts a training: what will be learned, from what, at what cost; and what was stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from yolor_studio.core.errors import StudioError
from yolor_studio.detect.library import checked_name, list_models
from yolor_studio.gui import looks
from yolor_studio.gui.dialogs.about import sheet_head
from yolor_studio.gui.dialogs.figures import Figures, clear, heading, note, rule
from yolor_studio.gui.dialogs.sheet import Sheet
from yolor_studio.gui.latest import Latest
from yolor_studio.gui.panels.icon_label import IconLabel
from yolor_studio.gui.panels.run_control import duration_text
from yolor_studio.gui.studio import Studio
from yolor_studio.gui.training.form import TrainingForm
from yolor_studio.gui.training.planning import (
    TrainingPlan,
    free_name,
    plan_training,
    seconds_guessed,
    trainable_models,
)
from yolor_studio.gui.training.stopped import Stopped, asked_twice, stopped_trainings
from yolor_studio.gui.widgets import ElidedLabel
from yolor_studio.jobs.train import TrainRequest, discard_stopped, why_not
from yolor_studio.train.presets import PRESETS

__all__ = ["TrainingSheet"]

WIDTH, SIDE = 860, 300
FORM_WIDTH, LEAST_FORM = WIDTH - SIDE, 400
RECOUNT_DELAY = 80
MOST_CLASSES = 12
INSTALL = "pip install 'yolor-studio[train]'"


@dataclass(frozen=True, slots=True)
class _Problem:
    sentence: str


class _FormScroll(QScrollArea):
    """As high as the form where the window has the room; else it scrolls."""

    resized = Signal()
    """The form wants another height."""

    def __init__(self, form: TrainingForm) -> None:
        super().__init__()
        self._form = form
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(form)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        answer = super().eventFilter(watched, event)
        if watched is self._form and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self.resized.emit()
        return answer

    def sizeHint(self) -> QSize:
        width = self.width() if self.isVisible() else FORM_WIDTH
        return QSize(width, max(self._form.height_for(width), LEAST_FORM))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 120)


class TrainingSheet(Sheet):
    """Gives a TrainRequest by `start_wanted` and closes."""

    start_wanted = Signal(object)

    def __init__(self, host: QWidget, studio: Studio, *, why_cannot: Callable[[], str | None] = why_not) -> None:
        super().__init__(host, width=WIDTH)
        assert studio.session is not None
        self._studio, self._project = studio, studio.session.project
        self._why_cannot = why_cannot()
        self._plan: TrainingPlan | None = None
        models = trainable_models()
        self.form = TrainingForm(models, studio.model)
        self.form.name.setText(self._suggested_name())
        self._taken = {entry.name.casefold() for entry in list_models()}
        self._latest = Latest(studio.bridge, self)
        self._latest.done.connect(self._take_plan)
        self._latest.failed.connect(lambda sentence: self._take_plan(_Problem(sentence)))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(RECOUNT_DELAY)
        self._timer.timeout.connect(self._recount)
        self.form.changed.connect(self._timer.start)
        self.content.addWidget(sheet_head(self, self.tr("Fine-tune"), self._project.path.stem))
        self._stopped = QVBoxLayout()
        self._stopped.setSpacing(0)
        self.content.addLayout(self._stopped)
        self._list_stopped()
        body = QHBoxLayout()
        body.setSpacing(0)
        self._scroll = _FormScroll(self.form)
        self._scroll.resized.connect(self.place)
        body.addWidget(self._scroll, 1)
        body.addWidget(self._build_side())
        self.content.addLayout(body, 1)
        self.content.addWidget(self._build_footer())
        self._recount()

    def request(self) -> TrainRequest:
        """What is chosen."""
        form, model = self.form, self.form.model
        return TrainRequest(
            data=(self._project.path,),
            model=model.name if model is not None else None,
            name=form.name.text().strip(),
            epochs=form.epochs,
            freeze=form.freeze,
            implicit_only=form.implicit_only,
            recipe=form.recipe,
            hold_out=form.hold_out,
            device=form.device,
        )

    def start(self) -> None:
        """Ask for the training and close."""
        request = self.request()
        self.close_sheet()
        self.start_wanted.emit(request)

    def close_sheet(self) -> None:
        """Count no more, and close."""
        self._latest.close()
        super().close_sheet()

    def focusNextPrevChild(self, following: bool) -> bool:
        """Bring what Tab reaches into sight."""
        moved = super().focusNextPrevChild(following)
        here = self.window().focusWidget()
        if here is not None and self.form.isAncestorOf(here):
            self._scroll.ensureWidgetVisible(here)
        return moved

    # Building

    def _suggested_name(self) -> str:
        model = self.form.model
        names = [entry.name for entry in list_models()]
        return free_name(model.name if model is not None else "model", self._project.path, names)

    def _build_side(self) -> QWidget:
        side = QFrame()
        looks.dress(side, ground="chrome", line="left")
        side.setFixedWidth(SIDE)
        self._side = QVBoxLayout(side)
        self._side.setContentsMargins(20, 16, 20, 16)
        self._side.setSpacing(10)
        return side

    def _build_footer(self) -> QWidget:
        footer = QFrame()
        looks.dress(footer, line="top")
        line = QHBoxLayout(footer)
        line.setContentsMargins(20, 12, 20, 12)
        line.setSpacing(8)
        self._sign, self._words = IconLabel("info", "tx2", 17), ElidedLabel()
        self.install = QPushButton(self.tr("Copy the command"))
        looks.set_icon(self.install, "clipboard")
        looks.dress(self.install, kind="quiet", size="dialog")
        self.install.clicked.connect(lambda: QGuiApplication.clipboard().setText(INSTALL))
        cancel = QPushButton(self.tr("Cancel"))
        looks.dress(cancel, size="dialog")
        cancel.clicked.connect(self.close_sheet)
        self.button = QPushButton(self.tr("Train"))
        self.button.setDefault(True)
        self.button.setEnabled(False)
        looks.dress(self.button, kind="primary", size="dialog")
        self.button.clicked.connect(self.start)
        line.addWidget(self._sign)
        line.addWidget(self._words, 1)
        for button in (self.install, cancel, self.button):
            line.addWidget(button)
        self.install.setHidden(self._why_cannot is None)
        return footer

    def _list_stopped(self) -> None:
        clear(self._stopped)
        for stopped in stopped_trainings()[:3]:
            self._stopped.addWidget(self._stopped_row(stopped))

    def _stopped_row(self, stopped: Stopped) -> QWidget:
        row = QFrame()
        looks.dress(row, ground="warntint", line="bottom")
        line = QHBoxLayout(row)
        line.setContentsMargins(20, 8, 14, 8)
        line.setSpacing(8)
        text = self.tr("{name} was stopped after {steps} steps and can go on.")
        words = ElidedLabel(text.format(name=stopped.request.name, steps=f"{stopped.steps:,}"))
        go_on = QPushButton(self.tr("Go on"))
        looks.dress(go_on, size="panel")
        go_on.setEnabled(self._why_cannot is None)
        go_on.clicked.connect(lambda: self._resume(stopped))
        forget = QPushButton(self.tr("Drop"))
        looks.dress(forget, kind="quiet", size="panel")
        forget.clicked.connect(lambda: self._drop(stopped, forget))
        line.addWidget(IconLabel("pause", "warn"))
        line.addWidget(words, 1)
        line.addWidget(go_on)
        line.addWidget(forget)
        return row

    def _resume(self, stopped: Stopped) -> None:
        self.close_sheet()
        self.start_wanted.emit(stopped.request)

    def _drop(self, stopped: Stopped, button: QPushButton) -> None:
        """The second press does it: nothing can bring it back."""
        if not asked_twice(button):
            return
        try:
            discard_stopped(stopped.request)
        except StudioError as error:
            self._sign.set_icon("warning", "warn")
            self._words.set_text(str(error))
            return
        self._list_stopped()
        self.place()
        self._timer.start()

    # Counting

    def _recount(self) -> None:
        form, project = self.form, self._project
        known = form.model.classes if form.model is not None else ()
        epochs, hold_out = form.epochs, form.hold_out
        self._latest.ask(lambda: plan_training(project, known, epochs=epochs, hold_out=hold_out))

    def _take_plan(self, answer: TrainingPlan | _Problem | None) -> None:
        self._plan = answer if isinstance(answer, TrainingPlan) else None
        clear(self._side)
        self._side.addWidget(heading(self.tr("What will be learned")))
        if self._plan is not None:
            self._show_plan(self._plan)
        else:
            sentence = (
                answer.sentence
                if isinstance(answer, _Problem)
                else self.tr("No frame is reviewed yet. A model learns from frames that you declared finished (F).")
            )
            self._side.addWidget(note(sentence, icon="warning", role="warn"))
            self.form.show_effort(self.tr("Nothing to learn from yet."), "", "")
        self._side.addStretch(1)
        self._show_footer()

    def _show_plan(self, plan: TrainingPlan) -> None:
        figures = Figures()
        figures.add(self.tr("Reviewed frames"), f"{plan.frames:,}")
        figures.add(self.tr("to learn from"), f"{plan.learned:,}", indent=1)
        figures.add(self.tr("kept apart to measure"), f"{plan.kept_apart:,}", indent=1)
        if plan.left_out:
            figures.add(self.tr("left out between them"), f"{plan.left_out:,}", indent=1)
        figures.add(self.tr("Boxes"), f"{plan.boxes:,}")
        self._side.addWidget(figures)
        self._side.addWidget(rule())
        classes = Figures()
        listed = sorted((one for one in plan.classes if one.boxes), key=lambda one: -one.boxes)
        for one in listed[:MOST_CLASSES]:
            name = one.name if one.known else self.tr("{name}, new").format(name=one.name)
            classes.add(name, f"{one.boxes:,}")
        if len(listed) > MOST_CLASSES:
            rest = sum(one.boxes for one in listed[MOST_CLASSES:])
            classes.add(self.tr("and {count} more").format(count=len(listed) - MOST_CLASSES), f"{rest:,}")
        if without := len(plan.classes) - len(listed):
            classes.add(self.tr("without boxes: {count} categories").format(count=without))
        self._side.addWidget(classes)
        if not plan.kept_apart:
            text = self.tr("Too few frames to keep some apart, so nothing is measured while it learns.")
            self._side.addWidget(note(text))
        if plan.few:
            names = ", ".join(f"{one.name} ({one.boxes})" for one in plan.few[:4])
            self._side.addWidget(note(self.tr("Few boxes to learn from: {names}.").format(names=names)))
        self._show_effort(plan)

    def _show_effort(self, plan: TrainingPlan) -> None:
        model = self.form.model
        size = model.size if model is not None else 416
        seconds = seconds_guessed(plan, size=size, device=self.form.device)
        effort = self.tr("Each frame is seen {epochs} times: {steps} steps, very roughly {time} here.")
        labelled = [one for one in plan.classes if one.boxes]
        known = sum(one.known for one in labelled)
        knows = self.tr("It knows {known} of the {all} categories with boxes; the others are learned from nothing.")
        if known == len(labelled):
            knows = self.tr("It knows every category with boxes.")
        elif not known:
            knows = self.tr("It knows none of the categories with boxes: they are learned from nothing.")
        self.form.show_effort(
            effort.format(epochs=f"{plan.preset.epochs:,}", steps=f"{plan.steps:,}", time=duration_text(seconds)),
            self._why(plan),
            knows.format(known=known, all=len(labelled)) if labelled else "",
        )

    def _why(self, plan: TrainingPlan) -> str:
        """The preset in plain words."""
        why = {
            PRESETS[0].pictures: self.tr("So few frames must serve many times: whole, and four to a picture."),
            PRESETS[-1].pictures: self.tr("So many frames need few passes: variety comes from them."),
        }.get(plan.preset.pictures, self.tr("Enough passes to settle; little more is gained by going on."))
        early = self.tr("It stops by itself when it gets no better.") if plan.kept_apart else ""
        return f"{why} {early}".strip()

    def _show_footer(self) -> None:
        problem = self._why_cannot or self._name_problem()
        if self.form.model is None and problem is None:
            problem = self.tr("There is no model that can be trained further.")
        self.button.setEnabled(problem is None and self._plan is not None)
        count = self._plan.frames if self._plan is not None else 0
        text = self.tr("Train on 1 frame") if count == 1 else self.tr("Train on {count} frames")
        self.button.setText(text.format(count=f"{count:,}") if count else self.tr("Train"))
        looks.dress(self.form.name, state="error" if self._name_problem() else "")
        if problem:
            self._sign.set_icon("warning", "warn")
            self._words.set_text(problem)
        else:
            self._sign.set_icon("info", "tx2")
            self._words.set_text(self.tr("You go on labelling meanwhile. It can be stopped and go on later."))

    def _name_problem(self) -> str | None:
        name = self.form.name.text().strip()
        if not name:
            return self.tr("The new model needs a name.")
        if name.casefold() in self._taken:
            return self.tr("There is a model named {name} already.").format(name=name)
        if any(stopped.request.name == name for stopped in stopped_trainings()):
            return self.tr("A training named {name} was stopped: go on with it, or choose another name.").format(
                name=name
            )
        try:
            checked_name(name)
        except StudioError as error:
            return str(error)
        return None
