"""Networks of modules (yaml) become descriptions: counts, keys and sums to the digit; bad ones become a sentence."""

from __future__ import annotations

import copy
import math
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.layers import Activation, Conv, Decode
from yolor_studio.yolor.modules import Translated, translate
from yolor_studio.yolor.plan import Plan, build_plan
from yolor_studio.yolor.reference import forward
from yolor_studio.yolor.weights import Weights
from yolor_studio.yolor.zoo import paper_line, yolov5

P5_PARAMETERS = {"n": 1_872_157, "s": 7_235_389, "m": 21_190_557, "l": 46_563_709, "x": 86_749_405}
P6_FUSED_PARAMETERS = {"n": 3_239_884, "s": 12_612_508, "m": 35_704_908, "l": 76_726_332, "x": 140_730_220}
"""Published with batch norm folded into the convolutions."""
ANCHORS = [[10, 13, 16, 30, 33, 23]]


def small(*rows: list[Any], **options: Any) -> dict[str, Any]:
    """A network of one level with a head over its last row."""
    head = [[[-1], 1, "Detect", ["nc", "anchors"]]]
    return {"nc": 2, "anchors": ANCHORS, "backbone": list(rows), "head": head, **options}


def plan_of(translated: Translated) -> Plan:
    return build_plan(translated.description)


def only_conv(*arguments: Any, **options: Any) -> Conv:
    layer = plan_of(translate(small([-1, 1, "Conv", list(arguments)], **options))).layers[0]
    assert isinstance(layer, Conv)
    return layer


@pytest.mark.parametrize("scale", P5_PARAMETERS)
def test_yolov5_counts_as_published(scale: str):
    translated = translate(yolov5.p5(*yolov5.SCALES[scale]))
    plan = plan_of(translated)
    assert (translated.modules, plan.parameters, plan.size) == (25, P5_PARAMETERS[scale], 640)
    assert (plan.strides, plan.boxes(640, 640), plan.implicit) == ((8, 16, 32), 25_200, 0)
    assert plan.anchors[2] == ((116, 90), (156, 198), (373, 326))
    assert {head.decode for head in plan.heads} == {Decode.YOLOR}


@pytest.mark.parametrize("scale", P6_FUSED_PARAMETERS)
def test_yolov5_with_four_levels_counts_as_published(scale: str):
    plan = plan_of(translate(yolov5.p6(*yolov5.SCALES[scale])))
    norms = sum(math.prod(shape) for name, shape in plan.shapes().items() if name.endswith("bn.bias"))
    assert plan.parameters - norms == P6_FUSED_PARAMETERS[scale]
    assert (plan.strides, plan.size, plan.boxes(1280, 1280)) == ((8, 16, 32, 64), 1280, 102_000)


def test_yolov5s_arrays_have_their_keys():
    translated = translate(yolov5.p5(*yolov5.SCALES["s"]))
    shapes = plan_of(translated).shapes()
    assert set(translated.keys) == set(shapes)
    by_key = {key: shapes[name] for name, key in translated.keys.items()}
    assert len(by_key) + sum(key.endswith("bn.bias") for key in by_key) + 1 == 349  # batches tracked, anchors
    assert by_key["model.0.conv.weight"] == (32, 3, 6, 6)
    assert by_key["model.2.m.0.cv2.conv.weight"] == (32, 32, 3, 3)
    assert by_key["model.4.m.1.cv1.bn.running_var"] == (64,)
    assert by_key["model.9.cv2.conv.weight"] == (512, 1024, 1, 1)
    assert by_key["model.23.cv3.conv.weight"] == (512, 512, 1, 1)
    assert by_key["model.24.m.2.weight"] == (255, 512, 1, 1)
    assert by_key["model.24.m.2.bias"] == (255,)


def test_the_paper_lines_p6_has_its_keys():
    translated = translate(paper_line.p6((128, 256, 384, 512, 640), (256, 384, 512, 640)))
    shapes = plan_of(translated).shapes()
    by_key = {key: shapes[name] for name, key in translated.keys.items()}
    assert by_key["model.1.conv.weight"] == (64, 12, 3, 3)
    assert by_key["model.3.cv1.conv.weight"] == (64, 128, 1, 1)
    assert by_key["model.3.cv2.weight"] == (64, 128, 1, 1)
    assert by_key["model.3.cv4.conv.weight"] == (128, 128, 1, 1)
    assert by_key["model.3.bn.running_mean"] == (128,)
    assert by_key["model.40.conv.weight"] == (640, 320, 3, 3)
    for level, width in enumerate((256, 384, 512, 640)):
        assert by_key[f"model.41.m.{level}.weight"] == (255, width, 1, 1)
        assert by_key[f"model.41.ia.{level}.implicit"] == (1, width, 1, 1)
        assert by_key[f"model.41.im.{level}.implicit"] == (1, 255, 1, 1)


def silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))


class Arrays:
    """The arrays of a translated network by their keys in the checkpoint, drawn by a fixed seed."""

    def __init__(self, translated: Translated) -> None:
        random = np.random.default_rng(7)
        self.plan = plan_of(translated)
        drawn = {name: random.uniform(0.2, 0.9, shape) for name, shape in self.plan.shapes().items()}
        for name, array in drawn.items():
            if name.endswith(("conv.weight", "bn.bias", "running_mean")):
                array -= 0.5
        self.weights = Weights({name: array.astype(np.float32) for name, array in drawn.items()}, 1e-3)
        self.by_key = {key: self.weights[name].astype(np.float64) for name, key in translated.keys.items()}

    def mixed(self, key: str, x: np.ndarray) -> np.ndarray:
        """A 1x1 convolution over [channels, cells]."""
        return self.by_key[f"{key}.weight"][:, :, 0, 0] @ x

    def normed(self, key: str, x: np.ndarray) -> np.ndarray:
        mean, variance, factor, offset = (
            self.by_key[f"{key}.{part}"][:, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return silu((x - mean) / np.sqrt(variance + 1e-3) * factor + offset)

    def conv(self, key: str, x: np.ndarray) -> np.ndarray:
        return self.normed(f"{key}.bn", self.mixed(f"{key}.conv", x))

    def centre(self, key: str, x: np.ndarray) -> np.ndarray:
        """A 3x3 convolution over a map of one cell."""
        return self.normed(f"{key}.bn", self.by_key[f"{key}.conv.weight"][:, :, 1, 1] @ x)

    def bottleneck(self, key: str, x: np.ndarray, *, add: bool) -> np.ndarray:
        y = self.centre(f"{key}.cv2", self.conv(f"{key}.cv1", x))
        return x + y if add else y

    def compare(self, key: str, wanted: Any) -> None:
        """`wanted` computes the row behind a 1x1 convolution over one cell; then comes the head."""
        image = np.random.default_rng(1).uniform(0, 1, (1, 3, 1, 1))
        x = self.conv("model.0", image[0, :, :, 0])
        raw = self.mixed(f"{key}.m.0", wanted(x)) + self.by_key[f"{key}.m.0.bias"][:, None]
        found = forward(self.plan, self.weights, image)[0]
        assert np.abs(found[0, :, :, 0] - raw).max() < 1e-9


def compared(*row: Any) -> Arrays:
    return Arrays(translate(small([-1, 1, "Conv", [8, 1, 1]], list(row))))


def test_a_cross_stage_block_of_the_paper_line_has_one_norm_over_both_branches():
    a = compared(-1, 2, "BottleneckCSPF", [16])

    def row(x: np.ndarray) -> np.ndarray:
        y = a.conv("model.1.cv1", x)
        for index in range(2):
            y = a.bottleneck(f"model.1.m.{index}", y, add=True)
        both = np.concatenate([y, a.mixed("model.1.cv2", x)])
        return a.conv("model.1.cv4", a.normed("model.1.bn", both))

    a.compare("model.2", row)


def test_bottleneck_csp_has_a_transition_in_its_branch():
    a = compared(-1, 1, "BottleneckCSP", [16])

    def row(x: np.ndarray) -> np.ndarray:
        y = a.mixed("model.1.cv3", a.bottleneck("model.1.m.0", a.conv("model.1.cv1", x), add=True))
        both = np.concatenate([y, a.mixed("model.1.cv2", x)])
        return a.conv("model.1.cv4", a.normed("model.1.bn", both))

    a.compare("model.2", row)


def test_bottleneck_csp2_splits_behind_its_first_convolution():
    a = compared(-1, 2, "BottleneckCSP2", [16])

    def row(x: np.ndarray) -> np.ndarray:
        shared = a.conv("model.1.cv1", x)
        y = shared
        for index in range(2):
            y = a.bottleneck(f"model.1.m.{index}", y, add=False)
        both = np.concatenate([y, a.mixed("model.1.cv2", shared)])
        return a.conv("model.1.cv3", a.normed("model.1.bn", both))

    a.compare("model.2", row)


def test_spp_csp_puts_the_map_before_its_pools():
    a = compared(-1, 1, "SPPCSP", [8])

    def row(x: np.ndarray) -> np.ndarray:
        y = a.conv("model.1.cv4", a.centre("model.1.cv3", a.conv("model.1.cv1", x)))
        y = a.centre("model.1.cv6", a.conv("model.1.cv5", np.concatenate([y] * 4)))
        both = np.concatenate([y, a.mixed("model.1.cv2", x)])
        return a.conv("model.1.cv7", a.normed("model.1.bn", both))

    a.compare("model.2", row)


def test_c3_puts_its_bottlenecks_before_the_other_branch():
    a = compared(-1, 2, "C3", [16, False])

    def row(x: np.ndarray) -> np.ndarray:
        y = a.conv("model.1.cv1", x)
        for index in range(2):
            y = a.bottleneck(f"model.1.m.{index}", y, add=False)
        return a.conv("model.1.cv3", np.concatenate([y, a.conv("model.1.cv2", x)]))

    a.compare("model.2", row)


@pytest.mark.parametrize("module", ["SPP", "SPPF"])
def test_a_pyramid_of_pools_halves_first(module: str):
    a = compared(-1, 1, module, [16])
    a.compare("model.2", lambda x: a.conv("model.1.cv2", np.concatenate([a.conv("model.1.cv1", x)] * 4)))


def run_rows(*rows: list[Any], side: int) -> tuple[Arrays, np.ndarray, np.ndarray]:
    a = Arrays(translate(small(*rows)))
    image = np.random.default_rng(2).uniform(0, 1, (1, 3, side, side))
    return a, image, forward(a.plan, a.weights, image)[0]


def test_down_c_joins_convolved_and_pooled():
    a, image, found = run_rows([-1, 1, "Conv", [8, 1, 1]], [-1, 1, "DownC", [16]], side=2)
    x = a.conv("model.0", image[0].reshape(3, 4))
    y = a.conv("model.1.cv1", x)
    weight = a.by_key["model.1.cv2.conv.weight"]
    convolved = a.normed("model.1.cv2.bn", np.einsum("oiyx,iyx->o", weight[:, :, 1:, 1:], y.reshape(8, 2, 2))[:, None])
    pooled = a.conv("model.1.cv3", x.max(axis=1, keepdims=True))
    raw = a.mixed("model.2.m.0", np.concatenate([convolved, pooled])) + a.by_key["model.2.m.0.bias"][:, None]
    assert np.abs(found[0, :, :, 0] - raw).max() < 1e-9


def test_reorg_and_focus_read_the_same_cells():
    _, _, reorg = run_rows([-1, 1, "ReOrg", []], [-1, 1, "Conv", [8, 1, 1]], side=2)
    _, _, focus = run_rows([-1, 1, "Focus", [8, 1, 1]], side=2)
    assert np.array_equal(reorg, focus)


def test_a_row_that_stands_there_several_times_numbers_its_keys():
    translated = translate(small([-1, 3, "Conv", [8, 1, 1]]))
    weights = [key for key in translated.keys.values() if key.endswith("conv.weight")]
    assert weights == ["model.0.0.conv.weight", "model.0.1.conv.weight", "model.0.2.conv.weight"]


@pytest.mark.parametrize(
    ("multiple", "wanted"), [(1.0, 3), (0.33, 1), (0.5, 2), (0.1, 1)], ids=["as written", "third", "half", "least one"]
)
def test_the_depth_multiple_scales_repeats(multiple: float, wanted: int):
    keys = translate(small([-1, 1, "Conv", [8]], [-1, 3, "C3", [8]], depth_multiple=multiple)).keys.values()
    assert sum(key.endswith("m.0.cv1.conv.weight") for key in keys) == 1
    assert len({key.split(".")[3] for key in keys if ".m." in key and key.startswith("model.1")}) == wanted


def test_widths_are_scaled_up_to_a_multiple_of_eight_but_for_the_heads_own():
    assert only_conv(20, 1, 1, width_multiple=0.5).channels == 16
    assert only_conv(32, 1, 1, width_multiple=0.33).channels == 16
    assert only_conv(21, 1, 1, width_multiple=0.5).channels == 21  # three anchors of 5 + 2 numbers


def test_arguments_of_a_convolution():
    layer = only_conv(8, 6, 2, 2)
    assert (layer.size, layer.step, layer.pad, layer.groups, layer.activation) == (6, 2, 2, 1, Activation.SILU)
    assert only_conv(24, 3, 1, None, 3).groups == 3
    assert only_conv(8, 3, 1, "None", 1, "nn.LeakyReLU(0.1)").activation is Activation.LEAKY
    assert only_conv(8, 3, 1, None, 1, False).activation is Activation.LINEAR
    assert only_conv(8, 3, 1, None, 1, 1, True).activation is Activation.SILU
    assert only_conv(8, 3, activation="nn.ReLU()").activation is Activation.RELU
    assert only_conv(8, 3, activation="nn.LeakyReLU(0.1, inplace=True)").activation is Activation.LEAKY


BAD = {
    "no lists": ({"nc": 2, "anchors": ANCHORS}, "no list 'backbone'"),
    "no anchors": (small([-1, 1, "Conv", [8]], anchors=3), "one entry per level"),
    "odd anchors": (small([-1, 1, "Conv", [8]], anchors=[[1, 2, 3]]), "pairs of positive"),
    "no classes": (small([-1, 1, "Conv", [8]], nc=0), "'nc' is 0"),
    "no RGB": (small([-1, 1, "Conv", [8]], ch=12), "12 channels"),
    "absurd width": (small([-1, 1, "Conv", [10**9]]), "argument 0 is 1000000000"),
    "absurd multiple": (small([-1, 1, "Conv", [8]], width_multiple=1e9), "'width_multiple'"),
    "wide by multiple": (small([-1, 1, "Conv", [4096]], width_multiple=16), "65536 channels"),
    "absurd number": (small([-1, 10**6, "Conv", [8]]), "1000000 times"),
    "text for a number": (small([-1, 1, "Conv", ["__import__('os').system('true')"]]), "whole number"),
    "not a row": (small([-1, 1, "Conv"]), "[from, number, module, arguments]"),
    "unknown module": (small([-1, 1, "Transformer", [8]]), "Module 0 (Transformer)"),
    "unknown activation": (small([-1, 1, "Conv", [8, 1, 1, None, 1, "nn.Tanh()"]]), "'nn.Tanh()' is not supported"),
    "reads what is not there": (small([5, 1, "Conv", [8]]), "it reads module 5"),
    "picture twice": (small([-1, 1, "Conv", [8]], [-2, 1, "Conv", [8]]), "second time"),
    "picture beside": (small([-1, 1, "Conv", [8]], [[-1, -2], 1, "Concat", [1]]), "beside maps"),
    "wide by rearranging": (small(*([-1, 1, "ReOrg", []] for _ in range(8))), "Module 6 (ReOrg)"),
    "two inputs": (small([-1, 1, "Conv", [8]], [[-1, -1], 1, "Conv", [8]]), "takes one"),
    "sizes do not fit": (
        small([-1, 1, "Conv", [8]], [-1, 1, "Conv", [8, 3, 2]], [[-1, 0], 1, "Concat", [1]]),
        "different sizes",
    ),
    "too many levels": (small([-1, 1, "Conv", [8]], anchors=ANCHORS * 2), "anchors are for 2"),
    "no middle": (small([-1, 1, "Conv", [8]], [-1, 1, "SPPF", [8, 4]]), "no middle"),
    "joined across": (small([-1, 1, "Conv", [8]], [[-1, -1], 1, "Concat", [2]]), "another dimension"),
    "fixed size": (small([-1, 1, "Conv", [8]], [-1, 1, "Upsample", [40, None]]), "fixed size"),
    "bilinear": (small([-1, 1, "Conv", [8]], [-1, 1, "nn.Upsample", [None, 2, "bilinear"]]), "'nearest'"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_said_in_one_sentence(name: str):
    network, wanted = BAD[name]
    with pytest.raises(ModelError) as caught:
        translate(network)
    assert wanted in str(caught.value)


def test_a_head_in_the_middle_is_refused():
    network = small([-1, 1, "Conv", [8]])
    network["head"].append([0, 1, "Conv", [8]])
    with pytest.raises(ModelError, match="behind the head"):
        translate(network)


def test_a_network_grows_no_further_than_layers_are_supported():
    rows = [[-1, 1, "Conv", [8]], *([-1, 100, "C3", [8]] for _ in range(40))]
    with pytest.raises(ModelError, match="more than 5000 layers"):
        translate(small(*rows))


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(-3, 3), max_size=3),
)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_one_wrong_value_gives_a_network_or_one_sentence(data: st.DataObject):
    network = copy.deepcopy(paper_line.ssss("ReOrg"))
    part = data.draw(st.sampled_from(sorted(network)))
    if part in ("backbone", "head"):
        row = data.draw(st.sampled_from(network[part]))
        where = row if data.draw(st.booleans()) or not row[3] else row[3]
        where[data.draw(st.integers(0, len(where) - 1))] = data.draw(JUNK)
    else:
        network[part] = data.draw(JUNK)
    with suppress(ModelError):
        assert translate(network).description.sections
