"""Every key on one sheet."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.actions import Command, keys_text, tr
from yolor_studio.gui.command_table import COMMANDS, MENUS
from yolor_studio.gui.dialogs.sheet import Sheet
from yolor_studio.gui.panels.header import icon_button
from yolor_studio.gui.widgets import KeyCap

__all__ = ["KeysSheet"]

COLUMNS = 3
_MOUSE = (
    ("Wheel", "zoom on the pointer"),
    ("Middle button", "move the picture"),
    ("Ctrl click", "add to the selection"),
    ("Double click", "accept a prediction"),
    ("Click a spot without a box", "offer a prediction that the score hides"),
    ("Tab", "next box under the pointer"),
    ("Esc", "drop what is under way"),
)


class KeysSheet(Sheet):
    """The keys by menu, and what the mouse does."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host, width=980)
        title = QLabel(self.tr("All keys"))
        looks.set_font(title, looks.TITLE, looks.SEMIBOLD)
        head = QFrame()
        looks.dress(head, line="bottom")
        line = QHBoxLayout(head)
        line.setContentsMargins(20, 12, 14, 12)
        line.addWidget(title)
        line.addStretch(1)
        line.addWidget(icon_button("x", self.tr("Close"), self.close_sheet, side=28))
        groups = [
            (tr(menu), [entry for entry in COMMANDS if entry.menu == menu and entry.keys and _has_a_line(entry)])
            for menu in MENUS
        ]
        columns: list[QVBoxLayout] = []
        body = QWidget()
        holder = QHBoxLayout(body)
        holder.setContentsMargins(20, 12, 20, 16)
        holder.setSpacing(28)
        for _ in range(COLUMNS):
            columns.append(QVBoxLayout())
            columns[-1].setSpacing(12)
            holder.addLayout(columns[-1], 1)
        heights = [0] * COLUMNS
        blocks = [*sorted(groups, key=lambda group: -len(group[1])), (self.tr("Mouse"), None)]
        for name, entries in blocks:
            target = heights.index(min(heights))
            size = len(entries) if entries is not None else len(_MOUSE)
            if size:
                columns[target].addWidget(self._block(name, entries))
                heights[target] += size + 2
        for column in columns:
            column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        area.setMinimumHeight(min(body.sizeHint().height() + 2, 760))
        self.content.addWidget(head)
        self.content.addWidget(area, 1)

    def _block(self, name: str, entries: list[Command] | None) -> QWidget:
        block = QWidget()
        grid = QGridLayout(block)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        heading = QLabel(name)
        looks.set_font(heading, looks.HEADING, looks.SEMIBOLD)
        grid.addWidget(heading, 0, 0)
        if entries is None:
            lines = [(tr(what).capitalize(), [key]) for key, what in _MOUSE]
        else:
            lines = [(tr(entry.text).rstrip("…"), keys_text(entry)) for entry in entries]
            if entries and entries[0].menu == "Annotate":
                lines.append((self.tr("Category of this digit"), ["1", "…", "9"]))
                lines.append((self.tr("Nudge by 1 px"), ["←", "↑", "→", "↓"]))
                lines.append((self.tr("Nudge by 10 px"), ["Shift", "←", "↑", "→", "↓"]))
        for number, (text, keys) in enumerate(lines, 1):
            label = QLabel(text)
            label.setWordWrap(True)
            looks.dress(label, role="tx2")
            looks.set_font(label, looks.SECONDARY)
            grid.addWidget(label, number, 0)
            caps = QHBoxLayout()
            caps.setSpacing(3)
            caps.addStretch(1)
            for key in keys:
                caps.addWidget(KeyCap(key))
            grid.addLayout(caps, number, 1)
        return block


def _has_a_line(entry: Command) -> bool:
    """The nine digits and the eight nudges share lines."""
    return not entry.id.startswith("category.") and not entry.text.startswith("Nudge")
