"""Real clips with a real network: labelled, corrected by hand in the window, exported, read by pycocotools."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from gui_window_kit import open_window, picture_shown, wait_for
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from yolor_studio.core.entities import Box, Origin
from yolor_studio.gui.canvas import BoxRef
from yolor_studio.gui.dialogs.export_sheet import ExportSheet
from yolor_studio.gui.main_window import MainWindow

CLIPS = (
    "mot17-04-8frames.mp4",
    pytest.param("traffic.mp4", marks=pytest.mark.slow),
    pytest.param("car-detection.mp4", marks=pytest.mark.slow),
    pytest.param("bottle-detection.mp4", marks=pytest.mark.slow),
    pytest.param("horses.mp4", marks=pytest.mark.slow),
)
WEIGHTS = ("weights", "darknet-yolo-fastest-1.1-xl", "yolo-fastest-1.1-xl.weights")


@pytest.mark.parametrize("clip", CLIPS)
def test_a_real_clip_from_the_file_to_coco(qtbot: QtBot, tmp_path: Path, shared: Path, clip: str) -> None:
    path = tmp_path / clip
    shutil.copyfile(shared / "data" / "videos" / "scenes" / clip, path)
    window = open_window(qtbot)
    window.studio.settings.model = str(shared.joinpath("data", *WEIGHTS))
    window.studio.open_paths([path])
    wait_for(qtbot, lambda: picture_shown(window))
    with qtbot.waitSignal(window.studio.run_ended, timeout=240_000) as ended:
        qtbot.keyClick(window.workspace.canvas, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert ended.args[0].finished
    assert ended.args[0].value.failed == 0
    go_to_predictions(qtbot, window)
    ref, before = smallest_prediction(window)
    drag_centre(qtbot, window, before, by=12)  # further than the border draws it back
    check_correction(window, before, ref)
    qtbot.keyClick(window.workspace.canvas, Qt.Key.Key_Space)
    export(qtbot, window)


def go_to_predictions(qtbot: QtBot, window: MainWindow) -> None:
    if not window.workspace.predictions_shown:
        qtbot.keyClick(window.workspace.canvas, Qt.Key.Key_E, Qt.KeyboardModifier.ShiftModifier)
        wait_for(qtbot, lambda: picture_shown(window))
    assert window.workspace.predictions_shown


def smallest_prediction(window: MainWindow) -> tuple[BoxRef, Box]:
    """No smaller box lies over its centre, so a press there takes it."""
    smallest = min(window.workspace.objects.model.rows, key=lambda row: row.box.area)
    return smallest.ref, smallest.box


def drag_centre(qtbot: QtBot, window: MainWindow, box: Box, *, by: float) -> None:
    canvas = window.workspace.canvas
    view = canvas.view_transform()
    start = QPoint(*map(round, view.to_view(box.x + box.w / 2, box.y + box.h / 2)))
    end = start + QPoint(max(round(by * view.scale), 4), 0)
    qtbot.mouseMove(canvas, start)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(canvas, (start + end) / 2)
    qtbot.mouseMove(canvas, end)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)


def check_correction(window: MainWindow, before: Box, ref: BoxRef) -> None:
    session = window.studio.session
    assert session is not None
    (corrected,) = session.boxes()
    assert corrected.origin is Origin.HUMAN
    assert corrected.box != before
    assert (corrected.box.w, corrected.box.h) == pytest.approx((before.w, before.h), abs=0.01)
    shown = session.shown()
    assert shown is not None
    assert ref.id not in shown.rows.tolist()


def export(qtbot: QtBot, window: MainWindow) -> None:
    window.run_by_id("file.export")
    sheet = window.sheet
    assert isinstance(sheet, ExportSheet)
    wait_for(qtbot, sheet.export_button.isEnabled)
    qtbot.mouseClick(sheet.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: sheet.report is not None, timeout=30_000)
    report = sheet.report
    assert report is not None
    assert (report.frames, report.check.problems, report.check.files) == (1, (), 1)
    assert report.boxes >= 1
    assert report.check.ap == pytest.approx(1.0)
