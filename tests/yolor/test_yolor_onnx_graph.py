"""The ONNX model of the contract: inputs, outputs, candidates, decoding, metadata, bytes."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from yolor_studio.core.errors import ModelError
from yolor_studio.core.resources import shipped
from yolor_studio.yolor.cfg import parse_cfg, read_cfg
from yolor_studio.yolor.contract import CANDIDATES
from yolor_studio.yolor.onnx_graph import build_onnx
from yolor_studio.yolor.plan import Plan, build_plan
from yolor_studio.yolor.reference import decode, forward, random_weights
from yolor_studio.yolor.weights import Weights

HEAD = "[convolutional]\nfilters=21\nsize=1\nactivation={act}\n[yolo]\nanchors=4,6, 8,8, 20,14\nclasses=2\n{more}\n"
BODY = "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=2\npad=1\nactivation=silu\n"


def plan_of(more: str = "", act: str = "linear", body: str = BODY) -> Plan:
    return build_plan(parse_cfg("[net]\nwidth=32\nheight=32\n" + body + HEAD.format(act=act, more=more)))


def build(plan: Plan, weights: Weights, *, half_storage: bool = False) -> onnx.ModelProto:
    names = [f"thing {i}" for i in range(plan.classes)]
    return build_onnx(
        plan, weights, names=names, licence="Apache-2.0", source_hash="ab", size=96, half_storage=half_storage
    )


def open_model(model: onnx.ModelProto) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


@cache
def yolor_n() -> tuple[Plan, Weights, onnx.ModelProto]:
    plan = build_plan(read_cfg(shipped("resources", "networks", "yolor-n.cfg")))
    weights = random_weights(plan, seed=3, bn_eps=1e-4)
    return plan, weights, build(plan, weights)


def pictures(n: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(n + height).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


def expect_equal(plan: Plan, weights: Weights, images: np.ndarray, *, boxes: np.ndarray, scores: np.ndarray) -> None:
    """The graph's candidates are the reference's best ones, in the same order but for scores that are almost equal."""
    all_boxes, all_scores = decode(plan, forward(plan, weights, images.transpose(0, 3, 1, 2) / 255))
    count = min(CANDIDATES, all_boxes.shape[1])
    assert boxes.shape == (len(images), CANDIDATES, 4)
    assert scores.shape == (len(images), CANDIDATES, plan.classes)
    assert boxes.dtype == scores.dtype == np.float32
    for n in range(len(images)):
        order = np.argsort(-all_scores[n].max(axis=1), kind="stable")
        best = all_scores[n][order[:count]].max(axis=1)
        assert np.abs(scores[n, :count].max(axis=1) - best).max() < 1e-4
        assert (np.diff(scores[n].max(axis=1)) <= 1e-6).all()
        wanted = np.concatenate([all_boxes[n], all_scores[n] * 100], axis=1)
        got = np.concatenate([boxes[n, :count], scores[n, :count] * 100], axis=1)
        for row, wish in ((row, got[row]) for row in range(0, count, 97)):
            near = np.abs(wanted[order[max(0, row - 50) : row + 50]] - wish).max(axis=1).min()
            assert near < 0.02
        assert not scores[n, count:].any()
        assert not boxes[n, count:].any()


@pytest.mark.parametrize(("n", "height", "width"), [(1, 32, 32), (2, 64, 96), (1, 256, 416), (3, 160, 32)])
def test_yolor_n_equals_the_reference_at_any_size(n: int, height: int, width: int):
    plan, weights, model = yolor_n()
    images = pictures(n, height, width)
    boxes, scores = open_model(model).run(["boxes", "scores"], {"images": images})
    expect_equal(plan, weights, images, boxes=np.asarray(boxes), scores=np.asarray(scores))


@pytest.mark.parametrize(
    ("more", "act"),
    [
        ("decode=yolor", "linear"),
        ("scale_x_y=1.05", "linear"),
        ("", "linear"),
        ("scale_x_y=2.0\nnew_coords=1", "logistic"),
    ],
)
def test_every_form_of_head_equals_the_reference(more: str, act: str):
    plan = plan_of(more, act)
    weights = random_weights(plan, seed=1, bn_eps=1e-5)
    images = pictures(2, 6, 10)
    boxes, scores = open_model(build(plan, weights)).run(["boxes", "scores"], {"images": images})
    expect_equal(plan, weights, images, boxes=np.asarray(boxes), scores=np.asarray(scores))


def zeroed(plan: Plan, bias: np.ndarray | None = None) -> Weights:
    """Weights under which every raw value is its bias."""
    arrays = dict(random_weights(plan, seed=0, bn_eps=1e-4).arrays)
    last = plan.heads[0].inputs[0]
    arrays[f"layers.{last}.conv.weight"] = np.zeros_like(arrays[f"layers.{last}.conv.weight"])
    arrays[f"layers.{last}.conv.bias"] = np.zeros(plan.heads[0].channels, np.float32) if bias is None else bias
    return Weights(arrays, 1e-4)


def test_raw_zero_is_the_middle_of_the_cell_and_the_anchor():
    plan = plan_of("decode=yolor")
    boxes, scores = open_model(build(plan, zeroed(plan))).run(["boxes", "scores"], {"images": pictures(1, 4, 6)})
    boxes, scores = np.asarray(boxes)[0, :18], np.asarray(scores)[0]
    assert (scores[:18] == 0.25).all()
    centres = {tuple((box[:2] + box[2:]) / 2) for box in boxes}
    sizes = {tuple(box[2:] - box[:2]) for box in boxes}
    assert centres == {(x, y) for x in (1, 3, 5) for y in (1, 3)}
    assert sizes == {(4, 6), (8, 8), (20, 14)}


def test_hand_worked_decodings():
    bias = np.zeros(21, np.float32)
    bias[:7] = [np.log(3), -np.log(3), np.log(3), np.log(2), 30, 30, -30]  # shares .75, .25, .75, 2/3, 1, 1, 0
    bias[[11, 18]] = -30
    yolor, darknet = plan_of("decode=yolor"), plan_of("scale_x_y=1.5")
    first = [
        np.asarray(open_model(build(plan, zeroed(plan, bias))).run(["boxes"], {"images": pictures(1, 2, 2)})[0])[0, 0]
        for plan in (yolor, darknet)
    ]
    # YOLOR: centre (2 s - .5) 2 = (2, 0); size (2 s)^2 anchor = (2.25 x 4, 16/9 x 6).
    w, h = 9, 32 / 3
    np.testing.assert_allclose(first[0], [2 - w / 2, -h / 2, 2 + w / 2, h / 2], atol=1e-5)
    # Darknet: centre (1.5 s - .25) 2 = (1.75, .25); size exp(t) anchor = (3 x 4, 2 x 6).
    np.testing.assert_allclose(first[1], [1.75 - 6, 0.25 - 6, 1.75 + 6, 0.25 + 6], atol=1e-5)


def test_more_candidates_than_fit_leave_the_best():
    plan = plan_of("decode=yolor")
    weights = random_weights(plan, seed=5, bn_eps=1e-4)
    images = pictures(1, 128, 160)
    assert plan.boxes(160, 128) > CANDIDATES
    boxes, scores = open_model(build(plan, weights)).run(["boxes", "scores"], {"images": images})
    expect_equal(plan, weights, images, boxes=np.asarray(boxes), scores=np.asarray(scores))


def test_a_size_growing_without_bound_gives_no_nan():
    plan = plan_of("scale_x_y=1.05")
    bias = np.full(21, 200, np.float32)
    boxes, scores = open_model(build(plan, zeroed(plan, bias))).run(["boxes", "scores"], {"images": pictures(1, 4, 4)})
    assert not np.isnan(np.asarray(boxes)).any()
    assert np.asarray(scores)[0, :12].min() == 1


def test_the_metadata_says_what_the_program_needs():
    _, _, model = yolor_n()
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["yolor_studio.contract"] == "1"
    assert json.loads(metadata["names"])[:2] == ["thing 0", "thing 1"]
    assert (metadata["stride"], metadata["size"]) == ("32", "96")
    assert (metadata["source_hash"], metadata["licence"]) == ("ab", "Apache-2.0")
    assert metadata["producer"].startswith("yolor-studio ")
    assert model.opset_import[0].version == 17


def test_the_model_is_checked_quiet_and_always_the_same(capfd: pytest.CaptureFixture[str]):
    plan, weights, model = yolor_n()
    onnx.checker.check_model(model, full_check=True)
    assert model.SerializeToString() == build(plan, weights).SerializeToString()
    open_model(model).run(None, {"images": pictures(1, 32, 32)})
    assert capfd.readouterr() == ("", "")


def test_nothing_of_the_training_network_is_left():
    plan, _, model = yolor_n()
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("Conv") == sum("conv.weight" in name for name in plan.shapes())
    assert "BatchNormalization" not in kinds
    assert not {"If", "Loop", "Scan", "NonMaxSuppression"} & set(kinds)


def test_half_storage_halves_the_file_and_keeps_the_boxes():
    plan, weights, model = yolor_n()
    half = build(plan, weights, half_storage=True)
    assert len(half.SerializeToString()) < 4.7e6
    assert len(half.SerializeToString()) < 0.55 * len(model.SerializeToString())
    images = pictures(1, 64, 96)
    whole, halved = (np.asarray(open_model(m).run(["scores"], {"images": images})[0]) for m in (model, half))
    assert np.abs(whole.max(axis=2) - halved.max(axis=2)).max() < 0.01


def test_names_and_weights_must_fit_the_plan():
    plan, weights, _ = yolor_n()
    with pytest.raises(ModelError, match="1 class names were given, but the network has 20"):
        build_onnx(plan, weights, names=["a"], licence="", source_hash="")
    with pytest.raises(ModelError, match="too many"):
        build(plan_of(), weights)
