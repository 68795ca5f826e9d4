"""Pre-labelling in the window: boxes appear, editing goes on, cancelling keeps, errors are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from gui_window_kit import open_pictures, open_window, picture_shown, wait_for
from onnx_models import write_brightness_model
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from yolor_studio.core.entities import Box, Origin
from yolor_studio.gui.main_window import MainWindow
from yolor_studio.gui.panels.run_control import duration_text, progress_text
from yolor_studio.gui.run_range import RunRange
from yolor_studio.gui.status_texts import device_text, media_text
from yolor_studio.jobs.events import Progress


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> MainWindow:
    window = open_pictures(qtbot, tmp_path / "media", 6)
    window.studio.settings.model = str(write_brightness_model(tmp_path / "brightness.onnx", names=("car", "person")))
    return window


def run_all(qtbot: QtBot, window: MainWindow) -> None:
    window.workspace.top_bar.run.range = RunRange(everything=True)
    with qtbot.waitSignal(window.studio.run_ended, timeout=30_000):
        qtbot.keyClick(window.workspace.canvas, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)


def test_a_run_shows_its_boxes_and_never_touches_an_object(qtbot: QtBot, window: MainWindow) -> None:
    session, editor = window.studio.session, window.studio.editor
    assert session is not None
    assert editor is not None
    mine = editor.draw(Box(5, 5, 20, 20))
    run_all(qtbot, window)
    assert window.workspace.predictions_shown >= 1
    assert [(box.object.id, box.origin) for box in session.boxes()] == [(mine, Origin.HUMAN)]
    layer = session.project.shown_layer()
    assert layer is not None
    assert all(len(session.project.visited_frames(layer.id, media.id)) == 1 for media in session.media)
    assert window.toast.text().startswith("6 frames done")
    assert window.workspace.top_bar.run.button.state() == "idle"
    assert device_text(window.studio).endswith("ready")


def test_the_same_run_again_has_nothing_to_do(qtbot: QtBot, window: MainWindow) -> None:
    run_all(qtbot, window)
    run_all(qtbot, window)
    assert window.toast.text() == "Nothing to do: the model has seen these frames."


def test_what_a_run_found_comes_forward_where_one_panel_is_shown(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(1000, 640)
    wait_for(qtbot, lambda: window.workspace.categories.isVisible() and not window.workspace.predictions.isVisible())
    run_all(qtbot, window)
    assert window.workspace.predictions.isVisible()
    assert not window.workspace.categories.isVisible()


def test_editing_goes_on_and_cancelling_keeps_what_was_found(qtbot: QtBot, window: MainWindow) -> None:
    studio, session = window.studio, window.studio.session
    assert session is not None
    studio.prelabel(None)
    run = studio.run
    assert run is not None
    run.pause()
    qtbot.keyClick(window.workspace.canvas, Qt.Key.Key_F)
    assert session.project.counts().reviewed == 1
    with qtbot.waitSignal(studio.run_ended, timeout=30_000) as ended:
        run.cancel()
    assert ended.args[0].cancelled
    assert "What was found is kept" in window.toast.text()


def test_a_model_that_cannot_be_used_is_told_and_the_window_goes_on(qtbot: QtBot, window: MainWindow) -> None:
    bad = Path(window.studio.settings.model).with_name("bad.onnx")
    bad.write_bytes(b"<!doctype html>")
    window.studio.settings.model = str(bad)
    run_all(qtbot, window)
    assert window.workspace.top_bar.run.button.state() == "stopped"
    assert window.toast.text()
    qtbot.keyClick(window.workspace.canvas, Qt.Key.Key_D)
    wait_for(qtbot, lambda: picture_shown(window))


def test_closing_the_window_in_the_middle_of_a_run_keeps_what_was_found(qtbot: QtBot, window: MainWindow) -> None:
    from yolor_studio.project import Project

    session = window.studio.session
    assert session is not None
    path = session.project.path
    window.studio.prelabel(None)
    window.close()
    with Project.open(path) as project:
        assert not project.read_only


def test_the_demo_renders_opens_and_pre_labels(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from yolor_studio.demo import clip
    from yolor_studio.demo.scene import SceneSpec

    monkeypatch.setattr(clip, "DEMO_SPEC", SceneSpec(seed=1, width=160, height=96, frames=6, fps=6.0, density=1.0))
    window = open_window(qtbot)
    window.studio.settings.model = str(write_brightness_model(tmp_path / "brightness.onnx"))
    with qtbot.waitSignal(window.studio.run_ended, timeout=60_000) as ended:
        qtbot.mouseClick(window.start.demo.button, Qt.MouseButton.LeftButton)
    assert ended.args[0].finished
    session = window.studio.session
    assert session is not None
    layer = session.project.shown_layer()
    assert layer is not None
    assert len(session.project.visited_frames(layer.id, session.media[0].id)) == 6


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (4.4, "4 s"), (89, "89 s"), (600, "10 min"), (4800, "80 min"), (7260, "2 h 1 min")],
)
def test_times_left(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_progress_in_words() -> None:
    assert progress_text(Progress(312, 480, 41.2, 4.0)) == "312 of 480 · 41 frames/s · 4 s left"
    assert progress_text(Progress(3, 480, 1.6, 300)) == "3 of 480 · 1.6 frames/s · 5 min left"
    assert progress_text(Progress(0)) == "0"


def test_the_range_in_words() -> None:
    assert RunRange().sentence() == "this media, every frame"
    assert RunRange(everything=True, every=2, only_unreviewed=True).sentence() == (
        "everything, every 2nd frame, only frames not reviewed"
    )


def test_no_media_has_no_facts() -> None:
    assert media_text(None) == ""
