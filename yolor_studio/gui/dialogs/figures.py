"""Small columns of labels and figures, and notes with an icon, for the right side of sheets."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QLayout, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.panels.icon_label import IconLabel

__all__ = ["Figures", "clear", "heading", "note", "rule"]


def heading(text: str) -> QLabel:
    """A heading in a sheet's column."""
    label = QLabel(text)
    looks.set_font(label, looks.HEADING, looks.SEMIBOLD)
    return label


def rule() -> QWidget:
    """A divider of one pixel."""
    line = QFrame()
    line.setFixedHeight(1)
    looks.dress(line, kind="divider")
    return line


def note(text: str, *, icon: str = "info", role: str = "tx2") -> QWidget:
    """A sentence with an icon before it."""
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    words = QLabel(text)
    words.setWordWrap(True)
    looks.set_font(words, looks.SECONDARY)
    line.addWidget(IconLabel(icon, role), 0, Qt.AlignmentFlag.AlignTop)
    line.addWidget(words, 1)
    return holder


def clear(layout: QLayout) -> None:
    """Take everything out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()  # a layout shows what was just added later, by then as a window of its own
            widget.setParent(None)
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


class Figures(QWidget):
    """Rows of a name and a figure; `icon` and `indent` make a tree of files."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(0, 1)

    def add(self, name: str, figure: str = "", *, icon: str = "", indent: int = 0) -> None:
        """Add a row."""
        row = self._grid.rowCount()
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(indent * 16, 0, 0, 0)
        line.setSpacing(7)
        if icon:
            line.addWidget(IconLabel(icon, side=15))
        label = QLabel(name)
        looks.set_font(label, looks.SECONDARY)
        if not icon:
            looks.dress(label, role="tx2")
        line.addWidget(label)
        line.addStretch(1)
        value = QLabel(figure)
        looks.set_font(value, looks.SECONDARY, tabular=True)
        if icon:
            looks.dress(value, role="tx3")
        self._grid.addWidget(holder, row, 0)
        self._grid.addWidget(value, row, 1, Qt.AlignmentFlag.AlignRight)
