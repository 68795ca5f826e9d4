"""Small ONNX files in the layouts of other programs, whose answers a test can foretell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

KINDS = {
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.int32): TensorProto.INT32,
    np.dtype(np.int64): TensorProto.INT64,
}
Dims = Sequence[int | str]


def write_export(
    path: Path,
    outputs: Mapping[str, NDArray[Any]],
    *,
    image: Dims = (1, 3, 64, 64),
    declared: Mapping[str, Dims] | None = None,
    companions: Mapping[str, int] | None = None,
    opset: int = 13,
    metadata: Mapping[str, str] | None = None,
    kind: int = TensorProto.FLOAT,
) -> Path:
    """A file that answers every picture with the same arrays, which lie in it as constants.

    `declared` are the outputs' shapes where they are not to be the arrays' own, `companions` the inputs beside the
    picture with their element types, which are multiplied by zero and added.
    """
    axes = {"axes": [1, 2, 3]} if opset < 18 else {}
    mean_inputs = ["images"] if opset < 18 else ["images", "axes"]
    nodes = [
        helper.make_node("ReduceMean", mean_inputs, ["mean"], keepdims=0, **axes),
        helper.make_node("Cast", ["mean"], ["mean_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["mean_float", "zero"], ["nothing_each"]),
        helper.make_node("Reshape", ["nothing_each", "every"], ["flat"]),
        helper.make_node("Gather", ["flat", "first"], ["nothing"]),
    ]
    constants: dict[str, NDArray[Any]] = {
        "zero": np.zeros((), np.float32),
        "first": np.zeros((), np.int64),
        "every": np.array([-1], np.int64),
        "axes": np.array([1, 2, 3], np.int64),
    }
    inputs = [helper.make_tensor_value_info("images", kind, list(image))]
    for name, element in (companions or {}).items():
        inputs.append(helper.make_tensor_value_info(name, element, ["N", 2]))
    for name, array in outputs.items():
        constants[f"{name}.value"] = array
        nodes += [
            helper.make_node("Cast", ["nothing"], [f"{name}.nothing"], to=KINDS[array.dtype]),
            helper.make_node("Add", [f"{name}.value", f"{name}.nothing"], [name]),
        ]
    graph = helper.make_graph(
        nodes,
        "export",
        inputs,
        [
            helper.make_tensor_value_info(name, KINDS[array.dtype], list((declared or {}).get(name, array.shape)))
            for name, array in outputs.items()
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return save(path, graph, opset=opset, metadata=metadata)


def write_means(
    path: Path,
    *,
    image: Dims,
    strides: Sequence[int] = (8, 16, 32),
    turned: bool = False,
    objectness: bool = False,
    per_cell: int = 1,
    box: Sequence[float] = (20.0, 12.0, 8.0, 8.0),
    metadata: Mapping[str, str] | None = None,
    kind: int = TensorProto.FLOAT,
) -> Path:
    """A file with three classes whose scores are the means of the three channels over each cell: it shows how
    pictures go in. Every box is `box`; rows [N, boxes, 4 (+ 1) + 3], or [N, 4 (+ 1) + 3, boxes] where `turned`."""
    head = [*box, 1.0] if objectness else list(box)
    constants = {
        "box": np.array(head, np.float32).reshape(1, -1, 1),
        "flat": np.array([0, 3, -1], np.int64),
        "one": np.array([1], np.int64),
        "fields": np.array([len(head)], np.int64),
        "first": np.array([0], np.int64),
        "last": np.array([2], np.int64),
    }
    nodes = [helper.make_node("Cast", ["images"], ["float"], to=TensorProto.FLOAT)]
    levels = []
    for stride in strides:
        nodes += [
            helper.make_node(
                "AveragePool", ["float"], [f"pool{stride}"], kernel_shape=[stride] * 2, strides=[stride] * 2
            ),
            helper.make_node("Reshape", [f"pool{stride}", "flat"], [f"level{stride}"]),
        ]
        levels += [f"level{stride}"] * per_cell
    nodes += [
        helper.make_node("Concat", levels, ["scores"], axis=2),
        helper.make_node("Shape", ["scores"], ["shape"]),
        helper.make_node("Gather", ["shape", "first"], ["pictures"]),
        helper.make_node("Gather", ["shape", "last"], ["boxes"]),
        helper.make_node("Concat", ["pictures", "fields", "boxes"], ["box_shape"], axis=0),
        helper.make_node("Expand", ["box", "box_shape"], ["box_rows"]),
        helper.make_node("Concat", ["box_rows", "scores"], ["columns"], axis=1),
        helper.make_node("Identity", ["columns"], ["output"])
        if turned
        else helper.make_node("Transpose", ["columns"], ["output"], perm=[0, 2, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("images", kind, list(image))],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", "A", "B"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return save(path, graph, metadata=metadata)


def save(path: Path, graph: onnx.GraphProto, *, opset: int = 13, metadata: Mapping[str, str] | None = None) -> Path:
    """The graph as a file of this opset."""
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    path.write_bytes(model.SerializeToString())
    return path
