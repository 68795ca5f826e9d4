"""Small ONNX models in the program's contract whose answers a test can foretell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def write_brightness_model(path: Path, *, names: tuple[str, ...] = ("light", "dark"), size: int = 64) -> Path:
    """A "detector" that puts one box at (8, 8, 40, 40) of the input, with the picture's mean brightness (0 to 1) as the
    score of the first class and what is missing to 1 as that of the second: its answer tells which frame it saw."""
    constants = {
        "box": np.array([[[8, 8, 40, 40]]], np.float32),
        "white": np.array(255, np.float32),
        "one": np.array(1, np.float32),
        "score_shape": np.array([-1, 1, 1], np.int64),
        "ones": np.array([1, 1], np.int64),
        "first": np.array([0], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Div", ["mean", "white"], ["bright"]),
        helper.make_node("Sub", ["one", "bright"], ["dim"]),
        helper.make_node("Reshape", ["bright", "score_shape"], ["bright3"]),
        helper.make_node("Reshape", ["dim", "score_shape"], ["dim3"]),
        helper.make_node("Concat", ["bright3", "dim3"], ["scores"], axis=2),
        helper.make_node("Shape", ["images"], ["shape"]),
        helper.make_node("Gather", ["shape", "first"], ["count"], axis=0),
        helper.make_node("Concat", ["count", "ones"], ["repeats"], axis=0),
        helper.make_node("Tile", ["box", "repeats"], ["boxes"]),
    ]
    graph = helper.make_graph(
        nodes,
        "brightness",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", "H", "W", 3])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", "K", 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", "K", len(names)]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    metadata = {
        "yolor_studio.contract": "1",
        "names": json.dumps(list(names)),
        "stride": "32",
        "size": str(size),
        "source_hash": "0" * 64,
        "licence": "MIT",
        "producer": "tests",
    }
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
