"""YOLOv5, YOLOR and YOLOv7 without suppression: [N, boxes, 5 + classes], decoded, several anchors a cell."""

from __future__ import annotations

from yolor_studio.detect.foreign.counts import ANCHORED, strides_of
from yolor_studio.detect.foreign.extras import dropped_fields
from yolor_studio.detect.foreign.reading import Reading, Tail, fields
from yolor_studio.detect.foreign.seen import Seen


def read(seen: Seen) -> list[Reading]:
    """Older exports give the heads' raw maps [N, anchors, rows, columns, 5 + classes] beside it, which are left."""
    table = seen.table
    if table is None:
        return []
    output, boxes, count = table
    strides = strides_of(boxes, seen.height, seen.width, ANCHORED)
    extra, notices = dropped_fields(seen)
    classes = count - 5 - extra
    if strides is None or classes < 1:
        return []

    def write(tail: Tail) -> str:
        rows = tail.outputs[output]
        return fields(tail.nodes, rows, 0, 5 + classes) if extra else rows

    return [Reading("a YOLOv5 or YOLOR export", write, classes, stride=strides[-1], notices=notices)]
