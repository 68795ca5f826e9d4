"""Which cursor says what a press would do."""

from __future__ import annotations

from PySide6.QtCore import Qt

from yolor_studio.core.geometry import Edge
from yolor_studio.gui.canvas.model import Tool

_ON_EDGE = {
    Edge.LEFT: Qt.CursorShape.SizeHorCursor,
    Edge.RIGHT: Qt.CursorShape.SizeHorCursor,
    Edge.TOP: Qt.CursorShape.SizeVerCursor,
    Edge.BOTTOM: Qt.CursorShape.SizeVerCursor,
    Edge.LEFT | Edge.TOP: Qt.CursorShape.SizeFDiagCursor,
    Edge.RIGHT | Edge.BOTTOM: Qt.CursorShape.SizeFDiagCursor,
    Edge.RIGHT | Edge.TOP: Qt.CursorShape.SizeBDiagCursor,
    Edge.LEFT | Edge.BOTTOM: Qt.CursorShape.SizeBDiagCursor,
}
_OF_TOOL = {
    Tool.SELECT: Qt.CursorShape.ArrowCursor,
    Tool.BOX: Qt.CursorShape.CrossCursor,
    Tool.FOUR_POINTS: Qt.CursorShape.CrossCursor,
    Tool.PAN: Qt.CursorShape.OpenHandCursor,
}


def cursor_for(tool: Tool, *, edge: Edge | None = None, over: bool = False) -> Qt.CursorShape:
    """The cursor of a tool: on an edge that a press would drag, over a box that it would move, or anywhere else."""
    if edge is not None and tool is not Tool.PAN:
        return _ON_EDGE[edge]
    return Qt.CursorShape.SizeAllCursor if over else _OF_TOOL[tool]
