"""The start page's layout."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.logo import Logo
from yolor_studio.gui.settings import RecentProject
from yolor_studio.gui.start.demo_card import DemoCard
from yolor_studio.gui.start.drop_zone import DropZone, icon_tile
from yolor_studio.gui.start.recent import RecentList

__all__ = ["StartPage"]

CONTENT_WIDTH = 1040
LOW = 660
"""Under this height the gaps are smaller."""


class StartPage(QScrollArea):
    """Shown while no project is open."""

    command_requested = Signal(str)
    """A command's id from the table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.drop_zone = DropZone()
        self.demo = DemoCard()
        self.recent = RecentList()
        self._right = self._build_right()
        self._content = QWidget()
        self._content.setMaximumWidth(CONTENT_WIDTH)
        layout = QVBoxLayout(self._content)
        layout.setContentsMargins(0, 16, 0, 16)
        layout.setSpacing(0)
        self._gaps = [QWidget(), QWidget(), QWidget()]
        layout.addWidget(self._build_head())
        layout.addWidget(self._gaps[0])
        layout.addLayout(self._build_columns())
        layout.addWidget(self._gaps[1])
        layout.addWidget(_line())
        layout.addWidget(self._gaps[2])
        layout.addWidget(self._build_next())
        page = QWidget()
        outer = QHBoxLayout(page)
        outer.setContentsMargins(32, 0, 32, 0)
        outer.addStretch(1)
        column = QVBoxLayout()
        column.addStretch(3)
        column.addWidget(self._content)
        column.addStretch(4)
        outer.addLayout(column, 100)
        outer.addStretch(1)
        self.setWidget(page)

    def show_recent(self, projects: list[RecentProject]) -> None:
        """List recent projects; without any, the right column is not there."""
        self.recent.refill(projects)
        self._right.setVisible(bool(projects))

    def _build_head(self) -> QWidget:
        head = QWidget()
        title = QLabel("YOLOR Studio")
        looks.set_font(title, looks.START, looks.SEMIBOLD)
        about = QLabel(self.tr("Label video and pictures with a detector that learns from your corrections."))
        looks.dress(about, role="tx2")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(title)
        words.addWidget(about)
        layout = QHBoxLayout(head)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(14)
        layout.addWidget(Logo(40))
        layout.addLayout(words)
        layout.addStretch(1)
        return head

    def _build_columns(self) -> QHBoxLayout:
        left = QVBoxLayout()
        left.setSpacing(16)
        left.addWidget(self.drop_zone, 1)
        left.addWidget(self.demo)
        columns = QHBoxLayout()
        columns.setSpacing(32)
        columns.addLayout(left, 600)
        columns.addWidget(self._right, 408)
        return columns

    def _build_right(self) -> QWidget:
        right = QWidget()
        heading = QLabel(self.tr("Recent projects"))
        heading.setContentsMargins(8, 0, 0, 0)
        looks.set_font(heading, looks.BODY, looks.SEMIBOLD)
        links = QGridLayout()
        links.setContentsMargins(8, 0, 8, 0)
        links.setHorizontalSpacing(20)
        links.setVerticalSpacing(6)
        for number, (icon, text, command) in enumerate(
            (
                ("terminal-window", self.tr("Command line"), "help.command_line"),
                ("magnifying-glass", self.tr("All commands"), "help.palette"),
                ("keyboard", self.tr("All keys"), "help.keys"),
            )
        ):
            links.addWidget(self._link(icon, text, command), 0, number, Qt.AlignmentFlag.AlignLeft)
        links.setColumnStretch(3, 1)
        layout = QVBoxLayout(right)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(heading)
        layout.addWidget(self.recent, 1)
        layout.addWidget(_line())
        layout.addLayout(links)
        return right

    def _link(self, icon: str, text: str, command: str) -> QToolButton:
        link = QToolButton()
        link.setAutoRaise(True)
        link.setText(text)
        link.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        looks.set_icon(link, icon, 15)
        looks.dress(link, kind="quiet")
        looks.set_font(link, looks.SECONDARY)
        link.clicked.connect(lambda _checked=False: self.command_requested.emit(command))
        return link

    def _build_next(self) -> QWidget:
        steps = (
            (
                "magic-wand",
                self.tr("Pre-label"),
                self.tr("YOLOR-N runs in the background, on the GPU if there is one."),
            ),
            ("pencil-simple", self.tr("Correct"), self.tr("One key accepts, one click finds a box that was missed.")),
            ("check-circle", self.tr("Review"), self.tr("A frame counts as done only when you say so.")),
            ("export", self.tr("Export"), self.tr("Checked by reading the files back.")),
        )
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(14)
        heading = QLabel(
            self.tr(
                "What happens next: YOLOR draws the boxes on this computer, you correct them, "
                "and you export a COCO dataset."
            )
        )
        heading.setWordWrap(True)
        looks.set_font(heading, looks.BODY, looks.SEMIBOLD)
        layout.addWidget(heading)
        line = QHBoxLayout()
        line.setSpacing(24)
        for icon, name, text in steps:
            line.addWidget(_step(icon, name, text), 1)
        layout.addLayout(line)
        return holder

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._content.setMinimumWidth(min(CONTENT_WIDTH, max(self.viewport().width() - 64, 600)))
        low = self.viewport().height() < LOW
        self.drop_zone.setMinimumHeight(200 if low else 250)
        for gap, height in zip(self._gaps, (16, 18, 12) if low else (32, 36, 20), strict=True):
            gap.setFixedHeight(height)
        super().resizeEvent(event)


def _line() -> QFrame:
    line = QFrame()
    line.setFixedHeight(1)
    looks.dress(line, line="bottom")
    return line


def _step(icon: str, name: str, text: str) -> QWidget:
    step = QWidget()
    title = QLabel(name)
    looks.set_font(title, looks.BODY, looks.MEDIUM)
    words = QLabel(text)
    words.setWordWrap(True)
    looks.dress(words, role="tx2")
    looks.set_font(words, looks.SECONDARY)
    column = QVBoxLayout()
    column.setSpacing(1)
    column.addWidget(title)
    column.addWidget(words)
    column.addStretch(1)
    layout = QHBoxLayout(step)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(12)
    layout.addWidget(icon_tile(icon, 32, icon=16), 0, Qt.AlignmentFlag.AlignTop)
    layout.addLayout(column, 1)
    return step
