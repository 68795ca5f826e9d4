"""The model of the contract around a file of another program: pictures in, its nodes, rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, version_converter

from yolor_studio.core.errors import ModelError
from yolor_studio.detect.foreign.reading import END, Picture, Reading, Tail, fields
from yolor_studio.detect.foreign.signature import Signature
from yolor_studio.detect.letterbox import PADDING_GREY
from yolor_studio.yolor.contract import INPUT, OPSET
from yolor_studio.yolor.onnx_decode import write_ready
from yolor_studio.yolor.onnx_graph import make_model
from yolor_studio.yolor.onnx_nodes import Nodes

_OLDEST = 13
"""The first opset whose Squeeze, Unsqueeze and Pad take their axes as ours do."""
_AXES_AS_INPUT = 18
"""The first opset whose ReduceMax takes its axes as an input."""
_INNER = "inner/"


@dataclass(frozen=True, slots=True)
class Size:
    """The input sizes that a wrapped file takes, in pixels."""

    height: int
    """Of the file's own input; where that is free, the size that it is best used at."""
    width: int
    stride: int
    """The network's largest."""
    free: bool
    fitted: bool = False
    """Whether the wrapped model takes any size and brings it to the file's own itself."""

    @property
    def longest(self) -> int:
        """The longest side of the picture that the file is best used at."""
        return max(self.height, self.width)

    @property
    def multiple(self) -> int:
        """What both sides of the wrapped model's input must be multiples of: where the file sees squares of one size,
        that size, so that no input is larger."""
        return 1 if self.fitted else self.stride if self.free else self.longest


def build(
    signature: Signature,
    model: onnx.ModelProto,
    reading: Reading,
    *,
    size: Size,
    metadata: Mapping[str, str],
) -> onnx.ModelProto:
    """The wrapped model; ModelError if the file's opset cannot be used, or its layers do not fit each other."""
    inner, opset = _prefixed(signature.file, model)
    nodes = Nodes(half_storage=False)
    planes = nodes.add("Transpose", nodes.add("Cast", INPUT, to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    growth = None
    if size.fitted:
        planes, growth = _fitted(nodes, planes, size)
    image = _normalised(nodes, planes, reading.picture, half=signature.half)
    nodes.name_output(image, _INNER + signature.image)
    for name in signature.companions:
        nodes.name_output(_companion(nodes, name, image), _INNER + name)
    nodes.nodes.extend(inner.node)
    nodes.initializers.extend(inner.initializer)
    first_of_ours = len(nodes.nodes)
    outputs = {
        output.name: nodes.add("Cast", _INNER + output.name, to=TensorProto.FLOAT) if output.is_float
        else _INNER + output.name
        for output in signature.outputs
    }  # fmt: skip
    rows = reading.write(Tail(nodes, outputs, image, reading.classes or 0))
    write_ready(nodes, rows if growth is None else _grown(nodes, rows, growth))
    if opset >= _AXES_AS_INPUT:
        _axes_as_input(nodes, nodes.nodes[first_of_ours:])
    batch = int(metadata["batch"]) or "N"
    side = None if size.free or size.fitted else size.longest
    try:
        built = make_model(
            nodes,
            classes=reading.classes or 0,
            metadata=metadata,
            opset=opset,
            shape=(batch, side or "H", side or "W"),
        )
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, RuntimeError, ValueError) as error:
        raise ModelError(f"{signature.file} is no valid ONNX model: its layers do not fit each other.") from error
    built.ir_version = max(built.ir_version, model.ir_version)
    return built


def _prefixed(file: str, model: onnx.ModelProto) -> tuple[onnx.GraphProto, int]:
    """The file's graph with names that cannot meet ours, and its opset, raised where ours could not stand beside it."""
    opset = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)
    try:
        if opset < _OLDEST:
            model = version_converter.convert_version(model, OPSET)
    except Exception as error:  # the converter raises whatever its C++ code threw
        raise ModelError(f"{file} uses ONNX opset {opset}, which cannot be converted to {OPSET}.") from error
    try:
        return compose.add_prefix_graph(model.graph, _INNER), opset if opset >= _OLDEST else OPSET
    except TypeError as error:
        raise ModelError(f"{file} is no valid ONNX model: a name in it is no text.") from error


