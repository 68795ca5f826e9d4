"""Files that suppress their boxes themselves, by their outputs: YOLOv7 end to end, YOLOv10, TensorRT's four, RT-DETR's
three."""

from __future__ import annotations

from functools import partial

import numpy as np
from onnx import TensorProto

from yolor_studio.detect.foreign.reading import Reading, Tail, fields, from_corners
from yolor_studio.detect.foreign.seen import Seen
from yolor_studio.yolor.onnx_nodes import Nodes

SUPPRESSED = (
    "It suppresses boxes itself: what it drops by the thresholds in the file is never seen, whatever the score slider."
)


def read(seen: Seen) -> list[Reading]:
    """Boxes are x1, y1, x2, y2 in pixels of the input."""
    outputs = {output.name: output for output in seen.outputs}
    floats = [output for output in seen.outputs if output.is_float]
    match [output.shape for output in seen.outputs]:
        case [(_, 7)] if floats:
            name = floats[0].name
            return [Reading("a YOLOv7 end-to-end export", partial(_batched, name), None, notices=(SUPPRESSED,))]
        case [(_, _, 6)] if floats and not seen.signature.companions:
            return [Reading("a YOLOv10 export", partial(_ranked, floats[0].name), None, notices=(SUPPRESSED,))]
    found = _named(seen)
    if found is None or len(outputs) not in (3, 4):
        return []
    layout = "an RT-DETR export" if seen.signature.companions else "a TensorRT-style export with its suppression"
    return [Reading(layout, partial(_separate, *found), None, notices=(SUPPRESSED,))]


def _named(seen: Seen) -> tuple[str | None, str, str, str] | None:
    """(count, boxes, scores, classes): the outputs' names, told apart by shape, type and word."""
    counts, boxes, flat = [], [], []
    for output in seen.outputs:
        match output.shape:
            case (_, 1) if not output.is_float:
                counts.append(output.name)
            case (_, _, 4) if output.is_float:
                boxes.append(output.name)
            case (_, _):
                flat.append(output)
            case _:
                return None
    scores = [output.name for output in flat if output.is_float and "score" in output.name.lower()]
    classes = [output.name for output in flat if any(word in output.name.lower() for word in ("class", "label"))]
    if len(boxes) == len(scores) == len(classes) == 1 and len(counts) <= 1 and scores != classes:
        return counts[0] if counts else None, boxes[0], scores[0], classes[0]
    return None


def write_rows(nodes: Nodes, *, corners: str, scores: str, classes: str, count: int) -> str:
    """Rows of the ready form from boxes [N, M, 4], scores [N, M] and class numbers [N, M] of `count` classes.

    One empty row is added, since a file may find nothing at all.
    """
    last = nodes.integers(-1)
    numbers = nodes.add("Unsqueeze", nodes.add("Cast", classes, to=TensorProto.FLOAT), last)
    of_class = nodes.add("Equal", nodes.add("Round", numbers), nodes.floats(np.arange(count)))
    of_class = nodes.add("Cast", of_class, to=TensorProto.FLOAT)
    rows = nodes.add("Concat", from_corners(nodes, corners), nodes.add("Unsqueeze", scores, last), of_class, axis=2)
    return nodes.add("Pad", rows, nodes.integers(0, 0, 0, 0, 1, 0))


def _ranked(output: str, tail: Tail) -> str:
    """[N, M, 6]: x1, y1, x2, y2, score, class."""
    nodes, rows = tail.nodes, tail.outputs[output]
    return write_rows(
        nodes,
        corners=fields(nodes, rows, 0, 4),
        scores=column(nodes, rows, 4),
        classes=column(nodes, rows, 5),
        count=tail.classes,
    )


def _batched(output: str, tail: Tail) -> str:
    """[M, 7]: picture, x1, y1, x2, y2, class, score; a picture's rows are those of its number."""
    nodes = tail.nodes
    rows = nodes.add("Unsqueeze", tail.outputs[output], nodes.integers(0))
    pictures = nodes.add("Gather", nodes.add("Shape", tail.image), nodes.constant(0, np.int64))
    numbers = nodes.add("Range", nodes.constant(0, np.int64), pictures, nodes.constant(1, np.int64))
    numbers = nodes.add("Unsqueeze", nodes.add("Cast", numbers, to=TensorProto.FLOAT), nodes.integers(1))
    own = nodes.add("Equal", nodes.add("Round", column(nodes, rows, 0)), numbers)
    scores = nodes.add("Where", own, column(nodes, rows, 6), nodes.floats(0.0))
    shape = nodes.add("Concat", nodes.add("Shape", scores), nodes.integers(1), axis=0)
    every = nodes.add("Expand", rows, shape)
    return write_rows(
        nodes,
        corners=fields(nodes, every, 1, 5),
        scores=scores,
        classes=column(nodes, every, 5),
        count=tail.classes,
    )


def _separate(counted: str | None, boxes: str, scores: str, classes: str, tail: Tail) -> str:
    """Boxes [N, M, 4], scores [N, M] and classes [N, M], of which the first `counted` [N, 1] are real."""
    nodes, values = tail.nodes, tail.outputs[scores]
    if counted is not None:
        length = nodes.add("Gather", nodes.add("Shape", values), nodes.constant(1, np.int64))
        places = nodes.add("Range", nodes.constant(0, np.int64), length, nodes.constant(1, np.int64))
        real = nodes.add("Less", places, nodes.add("Cast", tail.outputs[counted], to=TensorProto.INT64))
        values = nodes.add("Where", real, values, nodes.floats(0.0))
    return write_rows(
        nodes, corners=tail.outputs[boxes], scores=values, classes=tail.outputs[classes], count=tail.classes
    )


def column(nodes: Nodes, rows: str, index: int) -> str:
    """[N, M] of rows [N, M, F]."""
    return nodes.add("Squeeze", fields(nodes, rows, index, index + 1), nodes.integers(2))
