"""Files that suppress their boxes themselves, by their outputs: YOLOv7 end to end, YOLOv10, MMDeploy's two, TensorRT's
four, RT-DETR's and torchvision's three."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from yolor_studio.detect.foreign.reading import Reading, Tail, fields, from_corners
from yolor_studio.detect.foreign.signature import Output
from yolor_studio.detect.foreign.sized import SizedFile
from yolor_studio.yolor.onnx_nodes import Nodes

SUPPRESSED = (
    "It suppresses boxes itself: what it drops by the thresholds in the file is never seen, whatever the score slider."
)


def read(sized: SizedFile) -> list[Reading]:
    """Boxes are x1, y1, x2, y2 in pixels of the input."""
    reading = partial(Reading, classes=None, notices=(SUPPRESSED,))
    one, plain = sized.signature.batch in (None, 1), not sized.signature.companions
    match sized.outputs:
        case [Output(name=name, shape=(_, 7), is_float=True)]:
            return [reading("a YOLOv7 end-to-end export", partial(_batched, name))]
        case [Output(name=name, shape=(_, _, 6), is_float=True)] if plain:
            return [reading("a YOLOv10 export", partial(_ranked, name))]
        case [Output(name=name, shape=(_, 6), is_float=True)] if plain and one and _are_boxes(sized.answers()[name]):
            return [reading("a list of boxes after suppression", partial(_ranked, name, listed=True), one_by_one=True)]
        case [
            Output(name=boxes, shape=(_, _, 5), is_float=True),
            Output(name=classes, shape=(_, _), is_float=False),
        ] if plain:
            return [reading("an MMDeploy export", partial(_scored, boxes, classes))]
    found = _named(sized)
    if found is None:
        return []
    if found.listed:
        lists = "lists of boxes, scores and classes after suppression"
        return [reading(lists, partial(_separate, found), one_by_one=True)] if plain and one else []
    layout = "a TensorRT-style export with its suppression" if plain else "an RT-DETR export"
    return [reading(layout, partial(_separate, found))]


def _are_boxes(rows: NDArray[np.float32]) -> bool:
    """Whether [M, 6] holds x1, y1, x2, y2, score and class; a picture's class could be told by six numbers too."""
    in_order = (rows[:, 0] <= rows[:, 2]) & (rows[:, 1] <= rows[:, 3])
    return bool((in_order & (rows[:, 4] >= 0) & (rows[:, 4] <= 1) & (rows[:, 5] % 1 == 0)).all())


@dataclass(frozen=True, slots=True)
class _Named:
    """What the outputs are, by their names."""

    boxes: str
    scores: str
    classes: str
    count: str | None
    """How many rows are real; None where all are."""
    listed: bool
    """Whether there is no dimension for the pictures."""


def _named(sized: SizedFile) -> _Named | None:
    """Three or four outputs, told apart by shape, type and word."""
    listed = all(len(output.shape) < 3 for output in sized.outputs)
    counts, boxes, flat = [], [], []
    for output in sized.outputs:
        match (None, *output.shape) if listed else output.shape:
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
        return _Named(boxes[0], scores[0], classes[0], counts[0] if counts else None, listed)
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


def _ranked(output: str, tail: Tail, *, listed: bool = False) -> str:
    """[N, M, 6], or `listed` [M, 6]: x1, y1, x2, y2, score, class."""
    nodes = tail.nodes
    rows = _with_pictures(nodes, tail.outputs[output]) if listed else tail.outputs[output]
    return write_rows(
        nodes,
        corners=fields(nodes, rows, 0, 4),
        scores=column(nodes, rows, 4),
        classes=column(nodes, rows, 5),
        count=tail.classes,
    )


def _scored(boxes: str, classes: str, tail: Tail) -> str:
    """Boxes [N, M, 5] with their score behind them, and classes [N, M]; rows that only fill up have class -1."""
    nodes, rows = tail.nodes, tail.outputs[boxes]
    return write_rows(
        nodes,
        corners=fields(nodes, rows, 0, 4),
        scores=column(nodes, rows, 4),
        classes=tail.outputs[classes],
        count=tail.classes,
    )


def _batched(output: str, tail: Tail) -> str:
    """[M, 7]: picture, x1, y1, x2, y2, class, score; a picture's rows are those of its number."""
    nodes = tail.nodes
    rows = _with_pictures(nodes, tail.outputs[output])
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


def _separate(found: _Named, tail: Tail) -> str:
    """Boxes [N, M, 4], scores [N, M] and classes [N, M], of which the first `count` [N, 1] are real; or lists without
    N."""
    nodes = tail.nodes
    boxes, scores, classes = (tail.outputs[name] for name in (found.boxes, found.scores, found.classes))
    if found.listed:
        boxes, scores, classes = (_with_pictures(nodes, value) for value in (boxes, scores, classes))
    if found.count is not None:
        length = nodes.add("Gather", nodes.add("Shape", scores), nodes.constant(1, np.int64))
        places = nodes.add("Range", nodes.constant(0, np.int64), length, nodes.constant(1, np.int64))
        real = nodes.add("Less", places, nodes.add("Cast", tail.outputs[found.count], to=TensorProto.INT64))
        scores = nodes.add("Where", real, scores, nodes.floats(0.0))
    return write_rows(nodes, corners=boxes, scores=scores, classes=classes, count=tail.classes)


def _with_pictures(nodes: Nodes, value: str) -> str:
    return nodes.add("Unsqueeze", value, nodes.integers(0))


def column(nodes: Nodes, rows: str, index: int) -> str:
    """[N, M] of rows [N, M, F]."""
    return nodes.add("Squeeze", fields(nodes, rows, index, index + 1), nodes.integers(2))
