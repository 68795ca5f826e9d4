"""What failed in a job, item by item."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.dialogs.about import sheet_head
from yolor_studio.gui.dialogs.sheet import Sheet
from yolor_studio.jobs.events import ItemFailed

__all__ = ["FailuresSheet"]

MOST_LISTED = 200


class FailuresSheet(Sheet):
    """Lists what failed and why."""

    def __init__(self, host: QWidget, title: str, failures: Sequence[ItemFailed]) -> None:
        super().__init__(host, width=620)
        self.content.addWidget(sheet_head(self, title))
        body = QWidget()
        lines = QVBoxLayout(body)
        lines.setContentsMargins(20, 12, 20, 16)
        lines.setSpacing(10)
        for failure in failures[:MOST_LISTED]:
            label = QLabel(f"{failure.what}\n{failure.why}")
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            lines.addWidget(label)
        if len(failures) > MOST_LISTED:
            more = QLabel(self.tr("and {count} more").format(count=f"{len(failures) - MOST_LISTED:,}"))
            looks.dress(more, role="tx2")
            lines.addWidget(more)
        lines.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(body)
        area.setMinimumHeight(min(120 + 40 * len(failures), 420))
        self.content.addWidget(area, 1)
