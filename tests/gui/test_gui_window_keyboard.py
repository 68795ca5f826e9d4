"""Working without a mouse, and what places say that show nothing."""

from __future__ import annotations

from pathlib import Path

from gui_window_kit import (
    add_layer,
    make_project,
    open_pictures,
    open_window,
    predictions,
    wait_for,
)
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from yolor_studio.core.entities import Box, FrameState
from yolor_studio.gui.dialogs.export_sheet import ExportSheet
from yolor_studio.gui.dialogs.palette import Palette
from yolor_studio.gui.looks.focus import FocusRing
from yolor_studio.gui.main_window import MainWindow
from yolor_studio.gui.studio import Message
from yolor_studio.project import Project


def reviewed_window(qtbot: QtBot, tmp_path: Path) -> MainWindow:
    window = open_pictures(qtbot, tmp_path / "media")
    editor = window.studio.editor
    assert editor is not None
    editor.draw(Box(20, 20, 40, 30))
    editor.set_state(FrameState.REVIEWED)
    return window


def open_export(qtbot: QtBot, window: MainWindow) -> ExportSheet:
    window.show_export()
    sheet = window.sheet
    assert isinstance(sheet, ExportSheet)
    wait_for(qtbot, sheet.export_button.isEnabled)
    return sheet


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def press(qtbot: QtBot, key: Qt.Key) -> None:
    qtbot.keyClick(focused(), key)


def test_tab_goes_round_the_whole_sheet(qtbot: QtBot, tmp_path: Path) -> None:
    sheet = open_export(qtbot, reviewed_window(qtbot, tmp_path))
    met: list[QWidget] = []
    for _ in range(40):
        press(qtbot, Qt.Key.Key_Tab)
        if focused() in met:
            break
        met.append(focused())
    assert focused() is met[0]
    assert sheet.export_button in met
    assert any(isinstance(widget, QLineEdit) and widget.accessibleName() == "Folder" for widget in met)


def test_enter_exports_and_closes(qtbot: QtBot, tmp_path: Path) -> None:
    window = reviewed_window(qtbot, tmp_path)
    sheet = open_export(qtbot, window)
    press(qtbot, Qt.Key.Key_Return)
    wait_for(qtbot, lambda: sheet.report is not None)
    press(qtbot, Qt.Key.Key_Return)
    assert window.sheet is None


def test_escape_closes_after_an_export_that_failed_from_the_folder_field(qtbot: QtBot, tmp_path: Path) -> None:
    window = reviewed_window(qtbot, tmp_path)
    sheet = open_export(qtbot, window)
    blocker = tmp_path / "a file"
    blocker.write_text("")
    field = next(each for each in sheet.findChildren(QLineEdit) if each.accessibleName() == "Folder")
    field.setFocus()
    field.setText(str(blocker / "dataset"))
    wait_for(qtbot, sheet.export_button.isEnabled)
    press(qtbot, Qt.Key.Key_Return)
    wait_for(qtbot, sheet.form.isEnabled)
    press(qtbot, Qt.Key.Key_Escape)
    assert window.sheet is None


def test_the_palette_says_when_nothing_matches_and_keeps_its_place(qtbot: QtBot, tmp_path: Path) -> None:
    window = open_pictures(qtbot, tmp_path / "media")
    window.show_palette()
    palette = window.sheet
    assert isinstance(palette, Palette)
    top = palette.panel.y()
    palette.field.setText("no such thing")
    said = [label.text() for label in palette.findChildren(QLabel) if label.isVisible()]
    assert "Nothing has this name." in said
    assert palette.panel.y() == top
    ring = window.findChild(FocusRing)
    assert ring is None or ring.isHidden()


def test_pictures_are_pre_labelled_together_until_somebody_chooses(qtbot: QtBot, tmp_path: Path) -> None:
    window = open_pictures(qtbot, tmp_path / "media")
    run = window.workspace.top_bar.run
    assert run.range.everything
    run._choose(everything=False)
    session = window.studio.session
    assert session is not None
    session.step(1)
    assert not run.range.everything


def test_a_frame_whose_predictions_are_all_hidden_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    window = open_pictures(qtbot, tmp_path / "media")
    session = window.studio.session
    assert session is not None
    assert session.current is not None
    add_layer(session.project, session.current.id, {0: predictions(((10, 10, 50, 50), 0, 0.1))})
    wait_for(
        qtbot,
        lambda: any(
            "1 prediction is below the score" in label.text() for label in window.workspace.objects.findChildren(QLabel)
        ),
    )


def test_a_project_that_is_open_elsewhere_is_named_with_the_reason(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "held.yolor"
    make_project(path).close()
    window = open_window(qtbot)
    told: list[Message] = []
    window.studio.told.connect(told.append)
    with Project.open(path):
        window.studio.open_project(path)
        assert told[0].text.startswith("held.yolor is open for reading only: it is open in another window")
        wait_for(qtbot, lambda: window.workspace is not None)
        window.studio.close_project()
