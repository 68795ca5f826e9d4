"""QActions made from the table of commands, and the menus that list them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.actions import Command, Needs, keys_text, tr
from yolor_studio.gui.command_table import COMMANDS, MENUS

__all__ = ["ActionSet", "tooltip_of"]


def tooltip_of(entry: Command) -> str:
    """Name, key, and one line where the name is not enough."""
    keys = "+".join(keys_text(entry))
    first = f"{tr(entry.text).rstrip('…')} ({keys})" if keys else tr(entry.text).rstrip("…")
    return f"{first}\n{tr(entry.hint)}" if entry.hint else first


class ActionSet(QObject):
    """One QAction for each command, on a window; what they need decides whether they are enabled."""

    def __init__(self, window: QWidget, run: Callable[[Command], object]) -> None:
        super().__init__(window)
        self._actions = {entry.id: self._build(window, entry, run) for entry in COMMANDS}
        self._met: Collection[Needs] = frozenset({Needs.NOTHING})
        self._blocked = False
        self._apply()

    def action(self, command_id: str) -> QAction:
        """The action of a command."""
        return self._actions[command_id]

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Put every listed command into the menus of a menu bar; the menus by their English names."""
        menus: dict[str, QMenu] = {}
        for name in MENUS:
            menus[name] = bar.addMenu(tr(name))
            for entry in COMMANDS:
                if entry.menu == name and entry.listed:
                    if entry.separator and menus[name].actions():
                        menus[name].addSeparator()
                    menus[name].addAction(self._actions[entry.id])
        return menus

    def set_met(self, met: Collection[Needs]) -> None:
        """Say which needs are met now."""
        if met != self._met:
            self._met = frozenset(met)
            self._apply()

    def set_blocked(self, blocked: bool) -> None:
        """Let no command run while a sheet is open: its fields have the keyboard."""
        if blocked != self._blocked:
            self._blocked = blocked
            self._apply()

    def set_checked(self, command_id: str, checked: bool) -> None:
        """Show the state of a checkable command."""
        self._actions[command_id].setChecked(checked)

    def enabled(self, entry: Command) -> bool:
        """Whether a command can run now."""
        return not self._blocked and entry.needs in self._met

    def _build(self, window: QWidget, entry: Command, run: Callable[[Command], object]) -> QAction:
        action = QAction(tr(entry.text), window)
        action.setObjectName(entry.id)
        action.setCheckable(entry.checkable)
        action.setAutoRepeat(entry.repeats)
        action.setToolTip(tooltip_of(entry))
        if entry.icon:
            action.setIcon(looks.icon(entry.icon))
        if entry.canvas_keys:
            keys = "+".join(keys_text(entry))
            action.setText(f"{tr(entry.text)}\t{keys}")
        else:
            action.setShortcuts([QKeySequence(key) for key in entry.keys])
        action.triggered.connect(lambda _checked=False: run(entry))
        window.addAction(action)
        return action

    def _apply(self) -> None:
        for entry in COMMANDS:
            self._actions[entry.id].setEnabled(self.enabled(entry))
