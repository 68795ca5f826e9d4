"""Where things lie on the canvas: view transform, hit tests, snapping, resizing. Pure functions, no window.

Two systems: picture coordinates are float pixels of the displayed frame; view coordinates are logical pixels of the
canvas with the origin at its upper left corner. `corners` are [N, 4] arrays of x1, y1, x2, y2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.boxes import fit_box
from yolor_studio.core.entities import Box

Corners = NDArray[np.float64]


class Edge(IntFlag):
    """The edges of a box that a handle moves; a corner is two of them."""

    LEFT = 1
    TOP = 2
    RIGHT = 4
    BOTTOM = 8


HANDLES: tuple[Edge, ...] = (
    Edge.LEFT | Edge.TOP,
    Edge.TOP,
    Edge.RIGHT | Edge.TOP,
    Edge.RIGHT,
    Edge.RIGHT | Edge.BOTTOM,
    Edge.BOTTOM,
    Edge.LEFT | Edge.BOTTOM,
    Edge.LEFT,
)
"""The eight handles, clockwise from the upper left."""
_CORNERS_ONLY_UNDER, _NONE_UNDER = 40.0, 16.0


@dataclass(frozen=True, slots=True)
class ViewTransform:
    """Picture to view: `view = picture * scale + (dx, dy)`; scale is logical pixels per picture pixel."""

    scale: float = 1.0
    dx: float = 0.0
    dy: float = 0.0

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """A point of the picture in view coordinates."""
        return x * self.scale + self.dx, y * self.scale + self.dy

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """A point of the view in picture coordinates."""
        return (x - self.dx) / self.scale, (y - self.dy) / self.scale

    def box_to_view(self, box: Box) -> Box:
        """A box of the picture in view coordinates."""
        return Box(*self.to_view(box.x, box.y), box.w * self.scale, box.h * self.scale)

    def corners_to_view(self, corners: Corners) -> Corners:
        """[N, 4] corners of the picture in view coordinates (a new array)."""
        return corners * self.scale + np.array((self.dx, self.dy, self.dx, self.dy))

    def moved(self, dx: float, dy: float) -> ViewTransform:
        """The view after the picture was pushed by (dx, dy) logical pixels."""
        return ViewTransform(self.scale, self.dx + dx, self.dy + dy)

    def zoomed(self, scale: float, x: float, y: float) -> ViewTransform:
        """The view with another scale in which the picture's point under the view point (x, y) stays there."""
        px, py = self.to_picture(x, y)
        return ViewTransform(scale, x - px * scale, y - py * scale)


def fit_view(width: float, height: float, view: tuple[float, float], *, margin: tuple[float, float]) -> ViewTransform:
    """The view that shows the whole picture of `width` x `height`, centred, as large as the margins (left and right,
    above and below) allow."""
    room_x, room_y = max(view[0] - 2 * margin[0], 1.0), max(view[1] - 2 * margin[1], 1.0)
    scale = min(room_x / max(width, 1.0), room_y / max(height, 1.0))
    return ViewTransform(scale, (view[0] - width * scale) / 2, (view[1] - height * scale) / 2)


def keep_in_sight(
    transform: ViewTransform, picture: tuple[float, float], *, view: tuple[float, float], least: float
) -> ViewTransform:
    """The transform pushed back as far as needed for `least` logical pixels of the picture to stay in the view."""
    dx = min(max(transform.dx, least - picture[0] * transform.scale), view[0] - least)
    dy = min(max(transform.dy, least - picture[1] * transform.scale), view[1] - least)
    return ViewTransform(transform.scale, dx, dy)


def corners_of(box: Box) -> tuple[float, float, float, float]:
    """A box as x1, y1, x2, y2."""
    return box.x, box.y, box.right, box.bottom


def box_of(corners: NDArray[np.floating]) -> Box:
    """A row of x1, y1, x2, y2 as a box."""
    x1, y1, x2, y2 = (float(v) for v in corners)
    return Box(x1, y1, x2 - x1, y2 - y1)


def boxes_under(corners: Corners, x: float, y: float, *, reach: float = 0.0) -> NDArray[np.intp]:
    """The indices of the boxes at a point (within `reach` of their border counts), smallest area first, of equal ones
    the later first."""
    hit = (corners[:, 0] - reach <= x) & (x <= corners[:, 2] + reach)
    hit &= (corners[:, 1] - reach <= y) & (y <= corners[:, 3] + reach)
    found = np.flatnonzero(hit)
    if len(found) < 2:
        return found
    sides = corners[found, 2:] - corners[found, :2]
    return found[np.lexsort((-found, sides[:, 0] * sides[:, 1]))]


def boxes_in_band(corners: Corners, band: Box) -> NDArray[np.intp]:
    """The indices of the boxes that a rubber band touches; one that the band lies inside of is not meant."""
    x1, y1, x2, y2 = corners_of(band)
    touched = (corners[:, 0] <= x2) & (corners[:, 2] >= x1) & (corners[:, 1] <= y2) & (corners[:, 3] >= y1)
    around = (corners[:, 0] < x1) & (corners[:, 2] > x2) & (corners[:, 1] < y1) & (corners[:, 3] > y2)
    return np.flatnonzero(touched & ~around)


