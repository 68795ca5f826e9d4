"""Checkpoints of every form, written without torch: which network they are, and every array bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoint_files import (
    Call,
    Obj,
    main_line,
    numpy_array,
    numpy_scalar,
    ordered,
    part,
    pickled_network,
    save_legacy,
    save_zip,
)
from checkpoint_kit import read_checkpoint

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor import zoo
from yolor_studio.yolor.cfg import parse_cfg
from yolor_studio.yolor.checkpoints.reading import open_checkpoint
from yolor_studio.yolor.checkpoints.state_dicts import recognise
from yolor_studio.yolor.checkpoints.tensors import Kind, Storage, Tensor
from yolor_studio.yolor.layers import Decode
from yolor_studio.yolor.modules import translate
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import random_weights
from yolor_studio.yolor.safetensors_io import SavedNetwork
from yolor_studio.yolor.weights import Weights

Save = Callable[[Path, Any], Path]
CFG = """[net]
width=64
height=64
[convolutional]
batch_normalize=1
filters=4
size=3
pad=1
activation=silu
[implicit_add]
filters=4
[implicit_mul]
filters=7
[route]
layers=0
[shift_channels]
from=1
[convolutional]
filters=7
size=1
activation=linear
[control_channels]
from=2
[yolo]
anchors=8,8
classes=2
"""
YAML: dict[str, Any] = {
    "nc": 2,
    "depth_multiple": 1.0,
    "width_multiple": 1.0,
    "anchors": [[10, 13, 16, 30], [30, 61, 62, 45]],
    "backbone": [
        [-1, 1, "Conv", [8, 3, 2]],
        [-1, 1, "C3", [8]],
        [-1, 1, "Conv", [16, 3, 2]],
        [-1, 1, "SPPF", [16, 5]],
    ],
    "head": [[[1, 3], 1, "Detect", ["nc", "anchors"]]],
}
STRIDES = (2, 4)
BOTH = pytest.mark.parametrize("save", [save_zip, save_legacy], ids=["zip", "legacy"])


def yolov5_weights(*, seed: int = 0) -> Weights:
    return random_weights(build_plan(translate(YAML).description), seed=seed, bn_eps=1e-3)


def yolov5(weights: Weights | None = None, **options: Any) -> Obj:
    options = {"names": ["a", "b"], "strides": STRIDES, **options}
    return pickled_network(YAML, weights or yolov5_weights(), **options)


def expect_arrays(network: SavedNetwork, weights: Weights, *, half: bool = False) -> None:
    assert network.weights.arrays.keys() == weights.arrays.keys()
    for name, array in weights.arrays.items():
        wanted = array.astype(np.float16) if half else array
        assert (network.weights[name] == wanted).all(), name


@BOTH
@pytest.mark.parametrize("core", ["numpy.core", "numpy._core"])
def test_a_main_line_checkpoint_is_read_with_its_description(tmp_path: Path, save: Save, core: str):
    description = parse_cfg(CFG)
    weights = random_weights(build_plan(description), seed=0, bn_eps=1e-4)
    value = {
        "epoch": -1,
        "best_fitness": numpy_array(core=core),
        "best_fitness_p": numpy_scalar(core=core),
        "training_results": None,
        "model": ordered(main_line(weights)),
        "optimizer": None,
    }
    network = read_checkpoint(save(tmp_path / "a.pt", value), description=description)
    expect_arrays(network, weights)
    assert network.weights.bn_eps == 1e-4
    assert network.names == ("class 0", "class 1")


def unread(shape: tuple[int, ...], data: bytes = b"") -> Tensor:
    """A tensor of which nothing but its shape is to be looked at."""
    count = int(np.prod(shape))
    strides = tuple(int(np.prod(shape[index + 1 :])) for index in range(len(shape)))
    return Tensor(Storage("0", Kind.FLOAT, count, lambda: data), Kind.FLOAT, 0, shape, strides)


def state_of(name: str, classes: int) -> dict[str, Tensor]:
    """A published network's arrays by key, as it is after training for this many classes."""
    other = {255: 3 * (5 + classes), 340: 4 * (5 + classes)}
    shapes = {
        key: tuple(other.get(length, length) for length in shape)
        for key, shape in zoo.state_shapes(name).items()
        if not key.endswith("num_batches_tracked")
    }
    plan = build_plan(zoo.description(name))
    anchors = np.array(plan.anchors) / np.array(plan.strides).reshape(-1, 1, 1)
    return {
        key: unread(shape, anchors.astype("<f4").tobytes() if key.endswith(".anchors") else b"")
        for key, shape in shapes.items()
    }


