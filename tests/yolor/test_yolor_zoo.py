"""The zoo: every published network counts to the digit, and its arrays have their keys and shapes."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor import zoo
from yolor_studio.yolor.cfg import format_cfg, parse_cfg
from yolor_studio.yolor.onnx_graph import build_onnx
from yolor_studio.yolor.plan import Plan, build_plan
from yolor_studio.yolor.rebuild import with_classes
from yolor_studio.yolor.reference import decode, forward
from yolor_studio.yolor.weights import Weights

CHECKPOINTS = {
    # name: size, layers, parameters, implicit, keys of the state_dict, GFLOPs, boxes
    "yolor_csp": (640, 188, 52_923_994, 2557, 684, 120.2, 25_200),
    "yolor_csp_x": (640, 216, 99_754_058, 3005, 816, 221.9, 25_200),
    "yolor_p6": (1280, 235, 37_265_016, 2812, 862, 325.1, 102_000),
    "yolor_w6": (1280, 235, 79_873_400, 3580, 862, 452.6, 102_000),
    "yolor-e6": (1280, 42, 115_909_400, 4220, 960, 682.1, 102_000),
    "yolor-d6": (1280, 42, 151_782_680, 4220, 1248, 934.4, 102_000),
    "yolor-p6": (1280, 42, 37_270_264, 2812, 864, 325.1, 102_000),
    "yolor-w6": (1280, 42, 79_880_952, 3580, 864, 452.6, 102_000),
    "yolor-ssss-s2d": (640, 29, 9_216_634, 1661, 383, 16.0, 25_200),
    "yolor-ssss-dwt": (640, 29, 9_216_634, 1661, 383, 16.0, 25_200),
    "yolov4_csp": (640, 176, 52_921_437, 0, 678, 120.2, 25_200),
    "yolov4_csp_x": (640, 204, 99_751_053, 0, 810, 221.9, 25_200),
    "yolov4_p6": (1280, 305, 127_585_200, 0, 1214, 717.0, 136_000),
    "yolov4_p7": (1536, 366, 287_566_300, 0, 1462, 1636.7, 196_416),
    "yolov5n": (640, 25, 1_872_157, 0, 349, 4.5, 25_200),
    "yolov5s": (640, 25, 7_235_389, 0, 349, 16.4, 25_200),
    "yolov5s6": (1280, 34, 12_626_620, 0, 459, 67.2, 102_000),
}
DARKNET = {
    # name: size, parameters, GFLOPs (and to how many digits they are known), bytes of .weights
    "yolov3": (416, 61_949_149, (65.86, 2), 248_007_048),
    "yolov3-spp": (608, 62_998_749, (141.45, 2), 252_209_544),
    "yolov3-tiny": (416, 8_852_366, (5.56, 2), 35_434_956),
    "yolov4": (608, 64_363_101, (128.39, 2), 257_717_640),
    "yolov4-tiny": (416, 6_056_606, (6.91, 2), 24_251_276),
    "yolov4-tiny-3l": (608, 6_327_453, (17.74, 2), 25_336_200),
    "yolov4-csp": (512, 52_921_437, (76.95, 2), 211_944_840),
    "yolov4-csp-swish": (640, 52_921_437, (120.2, 1), 211_944_840),
    "yolov4-csp-x-swish": (640, 99_751_053, (221.9, 1), 399_388_168),
    "yolov4-csp-x-mish": (640, 99_751_053, (221.9, 1), 399_388_168),
    "yolov4x-mish": (640, 99_751_053, (221.9, 1), 399_388_168),
    "yolov4-p5": (896, 70_830_684, (326.6, 1), 283_669_892),
    "yolov4-p6": (1280, 127_585_200, (717.0, 1), 510_868_180),
    "cspx-p7-mish": (1536, 276_316_196, (1600, 0), 1_106_222_308),
    "yolov7-tiny": (416, 6_227_101, (5.79, 2), 24_967_560),
    "yolov7": (640, 36_928_413, (104.5, 1), 147_898_248),
}
HEADS = {
    # the sections of the main line's heads: 3x3 convolutions, and the channels that their 1x1 convolutions read
    "yolor_csp": (32, 164, [171, 177, 183], [256, 512, 1024]),
    "yolor_csp_x": (32, 192, [199, 205, 211], [320, 640, 1280]),
    "yolor_p6": (64, 203, [212, 218, 224, 230], [256, 384, 512, 640]),
    "yolor_w6": (64, 203, [212, 218, 224, 230], [256, 512, 768, 1024]),
}
FORWARD = {
    # name: pixels, strides of the heads in their order
    "yolor-n": (64, (8, 16, 32)),
    "yolov3-tiny": (64, (32, 16)),
    "yolov4-tiny": (64, (32, 16)),
    "yolov4-tiny-3l": (64, (32, 16, 8)),
    "yolov7-tiny": (64, (8, 16, 32)),
    "yolov5n": (64, (8, 16, 32)),
    "yolov5n6": (64, (8, 16, 32, 64)),
    "yolor-ssss-s2d": (64, (8, 16, 32)),
    "yolor-ssss-dwt": (64, (8, 16, 32)),
}
ENTRIES = {entry.name: entry for entry in zoo.table()}


def weights_of(plan: Plan) -> Weights:
    """Drawn so that no map dies out or runs away."""
    random = np.random.default_rng(3)
    arrays = {}
    for name, shape in plan.shapes().items():
        scale = (2 / np.prod(shape[1:])) ** 0.5 if name.endswith("conv.weight") else 0.05
        offset = 1.0 if name.endswith(("bn.weight", "running_var")) else 0.0
        arrays[name] = (random.standard_normal(shape, np.float32) * scale + offset).astype(np.float32)
    return Weights(arrays, 1e-4)


def test_every_network_is_in_the_table_once():
    assert set(ENTRIES) == set(zoo.names())
    assert {*CHECKPOINTS, *DARKNET, "yolor-n"} <= set(ENTRIES)


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_network_with_checkpoints_counts_to_the_digit(name: str):
    entry = ENTRIES[name]
    found = (entry.size, entry.layers, entry.parameters, entry.implicit, entry.state_dict_keys)
    assert (*found, round(entry.gflops, 1), entry.boxes) == CHECKPOINTS[name]


@pytest.mark.parametrize("name", DARKNET)
def test_a_network_of_darknets_counts_to_the_digit_and_byte(name: str):
    entry = ENTRIES[name]
    size, parameters, (gflops, digits), length = DARKNET[name]
    assert (entry.size, entry.parameters, entry.implicit, entry.weights_bytes) == (size, parameters, 0, length)
    assert round(entry.gflops, digits) == gflops
    assert name in zoo.by_weights_bytes(length)


def test_yolor_n_is_the_one_that_ships():
    entry = ENTRIES["yolor-n"]
    assert (entry.size, entry.parameters, entry.implicit, entry.boxes) == (416, 2_240_226, 673, 10_647)
    assert entry.layers == len(zoo.description("yolor-n").sections)


def test_a_length_names_all_networks_that_have_it():
    assert zoo.by_weights_bytes(24_251_276) == ("yolov4-tiny",)
    assert zoo.by_weights_bytes(211_944_840) == ("yolov4-csp", "yolov4-csp-swish")
    assert zoo.by_weights_bytes(24_251_277) == ()


def test_an_unknown_name_is_told_with_the_known_ones():
    with pytest.raises(ModelError, match=r"no network 'yolor_p9'.*yolor_csp"):
        zoo.description("yolor_p9")


@pytest.mark.parametrize("name", ENTRIES)
def test_a_description_is_a_cfg(name: str):
    description = zoo.description(name)
    parsed = parse_cfg(format_cfg(description))
    if name != "yolor-n":  # written by hand, with comments between its lines
        assert parsed == description
    assert build_plan(parsed).shapes() == build_plan(description).shapes()


@pytest.mark.parametrize("name", ENTRIES)
def test_a_network_can_be_given_other_classes(name: str):
    plan = build_plan(with_classes(zoo.description(name), 3))
    assert (plan.classes, plan.boxes(256, 256)) == (3, build_plan(zoo.description(name)).boxes(256, 256))


@pytest.mark.parametrize("name", HEADS)
def test_the_main_lines_arrays_have_their_keys_and_shapes(name: str):
    shapes = zoo.state_shapes(name)
    stem, implicit, convolutions, widths = HEADS[name]
    first = 1 if name in ("yolor_p6", "yolor_w6") else 0
    assert next(iter(shapes)) == f"module_list.{first}.Conv2d.weight"
    assert shapes[f"module_list.{first}.Conv2d.weight"] == (stem, 12 if first else 3, 3, 3)
    parts = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    for part in parts:
        wanted = () if part == "num_batches_tracked" else (stem,)
        assert shapes[f"module_list.{first}.BatchNorm2d.{part}"] == wanted
    for level, (section, width) in enumerate(zip(convolutions, widths, strict=True)):
        assert shapes[f"module_list.{implicit + level}.implicit"] == (1, width, 1, 1)
        assert shapes[f"module_list.{implicit + len(widths) + level}.implicit"] == (1, 255, 1, 1)
        assert shapes[f"module_list.{section}.Conv2d.weight"] == (width, width // 2, 3, 3)
        assert shapes[f"module_list.{section}.BatchNorm2d.running_var"] == (width,)
        assert shapes[f"module_list.{section + 2}.Conv2d.weight"] == (255, width, 1, 1)
        assert shapes[f"module_list.{section + 2}.Conv2d.bias"] == (255,)
    assert list(shapes)[-1] == f"module_list.{convolutions[-1] + 2}.Conv2d.bias"


@pytest.mark.parametrize(
    ("name", "key", "shape"),
    [
        ("yolor_csp", "module_list.1.Conv2d.weight", (64, 32, 3, 3)),
        ("yolor_csp", "module_list.2.Conv2d.weight", (32, 64, 1, 1)),
        ("yolor_csp", "module_list.3.Conv2d.weight", (64, 32, 3, 3)),
        ("yolor_csp_x", "module_list.1.Conv2d.weight", (80, 32, 3, 3)),
        ("yolor_csp_x", "module_list.2.Conv2d.weight", (40, 80, 1, 1)),
        ("yolor_csp_x", "module_list.3.Conv2d.weight", (80, 40, 3, 3)),
        ("yolor_p6", "module_list.2.Conv2d.weight", (128, 64, 3, 3)),
        ("yolor_p6", "module_list.3.Conv2d.weight", (64, 128, 1, 1)),
        ("yolor_p6", "module_list.5.Conv2d.weight", (64, 128, 1, 1)),
        ("yolor_w6", "module_list.5.BatchNorm2d.weight", (64,)),
        ("yolor-p6", "model.41.anchors", (4, 3, 2)),
        ("yolor-p6", "model.41.anchor_grid", (4, 1, 3, 1, 1, 2)),
        ("yolor-p6", "model.1.bn.num_batches_tracked", ()),
        ("yolor-p6", "model.3.m.2.cv2.conv.weight", (64, 64, 3, 3)),
        ("yolor-e6", "model.2.cv2.conv.weight", (80, 80, 3, 3)),
        ("yolor-d6", "model.5.m.14.cv1.conv.weight", (160, 160, 1, 1)),
        ("yolor-ssss-s2d", "model.3.cv3.weight", (64, 64, 1, 1)),
        ("yolor-ssss-dwt", "model.28.ia.2.implicit", (1, 512, 1, 1)),
        ("yolov5s", "model.24.anchors", (3, 3, 2)),
    ],
)
def test_an_array_has_the_shape_that_checkpoints_have(name: str, key: str, shape: tuple[int, ...]):
    assert zoo.state_shapes(name)[key] == shape


def test_networks_without_pytorch_checkpoints_have_no_keys():
    assert zoo.state_shapes("yolov4-tiny") == {}
    assert ENTRIES["yolov4-tiny"].state_dict_keys is None
    assert ENTRIES["yolor_csp"].weights_bytes is None


def test_every_family_has_its_networks():
    assert zoo.names(zoo.Family.YOLOV3) == ("yolov3", "yolov3-spp", "yolov3-tiny")
    assert sum(len(zoo.names(family)) for family in zoo.Family) == len(zoo.names())


@pytest.mark.parametrize("name", FORWARD)
def test_a_small_network_runs(name: str):
    side, strides = FORWARD[name]
    plan = build_plan(zoo.description(name))
    images = np.random.default_rng(1).uniform(0, 1, (1, 3, side, side))
    maps = forward(plan, weights_of(plan), images)
    channels = 3 * (5 + plan.classes)
    assert [found.shape for found in maps] == [(1, channels, side // stride, side // stride) for stride in strides]
    assert all(np.isfinite(found).all() and found.std() > 0 for found in maps)


@pytest.mark.parametrize("name", ["yolov4-tiny", "yolov7-tiny", "yolov5n", "yolor-ssss-dwt"])
def test_a_small_network_runs_the_same_as_onnx(name: str):
    plan = build_plan(zoo.description(name))
    weights = weights_of(plan)
    images = np.random.default_rng(1).integers(0, 255, (1, 64, 64, 3), np.uint8)
    model = build_onnx(plan, weights, names=[str(i) for i in range(plan.classes)], licence="", source_hash="")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    scores = np.asarray(session.run(["scores"], {"images": images})[0])[0]
    _, wanted = decode(plan, forward(plan, weights, images.transpose(0, 3, 1, 2) / 255))
    count = plan.boxes(64, 64)
    best = np.sort(wanted[0].max(axis=1))[::-1]
    assert np.abs(scores[:count].max(axis=1) - best).max() < 1e-4
    assert not scores[count:].any()
