"""Pages in place of the workspace: what works meanwhile, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from gui_window_kit import open_pictures, open_window
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from yolor_studio.gui.main_window import MainWindow
from yolor_studio.gui.pages import Page


class _Page(Page):
    stopped = False

    def __init__(self) -> None:
        super().__init__("Figures", back="street")
        self.field = QLineEdit()
        self.content.addWidget(self.field)

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> MainWindow:
    return open_pictures(qtbot, tmp_path / "media")


def _show(window: MainWindow) -> _Page:
    page = window._pages.show_page("figures", _Page)
    assert isinstance(page, _Page)
    return page


def test_a_page_takes_the_workspaces_place_and_esc_brings_it_back(qtbot: QtBot, window: MainWindow) -> None:
    page = _show(window)
    assert window.page is page
    assert not window.actions_set.action("frame.next").isEnabled()
    assert not window.actions_set.action("edit.undo").isEnabled()
    assert window.actions_set.action("help.palette").isEnabled()
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert window.page is None
    assert window.actions_set.action("frame.next").isEnabled()
    assert window.workspace.canvas.hasFocus()


def test_letters_typed_on_a_page_are_no_commands(qtbot: QtBot, window: MainWindow) -> None:
    page = _show(window)
    page.field.setFocus()
    qtbot.keyClicks(page.field, "wad")
    assert page.field.text() == "wad"


def test_a_page_is_shown_again_as_it_was_left(qtbot: QtBot, window: MainWindow) -> None:
    page = _show(window)
    page.field.setText("so far")
    window.leave_page()
    assert _show(window) is page


def test_the_keyboard_is_given_to_the_page_and_then_to_what_had_it(qtbot: QtBot, window: MainWindow) -> None:
    page = _show(window)
    assert window.focusWidget() is page  # and not its way back, which Enter would press
    page.field.setFocus()
    window.leave_page()
    _show(window)
    assert page.field.hasFocus()


def test_enter_presses_the_button_that_has_the_keyboard(qtbot: QtBot, window: MainWindow) -> None:
    page = _show(window)
    qtbot.keyClick(page, Qt.Key.Key_Return)
    assert window.page is page
    qtbot.keyClick(page, Qt.Key.Key_Tab)
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    assert window.page is None


def test_messages_appear_on_the_page(qtbot: QtBot, window: MainWindow) -> None:
    page = _show(window)
    window.studio.tell("Done.")
    assert page.toast.text() == "Done."


def test_closing_the_project_stops_and_drops_its_pages(qtbot: QtBot, window: MainWindow) -> None:
    page = _show(window)
    window.studio.close_project()
    assert page.stopped
    assert window.page is None


def test_a_page_can_be_shown_without_a_project(qtbot: QtBot) -> None:
    window = open_window(qtbot)
    page = _show(window)
    assert window.page is page
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert window.page is None