@pytest.mark.parametrize("classes", [80, 3, 1])
@pytest.mark.parametrize("name", zoo.names(zoo.Family.MAIN_LINE))
def test_a_main_line_network_is_known_by_its_arrays(name: str, classes: int):
    found = recognise(state_of(name, classes), None)
    plan = build_plan(found.description)
    assert found.title == f"YOLOR's main line, {name}"
    assert (plan.classes, plan.anchors) == (classes, build_plan(zoo.description(name)).anchors)
    assert all(head.decode is Decode.YOLOR for head in plan.heads)


@pytest.mark.parametrize("name", ["yolor-p6", "yolor-e6", "yolov5n", "yolov5s6"])
def test_the_arrays_alone_of_a_network_of_modules_are_known_too(name: str):
    state = state_of(name, 5)
    (key,) = [key for key in state if key.endswith(".anchors")]
    moved = state[key].array() * 1.25
    found = recognise(state | {key: unread(moved.shape, moved.tobytes())}, None)
    plan = build_plan(found.description)
    published = build_plan(zoo.description(name))
    assert (found.title, plan.classes, found.bn_eps) == (name, 5, 1e-3)
    assert np.allclose(plan.anchors, np.array(published.anchors) * 1.25, rtol=1e-5)


def test_arrays_that_fit_two_networks_are_not_guessed_at():
    with pytest.raises(ModelError, match="fit yolor-ssss-s2d as well as yolor-ssss-dwt"):
        recognise(state_of("yolor-ssss-s2d", 80), None)


def test_filters_of_wavelets_tell_which_of_the_two_it_is():
    haar = np.array([0.5, 0.5], np.float32) ** 0.5
    filters = {f"model.{n}.xfm.{name}": unread((2,), haar.tobytes()) for n in range(3) for name in ("h0_col", "h0_row")}
    assert recognise(state_of("yolor-ssss-dwt", 80) | filters, None).title == "yolor-ssss-dwt"


def test_arrays_of_no_known_network_say_how_they_differ():
    state = state_of("yolor_csp", 80)
    key = "module_list.3.Conv2d.weight"
    with pytest.raises(ModelError, match=r"yolor_csp: module_list.3.Conv2d.weight has the shape \[65, 32, 3, 3\]"):
        recognise(state | {key: unread((65, 32, 3, 3))}, None)
    with pytest.raises(ModelError, match="no network that is known here; give its description with --cfg"):
        recognise({"features.0.weight": unread((3, 3))}, None)


def test_the_prefix_of_several_gpus_is_dropped_and_classes_are_counted(tmp_path: Path):
    """The description is for two classes, the weights are for five."""
    description = parse_cfg(CFG)
    five = parse_cfg(CFG.replace("filters=7", "filters=10").replace("classes=2", "classes=5"))
    weights = random_weights(build_plan(five), seed=0, bn_eps=1e-4)
    path = save_zip(tmp_path / "a.pt", {"state_dict": ordered(main_line(weights, prefix="module."))})
    expect_arrays(read_checkpoint(path, description=description, names=list("abcde")), weights)


def test_arrays_under_our_own_names_fit_a_description(tmp_path: Path):
    description = parse_cfg(CFG)
    weights = random_weights(build_plan(description), seed=0, bn_eps=1e-4)
    expect_arrays(read_checkpoint(save_zip(tmp_path / "a.pt", dict(weights.arrays)), description=description), weights)


def test_the_main_line_decodes_in_its_own_way_whatever_a_cfg_says(tmp_path: Path):
    cfg = CFG.replace("[implicit_add]\nfilters=4\n[implicit_mul]\nfilters=7\n[route]\nlayers=0\n", "")
    cfg = cfg.replace("[shift_channels]\nfrom=1\n", "").replace("[control_channels]\nfrom=2\n", "")
    description = parse_cfg(cfg + "scale_x_y=2.0\nnew_coords=1\n")
    assert build_plan(description).heads[0].decode is Decode.NEW_COORDS
    weights = random_weights(build_plan(description), seed=0, bn_eps=1e-4)
    path = save_zip(tmp_path / "a.pt", {"model": ordered(main_line(weights))})
    (head,) = build_plan(read_checkpoint(path, description=description).description).heads
    assert head.decode is Decode.YOLOR


