"""A plan and its weights -> the ONNX model that the program runs (contract.py), without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import onnx
from onnx import TensorProto, helper

from yolor_studio import __version__
from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.contract import (
    BOXES,
    CANDIDATES,
    CONTRACT,
    CONTRACT_KEY,
    EMBEDDING_KEY,
    EMBEDDINGS,
    INPUT,
    OPSET,
    SCORES,
    TAGS,
    TAGS_KEY,
)
from yolor_studio.yolor.fold import Folded, fold
from yolor_studio.yolor.onnx_decode import write_decode, write_tags
from yolor_studio.yolor.onnx_layers import LayerWriter
from yolor_studio.yolor.onnx_nodes import Nodes
from yolor_studio.yolor.plan import Plan
from yolor_studio.yolor.weights import Weights

_IR_VERSION = 8


def build_onnx(
    plan: Plan,
    weights: Weights,
    *,
    names: Sequence[str],
    licence: str,
    source_hash: str,
    size: int | None = None,
    half_storage: bool = False,
) -> onnx.ModelProto:
    """The model of the contract; equal arguments give equal bytes.

    `size` is the input side that the model is best used at, `source_hash` the SHA-256 of what it was made from;
    `half_storage` keeps large weights as float16 in the file. ModelError if the weights or names do not fit the plan.
    """
    if len(names) != plan.classes:
        raise ModelError(f"{len(names)} class names were given, but the network has {plan.classes} classes.")
    weights.check(plan)
    folded = fold(plan, weights)
    nodes = Nodes(half_storage=half_storage)
    writer = LayerWriter(nodes, folded, picture=_write_picture(nodes, folded))
    for layer in folded.layers:
        writer.write(layer)
    write_decode(
        nodes,
        [(head, writer.name(head.index)) for head in plan.heads],
        [(embedding, writer.name(embedding.index)) for embedding in plan.embeddings],
    )
    for tags in plan.tags:
        write_tags(nodes, writer.name(tags.index))
    return make_model(
        nodes,
        classes=plan.classes,
        tags=bool(plan.tags),
        embedding=plan.embeddings[0].channels if plan.embeddings else 0,
        metadata={
            "names": json.dumps(list(names), ensure_ascii=False),
            "stride": str(plan.stride),
            "size": str(plan.size if size is None else size),
            "source_hash": source_hash,
            "licence": licence,
        },
    )


def make_model(
    nodes: Nodes,
    *,
    classes: int,
    metadata: Mapping[str, str],
    tags: bool = False,
    embedding: int = 0,
    opset: int = OPSET,
    shape: tuple[int | str, int | str, int | str] = ("N", "H", "W"),
) -> onnx.ModelProto:
    """Wrap nodes from `images` to `boxes`, `scores`, `tags` if there are any, and `embeddings` of this length if it is
    not 0, into a checked model of the contract; `shape` is the number of pictures, their height and their width, fixed
    or by name."""
    outputs: dict[str, list[int | str]] = {BOXES: [CANDIDATES, 4], SCORES: [CANDIDATES, classes]}
    if tags:
        outputs[TAGS] = [classes]
        metadata = {**metadata, TAGS_KEY: "1"}
    if embedding:
        outputs[EMBEDDINGS] = [CANDIDATES, embedding]
        metadata = {**metadata, EMBEDDING_KEY: str(embedding)}
    graph = helper.make_graph(
        nodes.nodes,
        "yolor",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, [*shape, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [shape[0], *rest]) for name, rest in outputs.items()],
        initializer=nodes.initializers,
    )
    producer = f"yolor-studio {__version__}"
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=_IR_VERSION,
        producer_name="yolor-studio",
        producer_version=__version__,
    )
    helper.set_model_props(model, {CONTRACT_KEY: CONTRACT, **metadata, "producer": producer})
    onnx.checker.check_model(model, full_check=True)
    return model


def _write_picture(nodes: Nodes, folded: Folded) -> str:
    """uint8 [N, H, W, 3] -> float32 [N, 3, H, W], still 0..255 where the first convolution divides."""
    planes = nodes.add("Transpose", nodes.add("Cast", INPUT, to=TensorProto.FLOAT), perm=[0, 3, 1, 2])
    return planes if folded.scaled else nodes.add("Mul", planes, nodes.floats(1 / 255))
