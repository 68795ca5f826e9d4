"""A network small enough to be converted and checked in a blink, with implicit knowledge of both kinds."""

from __future__ import annotations

from pathlib import Path

from yolor_studio.yolor.cfg import parse_cfg
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import random_weights
from yolor_studio.yolor.safetensors_io import SavedNetwork, save_network

TOY_CFG = """[net]
width=96
height=96
[convolutional]
batch_normalize=1
filters=8
size=3
stride=2
pad=1
activation=leaky
[implicit_add]
filters=8
[implicit_mul]
filters=14
[route]
layers=0
[shift_channels]
from=1
[convolutional]
filters=14
activation=linear
[control_channels]
from=2
[yolo]
anchors=8,8, 16,24
classes=2
"""


def write_toy_network(path: Path, *, seed: int = 0) -> Path:
    """The network with random weights as a safetensors file: classes "cat" and "dog", 96 px."""
    description = parse_cfg(TOY_CFG)
    weights = random_weights(build_plan(description), seed=seed, bn_eps=1e-4)
    save_network(path, SavedNetwork(description, weights, ("cat", "dog"), 96, "MIT"))
    return path
