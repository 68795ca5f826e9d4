"""How many classes a file has that suppresses its boxes itself: its outputs do not tell, the layers before them do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolor_studio.detect.foreign.counts import ANCHORED, PER_CELL, strides_of
from yolor_studio.detect.foreign.sized import SizedFile
from yolor_studio.detect.model_check import value_shape

if TYPE_CHECKING:
    import onnx


def classes_inside(sized: SizedFile, model: onnx.ModelProto) -> int | None:
    """The only number C for which some layers give C fields and some C + 5 (or C + 4, without objectness) for as many
    boxes as the input's size has; None where there is no such number, or more than one."""
    import onnx

    try:
        values = onnx.shape_inference.infer_shapes(model, data_prop=True).graph.value_info
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError):
        return None
    found: dict[int, set[int]] = {4: set(), 5: set()}
    for _, shape in map(value_shape, values):
        if len(shape) != 3:
            continue
        for boxes, fields in (shape[1:], shape[:0:-1]):
            if not isinstance(boxes, int) or not isinstance(fields, int):
                continue
            for before, kinds in ((5, ANCHORED), (4, PER_CELL), (5, PER_CELL)):
                if strides_of(boxes, sized.height, sized.width, kinds):
                    found[before].add(fields)
    counts = {fields for before, group in found.items() for fields in group if fields + before in group}
    return counts.pop() if len(counts) == 1 else None
