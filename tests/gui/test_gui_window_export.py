"""The export sheet: recounted live, written, proved; and its arithmetic without a window."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from gui_window_kit import add_layer, make_project, open_pictures, predictions, wait_for
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from yolor_studio.core.entities import Box, FrameState
from yolor_studio.formats.plan import ExportRequest
from yolor_studio.formats.snapshot import take_snapshot
from yolor_studio.gui.dialogs.export_pages import ExportPreview
from yolor_studio.gui.dialogs.export_sheet import ExportSheet
from yolor_studio.gui.export_choice import as_command, default_folder, plan_with_alternatives
from yolor_studio.gui.main_window import MainWindow


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> MainWindow:
    """Three pictures: the first two reviewed with a box, the third with a box and not reviewed."""
    window = open_pictures(qtbot, tmp_path / "media")
    session, editor = window.studio.session, window.studio.editor
    assert session is not None
    assert editor is not None
    for number, media in enumerate(session.media):
        session.go(media.id)
        editor.draw(Box(20, 20, 40, 30))
        if number < 2:
            editor.set_state(FrameState.REVIEWED)
    return window


def open_sheet(qtbot: QtBot, window: MainWindow) -> ExportSheet:
    qtbot.keyClick(window.workspace.canvas, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    sheet = window.sheet
    assert isinstance(sheet, ExportSheet)
    wait_for(qtbot, lambda: sheet.export_button.text() != "Export")
    return sheet


def test_exporting_writes_what_the_button_says_and_proves_it(qtbot: QtBot, window: MainWindow) -> None:
    sheet = open_sheet(qtbot, window)
    assert sheet.export_button.text() == "Export 2 frames"
    folder = sheet.form.folder
    qtbot.mouseClick(sheet.export_button, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: sheet.report is not None)
    report = sheet.report
    assert report is not None
    assert (report.frames, report.boxes, report.check.ap) == (2, 2, pytest.approx(1.0))
    images = [
        image
        for path in (folder / "annotations").glob("instances_*.json")
        for image in json.loads(path.read_text())["images"]
    ]
    assert len(images) == 2
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert window.sheet is None


def test_every_choice_recounts(qtbot: QtBot, window: MainWindow) -> None:
    sheet = open_sheet(qtbot, window)
    sheet.form.choose_all_frames()
    wait_for(qtbot, lambda: sheet.export_button.text() == "Export 3 frames")


def test_a_folder_that_is_taken_is_refused_before(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    sheet = open_sheet(qtbot, window)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years of work")
    sheet.form.set_folder(tmp_path / "full")
    wait_for(qtbot, lambda: not sheet.export_button.isEnabled())
    assert (tmp_path / "full" / "thesis.txt").read_text() == "years of work"


def test_the_command_on_the_clipboard_is_the_same_export(qtbot: QtBot, window: MainWindow) -> None:
    from yolor_studio.cli.main import run

    sheet = open_sheet(qtbot, window)
    sheet.form.choose_all_frames()
    sheet.copy_command()
    words = shlex.split(QApplication.clipboard().text())
    folder = sheet.form.folder
    sheet.close_sheet()
    window.studio.close_project()
    assert run(words[1:]) == 0
    assert len(list(folder.rglob("*.jpg"))) == 3


def test_the_command_leaves_out_what_has_its_default(tmp_path: Path) -> None:
    with make_project(tmp_path / "a.yolor") as project:
        categories = {category.id: category for category in project.categories()}
        plain = as_command(Path("a.yolor"), ExportRequest(), Path("out"), categories=categories)
        assert plain == "yolor-studio export a.yolor --format coco --out out"
        request = ExportRequest(
            include=frozenset({"reviewed", "all", "predictions"}),
            min_score=0.4,
            split={"train": 0.8, "val": 0.2},
            seed=7,
            images="png",
            blur=frozenset({2}),
            polygons=True,
        )
        assert as_command(Path("a b.yolor"), request, Path("out"), categories=categories) == (
            "yolor-studio export 'a b.yolor' --format coco --out out --include reviewed,all,predictions --min-score 0.4"
            " --split train=0.8,val=0.2 --seed 7 --images png --blur person --polygons"
        )


def test_the_other_range_is_counted_beside_the_chosen_one(tmp_path: Path) -> None:
    with make_project(tmp_path / "a.yolor") as project:
        media = project.media()[0]
        add_layer(project, media.id, {5: predictions(((10, 10, 30, 30), 0, 0.9))})
        with project.edit("Draw box") as edit:
            edit.add_object(media.id, 1, 3, Box(1, 2, 30, 40))
            edit.set_frame_state(media.id, [0], FrameState.REVIEWED)
        request = ExportRequest(images="none")
        planned = plan_with_alternatives(project, request, take_snapshot(project))
        assert planned.counts == {"reviewed": (1, 0), "all": (2, 1)}
        assert planned.plan.frames == 1


def test_the_default_folder_is_never_one_that_is_there(tmp_path: Path) -> None:
    project = tmp_path / "street.yolor"
    assert default_folder(project, "") == tmp_path / "street-coco"
    (tmp_path / "street-coco").mkdir()
    assert default_folder(project, "") == tmp_path / "street-coco-2"
    assert default_folder(project, str(tmp_path / "street-coco")) == tmp_path / "street-coco" / "street-coco"


def test_a_problem_is_shown_in_place_of_a_plan(qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QLabel

    preview = ExportPreview()
    qtbot.addWidget(preview)
    preview.show_problem("Two splits have the same name.")
    assert "Two splits have the same name." in [label.text() for label in preview.findChildren(QLabel)]
