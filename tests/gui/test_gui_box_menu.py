"""The canvas's menu offers what can be done with what is under the pointer, as the table of commands has it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from yolor_studio.gui import box_menu
from yolor_studio.gui.box_menu import show_box_menu
from yolor_studio.gui.canvas import BoxRef
from yolor_studio.gui.menus import ActionSet


@pytest.mark.parametrize(
    ("ref", "first", "last"),
    [
        (None, "tool.box", "view.fit"),
        (BoxRef("prediction", 0), "review.accept_selected", "edit.select_category"),
        (BoxRef("object", 1), "annotate.category", "edit.delete_object"),
    ],
)
def test_a_menu_for_each_kind(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, ref: BoxRef | None, first: str, last: str
) -> None:
    shown: list[tuple[list[QAction], QPoint]] = []

    class Menu(QMenu):
        def exec(self, at: QPoint) -> None:
            shown.append((self.actions(), at))

    monkeypatch.setattr(box_menu, "QMenu", Menu)
    window = QWidget()
    qtbot.addWidget(window)
    actions = ActionSet(window, lambda _entry: None)
    show_box_menu(window, actions, ref, QPoint(3, 4))
    ((entries, at),) = shown
    assert (entries[0], entries[-1], at) == (actions.action(first), actions.action(last), QPoint(3, 4))
    assert any(entry.isSeparator() for entry in entries)
