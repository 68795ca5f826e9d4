"""The tools as small state machines in picture coordinates: no window, no painting.

A tool is told of presses, moves and releases and answers with what happened; between them it offers what is under way
as a draft for the painter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from yolor_studio.core.boxes import fit_box
from yolor_studio.core.entities import Box
from yolor_studio.core.geometry import (
    Edge,
    ViewTransform,
    box_around,
    box_of,
    boxes_in_band,
    boxes_under,
    edge_at,
    limit_move,
    resize_box,
    snap_point,
)
from yolor_studio.gui.canvas.model import BoxRef, Flag, Scene

DRAG_FROM = 3.0
"""Logical pixels that the pointer travels before a press becomes a drag."""
LEAST_DRAWN = 4.0
"""Logical pixels a drawn box must have each way; less is an accidental click."""
SNAP_REACH = 6.0
"""Logical pixels within which an edge is drawn to the picture's border."""
HIT_REACH = 2.0
"""Logical pixels around a box that still count as on it."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """The pointer in picture coordinates, with the modifiers that matter."""

    x: float
    y: float
    add: bool = False
    """Ctrl: add to the selection or take from it."""
    band: bool = False
    """Shift: draw a rubber band even over a box."""


@dataclass(slots=True)
class Setting:
    """What a tool works on; the canvas keeps it current."""

    scene: Scene
    view: ViewTransform
    size: tuple[float, float]
    """The picture's width and height."""
    selection: frozenset[BoxRef] = frozenset()
    preferred: BoxRef | None = None
    """The box that Tab chose: it wins over smaller ones until the selection changes."""

    @property
    def reach(self) -> float:
        """The snapping reach in picture pixels."""
        return SNAP_REACH / self.view.scale

    def lone(self) -> int | None:
        """The row of the only selected box."""
        if len(self.selection) != 1:
            return None
        return self.scene.row(next(iter(self.selection)))

    def resizable_edge(self, at: Pointer) -> Edge | None:
        """What of the only selected box a press here would resize; with Ctrl or Shift nothing."""
        row = self.lone()
        if row is None or at.add or at.band or self.scene.has(row, Flag.LOCKED):
            return None
        return edge_at(self.view.box_to_view(self.scene.box(row)), *self.view.to_view(at.x, at.y))

    def by_size(self, x: float, y: float) -> list[int]:
        """The rows under a point, the smallest box first."""
        return boxes_under(self.scene.corners, x, y, reach=HIT_REACH / self.view.scale).tolist()

    def under(self, x: float, y: float) -> list[int]:
        """The rows under a point in the order in which a press takes them: the smallest box first, or the one that Tab
        chose."""
        rows = self.by_size(x, y)
        first = self.scene.row(self.preferred) if self.preferred else None
        if first is not None and first in rows:
            rows.remove(first)
            rows.insert(0, first)
        return rows


@dataclass(frozen=True, slots=True)
class Drawn:
    """A new box was drawn."""

    box: Box


@dataclass(frozen=True, slots=True)
class Edited:
    """One gesture changed the boxes in these rows."""

    how: Literal["move", "resize"]
    boxes: Mapping[int, Box]


@dataclass(frozen=True, slots=True)
class Picked:
    """The selection is to be this."""

    selection: frozenset[BoxRef]


@dataclass(frozen=True, slots=True)
class Missed:
    """A click on nothing, in picture coordinates."""

    x: float
    y: float


Outcome = Drawn | Edited | Picked | Missed


class BoxTool:
    """Draws a box by a drag or by two clicks."""

    def __init__(self) -> None:
        self._anchor: tuple[float, float] | None = None
        self._corner: tuple[float, float] = (0.0, 0.0)

    def press(self, at: Pointer, setting: Setting) -> list[Outcome]:
        """Set the first corner, unless an earlier click did."""
        point = snap_point(at.x, at.y, setting.size, reach=setting.reach)
        if self._anchor is None:
            self._anchor = point
        self._corner = point
        return []

    def move(self, at: Pointer, setting: Setting) -> list[Outcome]:
        """Stretch the draft to the pointer."""
        self._corner = snap_point(at.x, at.y, setting.size, reach=setting.reach)
        return []

    def release(self, at: Pointer, setting: Setting) -> list[Outcome]:
        """Finish the box, or wait for the second click when it is too small to be meant."""
        self.move(at, setting)
        draft = self.draft
        if draft is None or min(draft.w, draft.h) * setting.view.scale < LEAST_DRAWN:
            return []
        self._anchor = None
        return [Drawn(fit_box(draft, *setting.size))]

    def cancel(self) -> bool:
        """Drop the draft; False when there was none."""
        was, self._anchor = self._anchor is not None, None
        return was

    @property
    def draft(self) -> Box | None:
        """The box as drawn so far."""
        return None if self._anchor is None else box_around([self._anchor, self._corner])

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Points to mark: none."""
        return ()


class FourPointsTool:
    """Draws a box through the four extreme points of a thing, clicked in any order."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float]] = []
        self._pointer: tuple[float, float] | None = None

    def press(self, at: Pointer, setting: Setting) -> list[Outcome]:
        """Add a point; the fourth finishes the box. Four points on one line are dropped."""
        self._points.append(snap_point(at.x, at.y, setting.size, reach=setting.reach))
        if len(self._points) < 4:
            return []
        box = box_around(self._points)
        self._points = []
        if min(box.w, box.h) * setting.view.scale < LEAST_DRAWN:
            return []
        return [Drawn(fit_box(box, *setting.size))]

    def move(self, at: Pointer, setting: Setting) -> list[Outcome]:
        """Follow the pointer with the preview."""
        self._pointer = snap_point(at.x, at.y, setting.size, reach=setting.reach)
        return []

    def release(self, at: Pointer, setting: Setting) -> list[Outcome]:
        """Nothing: points are set by presses."""
        return []

    def cancel(self) -> bool:
        """Drop the points; False when there were none."""
        was, self._points = bool(self._points), []
        return was

    @property
    def draft(self) -> Box | None:
        """The box around the points so far and the pointer."""
        if not self._points:
            return None
        return box_around([*self._points, self._pointer or self._points[-1]])

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """The points clicked so far."""
        return tuple(self._points)


