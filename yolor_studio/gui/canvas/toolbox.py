"""Which tool answers the pointer; no window."""

from __future__ import annotations

from yolor_studio.gui.canvas.model import Tool
from yolor_studio.gui.canvas.tools import BoxTool, FourPointsTool, Outcome, Pointer, SelectTool, Setting

AnyTool = SelectTool | BoxTool | FourPointsTool


class Toolbox:
    """The tools, the one in use, and the one that holds the gesture under way."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.tool = Tool.SELECT
        self.select = SelectTool()
        self._box, self._points = BoxTool(), FourPointsTool()
        self._gesture: AnyTool | None = None

    @property
    def current(self) -> AnyTool:
        """The tool in use; with the hand it is the one for selecting, which is never asked then."""
        if self.tool is Tool.BOX:
            return self._box
        return self._points if self.tool is Tool.FOUR_POINTS else self.select

    @property
    def draws(self) -> bool:
        """Whether a drawing tool is in use."""
        return self.tool in (Tool.BOX, Tool.FOUR_POINTS)

    def press(self, at: Pointer) -> list[Outcome]:
        """The left button goes down. A drawing tool leaves the selected box's handles and Ctrl-click to selecting,
        unless it has begun to draw."""
        self._gesture = self.current
        if self._gesture.draft is None and (at.add or self.setting.resizable_edge(at)):
            self._gesture = self.select
        return self._gesture.press(at, self.setting)

    def move(self, at: Pointer, *, held: bool) -> list[Outcome]:
        """The pointer moves, with the left button `held` or not."""
        tool = self._gesture if held and self._gesture is not None else self.current
        return tool.move(at, self.setting)

    def release(self, at: Pointer) -> list[Outcome] | None:
        """The left button goes up; None when no gesture was under way."""
        gesture, self._gesture = self._gesture, None
        return None if gesture is None else gesture.release(at, self.setting)

    def cancel(self) -> bool:
        """Drop the gesture and the draft under way; False when there was neither."""
        self._gesture = None
        return any([self.select.cancel(), self._box.cancel(), self._points.cancel()])

    def cancel_selecting(self) -> None:
        """Drop what is being done to boxes that are not there any more; a draft stays."""
        self.select.cancel()
        if self._gesture is self.select:
            self._gesture = None