@BOTH
@pytest.mark.parametrize("half", [True, False])
def test_a_pickled_network_is_built_from_its_yaml(tmp_path: Path, save: Save, half: bool):
    weights = yolov5_weights()
    value = {"epoch": -1, "best_fitness": numpy_array(), "model": yolov5(weights, half=half), "ema": None}
    network = read_checkpoint(save(tmp_path / "a.pt", value))
    expect_arrays(network, weights, half=half)
    plan = build_plan(network.description)
    assert (network.names, network.size, network.weights.bn_eps, plan.strides) == (("a", "b"), 640, 1e-3, STRIDES)
    assert [list(np.ravel(level)) for level in plan.anchors] == YAML["anchors"]


@pytest.mark.parametrize("deflate", [False, True])
def test_the_archive_may_be_packed(tmp_path: Path, deflate: bool):
    weights = yolov5_weights()
    expect_arrays(
        read_checkpoint(save_zip(tmp_path / "a.pt", {"model": yolov5(weights)}, deflate=deflate)), weights, half=True
    )


def test_names_are_a_list_or_go_by_number(tmp_path: Path):
    for names in (["a", "ü"], ("a", "ü"), {0: "a", 1: "ü"}, {1: "ü", 0: "a"}):
        path = save_zip(tmp_path / "a.pt", {"model": yolov5(names=names)})
        assert open_checkpoint(path).names == ("a", "ü")
    for names, told in ((["a"], "1 class names for 2 classes"), ({1: "a", 2: "b"}, "not texts by number")):
        with pytest.raises(ModelError, match=told):
            read_checkpoint(save_zip(tmp_path / "a.pt", {"model": yolov5(names=names)}))


def test_names_given_replace_those_in_the_file(tmp_path: Path):
    path = save_zip(tmp_path / "a.pt", {"model": yolov5()})
    assert read_checkpoint(path, names=["x", "y"]).names == ("x", "y")
    with pytest.raises(ModelError, match="3 class names were given for its 2 classes"):
        read_checkpoint(path, names=["x", "y", "z"])


def test_the_mean_of_the_weights_is_preferred_unless_it_is_empty(tmp_path: Path):
    last, mean = yolov5_weights(seed=1), yolov5_weights(seed=2)
    both = save_zip(tmp_path / "a.pt", {"model": yolov5(last), "ema": yolov5(mean)})
    expect_arrays(read_checkpoint(both), mean, half=True)
    expect_arrays(read_checkpoint(save_zip(tmp_path / "b.pt", {"model": yolov5(last), "ema": None})), last, half=True)


def test_a_fused_network_gets_batch_norms_without_effect(tmp_path: Path):
    weights = yolov5_weights()
    network = read_checkpoint(save_zip(tmp_path / "a.pt", {"model": yolov5(weights, fused=True, half=False)}))
    for name, array in network.weights.arrays.items():
        if name.endswith(("bn.weight", "running_mean", "running_var")):
            continue
        assert (array == weights[name]).all(), name
    scale = network.weights["layers.0.bn.weight"] / np.sqrt(
        network.weights["layers.0.bn.running_var"] + np.float32(1e-3)
    )
    assert (scale == 1).all()
    assert not network.weights["layers.0.bn.running_mean"].any()


def test_anchors_that_were_fitted_to_the_data_come_from_the_head(tmp_path: Path):
    network = yolov5()
    buffers = part(network, "model.4").attributes["_buffers"].state[0]
    buffers["anchors"] = buffers["anchors"] * 1.5
    plan = build_plan(read_checkpoint(save_zip(tmp_path / "a.pt", {"model": network})).description)
    assert [list(np.ravel(level)) for level in plan.anchors] == [[15, 19.5, 24, 45], [45, 91.5, 93, 67.5]]


