"""A splitter whose line is one pixel and whose grip is seven."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QRegion, QResizeEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

_BESIDE = 3
"""Logical pixels on each side of the line that grip it too."""


class Splitter(QSplitter):
    """A QSplitter that draws a divider of one pixel."""

    def __init__(self, orientation: Qt.Orientation, parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)

    def createHandle(self) -> QSplitterHandle:
        return _Handle(self.orientation(), self)


class _Handle(QSplitterHandle):
    """Qt widens a handle of one pixel to a grip of five by its contents' margins; this does the same with seven."""

    def __init__(self, orientation: Qt.Orientation, parent: QSplitter) -> None:
        super().__init__(orientation, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_MouseNoMask)
        flat = orientation == Qt.Orientation.Horizontal
        self.setContentsMargins(*((_BESIDE, 0, _BESIDE, 0) if flat else (0, _BESIDE, 0, _BESIDE)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Does not call Qt's, which sets margins of its own and so another size."""
        self.setMask(QRegion(self.contentsRect()))
