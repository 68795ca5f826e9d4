"""YOLOv8 and its kin: [N, 4 + classes, boxes], decoded, one box a cell, no objectness."""

from __future__ import annotations

from functools import partial

import numpy as np

from yolor_studio.detect.foreign.counts import PER_CELL, strides_of
from yolor_studio.detect.foreign.extras import dropped_fields
from yolor_studio.detect.foreign.reading import Reading, Tail, fields, ones
from yolor_studio.detect.foreign.sized import SizedFile

_LAYOUT = "a YOLOv8 export"
_TASKS = ("detect", "segment", "pose")
"""What its metadata may say that it is for; boxes that are turned are not read."""


def read(sized: SizedFile) -> list[Reading]:
    """Masks and key points that stand behind the classes are left out."""
    table = sized.table
    if table is None or sized.signature.metadata.get("task", "detect") not in _TASKS:
        return []
    output, count, boxes = table
    strides = strides_of(boxes, sized.height, sized.width, PER_CELL)
    extra, notices = dropped_fields(sized)
    classes = count - 4 - extra
    if strides is None or classes < 1:
        return []
    write = partial(write_columns, output, classes)
    return [Reading(_LAYOUT, write, classes, stride=strides[-1], sure_of_names=True, notices=notices)]


def read_by_names(sized: SizedFile, names: int) -> list[Reading]:
    """The same of a network with other strides, which its class names speak for, if the scores lie between 0 and 1."""
    if sized.table is None or sized.signature.metadata.get("task", "detect") not in _TASKS:
        return []
    output, count, _ = sized.table
    extra, notices = dropped_fields(sized)
    if not names or count - 4 - extra != names or not sized.lie_between_0_and_1(output, np.s_[:, 4 : 4 + names]):
        return []
    return [Reading(_LAYOUT, partial(write_columns, output, names), names, sure_of_names=True, notices=notices)]


def write_columns(output: str, classes: int, tail: Tail) -> str:
    """Rows of the ready form from [N, 4 + classes and more, boxes]."""
    return _with_objectness(tail, tail.nodes.add("Transpose", tail.outputs[output], perm=[0, 2, 1]), classes)


def write_rows(output: str, classes: int, tail: Tail) -> str:
    """The same from [N, boxes, 4 + classes], as some turn it for their own programs."""
    return _with_objectness(tail, tail.outputs[output], classes)


def _with_objectness(tail: Tail, rows: str, classes: int) -> str:
    nodes = tail.nodes
    scores = fields(nodes, rows, 4, 4 + classes)
    return nodes.add("Concat", fields(nodes, rows, 0, 4), ones(nodes, rows), scores, axis=2)
