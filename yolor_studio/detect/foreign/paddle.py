"""PaddleDetection's PP-YOLO and PP-YOLOE: a picture and its scale factor in; boxes with suppression, or without."""

from __future__ import annotations

import math
from functools import partial

from yolor_studio.detect.foreign.paddle_config import Config
from yolor_studio.detect.foreign.reading import Picture, Reading, Tail, fields, from_corners, ones
from yolor_studio.detect.foreign.sized import SizedFile
from yolor_studio.detect.foreign.suppressed import SUPPRESSED, column, write_rows

_LAYOUT = "a PP-YOLO export"
_UNSAID = (
    "Nothing beside it says how pictures are normalised, so they go in as RGB from 0 to 1; if it was trained "
    "otherwise, put its infer_cfg.yml beside it and add it again."
)


def read(sized: SizedFile, config: Config | None) -> list[Reading]:
    """The scale factor is given as 1, so that boxes, x1, y1, x2, y2, are in pixels of the input; `config` is what lies
    beside the file."""
    if "scale_factor" not in sized.signature.companions:
        return []
    picture = (config.picture if config is not None else None) or _in_metadata(sized)
    notices = (_UNSAID,) if picture is None else ()
    reading = partial(Reading, picture=picture or Picture())
    lists = [output.name for output in sized.outputs if output.is_float and output.shape[1:] == (6,)]
    if len(lists) == 1 and len(sized.outputs) <= 2:
        if (sized.signature.batch or 1) > 1:
            raise sized.signature.unusable("gives the boxes of several pictures in one list")
        write = partial(_suppressed, lists[0])
        return [reading(_LAYOUT, write, None, one_by_one=True, notices=(*notices, SUPPRESSED))]
    if len(sized.outputs) == 2 and all(output.is_float for output in sized.outputs):
        return [
            reading(_LAYOUT, partial(_plain, boxes, scores, turned), classes, sure_of_names=True, notices=notices)
            for boxes, scores, turned, classes in _pairs(sized)
        ]
    return []


def _in_metadata(sized: SizedFile) -> Picture | None:
    """The mean and deviation that the file's metadata name, of values from 0 to 1 or, where they are larger, to 255."""
    mean, std = (sized.signature.value(key) for key in ("mean", "std"))
    for values in (mean, std):
        if not isinstance(values, list | tuple) or len(values) != 3:
            return None
        if not all(isinstance(value, int | float) and math.isfinite(value) for value in values):
            return None
    if min(std) <= 0:
        return None
    return Picture(scale=1.0 if max(*mean, *std) > 1 else 1 / 255, mean=tuple(mean), std=tuple(std))


def _pairs(sized: SizedFile) -> list[tuple[str, str, bool, int]]:
    """(boxes, scores, whether the scores have a row per class, classes): every way in which the two shapes agree."""
    first, second = sized.outputs
    found = []
    for boxes, scores in ((first, second), (second, first)):
        match boxes.shape, scores.shape:
            case (_, int(rows), 4), (_, int(high), int(wide)):
                found += [(boxes.name, scores.name, True, high)] if wide == rows else []
                found += [(boxes.name, scores.name, False, wide)] if high == rows else []
    return found


def _suppressed(output: str, tail: Tail) -> str:
    """[M, 6]: class, score, x1, y1, x2, y2; rows that only fill up have class -1."""
    nodes = tail.nodes
    rows = nodes.add("Unsqueeze", tail.outputs[output], nodes.integers(0))
    return write_rows(
        nodes,
        corners=fields(nodes, rows, 2, 6),
        scores=column(nodes, rows, 1),
        classes=column(nodes, rows, 0),
        count=tail.classes,
    )


def _plain(boxes: str, scores: str, turned: bool, tail: Tail) -> str:
    nodes, shares = tail.nodes, tail.outputs[scores]
    if turned:
        shares = nodes.add("Transpose", shares, perm=[0, 2, 1])
    middle = from_corners(nodes, tail.outputs[boxes])
    return nodes.add("Concat", middle, ones(nodes, middle), shares, axis=2)
