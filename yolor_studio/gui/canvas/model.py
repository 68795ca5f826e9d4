"""What the canvas shows, as arrays; no Qt here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import Box
from yolor_studio.core.geometry import box_of, corners_of

Kind = Literal["object", "prediction"]


class BoxRef(NamedTuple):
    """Names a box on the canvas: an object's id, or the row of a prediction in the frame's Predictions."""

    kind: Kind
    id: int


class Tool(Enum):
    """What the pointer does."""

    SELECT = "select"
    BOX = "box"
    FOUR_POINTS = "four points"
    PAN = "pan"


class Flag:
    """Bits of a box's look."""

    DASHED, OCCLUDED, LOCKED, BETWEEN, OFFERED = 1, 2, 4, 8, 16


@dataclass(frozen=True, slots=True)
class CanvasBox:
    """One box to show, in picture coordinates; `colour` is an index into the data palette."""

    id: int
    box: Box
    colour: int
    label: str
    dashed: bool = False
    """Drawn with dashes; predictions always are."""
    occluded: bool = False
    locked: bool = False
    keyframe: bool = True
    """False for a box between keyframes: its tag carries a hollow diamond."""
    offered: bool = False
    """Offered on a click where no box was: grey and dotted."""


@dataclass(frozen=True, slots=True, eq=False)
class BoxArrays:
    """The same for many boxes at once; row i of each belongs together.

    ids: int64 [N]; corners: float64 [N, 4] x1, y1, x2, y2; colours: int32 [N]; flags: uint8 [N] of `Flag`.
    """

    ids: NDArray[np.int64]
    corners: NDArray[np.float64]
    colours: NDArray[np.int32]
    flags: NDArray[np.uint8]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, boxes: Sequence[CanvasBox] | BoxArrays) -> BoxArrays:
        """Arrays from a list of boxes; arrays pass through."""
        if isinstance(boxes, BoxArrays):
            return boxes
        corners = np.array([b.box for b in boxes], np.float64).reshape(-1, 4)
        corners[:, 2:] += corners[:, :2]
        return cls(
            np.array([b.id for b in boxes], np.int64),
            corners,
            np.array([b.colour for b in boxes], np.int32),
            np.array([_flags(b) for b in boxes], np.uint8),
            tuple(b.label for b in boxes),
        )


def _flags(box: CanvasBox) -> int:
    return (
        Flag.DASHED * box.dashed
        | Flag.OCCLUDED * box.occluded
        | Flag.LOCKED * box.locked
        | Flag.BETWEEN * (not box.keyframe)
        | Flag.OFFERED * box.offered
    )


class Scene:
    """The boxes of the shown frame: predictions first, then objects, which is the order of painting."""

    def __init__(
        self, objects: Sequence[CanvasBox] | BoxArrays = (), predictions: Sequence[CanvasBox] | BoxArrays = ()
    ):
        top, low = BoxArrays.of(objects), BoxArrays.of(predictions)
        self.predictions = len(low)
        """Rows below this are predictions."""
        self.ids = np.concatenate((low.ids, top.ids))
        self.corners = np.concatenate((low.corners, top.corners))
        self.colours = np.concatenate((low.colours, top.colours))
        self.flags = np.concatenate((low.flags | Flag.DASHED, top.flags))
        self.labels = low.labels + top.labels

    def __len__(self) -> int:
        return len(self.ids)

    def ref(self, row: int) -> BoxRef:
        """The name of the box in a row."""
        return BoxRef("prediction" if row < self.predictions else "object", int(self.ids[row]))

    def row(self, ref: BoxRef) -> int | None:
        """The row of a box, None when it is not shown."""
        rows = self.rows((ref,))
        return rows[0] if rows else None

    def rows(self, refs: Iterable[BoxRef]) -> list[int]:
        """The rows of those of `refs` that are shown, rising."""
        wanted: dict[Kind, list[int]] = {"prediction": [], "object": []}
        for kind, number in refs:
            wanted[kind].append(number)
        split = self.predictions
        low = _positions(self.ids[:split], wanted["prediction"])
        return low + [split + row for row in _positions(self.ids[split:], wanted["object"])]

    def box(self, row: int) -> Box:
        """The box in a row."""
        return box_of(self.corners[row])

    def with_boxes(self, boxes: Mapping[int, Box]) -> Scene:
        """The same scene with other boxes in some rows."""
        out = copy(self)
        out.corners = self.corners.copy()
        for row, box in boxes.items():
            out.corners[row] = corners_of(box)
        return out

    def has(self, row: int, flag: int) -> bool:
        """Whether the box in a row has a flag."""
        return bool(self.flags[row] & flag)

    def changed_rows(self, other: Scene) -> NDArray[np.intp] | None:
        """The rows in which two scenes of the same boxes differ; None when they hold different boxes."""
        if self.predictions != other.predictions or not np.array_equal(self.ids, other.ids):
            return None
        differs = (self.corners != other.corners).any(1) | (self.flags != other.flags)
        differs |= self.colours != other.colours
        if self.labels != other.labels:
            differs |= np.array([a != b for a, b in zip(self.labels, other.labels, strict=True)])
        return np.flatnonzero(differs)


def _positions(ids: NDArray[np.int64], wanted: list[int]) -> list[int]:
    """Where the wanted ids stand; a dictionary would have to be made anew for every frame."""
    if not wanted:
        return []
    hit = ids == wanted[0] if len(wanted) == 1 else np.isin(ids, wanted)
    return np.flatnonzero(hit).tolist()
