"""Whether an ONNX file from anywhere may be run; nothing in it is believed unchecked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from yolor_studio.core.errors import ModelError
from yolor_studio.detect.metadata import Facts, parse_facts
from yolor_studio.yolor.contract import BOXES, CONTRACT_KEY, EMBEDDINGS, INPUT, SCORES, TAGS

if TYPE_CHECKING:
    import onnx

MAX_BYTES = 2_000_000_000
"""Larger models are refused: ONNX files end at 2 GiB, and the largest published network of the family has 1.1 GB."""
_DOMAINS = ("", "ai.onnx")
SUPPORTED = (
    "Supported are ONNX files of this program (input images uint8 [N, H, W, 3]; outputs boxes [N, K, 4] and scores "
    "[N, K, classes]), and exports with an input float [N, 3, H, W] of YOLOv5 and YOLOR ([N, boxes, 5 + classes]), "
    "YOLOv8 ([N, 4 + classes, boxes]), YOLOX, PP-YOLO (with scale_factor), and of YOLO with its suppression inside "
    "([N, M, 6], [M, 7], or count, boxes, scores and classes)."
)


def read_model(path: Path) -> onnx.ModelProto:
    """Parse an ONNX file and refuse what could reach outside it; ModelError says why."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ModelError(f"{path.name} has {size:,} bytes; models of up to {MAX_BYTES:,} are run.")
        model = onnx.ModelProto()
        model.ParseFromString(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror}.") from error
    except (DecodeError, RuntimeError, ValueError) as error:
        raise ModelError(f"{path.name} is a damaged ONNX file, perhaps cut short; download it again.") from error
    _refuse_the_foreign(path.name, model)
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, RuntimeError, ValueError, TypeError) as error:
        what = str(error).strip().splitlines() or [""]
        raise ModelError(f"{path.name} is no valid ONNX model: {what[0][:200]}") from error
    return model


def _refuse_the_foreign(name: str, model: onnx.ModelProto) -> None:
    import onnx

    if model.functions:
        raise ModelError(f"{name} brings functions of its own ({model.functions[0].name[:60]}), which are not run.")
    for graph in _graphs(model.graph):
        for node in graph.node:
            if node.domain not in _DOMAINS:
                raise ModelError(
                    f"{name} needs the operator {node.op_type[:60]} of '{node.domain[:60]}', which is not part of ONNX."
                )
        for tensor in _tensors(graph):
            if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
                raise ModelError(f"{name} keeps weights in another file, which is not supported: save it as one file.")


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in ([attribute.g] if attribute.HasField("g") else []) + list(attribute.graphs):
                yield from _graphs(inner)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    sparse = list(graph.sparse_initializer)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("sparse_tensor"):
                sparse.append(attribute.sparse_tensor)
            sparse.extend(attribute.sparse_tensors)
    for tensor in sparse:
        yield from (tensor.values, tensor.indices)


def in_contract(model: onnx.ModelProto) -> bool:
    """Whether the model claims to be one of this program; `check_contract` sees whether it is."""
    return any(entry.key == CONTRACT_KEY for entry in model.metadata_props)


def check_contract(name: str, model: onnx.ModelProto) -> Facts:
    """The facts of a model of the contract; ModelError if its inputs, outputs or metadata are not as they must be."""
    facts = parse_facts(name, {entry.key: entry.value for entry in model.metadata_props})
    wanted: dict[str, tuple[str, tuple[int | None, ...]]] = {
        INPUT: ("UINT8", (None, None, None, 3)),
        BOXES: ("FLOAT", (None, None, 4)),
        SCORES: ("FLOAT", (None, None, len(facts.classes))),
    }
    if facts.tags:
        wanted[TAGS] = ("FLOAT", (None, len(facts.classes)))
    if facts.embedding:
        wanted[EMBEDDINGS] = ("FLOAT", (None, None, facts.embedding))
    found = {value.name: value_shape(value) for value in (*inputs_of(model), *model.graph.output)}
    fits = set(found) == set(wanted) and all(
        found[key][0] == kind
        and len(found[key][1]) == len(shape)
        and all(
            want is None or got == want or isinstance(got, str) for got, want in zip(found[key][1], shape, strict=True)
        )
        for key, (kind, shape) in wanted.items()
    )
    if not fits:
        raise ModelError(f"{name} is not in the form that it claims: {describe(model)}. {SUPPORTED}")
    return facts


def inputs_of(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The model's true inputs: old files list their weights among them."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in weights]


def value_shape(value: onnx.ValueInfoProto) -> tuple[str, tuple[int | str, ...]]:
    """(element type, shape) of an input or output; an unknown dimension is its name, or "?"."""
    import onnx

    tensor = value.type.tensor_type
    dims = (dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?" for dim in tensor.shape.dim)
    try:
        kind = onnx.TensorProto.DataType.Name(tensor.elem_type)
    except ValueError:
        kind = "UNDEFINED"
    return kind, tuple(dims)


def describe(model: onnx.ModelProto) -> str:
    """What a person is told of a model's shape: "inputs images FLOAT [1, 3, 320, 320]; outputs ..."."""

    def listed(values: list[onnx.ValueInfoProto]) -> str:
        parts = []
        for value in values[:4]:
            kind, shape = value_shape(value)
            parts.append(f"{value.name[:40]} {kind} [{', '.join(map(str, shape))}]")
        return ", ".join(parts) + (f" and {len(values) - 4} more" if len(values) > 4 else "")

    return f"inputs {listed(inputs_of(model))}; outputs {listed(list(model.graph.output))}"
