"""The menu of the canvas: what can be done with the box under the pointer, or where none is."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from yolor_studio.gui.canvas import BoxRef
from yolor_studio.gui.menus import ActionSet

__all__ = ["show_box_menu"]

_NO_BOX = ("tool.box", "edit.paste", "annotate.repeat", "", "review.accept_next", "review.toggle", "view.fit")
_PREDICTION = (
    "review.accept_selected", "review.reject", "annotate.category", "", "review.accept", "edit.select_category",
)  # fmt: skip
_OBJECT = (
    "annotate.category", "annotate.occluded", "", "edit.copy", "edit.duplicate", "edit.select_category", "",
    "edit.delete", "edit.delete_object",
)  # fmt: skip


def show_box_menu(window: QWidget, actions: ActionSet, ref: BoxRef | None, at: QPoint) -> None:
    """Show it at a point of the screen until a command is chosen, or none."""
    menu = QMenu(window)
    for command_id in _NO_BOX if ref is None else _PREDICTION if ref.kind == "prediction" else _OBJECT:
        if command_id:
            menu.addAction(actions.action(command_id))
        else:
            menu.addSeparator()
    menu.exec(at)
    menu.deleteLater()
