"""YOLOX and YOLOv6: [N, boxes, 5 + classes] with one box a cell; YOLOX leaves its boxes undecoded."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from yolor_studio.detect.foreign import yolov8
from yolor_studio.detect.foreign.counts import PER_CELL, strides_of
from yolor_studio.detect.foreign.reading import END, Picture, Reading, Tail, fields
from yolor_studio.detect.foreign.sized import SizedFile
from yolor_studio.yolor.onnx_nodes import Nodes

_RAW = Picture(scale=1.0, bgr=True, in_the_corner=True)
_PICTURES = "pictures go in as BGR from 0 to 255, as YOLOX has it since its release 0.1.1"
_NEAR = 8.0
"""Cells between a decoded box's centre and its own cell that an untrained eye may still take for nearness."""
_MOST = 0.8


def read(sized: SizedFile) -> list[Reading]:
    """The shapes are equal, so what the file answers tells them apart: whether a box's centre lies near its own cell in
    pixels, and whether objectness is 1 everywhere, as YOLOv6 has it."""
    table = sized.table
    if table is None or sized.beside:
        return []
    output, boxes, count = table
    strides = strides_of(boxes, sized.height, sized.width, PER_CELL)
    if strides is None or count < 6:
        return []
    reading = partial(Reading, classes=count - 5, stride=strides[-1], sure_of_names=True)
    rows = np.asarray(sized.answers()[output], np.float64)[0]
    if not ((rows[:, 4:] >= 0) & (rows[:, 4:] <= 1)).all():
        return []
    grid = _grid(sized.height, sized.width, strides)
    if _holds(np.abs(rows[:, :2]) < _NEAR, grid):
        told = f"It was read as a YOLOX export: {_PICTURES}."
        return [reading("a YOLOX export", partial(_decode, output, strides), picture=_RAW, notices=(told,))]
    if not _holds(np.abs(rows[:, :2] / grid[:, 2:] - grid[:, :2] - 0.5) < _NEAR, grid):
        return []
    if (rows[:, 4] == 1).all():
        return [reading("a YOLOv6 export", partial(_ready, output))]
    told = f"It was read as a YOLOX export that decodes its boxes: {_PICTURES}."
    return [
        reading("a decoded YOLOX export", partial(_ready, output), picture=_RAW, notices=(told,)),
        replace(
            reading("a YOLOv8 export with a row per box", partial(yolov8.write_rows, output, count - 4)),
            classes=count - 4,
        ),
    ]


def _grid(height: int, width: int, strides: tuple[int, ...]) -> NDArray[np.float64]:
    """[cells, 3]: column, row and stride of every cell, in the order of the rows."""
    parts = []
    for stride in strides:
        y, x = np.mgrid[: height // stride, : width // stride]
        parts.append(np.stack((x, y, np.full(x.shape, stride)), axis=-1).reshape(-1, 3))
    return np.concatenate(parts).astype(np.float64)


def _holds(near: NDArray[np.bool_], grid: NDArray[np.float64]) -> bool:
    """Whether both of [cells, 2] hold for most cells; only those count where the two ways of writing a box differ."""
    telling = (grid[:, :2] >= 2 * _NEAR).any(axis=1)
    return float(np.all(near, axis=1)[np.logical_or(telling, not telling.any())].mean()) > _MOST


def _ready(output: str, tail: Tail) -> str:
    return tail.outputs[output]


def _decode(output: str, strides: tuple[int, ...], tail: Tail) -> str:
    """Centre = (cell + offset) x stride, size = e^field x stride (YOLOX's own decode_outputs)."""
    nodes, raw = tail.nodes, tail.outputs[output]
    shape = nodes.add("Shape", tail.image)
    tables = [_cells(nodes, shape, stride) for stride in strides]
    table = nodes.add("Concat", *tables, axis=1)
    stride = fields(nodes, table, 2, 3)
    centre = nodes.add("Mul", nodes.add("Add", fields(nodes, raw, 0, 2), fields(nodes, table, 0, 2)), stride)
    size = nodes.add("Mul", nodes.add("Exp", fields(nodes, raw, 2, 4)), stride)
    return nodes.add("Concat", centre, size, fields(nodes, raw, 4, END), axis=2)


def _cells(nodes: Nodes, shape: str, stride: int) -> str:
    """[1, cells, 3]: column, row and stride of every cell of one level."""
    sides = [
        nodes.add("Div", nodes.add("Gather", shape, nodes.integers(axis)), nodes.integers(stride)) for axis in (2, 3)
    ]
    full = nodes.add("Concat", *sides, nodes.integers(1), axis=0)
    parts = []
    for side, place in zip(sides, ((-1, 1, 1), (1, -1, 1)), strict=True):
        count = nodes.add("Squeeze", side, nodes.integers(0))
        steps = nodes.add("Range", nodes.constant(0, np.int64), count, nodes.constant(1, np.int64))
        steps = nodes.add("Reshape", nodes.add("Cast", steps, to=TensorProto.FLOAT), nodes.integers(*place))
        parts.append(nodes.add("Expand", steps, full))
    parts.reverse()
    parts.append(nodes.add("Expand", nodes.floats([[[float(stride)]]]), full))
    return nodes.add("Reshape", nodes.add("Concat", *parts, axis=2), nodes.integers(1, -1, 3))
