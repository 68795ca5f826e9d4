"""Checkpoints that torch itself wrote: every array bit for bit, and the network's outputs as torch gives them."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoint_files import main_line
from checkpoint_kit import read_checkpoint

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor import zoo
from yolor_studio.yolor.modules import translate
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import forward, random_weights
from yolor_studio.yolor.safetensors_io import SavedNetwork

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

ANCHORS = [[10, 13, 16, 30], [30, 61, 62, 45]]
PAPER: dict[str, Any] = {
    "nc": 3,
    "depth_multiple": 0.5,
    "width_multiple": 0.25,
    "anchors": ANCHORS,
    "backbone": [
        [-1, 1, "ReOrg", []],
        [-1, 1, "Conv", [32, 3, 1]],
        [-1, 1, "Conv", [64, 3, 2]],
        [-1, 3, "BottleneckCSPF", [64]],
        [-1, 1, "DownC", [96]],
        [-1, 3, "BottleneckCSPF", [96]],
        [-1, 1, "DownC", [128]],
        [-1, 1, "SPPCSP", [64]],
    ],
    "head": [
        [-1, 1, "Conv", [64, 1, 1]],
        [-1, 1, "nn.Upsample", [None, 2, "nearest"]],
        [5, 1, "Conv", [64, 1, 1]],
        [[-1, -2], 1, "Concat", [1]],
        [-1, 3, "BottleneckCSP2", [64]],
        [-1, 1, "Conv", [64, 3, 1]],
        [7, 1, "Conv", [96, 3, 1]],
        [[13, 14], 1, "IDetect", ["nc", "anchors"]],
    ],
}
WAVES = PAPER | {"backbone": [[-1, 1, "DWT", []], *PAPER["backbone"][1:]]}
YOLOV5: dict[str, Any] = {
    "nc": 3,
    "depth_multiple": 0.33,
    "width_multiple": 0.25,
    "anchors": ANCHORS,
    "backbone": [
        [-1, 1, "Conv", [64, 6, 2, 2]],
        [-1, 1, "Conv", [64, 3, 2]],
        [-1, 3, "C3", [64]],
        [-1, 1, "Conv", [96, 3, 2]],
        [-1, 6, "C3", [96]],
        [-1, 1, "Conv", [128, 3, 2]],
        [-1, 1, "SPPF", [128, 5]],
    ],
    "head": [
        [-1, 1, "Conv", [96, 1, 1]],
        [-1, 1, "nn.Upsample", [None, 2, "nearest"]],
        [[-1, 4], 1, "Concat", [1]],
        [-1, 3, "C3", [96, False]],
        [-1, 1, "Conv", [96, 3, 2]],
        [[-1, 7], 1, "Concat", [1]],
        [-1, 3, "C3", [128, False]],
        [[10, 13], 1, "Detect", ["nc", "anchors"]],
    ],
}


@pytest.fixture(autouse=True)
def _classes() -> Iterator[None]:
    from torch_networks import installed

    with installed():
        yield


def make(yaml: dict[str, Any], *, names: Any = ("a", "b", "c"), seed: int = 0) -> Any:
    from torch_networks import Model, randomised

    torch.manual_seed(seed)
    return randomised(Model(yaml, names), seed=seed)


def save(path: Path, value: Any, *, legacy: bool) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the older container wants the source text of classes
        torch.save(value, path, _use_new_zipfile_serialization=not legacy)
    return path


def expect_equal_outputs(network: SavedNetwork, model: Any, *, tolerance: float = 1e-4) -> None:
    images = np.random.default_rng(0).random((1, 3, 64, 96), np.float32)
    with torch.no_grad():
        wanted = [output.numpy() for output in model.float()(torch.from_numpy(images))]
    found = forward(build_plan(network.description), network.weights, images)
    assert [output.shape for output in found] == [output.shape for output in wanted]
    for ours, theirs in zip(found, wanted, strict=True):
        assert np.abs(ours - theirs).max() < tolerance * max(1.0, np.abs(theirs).max())


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("yaml", [PAPER, WAVES, YOLOV5], ids=["paper", "wavelets", "yolov5"])
def test_a_network_pickled_whole_is_the_same_network(tmp_path: Path, yaml: dict[str, Any], legacy: bool):
    model = make(yaml).half()
    value = {"epoch": -1, "best_fitness": np.array([0.5]), "model": model, "ema": None, "optimizer": None}
    network = read_checkpoint(save(tmp_path / "a.pt", value, legacy=legacy))
    state = model.state_dict()
    keys = translate(yaml).keys
    assert {keys[name] for name in network.weights.arrays} == {
        key for key in state if not key.endswith(("num_batches_tracked", ".anchors", "_col", "_row"))
    }
    assert all((array == state[keys[name]].float().numpy()).all() for name, array in network.weights.arrays.items())
    plan = build_plan(network.description)
    assert [list(np.ravel(level)) for level in plan.anchors] == ANCHORS
    assert (network.names, network.weights.bn_eps, plan.strides) == (("a", "b", "c"), 1e-3, (8, 16))
    expect_equal_outputs(network, model)


def test_other_wavelets_than_haars_are_refused(tmp_path: Path):
    model = make(WAVES)
    model.model[0].xfm.h1_row.mul_(0.9)
    with pytest.raises(ModelError, match=r"model.0.xfm.h1_row is not the filter of Haar's wavelets"):
        read_checkpoint(save(tmp_path / "a.pt", {"model": model}, legacy=False))


@pytest.mark.parametrize("name", ["yolov5n", "yolov5n6", "yolor-ssss-s2d"])
def test_a_published_network_gives_the_same_outputs(tmp_path: Path, name: str):
    from yolor_studio.yolor.network import Network
    from yolor_studio.yolor.zoo.networks import NETWORKS

    make_yaml = NETWORKS[name].modules
    assert make_yaml is not None
    model = make(dict(make_yaml()), names=[f"n{number}" for number in range(80)]).half()
    saved = read_checkpoint(save(tmp_path / "a.pt", {"epoch": -1, "model": model, "ema": None}, legacy=False))
    network = Network(build_plan(saved.description), bn_eps=saved.weights.bn_eps).eval()
    network.load_weights(saved.weights.arrays)
    images = torch.rand(1, 3, 64, 128)
    with torch.no_grad():
        for ours, theirs in zip(network(images), model.float()(images), strict=True):
            assert (ours - theirs).abs().max() < 1e-5


@pytest.mark.parametrize("yaml", [PAPER, YOLOV5], ids=["paper", "yolov5"])
def test_a_fused_network_gives_the_same_outputs(tmp_path: Path, yaml: dict[str, Any]):
    from torch_networks import fused

    model = fused(make(yaml))
    expect_equal_outputs(read_checkpoint(save(tmp_path / "a.pt", {"model": model}, legacy=False)), model)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("fitness", [np.array([0.5]), np.float64(0.5), 0.5])
def test_the_main_lines_arrays_come_bit_for_bit(tmp_path: Path, fitness: Any, legacy: bool):
    description = zoo.description("yolor-n")
    weights = random_weights(build_plan(description), seed=0, bn_eps=1e-4)
    state = OrderedDict((key, torch.from_numpy(array)) for key, array in main_line(weights).items())
    value = {"epoch": -1, "best_fitness": fitness, "training_results": None, "model": state, "optimizer": None}
    network = read_checkpoint(save(tmp_path / "a.pt", value, legacy=legacy), description=description)
    assert network.weights.arrays.keys() == weights.arrays.keys()
    assert all((network.weights[name] == array).all() for name, array in weights.arrays.items())


def test_the_mean_of_the_weights_is_preferred(tmp_path: Path):
    mean = make(YOLOV5, seed=1)
    value = {"model": make(YOLOV5, seed=2), "ema": mean, "updates": 9}
    expect_equal_outputs(read_checkpoint(save(tmp_path / "a.pt", value, legacy=False)), mean)


def test_what_training_leaves_in_a_checkpoint_does_no_harm(tmp_path: Path):
    import argparse
    import datetime

    model = make(YOLOV5, names={0: "a", 1: "b", 2: "ü"})
    model.hyp, model.gr, model.device = {"lr0": 0.01}, 1.0, torch.device("cpu")
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    sum(output.sum() for output in model(torch.zeros(1, 3, 64, 64))).backward()
    optimizer.step()
    value = {
        "epoch": 3,
        "best_fitness": np.float64(0.5),
        "training_results": "1 2 3\n",
        "model": model,
        "optimizer": optimizer.state_dict(),
        "opt": argparse.Namespace(data=Path("a") / "b", freeze=[0], evolve=None),
        "git": {"branch": None},
        "date": datetime.datetime(2022, 1, 2),
        "rng": torch.get_rng_state(),
        "half": torch.zeros(2, dtype=torch.bfloat16),
        "type": torch.float16,
    }
    network = read_checkpoint(save(tmp_path / "a.pt", value, legacy=False))
    assert network.names == ("a", "b", "ü")
    model.eval()
    expect_equal_outputs(network, model)


def test_numbers_of_every_format_are_read_exactly(tmp_path: Path):
    """Written as a whole network would need all to be float; so the container is read by itself."""
    from yolor_studio.yolor.checkpoints.container import load

    kinds = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
    values = {kind: (torch.arange(-6, 6).reshape(3, 4) / 1).to(getattr(torch, kind)) for kind in kinds}
    views = {
        "transposed": torch.arange(12.0).reshape(3, 4).T,
        "cut": torch.arange(12.0).reshape(3, 4)[1:, ::2],
        "channels_last": torch.arange(24.0).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
        "scalar": torch.tensor(3.5),
        "empty": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(torch.ones(2)),
    }
    for legacy in (False, True):
        path = save(tmp_path / "a.pt", values | views, legacy=legacy)
        for name, tensor in load(path).items():
            wanted = (values | views)[name].detach().float().numpy()
            array = tensor.array()
            assert array.dtype == np.float32
            assert array.shape == wanted.shape
            assert (array == wanted).all(), name


def test_a_change_that_the_yaml_does_not_tell_is_noticed(tmp_path: Path):
    def slow(model: Any) -> None:
        model.model[1].conv.padding = (0, 0)

    def leaky(model: Any) -> None:
        model.model[2].cv1.act = torch.nn.LeakyReLU(0.1)

    def exact(model: Any) -> None:
        model.model[2].cv1.bn.eps = 1e-5

    def more(model: Any) -> None:
        model.model[2].cv9 = torch.nn.Linear(2, 2)

    def less(model: Any) -> None:
        del model.model[2].cv3

    changes: list[tuple[Callable[[Any], None], str]] = [
        (slow, r"model.1.conv does not have the padding \(1, 1\)"),
        (leaky, "model.2.cv1.act is LeakyReLU, but the network in its yaml has silu"),
        (exact, "batch norms add different numbers"),
        (more, "it holds model.2.cv9"),
        (less, "it lacks model.2.cv3.conv"),
    ]
    for change, told in changes:
        model = make(YOLOV5)
        change(model)
        with pytest.raises(ModelError, match=told):
            read_checkpoint(save(tmp_path / "a.pt", {"model": model}, legacy=False))


def test_torchscript_is_told(tmp_path: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch advises against it
        script = torch.jit.trace(torch.nn.Conv2d(3, 2, 1), torch.zeros(1, 3, 8, 8))
        script.save(str(tmp_path / "a.pt"))
    with pytest.raises(ModelError, match="TorchScript"):
        read_checkpoint(tmp_path / "a.pt")


def test_a_network_saved_without_its_checkpoint_is_read_too(tmp_path: Path):
    model = make(PAPER)
    expect_equal_outputs(read_checkpoint(save(tmp_path / "a.pt", model, legacy=False)), model)


def test_a_network_wrapped_for_several_gpus_is_read(tmp_path: Path):
    model = make(YOLOV5)
    value = {"model": torch.nn.DataParallel(model)}
    expect_equal_outputs(read_checkpoint(save(tmp_path / "a.pt", value, legacy=False)), model)
