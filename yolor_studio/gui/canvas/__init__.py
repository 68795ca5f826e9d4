"""The canvas: one widget that shows a frame and its boxes, and the tools that draw and change them."""

from yolor_studio.gui.canvas.canvas import Canvas
from yolor_studio.gui.canvas.model import BoxArrays, BoxRef, CanvasBox, Flag, Tool

__all__ = ["BoxArrays", "BoxRef", "Canvas", "CanvasBox", "Flag", "Tool"]
