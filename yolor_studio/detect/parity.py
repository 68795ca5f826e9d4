"""How far a model's answers lie from those of the network that it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.detect.devices import open_session
from yolor_studio.detect.model_check import read_model
from yolor_studio.yolor.contract import BOXES, EMBEDDINGS, INPUT, SCORES, TAGS
from yolor_studio.yolor.plan import Plan
from yolor_studio.yolor.reference import Outputs, decode, embed, sigmoid

if TYPE_CHECKING:
    import onnx

_MOST_ROWS = 300
"""Boxes that are compared, best first: nobody sees more in one picture."""
_MOST_BYTES = 500_000_000
"""Larger models are not opened a second time to look at their maps."""


def raw_maps(file: Path, plan: Plan, images: NDArray[np.uint8]) -> list[NDArray[np.float32]] | None:
    """The heads' raw maps within an ONNX file made by this program from `plan`, for pictures [N, H, W, 3].

    None where they cannot be told apart in the graph, or the file is too large to be opened twice.
    """
    if file.stat().st_size > _MOST_BYTES:
        return None
    model = read_model(file)
    names = _head_values(model, plan)
    if names is None:
        return None
    import onnx

    for name in dict.fromkeys(names):
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    found: list[Any] = []

    def run(session: Any) -> None:
        found[:] = session.run(names, {INPUT: images})

    open_session(model.SerializeToString(), "cpu", run)
    return found


def _head_values(model: onnx.ModelProto, plan: Plan) -> list[str] | None:
    """The values that the decoding takes apart into anchors and fields: one per head, in order."""
    from onnx import numpy_helper

    shapes = {
        tensor.name: tuple(numpy_helper.to_array(tensor).tolist())
        for tensor in model.graph.initializer
        if list(tensor.dims) == [4]
    }
    wanted = [(0, len(head.anchors), 5 + head.classes, -1) for head in plan.heads]
    splits = [
        (node.input[0], shapes[node.input[1]])
        for node in model.graph.node
        if node.op_type == "Reshape" and shapes.get(node.input[1]) in wanted
    ]
    return [value for value, _ in splits] if [shape for _, shape in splits] == wanted else None


def keeps_halves(file: Path) -> bool:
    """Whether a model's file stores weights as float16, which rounds them."""
    import onnx

    return any(tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in read_model(file).graph.initializer)


def differences(
    plan: Plan, truth: Outputs, found: Mapping[str, NDArray[np.float32]], *, width: int, height: int
) -> dict[str, float]:
    """The largest differences between a model's outputs `found` for one picture and its network's raw outputs: of the
    best boxes in pixels, of their scores, and of tags and embeddings where the network has them.

    Boxes are cut to the picture of width x height first, as they are in use. Each row is compared with the candidate
    that it lies nearest to, because equally good ones may change places.
    """
    boxes, scores = found[BOXES][0], found[SCORES][0]
    wanted_boxes, wanted_scores = (part[0] for part in decode(plan, truth.heads))
    count = min(len(boxes), len(wanted_boxes), _MOST_ROWS)
    best = np.argsort(-wanted_scores.max(axis=1), kind="stable")[: 4 * count]
    corner = np.array([width, height] * 2, np.float64)
    candidates, candidate_scores = wanted_boxes[best].clip(0, corner), wanted_scores[best]
    vectors = embed(plan, truth.embeddings)[0][best] if truth.embeddings else None
    worst: dict[str, float] = {BOXES: 0.0, SCORES: 0.0}
    for row, (box, score) in enumerate(zip(boxes[:count].clip(0, corner), scores[:count], strict=True)):
        by_box = np.abs(candidates - box).max(axis=1)
        by_score = np.abs(candidate_scores - score).max(axis=1)
        nearest = int(np.argmin(by_box / max(width, height) + by_score))
        worst[BOXES] = max(worst[BOXES], float(by_box[nearest]))
        worst[SCORES] = max(worst[SCORES], float(by_score[nearest]))
        if vectors is not None:
            apart = float(np.abs(vectors[nearest] - found[EMBEDDINGS][0, row]).max())
            worst[EMBEDDINGS] = max(worst.get(EMBEDDINGS, 0.0), apart)
    if truth.tags:
        worst[TAGS] = float(np.abs(sigmoid(truth.tags[0][0]) - found[TAGS][0]).max())
    return worst
