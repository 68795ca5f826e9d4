"""What this program is, and how to work with it without its window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from yolor_studio import __version__
from yolor_studio.gui import looks
from yolor_studio.gui.dialogs.sheet import Sheet
from yolor_studio.gui.logo import Logo
from yolor_studio.gui.panels.header import icon_button

__all__ = ["AboutSheet", "CommandLineSheet", "sheet_head"]

_COMMANDS = (
    ("yolor-studio label traffic.mp4 --project traffic.yolor", "pre-label"),
    ("yolor-studio accept traffic.yolor --min-score 0.5", "turn predictions into objects"),
    ("yolor-studio review traffic.yolor", "mark the frames reviewed"),
    ("yolor-studio export traffic.yolor --format coco --out traffic-coco", "write a checked dataset"),
    ("yolor-studio --help", "everything else"),
)


def sheet_head(sheet: Sheet, title: str, detail: str = "") -> QFrame:
    """A sheet's first row: its title and the button that closes it."""
    head = QFrame()
    looks.dress(head, line="bottom")
    line = QHBoxLayout(head)
    line.setContentsMargins(20, 12, 14, 12)
    line.setSpacing(10)
    name = QLabel(title)
    looks.set_font(name, looks.TITLE, looks.SEMIBOLD)
    about = QLabel(detail)
    looks.dress(about, role="tx2")
    line.addWidget(name)
    line.addWidget(about)
    line.addStretch(1)
    line.addWidget(icon_button("x", sheet.tr("Close (Esc)"), sheet.close_sheet, side=28))
    return head


class AboutSheet(Sheet):
    """Name, version, licence."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host, width=460)
        self.content.addWidget(sheet_head(self, self.tr("About YOLOR Studio")))
        body = QHBoxLayout()
        body.setContentsMargins(20, 20, 20, 24)
        body.setSpacing(16)
        body.addWidget(Logo(48), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        for text, role in (
            (self.tr("Version {version}").format(version=__version__), "tx"),
            (self.tr("Turns video into a detection dataset: YOLOR pre-labels, you correct, COCO comes out."), "tx2"),
            (self.tr("MIT licence. Nothing is uploaded, there is no account."), "tx2"),
        ):
            label = QLabel(text)
            label.setWordWrap(True)
            looks.dress(label, role=role)
            words.addWidget(label)
        body.addLayout(words, 1)
        self.content.addLayout(body)


class CommandLineSheet(Sheet):
    """The main job as five lines for a terminal."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host, width=640)
        self.content.addWidget(sheet_head(self, self.tr("Command line"), self.tr("the same work without a window")))
        body = QVBoxLayout()
        body.setContentsMargins(20, 14, 20, 20)
        body.setSpacing(4)
        for line, what in _COMMANDS:
            about = QLabel(self.tr(what))
            looks.dress(about, role="tx3")
            looks.set_font(about, looks.SECONDARY)
            code = QLabel(line)
            code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            code.setStyleSheet("font-family: monospace;")
            looks.dress(code, ground="field")
            code.setContentsMargins(8, 4, 8, 4)
            body.addWidget(about)
            body.addWidget(code)
            body.addSpacing(6)
        self.content.addLayout(body)
