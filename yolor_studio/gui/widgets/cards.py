"""Cards: a frame with a title, and a large figure with a word about it."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.widgets.elided import ElidedLabel

__all__ = ["Card", "FigureCard"]

FIGURE = 22


class Card(QFrame):
    """A frame with a title line, to whose right end buttons can be added, and content below."""

    def __init__(self, title: str, note: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        looks.dress(self, kind="card")
        self.lines = QVBoxLayout(self)
        self.lines.setContentsMargins(16, 10, 16, 12)
        self.lines.setSpacing(8)
        self.head = QHBoxLayout()
        self.head.setSpacing(8)
        self._title, self._note = QLabel(title), ElidedLabel(note)
        looks.set_font(self._title, looks.HEADING, looks.SEMIBOLD)
        looks.set_font(self._note, looks.SECONDARY)
        looks.dress(self._note, role="tx3")
        self.head.addWidget(self._title)
        self.head.addWidget(self._note, 1)
        self.lines.addLayout(self.head)

    def set_title(self, title: str, note: str = "") -> None:
        """Say something else."""
        self._title.setText(title)
        self._note.set_text(note)

    @property
    def title(self) -> str:
        """The title of now."""
        return self._title.text()


class FigureCard(QFrame):
    """One figure."""

    def __init__(self, title: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        looks.dress(self, kind="card")
        self.setToolTip(hint)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(16, 10, 16, 10)
        lines.setSpacing(2)
        name = QLabel(title)
        looks.set_font(name, looks.SECONDARY)
        looks.dress(name, role="tx2")
        self._title = title
        self._figure, self._note = QLabel("–"), ElidedLabel()
        looks.set_font(self._figure, FIGURE, looks.SEMIBOLD, tabular=True)
        looks.set_font(self._note, looks.SECONDARY, tabular=True)
        looks.dress(self._note, role="tx3")
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._figure)
        line.addWidget(self._note, 1)
        lines.addWidget(name)
        lines.addLayout(line)

    def set_figure(self, figure: str, note: str = "") -> None:
        """Show a figure."""
        self._figure.setText(figure)
        self._note.set_text(note)
        self.setAccessibleName(f"{self._title} {figure} {note}".strip())

    @property
    def figure(self) -> str:
        """What is shown."""
        return self._figure.text()
