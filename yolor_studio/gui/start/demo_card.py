"""The card that offers the demo clip, which needs no file."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from yolor_studio.core.palette import colour_of
from yolor_studio.gui import looks
from yolor_studio.gui.job_run import JobRun
from yolor_studio.gui.panels.progress_bar import ThinBar

__all__ = ["DemoCard"]


class _Picture(QWidget):
    """A street from above with four boxes: what the demo is about, in a glance."""

    _CARS = (
        (24, 40, 30, 12, 5, False),
        (86, 42, 32, 13, 0, False),
        (88, 6, 24, 11, 2, False),
        (8, 56, 30, 12, 0, True),
    )

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(128, 72)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), 4, 4)
        painter.setClipPath(path)
        painter.fillRect(self.rect(), QColor("#3A3B3F"))
        painter.setPen(QPen(QColor("#C6A26A"), 1))
        painter.drawLine(0, 34, 128, 30)
        pen = QPen(QColor("#8E9096"), 1)
        pen.setDashPattern([8, 6])
        painter.setPen(pen)
        painter.drawLine(0, 20, 128, 17)
        painter.drawLine(0, 54, 128, 50)
        for x, y, w, h, colour, dashed in self._CARS:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor("#B9BCC4" if not dashed else "#23262C"))
            painter.drawRoundedRect(QRectF(x + 3, y + 2, w - 6, h - 4), 3, 3)
            outline = QPen(QColor(colour_of(colour)), 1.6)
            if dashed:
                outline.setDashPattern([2.5, 1.6])
            painter.setPen(outline)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(x, y, w, h))
        painter.end()


class DemoCard(QFrame):
    """Offers the demo; while it is made, shows how far that is."""

    start_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        looks.dress(self, kind="card")
        title = QLabel(self.tr("Try the demo clip"))
        looks.set_font(title, looks.BODY, looks.MEDIUM)
        self._text = QLabel(
            self.tr("A street scene of our own, boxes included. Correct three, review ten frames, export.")
        )
        self._text.setWordWrap(True)
        looks.dress(self._text, role="tx2")
        looks.set_font(self._text, looks.SECONDARY)
        self._bar = ThinBar()
        self._bar.setVisible(False)
        self.button = QPushButton(self.tr("Start demo"))
        looks.set_icon(self.button, "play", 15)
        looks.dress(self.button, size="bar")
        self.button.clicked.connect(self._pressed)
        self._running = False
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addStretch(1)
        words.addWidget(title)
        words.addWidget(self._text)
        words.addWidget(self._bar)
        words.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 12, 16, 12)
        layout.setSpacing(16)
        layout.addWidget(_Picture())
        layout.addLayout(words, 1)
        layout.addWidget(self.button)

    def show_run(self, run: JobRun | None) -> None:
        """Show how far the demo is; None when it is not being made."""
        self._running = run is not None
        self._bar.setVisible(self._running)
        self.button.setText(self.tr("Cancel") if self._running else self.tr("Start demo"))
        looks.set_icon(self.button, "x" if self._running else "play", 15)
        if run is None:
            self._text.setText(
                self.tr("A street scene of our own, boxes included. Correct three, review ten frames, export.")
            )
            return
        progress = run.progress
        self._text.setText(run.title or self.tr("Getting ready"))
        self._bar.set_share(progress.done / progress.total if progress.total else 0.0)

    def _pressed(self) -> None:
        (self.cancel_requested if self._running else self.start_requested).emit()
