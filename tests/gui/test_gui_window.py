"""The window offscreen, worked with real keys and the mouse."""

from __future__ import annotations

import gc
import signal
import sys
from pathlib import Path

import pytest
from gui_window_kit import add_layer, open_pictures, open_window, picture_shown, predictions, wait_for, write_pictures
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from yolor_studio.app import guard_process
from yolor_studio.core.entities import Box, FrameState, Origin
from yolor_studio.gui.canvas import BoxRef, Tool
from yolor_studio.gui.main_window import MainWindow
from yolor_studio.gui.session import Session
from yolor_studio.project import Project

Key = Qt.Key
FOUND = predictions(((20, 20, 60, 60), 0, 0.9), ((150, 90, 60, 80), 1, 0.5), ((240, 20, 50, 50), 2, 0.12))


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> MainWindow:
    return open_pictures(qtbot, tmp_path)


def session_of(window: MainWindow) -> Session:
    assert window.studio.session is not None
    return window.studio.session


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
    qtbot.keyClick(window.workspace.canvas, key, modifier or Qt.KeyboardModifier.NoModifier)


def at(window: MainWindow, x: float, y: float) -> QPoint:
    """A point of the picture, on the canvas."""
    left, top = window.workspace.canvas.view_transform().to_view(x, y)
    return QPoint(round(left), round(top))


def drag(qtbot: QtBot, window: MainWindow, start: tuple[float, float], end: tuple[float, float]) -> None:
    canvas, button = window.workspace.canvas, Qt.MouseButton.LeftButton
    first, last = at(window, *start), at(window, *end)
    qtbot.mouseMove(canvas, first)
    qtbot.mousePress(canvas, button, pos=first)
    for step in (0.3, 0.7, 1.0):
        qtbot.mouseMove(canvas, first + (last - first) * step)
    qtbot.mouseRelease(canvas, button, pos=last)


def click(qtbot: QtBot, window: MainWindow, x: float, y: float) -> None:
    qtbot.mouseClick(window.workspace.canvas, Qt.MouseButton.LeftButton, pos=at(window, x, y))


def with_predictions(window: MainWindow) -> Session:
    session = session_of(window)
    for media in session.media:
        add_layer(session.project, media.id, {0: FOUND})
    return session


def near(box: Box, x: float, y: float, w: float, h: float) -> bool:
    return all(abs(a - b) < 1.5 for a, b in zip(box, (x, y, w, h), strict=True))


def test_opening_pictures_makes_a_project_beside_them(window: MainWindow, tmp_path: Path) -> None:
    session = session_of(window)
    assert session.project.path == tmp_path / f"{tmp_path.name}.yolor"
    assert [media.name for media in session.media] == ["street a.png", "street b.png", "street c.png"]
    assert window.studio.settings.recent[0].media == 3


def test_opening_one_file_names_the_project_after_it_and_opens_it_again(qtbot: QtBot, tmp_path: Path) -> None:
    (path,) = write_pictures(tmp_path, 1)
    window = open_window(qtbot)
    window.studio.open_paths([path])
    wait_for(qtbot, lambda: picture_shown(window))
    project = session_of(window).project.path
    assert project == path.with_suffix(".yolor")
    window.studio.close_project()
    window.studio.open_paths([path])
    wait_for(qtbot, lambda: picture_shown(window))
    assert session_of(window).project.path == project
    assert len(session_of(window).media) == 1


