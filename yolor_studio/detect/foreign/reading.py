"""What a file may be: one way of reading its outputs, by the layout of the program that wrote it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from yolor_studio.yolor.onnx_nodes import Nodes

END = 1 << 31
"""To the end of an axis, in a slice."""


@dataclass(frozen=True, slots=True)
class Picture:
    """How a program wants its pictures, from 0..255 RGB."""

    scale: float = 1 / 255
    bgr: bool = False
    mean: tuple[float, ...] = ()
    """Of red, green and blue after scaling, subtracted; () is none."""
    std: tuple[float, ...] = ()
    """Divides what is left."""
    in_the_corner: bool = False
    """Whether a picture of other proportions lies at the upper left, with all the grey right and below."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Where a reading writes the nodes that turn the file's outputs into rows."""

    nodes: Nodes
    outputs: Mapping[str, str]
    """Output of the file -> the value in the graph, float32 where it was a float."""
    image: str
    """The picture as the file takes it, [N, 3, H, W]."""
    classes: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One way of reading a file."""

    layout: str
    """For people: "a YOLOv8 export"."""
    write: Callable[[Tail], str]
    """Appends nodes and gives rows float32 [N, A, 5 + classes], A at least 1: centre x, y, w, h in pixels of the
    file's own input, objectness, class probabilities."""
    classes: int | None
    """None where the outputs do not tell."""
    stride: int | None = None
    """The largest, in pixels; None where the outputs do not tell."""
    picture: Picture = Picture()
    one_by_one: bool = False
    """Whether rows of several pictures could not be told apart."""
    sure_of_names: bool = False
    """Whether names inside the file of another number mean that this is no way to read it."""
    notices: tuple[str, ...] = ()


def fields(nodes: Nodes, value: str, start: int, end: int) -> str:
    """Fields `start` to `end` of the last axis of rows [N, A, F]."""
    return nodes.add("Slice", value, nodes.integers(start), nodes.integers(end), nodes.integers(2))


def ones(nodes: Nodes, like: str) -> str:
    """[N, A, 1] of ones, for rows [N, A, F] without objectness."""
    first = fields(nodes, like, 0, 1)
    shape = nodes.add("Shape", first)
    return nodes.add("Expand", nodes.floats([[[1.0]]]), shape)


def from_corners(nodes: Nodes, corners: str) -> str:
    """Boxes [N, A, 4] as x1, y1, x2, y2 -> centre x, y, w, h."""
    low, high = fields(nodes, corners, 0, 2), fields(nodes, corners, 2, 4)
    centre = nodes.add("Mul", nodes.add("Add", low, high), nodes.floats(0.5))
    return nodes.add("Concat", centre, nodes.add("Sub", high, low), axis=2)