def handles_of(width: float, height: float) -> tuple[Edge, ...]:
    """The handles that a box of this size in the view shows: eight, corners only under 40 pixels of side, none under
    16."""
    side = min(width, height)
    if side < _NONE_UNDER:
        return ()
    return HANDLES if side >= _CORNERS_ONLY_UNDER else HANDLES[::2]


def handle_point(box: Box, handle: Edge) -> tuple[float, float]:
    """The centre of a handle of the box."""
    x = box.x if handle & Edge.LEFT else box.right if handle & Edge.RIGHT else box.x + box.w / 2
    y = box.y if handle & Edge.TOP else box.bottom if handle & Edge.BOTTOM else box.y + box.h / 2
    return x, y


def edge_at(box: Box, x: float, y: float, *, reach: float = 6.0, line_reach: float = 4.0) -> Edge | None:
    """What of a box (in view coordinates) a press at (x, y) would resize: a handle within `reach` on each side (12
    pixels across), else an edge within `line_reach`; None for neither. In small boxes the reach inwards shrinks to a
    quarter of the side, so that the middle still moves the box."""
    for handle in handles_of(box.w, box.h):
        hx, hy = handle_point(box, handle)
        if abs(x - hx) <= min(reach, max(box.w / 4, 4.0)) and abs(y - hy) <= min(reach, max(box.h / 4, 4.0)):
            return handle
    horizontal = _edge_on_axis(x, box.x, box.right, line_reach)
    vertical = _edge_on_axis(y, box.y, box.bottom, line_reach)
    if horizontal is None or vertical is None:
        return None
    return (
        Edge((Edge.LEFT, Edge(0), Edge.RIGHT)[horizontal + 1] | (Edge.TOP, Edge(0), Edge.BOTTOM)[vertical + 1]) or None
    )


def _edge_on_axis(at: float, low: float, high: float, reach: float) -> int | None:
    """-1 at the low edge, 1 at the high edge, 0 between them, None outside."""
    if not low - reach <= at <= high + reach:
        return None
    inside = min(reach, (high - low) / 4)
    if at <= low + inside:
        return -1
    return 1 if at >= high - inside else 0


def snap(value: float, size: float, reach: float) -> float:
    """`value` kept in 0..size and drawn to either end when within `reach` of it."""
    if value <= reach:
        return 0.0
    return size if value >= size - reach else value


def snap_point(x: float, y: float, size: tuple[float, float], *, reach: float = 0.0) -> tuple[float, float]:
    """A point kept in the picture and drawn to its border when within `reach`."""
    return snap(x, size[0], reach), snap(y, size[1], reach)


def resize_box(box: Box, edge: Edge, x: float, y: float, *, size: tuple[float, float], reach: float = 0.0) -> Box:
    """The box with the edges of a handle moved to (x, y): turned over when dragged past the other side, snapped to the
    picture's border within `reach`, never outside it and never under one pixel."""
    x1, y1, x2, y2 = corners_of(box)
    if edge & Edge.LEFT:
        x1 = snap(x, size[0], reach)
    elif edge & Edge.RIGHT:
        x2 = snap(x, size[0], reach)
    if edge & Edge.TOP:
        y1 = snap(y, size[1], reach)
    elif edge & Edge.BOTTOM:
        y2 = snap(y, size[1], reach)
    return fit_box(Box(x1, y1, x2 - x1, y2 - y1), *size)


def limit_move(
    corners: Corners, dx: float, dy: float, *, size: tuple[float, float], reach: float = 0.0
) -> tuple[float, float]:
    """How far the boxes [N, 4] may move together towards (dx, dy): stopped at the picture's border and drawn to it
    within `reach`, their arrangement kept."""
    if not len(corners):
        return dx, dy
    low, high = corners[:, :2].min(0), corners[:, 2:].max(0)
    return (
        _limit_axis(dx, float(low[0]), float(high[0]), size[0], reach),
        _limit_axis(dy, float(low[1]), float(high[1]), size[1], reach),
    )


def _limit_axis(delta: float, low: float, high: float, size: float, reach: float) -> float:
    if low + delta <= reach:
        return -low
    if high + delta >= size - reach:
        return max(size - high, -low)
    return delta


def box_around(points: list[tuple[float, float]]) -> Box:
    """The smallest box around one or more points, such as the four extreme points of a thing."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def place_tag(
    box: Box, width: float, height: float, *, view: tuple[float, float], outside: float = 0.0
) -> tuple[float, float]:
    """The upper left corner of a tag for a box in view coordinates: above its left corner, without room there inside
    at the top, else below; never outside the view. `outside` is the line's width outside the box."""
    x = min(max(box.x - outside, 0.0), max(view[0] - width, 0.0))
    above, inside, below = box.y - outside - height, box.y - outside, box.bottom + outside
    if above >= 0 and above + height <= view[1]:
        return x, above
    if inside >= 0 and inside + height <= view[1] and box.h >= height:
        return x, inside
    if below >= 0 and below + height <= view[1]:
        return x, below
    return x, min(max(inside, 0.0), max(view[1] - height, 0.0))
