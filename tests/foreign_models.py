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


def rewrite_yolox(source: Path, path: Path, layout: str, *, names: Sequence[str], side: int = 416) -> Path:
    """A real YOLOX file of fixed size as its like in another layout, with RGB from 0 to 1 going in: "v8", "v10", "trt"
    (the 300 best) or "v7" (suppressed by ONNX's own NonMaxSuppression at a score of 0.25 and an IoU of 0.5)."""
    graph = onnx.load(source).graph
    cells = [(x, y, s) for s in (8, 16, 32) for y in range(side // s) for x in range(side // s)]
    grid = np.array(cells, np.float32)
    constants: dict[str, NDArray[Any]] = {
        "x.255": np.array(255, np.float32),
        "x.bgr": np.array([2, 1, 0], np.int64),
        "x.grid": grid[None, :, :2],
        "x.stride": grid[None, :, 2:],
        "x.parts": np.array([2, 2, 1, 80], np.int64),
        "x.half": np.array(0.5, np.float32),
        "x.300": np.array([300], np.int64),
        "x.100": np.array([100], np.int64),
        "x.iou": np.array([0.5], np.float32),
        "x.least": np.array([0.25], np.float32),
        "x.0": np.array(0, np.int64),
        "x.1": np.array(1, np.int64),
        "x.2": np.array(2, np.int64),
        "x.first": np.array([0], np.int64),
        "x.last": np.array([2], np.int64),
    }
    node = helper.make_node
    before = [
        node("Mul", ["rgb", "x.255"], ["x.rgb"]),
        node("Gather", ["x.rgb", "x.bgr"], ["images"], axis=1),
    ]
    nodes = [
        node("Split", ["output", "x.parts"], ["x.centre", "x.size", "x.objectness", "x.classes"], axis=2),
        node("Add", ["x.centre", "x.grid"], ["x.cell"]),
        node("Mul", ["x.cell", "x.stride"], ["x.middle"]),
        node("Exp", ["x.size"], ["x.grown"]),
        node("Mul", ["x.grown", "x.stride"], ["x.sides"]),
        node("Mul", ["x.objectness", "x.classes"], ["x.scores"]),
        node("Mul", ["x.sides", "x.half"], ["x.halves"]),
        node("Sub", ["x.middle", "x.halves"], ["x.low"]),
        node("Add", ["x.middle", "x.halves"], ["x.high"]),
        node("Concat", ["x.low", "x.high"], ["x.corners"], axis=2),
        node("Transpose", ["x.scores"], ["x.by_class"], perm=[0, 2, 1]),
    ]
    best = [
        node("ReduceMax", ["x.scores"], ["x.best"], axes=[2], keepdims=0),
        node("ArgMax", ["x.scores"], ["x.class"], axis=2, keepdims=0),
        node("TopK", ["x.best", "x.300"], ["det_scores", "x.order"], axis=1),
        node("Squeeze", ["x.order", "x.first"], ["x.rows"]),
        node("Gather", ["x.corners", "x.rows"], ["det_boxes"], axis=1),
        node("Gather", ["x.class", "x.rows"], ["x.det_classes"], axis=1),
        node("Cast", ["x.det_classes"], ["det_classes"], to=TensorProto.INT32),
    ]
    f, i = TensorProto.FLOAT, TensorProto.INT32
    outputs: dict[str, tuple[int, Dims]]
    if layout == "v8":
        nodes += [node("Concat", ["x.middle", "x.sides", "x.scores"], ["x.rows"], axis=2)]
        nodes += [node("Transpose", ["x.rows"], ["output0"], perm=[0, 2, 1])]
        outputs = {"output0": (f, [1, 84, len(cells)])}
    elif layout == "v10":
        nodes += [*best, node("Cast", ["det_classes"], ["x.float"], to=f)]
        nodes += [node("Unsqueeze", [name, "x.last"], [f"{name}.3"]) for name in ("det_scores", "x.float")]
        nodes += [node("Concat", ["det_boxes", "det_scores.3", "x.float.3"], ["output0"], axis=2)]
        outputs = {"output0": (f, [1, 300, 6])}
    elif layout == "trt":
        nodes += [*best, node("Cast", ["x.300"], ["x.count"], to=i)]
        nodes += [node("Unsqueeze", ["x.count", "x.first"], ["num_dets"])]
        outputs = {"num_dets": (i, [1, 1]), "det_boxes": (f, [1, 300, 4]), "det_scores": (f, [1, 300])}
        outputs["det_classes"] = (i, [1, 300])
    else:
        taken = ["x.corners", "x.by_class", "x.100", "x.iou", "x.least"]
        nodes += [node("NonMaxSuppression", taken, ["x.chosen"])]
        nodes += [node("Gather", ["x.chosen", f"x.{k}"], [f"x.column{k}"], axis=1) for k in range(3)]
        nodes += [
            node("Squeeze", ["x.corners", "x.first"], ["x.corners2"]),
            node("Gather", ["x.corners2", "x.column2"], ["x.boxes"], axis=0),
            node("GatherND", ["x.by_class", "x.chosen"], ["x.values"]),
            node("Unsqueeze", ["x.values", "x.axis1"], ["x.values2"]),
            *(node("Cast", [f"x.column{k}"], [f"x.number{k}"], to=f) for k in range(2)),
            *(node("Unsqueeze", [f"x.number{k}", "x.axis1"], [f"x.numbers{k}"]) for k in range(2)),
            node("Concat", ["x.numbers0", "x.boxes", "x.numbers1", "x.values2"], ["output0"], axis=1),
        ]
        constants["x.axis1"] = np.array([1], np.int64)
        outputs = {"output0": (f, ["found", 7])}
    whole = helper.make_graph(
        [*before, *graph.node, *nodes],
        layout,
        [helper.make_tensor_value_info("rgb", f, [1, 3, side, side])],
        [helper.make_tensor_value_info(name, kind, list(shape)) for name, (kind, shape) in outputs.items()],
        [*graph.initializer, *(numpy_helper.from_array(value, name) for name, value in constants.items())],
    )
    return save(path, whole, opset=13, metadata={"names": str(dict(enumerate(names)))})
