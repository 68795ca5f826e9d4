"""Checkpoints of PyTorch and published Darknet weights in the list of models: what is found, named and told."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from checkpoint_files import main_line, ordered, pickled_network, save_legacy, save_zip

from yolor_studio.core.errors import ModelError
from yolor_studio.detect.convert import convert
from yolor_studio.detect.detector import Detector
from yolor_studio.detect.library import add_model, find_model, network_file
from yolor_studio.yolor import zoo
from yolor_studio.yolor.cfg import format_cfg
from yolor_studio.yolor.modules import translate
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.rebuild import with_classes
from yolor_studio.yolor.reference import random_weights
from yolor_studio.yolor.safetensors_io import load_network

YAML = {
    "nc": 2,
    "depth_multiple": 1.0,
    "width_multiple": 1.0,
    "anchors": [[10, 13, 16, 30]],
    "backbone": [[-1, 1, "Conv", [8, 3, 2]], [-1, 1, "C3", [8]]],
    "head": [[[1], 1, "Detect", ["nc", "anchors"]]],
}
TINY = with_classes(translate(YAML).description, 80)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    weights = random_weights(build_plan(translate(YAML).description), seed=0, bn_eps=1e-3)
    network = pickled_network(YAML, weights, names={0: "cat", 1: "dog"}, strides=(2,))
    return save_zip(tmp_path / "mine.pt", {"model": network, "ema": None})


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    weights = random_weights(build_plan(TINY), seed=0, bn_eps=1e-4)
    return save_legacy(tmp_path / "arrays.pt", {"model": ordered(main_line(weights))})


def test_a_checkpoint_becomes_a_model_that_runs_and_can_be_trained_further(checkpoint: Path):
    entry = add_model(checkpoint)
    assert (entry.name, entry.classes, entry.stride) == ("mine", ("cat", "dog"), 2)
    assert entry.notices == ("mine.pt was read as YOLOv5's form, 3 modules, 2 classes.",)
    assert Detector(entry, device="cpu").predict(np.zeros((48, 64, 3), np.uint8)) is not None
    kept = network_file(entry)
    assert kept is not None
    assert load_network(kept).names == ("cat", "dog")
    assert add_model(checkpoint).notices == ("mine was there already; nothing has changed.",)


def test_a_checkpoint_is_used_where_it_lies(checkpoint: Path):
    assert find_model(str(checkpoint)).classes == ("cat", "dog")


def test_names_given_replace_the_checkpoints_own(checkpoint: Path, tmp_path: Path):
    (tmp_path / "n.txt").write_text("a\nb\n")
    assert add_model(checkpoint, names=tmp_path / "n.txt").classes == ("a", "b")
    (tmp_path / "n.txt").write_text("a\n")
    with pytest.raises(ModelError, match=r"n\.txt holds 1 class names, but the network has 2"):
        convert(checkpoint, cfg=None, names=tmp_path / "n.txt")


def test_eighty_classes_of_a_published_network_are_cocos(arrays: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(zoo, "names", lambda family: ("yolor_tiny",))
    monkeypatch.setattr(zoo, "description", lambda name: TINY)
    entry = add_model(arrays)
    assert (len(entry.classes), entry.classes[0], entry.classes[79]) == (80, "person", "toothbrush")
    assert entry.notices[0] == "arrays.pt was read as YOLOR's main line, yolor_tiny, 80 classes."
    assert "taken for COCO's" in entry.notices[1]


def test_eighty_classes_of_a_network_of_somebodys_own_have_numbers(arrays: Path, tmp_path: Path):
    (tmp_path / "own.cfg").write_text(format_cfg(TINY))
    entry = add_model(arrays, cfg=tmp_path / "own.cfg")
    assert entry.classes[79] == "class 79"
    assert "give --names" in entry.notices[1]


def test_published_darknet_weights_need_no_description(tmp_path: Path):
    """Zeros will do: the length says which network it is."""
    (size,) = [entry.weights_bytes for entry in zoo.table() if entry.name == "yolov4-tiny"]
    assert size is not None
    file = tmp_path / "anything.weights"
    file.write_bytes(struct.pack("<3iQ", 0, 2, 5, 0) + bytes(size - 20))
    entry = add_model(file)
    assert (entry.size, entry.stride, entry.classes[0]) == (416, 32, "person")
    assert entry.notices[0] == f"anything.weights was read as yolov4-tiny, whose weights have {size:,} bytes."


def test_darknet_weights_of_a_length_that_two_networks_have_go_by_their_name(tmp_path: Path):
    for name, told in (("yolov4-csp.weights", None), ("a.weights", "could be yolov4-csp or yolov4-csp-swish")):
        file = tmp_path / name
        with file.open("wb") as stream:
            stream.write(struct.pack("<3iQ", 0, 2, 5, 0))
            stream.truncate(211_944_840)
        if told is None:
            assert "yolov4-csp," in convert(file, cfg=None, names=None).notices[0]
        else:
            with pytest.raises(ModelError, match=told):
                convert(file, cfg=None, names=None)
        file.unlink()


def test_darknet_weights_of_an_unknown_length_need_their_description(tmp_path: Path):
    (tmp_path / "a.weights").write_bytes(struct.pack("<3iQ", 0, 2, 5, 0) + bytes(400))
    with pytest.raises(ModelError, match=r"give it with --cfg, or put it beside them as a\.cfg\.$"):
        convert(tmp_path / "a.weights", cfg=None, names=None)
