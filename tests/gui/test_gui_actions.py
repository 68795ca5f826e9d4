"""The table of commands is sound, and everything made from it follows it."""

from __future__ import annotations

import inspect
import re

import pytest
from PySide6.QtGui import QKeySequence

from yolor_studio.gui.actions import Needs, key_conflicts, keys_text, matching
from yolor_studio.gui.command_table import COMMANDS, MENUS
from yolor_studio.gui.commands import Commands
from yolor_studio.gui.menus import tooltip_of

BY_ID = {entry.id: entry for entry in COMMANDS}
PRODUCT_KEYS = {
    "frame.next": "D", "frame.previous": "A", "frame.next_long": "Shift+D", "frame.previous_long": "Shift+A",
    "frame.play": "S", "review.accept_next": "Space", "review.accept": "Shift+Space", "review.toggle": "F",
    "review.span": "Shift+F", "frame.next_open": "E", "frame.previous_open": "Q", "tool.select": "V", "tool.box": "W",
    "tool.points": "X", "tool.pan": "H", "annotate.repeat": "R", "annotate.category": "C", "annotate.occluded": "O",
    "edit.delete": "Delete", "edit.delete_object": "Shift+Delete", "edit.undo": "Ctrl+Z", "edit.redo": "Ctrl+Shift+Z",
    "edit.copy": "Ctrl+C", "edit.paste": "Ctrl+V", "edit.duplicate": "Ctrl+D", "edit.select_all": "Ctrl+A",
    "file.open": "Ctrl+O", "file.export": "Ctrl+E", "help.palette": "Ctrl+K", "help.keys": "?",
    "view.left": "F8", "view.right": "F9", "view.bottom": "F10", "view.next_panel": "F6", "category.3": "3",
}  # fmt: skip


def test_no_key_is_claimed_twice() -> None:
    assert key_conflicts(COMMANDS) == {}


def test_ids_and_names_are_unique() -> None:
    assert len(BY_ID) == len(COMMANDS)
    assert len({entry.text for entry in COMMANDS}) == len(COMMANDS)


@pytest.mark.parametrize(("command_id", "key"), PRODUCT_KEYS.items())
def test_the_products_keys(command_id: str, key: str) -> None:
    assert BY_ID[command_id].keys[0] == key


def test_every_key_is_one_that_qt_knows() -> None:
    for entry in COMMANDS:
        for key in entry.keys:
            assert QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText), key


def test_every_command_names_a_method_that_exists() -> None:
    for entry in COMMANDS:
        names = re.findall(r"do\.(\w+)\(", inspect.getsource(entry.run))
        assert names, entry.id
        assert all(callable(getattr(Commands, name)) for name in names), names


def test_every_menu_lists_something() -> None:
    for menu in MENUS:
        assert any(entry.menu == menu and entry.listed for entry in COMMANDS)


def test_keys_are_taken_apart_for_key_caps() -> None:
    assert keys_text(BY_ID["edit.redo"]) == ["Ctrl", "Shift", "Z"]
    assert keys_text(BY_ID["view.zoom_in"]) == ["Ctrl", "+"]
    assert keys_text(BY_ID["file.new"]) == ["Ctrl", "N"]
    assert keys_text(BY_ID["model.cancel"]) == []


def test_a_tooltip_says_name_key_and_hint() -> None:
    assert tooltip_of(BY_ID["edit.undo"]) == "Undo (Ctrl+Z)"
    assert tooltip_of(BY_ID["tool.box"]) == "Draw a box (W)\nDrag, or click two corners."


def test_finding_a_command_by_parts_of_its_name() -> None:
    assert matching(COMMANDS, "next to")[0].id == "frame.next_open"
    assert matching(COMMANDS, "whole rev")[0].id == "review.media"
    assert matching(COMMANDS, "no such thing") == []


def test_what_changes_the_project_needs_one_that_may_be_written() -> None:
    changing = ("review.", "annotate.", "edit.paste", "edit.delete", "edit.duplicate", "model.run_", "category.")
    for entry in COMMANDS:
        if entry.id in ("model.run", "media.remove"):  # of media that cannot be seen now too
            assert entry.needs is Needs.WRITABLE
        elif entry.id.startswith(changing):
            assert entry.needs in (Needs.EDITABLE, Needs.SELECTION, Needs.PREDICTIONS), entry.id
