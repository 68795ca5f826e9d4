"""Fine-tuning in the window: the sheet, the curves while it learns, stopping and going on, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from gui_window_kit import add_layer, make_project, nameless, open_pictures, open_window, predictions, wait_for
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Box, FrameState
from yolor_studio.core.errors import ModelError
from yolor_studio.core.paths import user_folder
from yolor_studio.gui.bridge import Bridge
from yolor_studio.gui.main_window import MainWindow
from yolor_studio.gui.training import desk as desk_module
from yolor_studio.gui.training.page import TrainingPage
from yolor_studio.gui.training.planning import free_name, plan_training
from yolor_studio.gui.training.run import Training
from yolor_studio.gui.training.sheet import TrainingSheet
from yolor_studio.gui.training.stopped import remember, stopped_trainings
from yolor_studio.jobs.events import CurvePoint, Job, Notice, Progress, Result, Started
from yolor_studio.jobs.train import discard_stopped
from yolor_studio.jobs.training_data import gather
from yolor_studio.jobs.training_request import CHECKPOINT, TrainOutcome, TrainRequest, training_folder
from yolor_studio.media import fingerprint
from yolor_studio.train.presets import PRESETS

STEPS = 40


def _outcome(request: TrainRequest) -> TrainOutcome:
    name = request.name or ""
    return TrainOutcome(
        name=name,
        model=Path(f"{name}.onnx"),
        weights=Path(f"{name}.safetensors"),
        curves=Path(f"{name}.jsonl"),
        classes=("car",),
        kept_classes=(),
        pictures=2,
        kept_apart=1,
        steps=STEPS,
        planned_steps=STEPS,
        epochs=4,
        recipe="modern",
        best_step=STEPS,
        ap=0.3,
        ap50=0.5,
        ap_before=0.1,
        ap50_before=0.2,
        loss=1.5,
        device="cpu",
        seconds=90.0,
    )


def _learn(request: TrainRequest, cancel: CancelToken) -> Job:
    """What the real job tells, at once."""
    folder = training_folder(request.name or "")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CHECKPOINT).write_bytes(b"")
    yield Started("Reading pictures", 3, "pictures")
    yield Progress(3, 3)
    yield Notice("1 picture of 3 is kept apart to measure by; the rest is learned from.")
    yield Started(f"Training {request.name}", STEPS, "steps", "2 pictures on cpu")
    yield CurvePoint(0, {"AP": 0.1, "AP50": 0.2}, best=True)
    for step in range(10, STEPS + 1, 10):
        yield CurvePoint(step, {"loss": 4 / step, "box": 1.0, "objectness": 1.0, "classes": 1.0, "rate": 0.001})
        yield CurvePoint(step, {"AP": 0.1, "AP50": 0.2 + step / 200}, best=True)
        yield Progress(step, STEPS, 2.0, (STEPS - step) / 2, "64 px")
    yield Result(_outcome(request))


def _learn_until_stopped(request: TrainRequest, cancel: CancelToken) -> Job:
    yield from (event for event in _learn(request, cancel) if not isinstance(event, Result))
    while True:
        cancel.check()
        yield Progress(20, STEPS)


def _fail(request: TrainRequest, cancel: CancelToken) -> Job:
    yield Started("Reading pictures", 3, "pictures")
    raise ModelError("The training ended early: out of memory. Nothing of it was kept.")


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> MainWindow:
    """Three reviewed pictures with a car each."""
    window = open_pictures(qtbot, tmp_path / "media")
    session = window.studio.session
    assert session is not None
    with session.project.edit("Label") as edit:
        for media in session.media:
            edit.add_object(media.id, 1, 0, Box(40, 0, 100, 100))
            edit.set_frame_state(media.id, [0], FrameState.REVIEWED)
    return window


@pytest.fixture
def use_job(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[TrainRequest, CancelToken], Job]], None]:
    """Train by another job than the real one."""

    def use(job: Callable[[TrainRequest, CancelToken], Job]) -> None:
        monkeypatch.setattr(desk_module, "Training", lambda *arguments: Training(*arguments, job=job))

    return use


def _sheet(qtbot: QtBot, window: MainWindow) -> TrainingSheet:
    qtbot.keyClick(
        window.workspace.canvas, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    sheet = window.sheet
    assert isinstance(sheet, TrainingSheet)
    wait_for(qtbot, lambda: sheet.button.text() != "Train" or (sheet._plan is None and not sheet._latest.busy))
    return sheet


def _page(window: MainWindow) -> TrainingPage:
    assert isinstance(window.page, TrainingPage)
    return window.page


def test_the_sheet_says_what_will_be_learned(qtbot: QtBot, window: MainWindow) -> None:
    sheet = _sheet(qtbot, window)
    assert sheet.button.text() == "Train on 3 frames"
    plan = sheet._plan
    assert plan is not None
    assert (plan.frames, plan.kept_apart, plan.boxes) == (3, 0, 3)
    assert [(one.name, one.boxes, one.known) for one in plan.classes] == [
        ("car", 3, True),
        ("person", 0, True),
        ("dog", 0, True),
    ]
    request = sheet.request()
    assert request.name == "yolor-n-media"
    assert (request.epochs, request.freeze, request.hold_out) == (None, None, None)


def test_the_details_reach_the_request(qtbot: QtBot, window: MainWindow) -> None:
    sheet = _sheet(qtbot, window)
    form = sheet.form
    form.unfold()
    assert nameless(sheet) == []
    form.name.setText("mine")
    form._epochs.setValue(7)
    form._apart.setValue(25)
    form._freeze.setCurrentIndex(2)
    form._implicit.setChecked(True)
    qtbot.keyClick(form._recipe, Qt.Key.Key_Right)
    form._device.setCurrentIndex(1)
    session = window.studio.session
    assert session is not None
    assert sheet.request() == TrainRequest(
        data=(session.project.path,),
        model="yolor-n",
        name="mine",
        epochs=7,
        freeze="backbone",
        implicit_only=True,
        recipe="official",
        hold_out=0.25,
        device="cpu",
    )
    wait_for(qtbot, lambda: sheet._plan is not None and sheet._plan.preset.epochs == 7)


def test_tab_brings_the_details_into_sight_in_a_small_window(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(1024, 640)
    sheet = _sheet(qtbot, window)
    sheet.form.unfold()
    for _ in range(20):
        if sheet.form._implicit.hasFocus():
            break
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    assert sheet.form._implicit.hasFocus()
    assert not sheet.form._implicit.visibleRegion().isEmpty()


def test_names_that_are_taken_are_refused_before(qtbot: QtBot, window: MainWindow) -> None:
    sheet = _sheet(qtbot, window)
    for name, part in (("yolor-n", "a model named yolor-n already"), ("", "needs a name"), ("a/b", "a/b")):
        sheet.form.name.setText(name)
        wait_for(qtbot, lambda part=part: part in sheet._words.whole_text())
        assert not sheet.button.isEnabled()


def test_without_reviewed_frames_the_sheet_says_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    window = open_pictures(qtbot, tmp_path / "media")
    sheet = _sheet(qtbot, window)
    wait_for(qtbot, lambda: not sheet._latest.busy)
    assert not sheet.button.isEnabled()
    assert "Nothing to learn" in sheet.form._effort.text()


def test_without_pytorch_the_sheet_says_what_to_install(qtbot: QtBot, window: MainWindow) -> None:
    sheet = TrainingSheet(window._page, window.studio, why_cannot=lambda: "Training needs PyTorch, which is missing.")
    window.open_sheet(sheet)
    wait_for(qtbot, lambda: sheet._plan is not None)
    assert not sheet.button.isEnabled()
    assert sheet._words.whole_text() == "Training needs PyTorch, which is missing."
    assert sheet.install.isVisible()


def test_training_is_followed_to_its_end_and_the_model_used(
    qtbot: QtBot, window: MainWindow, use_job: Callable[..., None]
) -> None:
    use_job(_learn)
    qtbot.mouseClick(_sheet(qtbot, window).button, Qt.MouseButton.LeftButton)
    page = _page(window)
    training = window.training.training
    assert training is not None
    wait_for(qtbot, lambda: training.result is not None)
    assert page.figures["ap50"].figure == "40.0"
    assert page.figures["before"].figure == "20.0"
    assert [list(values) for values in training.curve("loss")] == [[10, 20, 30, 40], [0.4, 0.2, 4 / 30, 0.1]]
    assert "is trained" in page._head.title
    assert nameless(page) == []
    assert not page.stop_button.isVisible()
    qtbot.mouseClick(page.use_button, Qt.MouseButton.LeftButton)
    assert window.studio.model == training.name
    assert "pre-labels from now on" in page.toast.text()


@pytest.mark.parametrize(("best_step", "says"), [(STEPS, "went from 20.0 to 50.0"), (0, "got no better than")])
def test_the_end_is_told_where_the_page_is_out_of_sight(
    qtbot: QtBot, window: MainWindow, use_job: Callable[..., None], best_step: int, says: str
) -> None:
    left = threading.Event()

    def learn(request: TrainRequest, cancel: CancelToken) -> Job:
        yield from (event for event in _learn(request, cancel) if not isinstance(event, Result))
        left.wait(30)
        yield Result(replace(_outcome(request), best_step=best_step))

    use_job(learn)
    _sheet(qtbot, window).start()
    training = window.training.training
    assert training is not None
    window.leave_page()
    left.set()
    wait_for(qtbot, lambda: training.result is not None)
    assert says in window.toast.text()


def test_a_stopped_training_is_offered_again(qtbot: QtBot, window: MainWindow, use_job: Callable[..., None]) -> None:
    use_job(_learn_until_stopped)
    qtbot.mouseClick(_sheet(qtbot, window).button, Qt.MouseButton.LeftButton)
    training = window.training.training
    assert training is not None
    wait_for(qtbot, lambda: training.learning and training.points)
    assert window.training.status().startswith("Training yolor-n-media")
    qtbot.mouseClick(_page(window).stop_button, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: not training.running)
    assert _page(window).resume_button.isVisible()
    (stopped,) = stopped_trainings()
    assert stopped.request == replace(training.request, resume=True)
    window.leave_page()
    sheet = _sheet(qtbot, window)
    assert sheet.form.name.text() == "yolor-n-media-2"
    use_job(_learn)
    sheet._resume(stopped)
    resumed = window.training.training
    assert resumed is not None
    assert resumed.request.resume
    wait_for(qtbot, lambda: resumed.result is not None)


def _stopped_page(qtbot: QtBot, window: MainWindow, use_job: Callable[..., None]) -> TrainingPage:
    use_job(_learn_until_stopped)
    _sheet(qtbot, window).start()
    training = window.training.training
    assert training is not None
    wait_for(qtbot, lambda: training.learning and training.points)
    _page(window).stop_button.click()
    wait_for(qtbot, lambda: not training.running)
    return _page(window)


def test_what_goes_on_can_be_stopped_again_and_counts_on(
    qtbot: QtBot, window: MainWindow, use_job: Callable[..., None]
) -> None:
    page = _stopped_page(qtbot, window, use_job)
    qtbot.mouseClick(page.resume_button, Qt.MouseButton.LeftButton)
    training = window.training.training
    assert training is not None
    wait_for(qtbot, lambda: training.learning and training.points)
    assert page.stop_button.isEnabled()
    wait_for(qtbot, lambda: training.done == STEPS)  # the job tells of step 20 last, its curves of more
    assert page._progress.whole_text().startswith(f"{STEPS} of {STEPS} steps")
    assert window.training.status().startswith(f"Training {training.name} 100 %")
    page.stop_button.click()
    assert not page.stop_button.isEnabled()
    assert "finishing the step" in page._progress.whole_text()
    wait_for(qtbot, lambda: not training.running)


def test_a_stopped_training_is_dropped_by_the_second_press(
    qtbot: QtBot, window: MainWindow, use_job: Callable[..., None]
) -> None:
    page = _stopped_page(qtbot, window, use_job)
    qtbot.mouseClick(page.drop_button, Qt.MouseButton.LeftButton)
    assert page.drop_button.text() == "Drop for good"
    assert len(stopped_trainings()) == 1
    qtbot.mouseClick(page.drop_button, Qt.MouseButton.LeftButton)
    assert stopped_trainings() == []
    assert "is dropped" in page.toast.text()
    assert page._empty.isVisible()
    _stopped_page(qtbot, window, use_job)
    assert page.drop_button.text() == "Drop"


def test_a_stopped_training_that_cannot_be_dropped_says_why(
    qtbot: QtBot, window: MainWindow, use_job: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _stopped_page(qtbot, window, use_job)

    def refuse(_request: TrainRequest) -> str:
        raise ModelError("The training is running; stop it first.")

    monkeypatch.setattr(desk_module, "discard_stopped", refuse)
    page.drop_button.click()
    page.drop_button.click()
    assert "stop it first" in page.toast.text()
    assert page.resume_button.isVisible()


def test_next_to_nothing_looks_like_it(qtbot: QtBot, window: MainWindow, use_job: Callable[..., None]) -> None:
    def hardly(request: TrainRequest, cancel: CancelToken) -> Job:
        yield Started("Training", STEPS, "steps")
        yield CurvePoint(0, {"AP": 0.0, "AP50": 0.0}, best=True)
        yield CurvePoint(5, {"AP": 0.0003, "AP50": 0.003}, best=True)
        yield Progress(5, STEPS)
        raise ModelError("Enough.")

    use_job(hardly)
    _sheet(qtbot, window).start()
    training = window.training.training
    assert training is not None
    wait_for(qtbot, lambda: not training.running)
    assert _page(window).ap._y == (0.0, 10.0)


def test_the_sheet_grows_with_its_details_and_says_folded_what_was_chosen(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(1440, 900)
    sheet = _sheet(qtbot, window)
    before = sheet.panel.height()
    sheet.form.unfold()
    wait_for(qtbot, lambda: not sheet._scroll.verticalScrollBar().isVisible() and sheet.panel.height() > before)
    sheet.form._epochs.setValue(60)
    sheet.form._apart.setValue(30)
    sheet.form.unfold(False)
    assert sheet.form._summary.whole_text() == "60 passes, 30 % kept apart"
    wait_for(qtbot, lambda: sheet.panel.height() == before)


def test_what_the_start_knows_is_told_of_the_categories_with_boxes(qtbot: QtBot, window: MainWindow) -> None:
    session = window.studio.session
    assert session is not None
    sheet = _sheet(qtbot, window)
    assert sheet.form._knows.text() == "It knows every category with boxes."
    sheet.close_sheet()
    with session.project.edit("Label") as edit:
        edit.add_object(session.media[0].id, edit.add_category("tapir"), 0, Box(0, 0, 50, 50))
    sheet = _sheet(qtbot, window)
    wait_for(qtbot, lambda: sheet._plan is not None)
    assert sheet.form._knows.text().startswith("It knows 1 of the 2 categories with boxes")


def test_a_failure_is_told_on_the_page_and_elsewhere(
    qtbot: QtBot, window: MainWindow, use_job: Callable[..., None]
) -> None:
    use_job(_fail)
    sheet = _sheet(qtbot, window)
    sheet.start()
    window.leave_page()
    wait_for(qtbot, lambda: "out of memory" in window.toast.text())
    window.training.show_page()
    assert "could not be trained" in _page(window)._head.title


def test_the_command_leads_to_the_training_under_way(
    qtbot: QtBot, window: MainWindow, use_job: Callable[..., None]
) -> None:
    use_job(_learn_until_stopped)
    _sheet(qtbot, window).start()
    window.leave_page()
    window.run_by_id("model.train")
    assert isinstance(window.page, TrainingPage)
    assert window.sheet is None
    window.close()
    training = window.training.training
    assert training is not None
    assert not training.run._thread.is_alive()


def test_without_a_project_the_page_says_what_to_do(qtbot: QtBot) -> None:
    window = open_window(qtbot)
    window.run_by_id("model.train")
    page = _page(window)
    page.start_wanted.emit()
    assert "Open a project first" in page.toast.text()


# What is planned


def test_the_plan_counts_as_the_training_divides(tmp_path: Path) -> None:
    with make_project(tmp_path / "a.yolor", videos=2, frames=60) as project:
        first, second = project.media()
        add_layer(project, first.id, {5: predictions(((10, 10, 30, 30), 0, 0.9))})
        assert plan_training(project, ("car",)) is None
        with project.edit("Label") as edit:
            for media in (first, second):
                edit.add_object(media.id, 1, 0, Box(1, 2, 30, 40))
                edit.set_frame_state(media.id, range(30), FrameState.REVIEWED)
        for media in project.media():
            with project.edit("Place") as edit:
                edit.update_media(media.id, path=Path(__file__), fingerprint=fingerprint(Path(__file__)))
        plan = plan_training(project, ("car",))
        assert plan is not None
        with ExitStack() as opened:
            data = gather([project.path], opened)
        assert plan.frames == 60
        assert plan.learned == sum(part.count for part in data.learned)
        assert plan.kept_apart == sum(part.count for part in data.kept_apart) > 0
        assert plan.boxes == 2
        assert [one.known for one in plan.classes] == [True, False, False]
        assert [one.name for one in plan.few] == ["car"]
        assert plan.steps == round(plan.preset.epochs * plan.learned / plan.preset.batch)
        assert plan.preset.why in {row.why for row in PRESETS}
        asked = plan_training(project, (), epochs=3, hold_out=0.0)
        assert asked is not None
        assert (asked.preset.epochs, asked.kept_apart) == (3, 0)


def test_the_suggested_name_is_free(tmp_path: Path) -> None:
    project = Path("street.yolor")
    assert free_name("yolor-n", project, ()) == "yolor-n-street"
    assert free_name("yolor-n", project, ("YOLOR-N-street",)) == "yolor-n-street-2"
    assert free_name("street", Path("street-2.yolor"), ()) == "street-2"
    assert free_name("yolor-n-street", project, ("yolor-n-street",)) == "yolor-n-street-2"
    assert free_name("yolor-n-street-2", project, ("yolor-n-street", "yolor-n-street-2")) == "yolor-n-street-3"
    user_folder("training", "yolor-n-street").mkdir(parents=True)
    assert free_name("yolor-n", project, ()) == "yolor-n-street-2"


def test_stopped_trainings_are_known_by_their_checkpoint(tmp_path: Path) -> None:
    request = TrainRequest(data=(tmp_path / "a.yolor",), name="mine")
    remember(request)
    assert stopped_trainings() == []
    training_folder("mine").mkdir(parents=True)
    remember(request)
    assert stopped_trainings() == []
    (training_folder("mine") / CHECKPOINT).write_bytes(b"")
    (stopped,) = stopped_trainings()
    assert stopped.request == replace(request, resume=True)
    (training_folder("mine") / "window.json").write_text("{")
    assert stopped_trainings() == []
    remember(request)
    discard_stopped(stopped_trainings()[0].request)
    assert stopped_trainings() == []


def test_a_training_tells_its_best_and_its_start(qtbot: QtBot) -> None:
    training = Training(TrainRequest(data=(), name="x"), Bridge(), job=_learn)
    wait_for(qtbot, lambda: training.result is not None)
    assert training.before == 0.2
    assert training.best == pytest.approx(0.4)
    assert len(training.notices) == 1