def test_drawing_by_drag_moving_and_undoing(qtbot: QtBot, window: MainWindow) -> None:
    session = session_of(window)
    press(qtbot, window, Key.Key_W)
    assert window.workspace.canvas.tool() is Tool.BOX
    drag(qtbot, window, (100, 50), (160, 110))
    (box,) = session.boxes()
    assert near(box.box, 100, 50, 60, 60)
    press(qtbot, window, Key.Key_V)
    drag(qtbot, window, (130, 80), (150, 100))
    assert near(session.boxes()[0].box, 120, 70, 60, 60)
    press(qtbot, window, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert near(session.boxes()[0].box, 100, 50, 60, 60)
    press(qtbot, window, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.boxes() == []
    press(qtbot, window, Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert near(session.boxes()[0].box, 100, 50, 60, 60)


def test_resizing_by_a_corner(qtbot: QtBot, window: MainWindow) -> None:
    session = session_of(window)
    press(qtbot, window, Key.Key_W)
    drag(qtbot, window, (100, 50), (160, 110))
    press(qtbot, window, Key.Key_V)
    drag(qtbot, window, (160, 110), (200, 150))
    assert near(session.boxes()[0].box, 100, 50, 100, 100)


def test_a_digit_changes_the_selected_boxs_category(qtbot: QtBot, window: MainWindow) -> None:
    session = session_of(window)
    press(qtbot, window, Key.Key_W)
    drag(qtbot, window, (100, 50), (160, 110))
    press(qtbot, window, Key.Key_3)
    assert session.boxes()[0].object.category_id == 3
    assert session.category_id == 3
    press(qtbot, window, Key.Key_Delete)
    assert session.boxes() == []


def test_arrows_nudge_and_the_run_is_one_step(qtbot: QtBot, window: MainWindow) -> None:
    session = session_of(window)
    press(qtbot, window, Key.Key_W)
    drag(qtbot, window, (100, 50), (160, 110))
    before = session.boxes()[0].box
    for _ in range(3):
        press(qtbot, window, Key.Key_Right)
    press(qtbot, window, Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert session.boxes()[0].box == before._replace(x=before.x + 3, y=before.y + 10)
    press(qtbot, window, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.boxes()[0].box == before


def test_space_accepts_reviews_and_goes_on(qtbot: QtBot, window: MainWindow) -> None:
    session = with_predictions(window)
    first, second = session.media[0].id, session.media[1].id
    press(qtbot, window, Key.Key_Space)
    assert session.current is not None
    assert session.current.id == second
    assert [box.origin for box in session.project.boxes_at(first, 0)] == [Origin.MODEL, Origin.MODEL]
    assert session.project.frame_state(first, 0) is FrameState.REVIEWED


def test_shift_space_accepts_and_stays(qtbot: QtBot, window: MainWindow) -> None:
    session = with_predictions(window)
    press(qtbot, window, Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert len(session.boxes()) == 2
    assert session.state() is FrameState.UNTOUCHED
    assert window.toast.text() == "2 predictions accepted"


def test_reviewing_with_predictions_shown_says_so_and_can_accept_them(qtbot: QtBot, window: MainWindow) -> None:
    session = with_predictions(window)
    with qtbot.waitSignal(window.studio.told) as told:
        press(qtbot, window, Key.Key_F)
    message = told.args[0]
    assert message.text == "Reviewed. 2 predictions are still shown and were left out."
    assert message.action_text == "Accept them"
    message.action()
    assert len(session.boxes()) == 2
    press(qtbot, window, Key.Key_F)
    assert session.state() is FrameState.UNTOUCHED


def test_dragging_a_prediction_accepts_it(qtbot: QtBot, window: MainWindow) -> None:
    session = with_predictions(window)
    drag(qtbot, window, (50, 50), (60, 55))
    (box,) = session.boxes()
    assert (box.origin, near(box.box, 30, 25, 60, 60)) == (Origin.HUMAN, True)


def test_enter_accepts_and_delete_rejects_the_selected_prediction(qtbot: QtBot, window: MainWindow) -> None:
    session = with_predictions(window)
    click(qtbot, window, 180, 130)
    press(qtbot, window, Key.Key_Return)
    assert [box.object.category_id for box in session.boxes()] == [2]
    click(qtbot, window, 50, 50)
    press(qtbot, window, Key.Key_Delete)
    shown = session.shown()
    assert shown is not None
    assert len(shown) == 0
    assert len(session.project.rejections(session.media[0].id)) == 1


def test_a_click_beside_the_boxes_offers_what_the_score_hides(qtbot: QtBot, window: MainWindow) -> None:
    session = with_predictions(window)
    click(qtbot, window, 265, 45)
    assert window.workspace.link.has_offer
    press(qtbot, window, Key.Key_Escape)
    assert not window.workspace.link.has_offer
    click(qtbot, window, 265, 45)
    press(qtbot, window, Key.Key_Return)
    assert [(box.object.category_id, near(box.box, 240, 20, 50, 50)) for box in session.boxes()] == [(3, True)]


def test_the_score_slider_filters_live(qtbot: QtBot, window: MainWindow) -> None:
    session = with_predictions(window)
    slider = window.workspace.predictions.slider
    assert window.workspace.predictions_shown == 2
    slider.set_score(0.6)
    assert (window.workspace.predictions_shown, session.project.score_limit()) == (1, pytest.approx(0.6))
    slider.set_score(0.05)
    assert window.workspace.predictions_shown == 3


def test_rows_and_boxes_light_each_other_up(qtbot: QtBot, window: MainWindow) -> None:
    with_predictions(window)
    view = window.workspace.objects.view
    rect = view.visualRect(window.workspace.objects.model.index(0, 0))
    qtbot.mouseMove(view.viewport(), rect.center())
    assert window.studio.selection.hovered == BoxRef("prediction", 0)
    qtbot.mouseMove(window.workspace.canvas, at(window, 180, 130))
    assert window.studio.selection.hovered == BoxRef("prediction", 1)


def test_a_row_settles_its_prediction(qtbot: QtBot, window: MainWindow) -> None:
    session = with_predictions(window)
    view = window.workspace.objects.view
    rect = view.visualRect(window.workspace.objects.model.index(0, 0))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(rect.right() - 45, rect.center().y()))
    assert len(session.boxes()) == 1
    rect = view.visualRect(window.workspace.objects.model.index(1, 0))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(rect.right() - 20, rect.center().y()))
    assert len(session.project.rejections(session.media[0].id)) == 1


def test_stepping_keeps_the_view_and_shows_the_next_picture(qtbot: QtBot, window: MainWindow) -> None:
    canvas = window.workspace.canvas
    canvas.zoom_by(2.0)
    before = canvas.zoom()
    press(qtbot, window, Key.Key_D)
    wait_for(qtbot, lambda: picture_shown(window))
    assert session_of(window).current == session_of(window).media[1]
    assert canvas.zoom() == before
    press(qtbot, window, Key.Key_A)
    assert session_of(window).current == session_of(window).media[0]


def test_letters_typed_into_a_field_are_no_commands(qtbot: QtBot, window: MainWindow) -> None:
    session = session_of(window)
    from PySide6.QtWidgets import QLineEdit

    field = window.workspace.media.findChild(QLineEdit)
    field.setFocus()
    qtbot.keyClicks(field, "wd 2")
    assert field.text() == "wd 2"
    assert session.current == session.media[0]
    assert window.workspace.canvas.tool() is Tool.SELECT


def test_panels_fold_and_are_remembered(qtbot: QtBot, window: MainWindow) -> None:
    workspace = window.workspace
    for key, panel in ((Key.Key_F9, workspace.right), (Key.Key_F10, workspace.transport)):
        press(qtbot, window, key)
        assert not panel.isVisible()
        press(qtbot, window, key)
        assert panel.isVisible()
    press(qtbot, window, Key.Key_F8)
    assert window.studio.settings.panels["left"] is False


@pytest.mark.parametrize("size", [(1440, 900), (1280, 720), (1024, 640)])
def test_nothing_is_squeezed_at_the_sizes_of_the_design(
    qtbot: QtBot, window: MainWindow, size: tuple[int, int]
) -> None:
    window.resize(*size)
    QApplication.processEvents()
    assert (window.width(), window.height()) == size
    canvas = window.workspace.canvas
    assert canvas.width() >= 480
    assert canvas.height() >= 320
    assert window.workspace.right.width() >= 264
    if size[0] < 1440:
        assert canvas.width() >= 0.66 * window.width()


def test_the_theme_is_kept(qtbot: QtBot, window: MainWindow) -> None:
    from yolor_studio.gui import looks
    from yolor_studio.gui.settings import Settings

    window.run_by_id("view.theme_light")
    assert not looks.is_dark()
    assert Settings.load().theme == "light"
    window.run_by_id("view.theme_dark")
    assert looks.is_dark()


def test_the_palette_runs_a_command_and_finds_a_category(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.sheet is not None
    qtbot.keyClicks(QApplication.focusWidget(), "last frame")
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_Down)
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_Escape)
    assert window.sheet is None
    press(qtbot, window, Key.Key_C)
    qtbot.keyClicks(QApplication.focusWidget(), "do")
    qtbot.keyClick(QApplication.focusWidget(), Key.Key_Return)
    assert session_of(window).category_id == 3


def test_no_command_runs_under_a_sheet(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, Key.Key_Question)
    assert window.sheet is not None
    press(qtbot, window, Key.Key_F)
    assert session_of(window).state() is FrameState.UNTOUCHED
    qtbot.keyClick(window.sheet, Key.Key_Escape)
    press(qtbot, window, Key.Key_F)
    assert session_of(window).state() is FrameState.REVIEWED


def test_a_second_window_on_the_project_can_only_look(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    import subprocess

    path = session_of(window).project.path
    window.studio.close_project()
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from yolor_studio.project import Project\n"
        "project = Project.open(Path(sys.argv[1]))\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        window.studio.open_paths([path])
        wait_for(qtbot, lambda: picture_shown(window))
        assert session_of(window).project.read_only
        press(qtbot, window, Key.Key_F)
        assert session_of(window).state() is FrameState.UNTOUCHED
        window.studio.close_project()
        other.communicate(b"")


def test_what_cannot_be_opened_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(qtbot)
    broken = tmp_path / "broken.yolor"
    broken.write_bytes(b"no project")
    window.studio.open_paths([broken])
    assert "broken.yolor" in window.toast.text()
    window.studio.open_paths([tmp_path / "missing.mp4"])
    assert "missing.mp4 does not exist" in window.toast.text()
    assert window.studio.session is None


def test_an_exception_in_a_slot_is_told_and_the_window_goes_on(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    guard_process(window)
    try:
        assert not gc.isenabled()
        try:
            raise RuntimeError("kaboom")
        except RuntimeError:
            sys.excepthook(*sys.exc_info())
    finally:
        gc.enable()
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert "kaboom" in window.toast.text()
    assert "kaboom" in caplog.text
    press(qtbot, window, Key.Key_D)
    assert session_of(window).current == session_of(window).media[1]


def test_everything_is_there_after_closing_the_window(qtbot: QtBot, window: MainWindow) -> None:
    path = session_of(window).project.path
    press(qtbot, window, Key.Key_W)
    drag(qtbot, window, (100, 50), (160, 110))
    window.close()
    with Project.open(path) as project:
        assert project.counts().objects == 1
