"""ONNX files of other programs, recognised by their shapes and wrapped into the contract, so that all run one way."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING

from yolor_studio.core.errors import ModelError
from yolor_studio.detect.model_check import SUPPORTED, describe, inputs_of, value_shape
from yolor_studio.detect.names import by_number, read_names
from yolor_studio.yolor.contract import INPUT, OPSET

if TYPE_CHECKING:
    import onnx

_ANCHORS = 3
_STRIDES = ((8, 16, 32), (16, 32), (8, 16, 32, 64))
_OPSETS = range(13, OPSET + 1)
_INNER = "inner/"
_MAX_NAMES_TEXT = 1 << 18


def wrap(
    file: Path, model: onnx.ModelProto, *, names: Path | None, source_hash: str
) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    """A YOLOv5 or YOLOR export as a model of the contract, and what a person is told about it.

    Its input is float [N, 3, S, S] RGB 0..1, its output [N, boxes, 5 + classes]: centre x, y, w, h in input pixels,
    objectness, class probabilities. ModelError, with what was found, for everything else.
    """
    side, classes = _recognise(file.name, model)
    found = _names_inside(model)
    notices: tuple[str, ...] = (f"{file.name} is an export of fixed size: every picture is seen at {side} x {side}.",)
    if names is not None:
        found = read_names(names, classes)
    elif found is None or len(found) != classes:
        found = by_number(classes)
        notices += (f"It holds no class names, so they are called 'class 0' to 'class {classes - 1}'; give --names.",)
    metadata = {
        "names": json.dumps(list(found), ensure_ascii=False),
        # An input of fixed size is one whose sides are multiples of that size, and never larger.
        "stride": str(side),
        "size": str(side),
        "batch": str(_batch(model)),
        "licence": "",
        "source_hash": source_hash,
    }
    return _build(file.name, model, classes, metadata), notices


def _recognise(name: str, model: onnx.ModelProto) -> tuple[int, int]:
    """(input side, classes) of the export; ModelError if it is none."""
    inputs, outputs = inputs_of(model), list(model.graph.output)
    if len(inputs) == len(outputs) == 1:
        match value_shape(inputs[0]), value_shape(outputs[0]):
            case ("FLOAT", (_, 3, int(height), int(width))), ("FLOAT", (_, int(boxes), int(fields))):
                # A YOLOX export has as many fields, but one box per cell, and they are not decoded.
                if height == width and fields > 5 and boxes in _box_counts(height):
                    return height, fields - 5
    raise ModelError(f"{name} is of a form that is not known: {describe(model)}. {SUPPORTED}")


def _box_counts(side: int) -> set[int]:
    return {_ANCHORS * sum((side // stride) ** 2 for stride in strides) for strides in _STRIDES}


def _batch(model: onnx.ModelProto) -> int:
    """The fixed number of pictures per run, 0 where it is free."""
    batch = value_shape(inputs_of(model)[0])[1][0]
    return batch if isinstance(batch, int) else 0


def _names_inside(model: onnx.ModelProto) -> tuple[str, ...] | None:
    """Class names in the metadata: exports write a Python dict or list as text."""
    text = next((entry.value for entry in model.metadata_props if entry.key == "names"), "")
    if not 0 < len(text) <= _MAX_NAMES_TEXT:
        return None
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    listed = [value.get(index) for index in range(len(value))] if isinstance(value, dict) else value
    if not isinstance(listed, list):
        return None
    names = tuple(item for item in listed if isinstance(item, str))
    return names if len(names) == len(listed) else None


def _build(name: str, model: onnx.ModelProto, classes: int, metadata: dict[str, str]) -> onnx.ModelProto:
    import onnx
    from onnx import compose, version_converter

    from yolor_studio.yolor.onnx_decode import write_ready
    from yolor_studio.yolor.onnx_graph import make_model
    from yolor_studio.yolor.onnx_nodes import Nodes

    opset = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)
    try:
        if opset not in _OPSETS:
            model, opset = version_converter.convert_version(model, OPSET), OPSET
        inner = compose.add_prefix_graph(model.graph, _INNER)
    except Exception as error:  # the converter raises whatever its C++ code threw
        raise ModelError(f"{name} uses ONNX opset {opset}, which cannot be converted to {OPSET}.") from error
    nodes = Nodes(half_storage=False)
    planes = nodes.add("Transpose", nodes.add("Cast", INPUT, to=onnx.TensorProto.FLOAT), perm=[0, 3, 1, 2])
    nodes.name_output(nodes.add("Mul", planes, nodes.floats(1 / 255)), _INNER + inputs_of(model)[0].name)
    nodes.nodes.extend(inner.node)
    nodes.initializers.extend(inner.initializer)
    write_ready(nodes, inner.output[0].name)
    side = int(metadata["size"])
    shape = (int(metadata["batch"]) or "N", side, side)
    try:
        return make_model(nodes, classes=classes, metadata=metadata, opset=opset, shape=shape)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, RuntimeError, ValueError) as error:
        raise ModelError(f"{name} is no valid ONNX model: its layers do not fit each other.") from error
