"""YOLOv5, YOLOR and YOLOv7 without suppression: [N, boxes, 5 + classes], decoded, several anchors a cell."""

from __future__ import annotations

from functools import partial

import numpy as np

from yolor_studio.detect.foreign.counts import ANCHORED, strides_of
from yolor_studio.detect.foreign.extras import dropped_fields
from yolor_studio.detect.foreign.reading import Reading, Tail, fields
from yolor_studio.detect.foreign.sized import SizedFile

_LAYOUT = "a YOLOv5 or YOLOR export"


def read(sized: SizedFile) -> list[Reading]:
    """Older exports give the heads' raw maps [N, anchors, rows, columns, 5 + classes] beside it, which are left."""
    if sized.table is None:
        return []
    output, boxes, count = sized.table
    strides = strides_of(boxes, sized.height, sized.width, ANCHORED)
    extra, notices = dropped_fields(sized)
    classes = count - 5 - extra
    if strides is None or classes < 1:
        return []
    return [Reading(_LAYOUT, partial(_write, output, classes), classes, stride=strides[-1], notices=notices)]


def read_by_names(sized: SizedFile, names: int) -> list[Reading]:
    """The same of a network with other strides or anchors, which its class names speak for, if what follows the boxes
    lies between 0 and 1."""
    if sized.table is None:
        return []
    output, _, count = sized.table
    extra, notices = dropped_fields(sized)
    if not names or count - 5 - extra != names or not sized.lie_between_0_and_1(output, np.s_[..., 4 : 5 + names]):
        return []
    return [Reading(_LAYOUT, partial(_write, output, names), names, sure_of_names=True, notices=notices)]


def _write(output: str, classes: int, tail: Tail) -> str:
    return fields(tail.nodes, tail.outputs[output], 0, 5 + classes)