def test_another_activation_of_the_whole_network_is_followed(tmp_path: Path):
    network = yolov5()
    _rename(network, "torch.nn.modules.activation.SiLU", "mish_cuda.MishCuda")
    plan = build_plan(read_checkpoint(save_zip(tmp_path / "a.pt", {"model": network})).description)
    assert {layer.activation for layer in plan.layers if hasattr(layer, "batch_norm") and layer.batch_norm} == {"mish"}


def _rename(thing: Obj, old: str, new: str) -> None:
    thing.name = new if thing.name == old else thing.name
    for inner in thing.attributes.get("_modules", ordered({})).state[0].values():
        _rename(inner, old, new)


def _without_yaml(network: Obj) -> None:
    del network.attributes["yaml"]


def _unknown_module(network: Obj) -> None:
    network.attributes["yaml"]["backbone"] = [[-1, 1, "RepConv", [8, 3, 2]], *YAML["backbone"][1:]]


def _hardswish(network: Obj) -> None:
    _rename(network, "torch.nn.modules.activation.SiLU", "torch.nn.modules.activation.Hardswish")


def _two_epsilons(network: Obj) -> None:
    part(network, "model.0.bn").attributes["eps"] = 1e-5


def _stride(network: Obj) -> None:
    part(network, "model.0.conv").attributes["stride"] = (1, 1)


def _no_anchors(network: Obj) -> None:
    del part(network, "model.4").attributes["_buffers"].state[0]["anchors"]


def _no_weight(network: Obj) -> None:
    del part(network, "model.0.conv").attributes["_parameters"].state[0]["weight"]


def _nan(network: Obj) -> None:
    parameters = part(network, "model.0.conv").attributes["_parameters"].state[0]
    array = parameters["weight"].arguments[0].copy()
    array[0, 0, 0, 0] = np.nan
    parameters["weight"] = Call("torch._utils", "_rebuild_parameter", (array, True, ordered({})))


def _negative_variance(network: Obj) -> None:
    part(network, "model.0.bn").attributes["_buffers"].state[0]["running_var"][0] = -1


def _segmentation(network: Obj) -> None:
    network.name = "models.yolo.SegmentationModel"


def _classification(network: Obj) -> None:
    network.name = "models.yolo.ClassificationModel"


def _yolov8(network: Obj) -> None:
    part(network, "model.0").name = "ultralytics.nn.modules.conv.Conv"


def _endless_yaml(network: Obj) -> None:
    for _ in range(50):
        network.attributes["yaml"]["backbone"] = [network.attributes["yaml"]["backbone"]]


@BOTH
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_without_yaml, "without the yaml"),
        (_unknown_module, "RepConv"),
        (_hardswish, "its activation Hardswish is not supported"),
        (_two_epsilons, "batch norms add different numbers"),
        (_stride, r"model.0.conv does not have the stride \(2, 2\)"),
        (_no_anchors, "its head has no anchors"),
        (_no_weight, "it lacks model.0.conv.weight"),
        (_nan, "model.0.conv.weight holds values that are not numbers"),
        (_negative_variance, "holds negative variances"),
        (_segmentation, "segmentation is not supported here"),
        (_classification, "gives no boxes"),
        (_yolov8, "Ultralytics package .* export it there to ONNX"),
        (_endless_yaml, "more parts than any network"),
    ],
)
def test_a_pickled_network_that_cannot_be_used_says_why(
    tmp_path: Path, save: Save, change: Callable[[Obj], None], told: str
):
    network = yolov5()
    change(network)
    with pytest.raises(ModelError, match=told) as error:
        read_checkpoint(save(tmp_path / "a.pt", {"model": network}))
    assert str(error.value).startswith("a.pt cannot be used: ")


def test_a_description_for_a_network_that_brings_its_own_is_refused(tmp_path: Path):
    with pytest.raises(ModelError, match="leave --cfg out"):
        read_checkpoint(save_zip(tmp_path / "a.pt", {"model": yolov5()}), description=parse_cfg(CFG))


@pytest.mark.parametrize("value", [{}, {"epoch": 3, "optimizer": {}}, [], None, 7, {"model": {"a": 1}}, {"a": [1]}])
def test_a_checkpoint_without_a_network_is_told(tmp_path: Path, value: Any):
    with pytest.raises(ModelError, match="it holds no network"):
        read_checkpoint(save_zip(tmp_path / "a.pt", value))
