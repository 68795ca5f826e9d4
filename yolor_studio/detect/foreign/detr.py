"""RT-DETR as Ultralytics exports it: [N, queries, 4 + classes], boxes in shares of the picture's sides."""

from __future__ import annotations

from functools import partial

import numpy as np
from onnx import TensorProto

from yolor_studio.detect.foreign.reading import END, Reading, Tail, fields, ones
from yolor_studio.detect.foreign.sized import SizedFile


def read(sized: SizedFile, names: int) -> list[Reading]:
    """Nothing in the shape is telling (with two classes it is YOLOv10's), so the names in the file must agree with it,
    and everything that it answers must lie between 0 and 1, as no boxes in pixels do."""
    table = sized.table
    if table is None or sized.beside or sized.signature.companions:
        return []
    output, _, count = table
    if not names or count - 4 != names:
        return []
    if not sized.lie_between_0_and_1(output, ...) or not np.any(sized.answers()[output][..., :4]):
        return []
    return [Reading("an RT-DETR export", partial(_write, output), names)]


def _write(output: str, tail: Tail) -> str:
    nodes, rows = tail.nodes, tail.outputs[output]
    shape = nodes.add("Shape", tail.image)
    width, height = (nodes.add("Gather", shape, nodes.integers(axis)) for axis in (3, 2))
    sides = nodes.add("Cast", nodes.add("Concat", width, height, width, height, axis=0), to=TensorProto.FLOAT)
    boxes = nodes.add("Mul", fields(nodes, rows, 0, 4), sides)
    return nodes.add("Concat", boxes, ones(nodes, rows), fields(nodes, rows, 4, END), axis=2)
