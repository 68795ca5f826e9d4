"""The torch network gives what the numpy reference and the ONNX model of the same plan give."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from yolor_studio.core.errors import ModelError
from yolor_studio.core.resources import shipped
from yolor_studio.yolor.cfg import parse_cfg
from yolor_studio.yolor.plan import MAIN_BN_EPS, Plan, build_plan
from yolor_studio.yolor.reference import forward
from yolor_studio.yolor.weights import Weights

torch = pytest.importorskip("torch", reason="training needs torch: pip install 'yolor-studio[train]'")
pytestmark = pytest.mark.torch

from yolor_studio.yolor.network import Network  # noqa: E402

EVERY_LAYER = """
[net]
width=64
height=64
[reorg]
[convolutional]
batch_normalize=1
filters=8
size=3
stride=2
pad=1
activation=mish
[convolutional]
batch_normalize=1
filters=8
size=3
stride=1
pad=1
groups=2
activation=leaky
[shortcut]
from=-2
activation=linear
[maxpool]
size=5
stride=1
[maxpool]
size=2
stride=2
[upsample]
stride=2
[route]
layers=-1,-4
[route]
layers=-1
groups=2
group_id=1
[avgpool]
[convolutional]
filters=8
activation=logistic
[scale_channels]
from=8
[implicit_cat]
filters=6
[implicit_add]
filters=14
[implicit_mul]
filters=21
[implicit_add]
filters=21
[route]
layers=11
[alternate_channels]
from=12
[shift_channels]
from=13
[convolutional]
filters=21
activation=linear
[control_channels]
from=14
[select_channels]
from=15
[yolo]
anchors=10,12,20,30,40,20
mask=0,1,2
classes=2
"""
NEWER_LAYERS = """
[net]
width=64
height=64
[dwt]
[convolutional]
batch_normalize=0
bias=0
filters=6
activation=linear
[batchnorm]
activation=silu
[implicit_mul_2d]
atoms=3
filters=6
[convolutional]
bias=0
filters=1
activation=linear
[implicit_add_2d]
atoms=2
filters=4
[convolutional]
filters=1
activation=linear
[implicit]
filters=5
atoms=1
mean=.5
std=.1
[convolutional]
filters=6
activation=linear
[route]
layers=2
[control_channels_2d]
from=4
[alternate_channels_2d]
from=6
[convolutional]
bias=0
filters=6
size=3
pad=1
activation=linear
[shift_channels]
from=8
[convolutional]
filters=6
activation=linear
[yolo]
anchors=10,12
classes=1
"""


def bundled_plan() -> Plan:
    return build_plan(parse_cfg(shipped("resources", "networks", "yolor-n.cfg").read_text("utf-8")))


def randomised(plan: Plan) -> Network:
    """A network whose statistics and implicit vectors are far from their first values."""
    torch.manual_seed(3)
    network = Network(plan).eval()
    for name, tensor in network.state_dict().items():
        if name.endswith(("running_var", "bn.weight", "implicit")):
            tensor.uniform_(0.6, 1.4)
        elif name.endswith(("running_mean", "bn.bias")):
            tensor.uniform_(-0.3, 0.3)
    return network


def raw_maps(network: Network, images: np.ndarray) -> list[np.ndarray]:
    with torch.no_grad():
        return [head.numpy() for head in network(torch.from_numpy(images))]


@pytest.mark.parametrize("text", [EVERY_LAYER, NEWER_LAYERS, None], ids=["every layer", "newer layers", "yolor-n"])
def test_it_equals_the_reference(text: str | None) -> None:
    plan = bundled_plan() if text is None else build_plan(parse_cfg(text))
    network = randomised(plan)
    images = np.random.default_rng(0).random((2, 3, 64, 96), np.float32)
    expected = forward(plan, Weights(network.export_weights(), MAIN_BN_EPS), images.astype(np.float64))
    found = raw_maps(network, images)
    assert len(found) == len(plan.heads)
    for ours, truth in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, truth, rtol=1e-3, atol=2e-4)


def test_it_equals_the_onnx_model() -> None:
    ort = pytest.importorskip("onnxruntime")
    from yolor_studio.train.assign import Grid
    from yolor_studio.train.loss import flatten_heads
    from yolor_studio.yolor.onnx_graph import build_onnx

    plan = bundled_plan()
    network = randomised(plan)
    pictures = np.random.default_rng(1).integers(0, 256, (1, 96, 128, 3), np.uint8)
    names = [str(number) for number in range(plan.classes)]
    model = build_onnx(
        plan,
        Weights(network.export_weights(), MAIN_BN_EPS),
        names=names,
        licence="",
        source_hash=hashlib.sha256().hexdigest(),
    )
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    boxes, scores = session.run(["boxes", "scores"], {"images": pictures})

    images = torch.from_numpy(pictures.transpose(0, 3, 1, 2).astype(np.float32) / 255)
    with torch.no_grad():
        heads = network(images)
    raw = flatten_heads(heads, 3)[0]
    grid = Grid.of(torch.tensor(plan.anchors), plan.strides, [tuple(head.shape[2:]) for head in heads])
    ours = grid.decode(raw, torch.arange(len(raw))).numpy()
    our_scores = (raw[:, 4:5].sigmoid() * raw[:, 5:].sigmoid()).numpy()
    order = our_scores.max(1).argsort()[::-1]
    count = len(order)
    np.testing.assert_allclose(scores[0, :count].max(1), our_scores[order].max(1), atol=2e-5)
    nearest = np.abs(boxes[0, :count, None] - ours[None]).max(-1).min(1)
    assert nearest.max() < 0.02


def test_weights_go_out_and_in_unchanged() -> None:
    plan = bundled_plan()
    weights = randomised(plan).export_weights()
    assert {name: array.shape for name, array in weights.items()} == plan.shapes()
    other = Network(plan)
    other.load_weights(weights)
    for name, array in other.export_weights().items():
        np.testing.assert_array_equal(array, weights[name])


def test_weights_of_another_network_are_refused() -> None:
    plan = bundled_plan()
    weights = Network(plan).export_weights()
    weights["layers.0.conv.weight"] = weights["layers.0.conv.weight"][:, :2]
    with pytest.raises(ModelError, match=r"layers\.0\.conv\.weight"):
        Network(plan).load_weights(weights)
    del weights["layers.0.conv.weight"]
    with pytest.raises(ModelError, match="another network"):
        Network(plan).load_weights(weights)


def test_a_fresh_network_finds_next_to_nothing() -> None:
    torch.manual_seed(0)
    network = Network(bundled_plan()).eval()
    with torch.no_grad():
        heads = network(torch.rand(1, 3, 64, 64))
    assert all(head.view(3, 25, *head.shape[2:])[:, 4].sigmoid().mean() < 0.1 for head in heads)