def _normalised(nodes: Nodes, planes: str, picture: Picture, *, half: bool) -> str:
    """The picture as the file wants it, from float planes [N, 3, H, W], red first, 0 to 255."""
    if picture.scale != 1:
        planes = nodes.add("Mul", planes, nodes.floats(picture.scale))
    if picture.mean:
        planes = nodes.add("Sub", planes, nodes.floats(np.reshape(picture.mean, (1, 3, 1, 1))))
        planes = nodes.add("Div", planes, nodes.floats(np.reshape(picture.std, (1, 3, 1, 1))))
    if picture.bgr:
        planes = nodes.add("Gather", planes, nodes.integers(2, 1, 0), axis=1)
    return nodes.add("Cast", planes, to=TensorProto.FLOAT16) if half else planes


def _fitted(nodes: Nodes, planes: str, size: Size) -> tuple[str, str]:
    """Planes of any size as the file's own size: grey added right and below to its proportions, then scaled; and how
    much a box grows on the way back, [1, 1, 4]. A picture of the very size goes through unchanged."""
    shape = nodes.add("Shape", planes)
    pictures, height, width = (nodes.add("Gather", shape, nodes.integers(axis)) for axis in (0, 2, 3))
    full_height = nodes.add("Max", height, _share(nodes, width, size.height, size.width))
    full_width = nodes.add("Max", width, _share(nodes, height, size.width, size.height))
    below, right = nodes.add("Sub", full_height, height), nodes.add("Sub", full_width, width)
    pads = nodes.add("Concat", nodes.integers(0, 0, 0, 0, 0, 0), below, right, axis=0)
    padded = nodes.add("Pad", planes, pads, nodes.constant(PADDING_GREY, np.float32))
    target = nodes.add("Concat", pictures, nodes.integers(3, size.height, size.width), axis=0)
    scaled = nodes.add("Resize", padded, "", "", target, mode="linear")
    sides = nodes.add("Concat", full_width, full_height, full_width, full_height, axis=0)
    growth = nodes.add(
        "Div",
        nodes.add("Cast", sides, to=TensorProto.FLOAT),
        nodes.floats([size.width, size.height, size.width, size.height]),
    )
    return scaled, nodes.add("Reshape", growth, nodes.integers(1, 1, 4))


def _share(nodes: Nodes, side: str, numerator: int, denominator: int) -> str:
    """side x numerator / denominator, rounded up."""
    product = nodes.add("Mul", side, nodes.integers(numerator))
    return nodes.add("Div", nodes.add("Add", product, nodes.integers(denominator - 1)), nodes.integers(denominator))


def _grown(nodes: Nodes, rows: str, growth: str) -> str:
    boxes = nodes.add("Mul", fields(nodes, rows, 0, 4), growth)
    return nodes.add("Concat", boxes, fields(nodes, rows, 4, END), axis=2)


def _companion(nodes: Nodes, name: str, image: str) -> str:
    """An input beside the picture, [N, 2]: no scaling, or the size of the input itself."""
    shape = nodes.add("Shape", image)
    pictures, height, width = (nodes.add("Gather", shape, nodes.integers(axis)) for axis in (0, 2, 3))
    if name == "scale_factor":
        value = nodes.floats([[1.0, 1.0]])
    elif name == "im_shape":
        value = nodes.add("Cast", nodes.add("Concat", height, width, axis=0), to=TensorProto.FLOAT)
    else:
        value = nodes.add("Concat", width, height, axis=0)
    return nodes.add("Expand", value, nodes.add("Concat", pictures, nodes.integers(2), axis=0))


def _axes_as_input(nodes: Nodes, ours: Sequence[onnx.NodeProto]) -> None:
    for node in ours:
        for attribute in list(node.attribute):
            if node.op_type == "ReduceMax" and attribute.name == "axes":
                node.input.append(nodes.integers(*helper.get_attribute_value(attribute)))
                node.attribute.remove(attribute)