class SelectTool:
    """Selects, moves and resizes; a press on nothing draws a rubber band."""

    def __init__(self) -> None:
        self._doing: Literal["", "press", "move", "resize", "band"] = ""
        self._start = Pointer(0.0, 0.0)
        self._row = -1
        self._edge = Edge(0)
        self._offset = (0.0, 0.0)
        self._kept: frozenset[BoxRef] = frozenset()
        self.moving: dict[int, Box] = {}
        """Row -> box as dragged so far."""
        self.band: Box | None = None
        """The rubber band, in picture coordinates."""

    @property
    def busy(self) -> bool:
        """Whether the pointer is held down on something."""
        return bool(self._doing)

    def press(self, at: Pointer, setting: Setting) -> list[Outcome]:
        """Grab a handle of the selected box, else the first box under the pointer, else start a band."""
        self._start = at
        edge = setting.resizable_edge(at)
        row = setting.lone()
        if edge is not None and row is not None:
            self._begin_resize(at, row, edge, setting.scene.box(row))
            return []
        under = setting.under(at.x, at.y)
        if not under or at.band:
            self._doing, self._kept = "band", setting.selection if at.add else frozenset()
            return []
        ref = setting.scene.ref(under[0])
        if at.add:
            return [Picked(setting.selection ^ {ref})]
        self._doing, self._row = "press", under[0]
        return [] if ref in setting.selection else [Picked(frozenset({ref}))]

    def move(self, at: Pointer, setting: Setting) -> list[Outcome]:
        """Drag what was grabbed."""
        if self._doing in ("press", "band") and self.band is None:
            travelled = max(abs(at.x - self._start.x), abs(at.y - self._start.y)) * setting.view.scale
            if travelled < DRAG_FROM:
                return []
            if self._doing == "press":
                self._doing = "move"
        if self._doing == "move":
            self._drag(at, setting)
        elif self._doing == "resize":
            x, y = at.x + self._offset[0], at.y + self._offset[1]
            box = setting.scene.box(self._row)
            self.moving = {self._row: resize_box(box, self._edge, x, y, size=setting.size, reach=setting.reach)}
        elif self._doing == "band":
            self.band = box_around([(self._start.x, self._start.y), (at.x, at.y)])
            found = frozenset(setting.scene.ref(int(i)) for i in boxes_in_band(setting.scene.corners, self.band))
            if self._kept | found != setting.selection:
                return [Picked(self._kept | found)]
        return []

    def release(self, at: Pointer, setting: Setting) -> list[Outcome]:
        """Finish the gesture."""
        outcomes = self.move(at, setting)
        doing, band, moving = self._doing, self.band, self.moving
        row = self._row
        self.cancel()
        if doing in ("move", "resize"):
            changed = {i: box for i, box in moving.items() if box != setting.scene.box(i)}
            return [Edited("move" if doing == "move" else "resize", changed)] if changed else []
        if doing == "press" and len(setting.selection) > 1:
            return [Picked(frozenset({setting.scene.ref(row)}))]
        if doing == "band" and band is None:
            missed: list[Outcome] = [] if at.add else [Missed(at.x, at.y)]
            return [Picked(self._kept), *missed] if setting.selection != self._kept else missed
        return outcomes

    def cancel(self) -> bool:
        """Drop the gesture under way; False when there was none."""
        was, self._doing = bool(self._doing), ""
        self.moving, self.band = {}, None
        return was

    @property
    def resizing(self) -> bool:
        """Whether a box is being resized."""
        return self._doing == "resize"

    @property
    def draft(self) -> Box | None:
        """Nothing is being drawn."""
        return None

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Points to mark: none."""
        return ()

    def _begin_resize(self, at: Pointer, row: int, edge: Edge, box: Box) -> None:
        """Remember where in the handle it was grabbed, so that the edge does not jump to the pointer."""
        self._doing, self._row, self._edge = "resize", row, edge
        x = box.x if edge & Edge.LEFT else box.right
        y = box.y if edge & Edge.TOP else box.bottom
        self._offset = (x - at.x, y - at.y)

    def _drag(self, at: Pointer, setting: Setting) -> None:
        rows = [r for r in setting.scene.rows(setting.selection) if not setting.scene.has(r, Flag.LOCKED)]
        corners = setting.scene.corners[rows]
        shift = limit_move(corners, at.x - self._start.x, at.y - self._start.y, size=setting.size, reach=setting.reach)
        moved = corners + np.array(shift * 2)
        self.moving = {row: box_of(moved[i]) for i, row in enumerate(rows)}
