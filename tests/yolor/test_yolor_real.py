"""Real Darknet networks, whole: the ONNX model against the reference and against independently converted files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime as ort
import pytest

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import read_cfg
from yolor_studio.yolor.onnx_graph import build_onnx
from yolor_studio.yolor.plan import Plan, build_plan
from yolor_studio.yolor.reference import decode, forward
from yolor_studio.yolor.weights import Weights, read_darknet

PARAMETERS = {
    "yolo-fastest-1.1": 346_062,
    "yolo-fastest-1.1-xl": 923_486,
    "MobileNetV2-YOLOv3-Nano-coco": 891_070,
    "MobileNetV2-YOLOv3-Nano-voc": 769_750,
}
DERIVED = ("MobileNetV2-YOLOv3-Nano-voc", "yolo-fastest-1.1")


def network(shared: Path, name: str) -> tuple[Plan, Weights]:
    folder = shared / "data" / "weights" / f"darknet-{name.lower()}"
    plan = build_plan(read_cfg(folder / f"{name}.cfg"))
    return plan, read_darknet(folder / f"{name}.weights", plan)


def session(model: onnx.ModelProto | Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    source = str(model) if isinstance(model, Path) else model.SerializeToString()
    return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def run(plan: Plan, weights: Weights, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    names = [str(i) for i in range(plan.classes)]
    model = build_onnx(plan, weights, names=names, licence="", source_hash="")
    boxes, scores = session(model).run(["boxes", "scores"], {"images": images})
    return np.asarray(boxes), np.asarray(scores)


def dog(shared: Path, width: int, height: int) -> np.ndarray:
    picture = cv2.imread(str(shared / "data" / "datasets" / "darknet-images" / "dog.jpg"))
    assert picture is not None
    return np.ascontiguousarray(cv2.resize(picture, (width, height))[..., ::-1])


def expect_same(boxes: np.ndarray, scores: np.ndarray, *, wanted_boxes: np.ndarray, wanted_scores: np.ndarray) -> None:
    """Every wanted candidate with a score over 1e-4 has its equal among the rows, and the scores agree in order."""
    order = np.argsort(-wanted_scores.max(axis=1), kind="stable")
    count = min(len(order), len(scores))
    best = wanted_scores[order].max(axis=1)
    assert np.abs(scores[:count].max(axis=1) - best[:count]).max() < 1e-5
    for row in order[:count][best[:count] > 1e-4]:
        gap = np.abs(boxes - wanted_boxes[row]).max(axis=1) + 100 * np.abs(scores - wanted_scores[row]).max(axis=1)
        assert gap.min() < 0.01


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_whole_darknet_network_equals_the_reference(shared: Path, name: str):
    plan, weights = network(shared, name)
    # The catalogue counts batch norm's running statistics as parameters too.
    assert sum(array.size for array in weights.arrays.values()) == PARAMETERS[name]
    assert (plan.strides, plan.boxes(320, 192)) == ((32, 16), 900)
    images = dog(shared, 320, 192)[None]
    boxes, scores = run(plan, weights, images)
    wanted_boxes, wanted_scores = decode(plan, forward(plan, weights, images.transpose(0, 3, 1, 2) / 255))
    expect_same(boxes[0], scores[0], wanted_boxes=wanted_boxes[0], wanted_scores=wanted_scores[0])
    assert not scores[0, 900:].any()
    assert scores.max() > 0.3


@pytest.mark.parametrize("name", DERIVED)
def test_files_converted_by_others_give_the_same_boxes(shared: Path, name: str):
    plan, weights = network(shared, name)
    picture = dog(shared, 320, 320)
    other = session(shared / "data" / "weights" / "derived-darknet-to-onnx" / f"{name}.onnx")
    (rows,) = other.run(None, {"images": (picture.transpose(2, 0, 1)[None] / 255).astype(np.float32)})
    rows = np.asarray(rows)[0].astype(np.float64)
    corners = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], axis=1)
    boxes, scores = run(plan, weights, picture[None])
    expect_same(boxes[0], scores[0], wanted_boxes=corners, wanted_scores=rows[:, 4:5] * rows[:, 5:])


def test_a_cfg_of_another_network_is_told_by_the_length(shared: Path):
    plan, _ = network(shared, "yolo-fastest-1.1-xl")
    file = shared / "data" / "weights" / "darknet-yolo-fastest-1.1" / "yolo-fastest-1.1.weights"
    with pytest.raises(ModelError, match="it has 1,384,268 bytes, but 3,693,964 are needed"):
        read_darknet(file, plan)
