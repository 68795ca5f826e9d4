"""Weights from Darknet and safetensors files, and what is said about files that are not what they claim."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from checkpoint_kit import CFG, DESCRIPTION
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import format_cfg, parse_cfg
from yolor_studio.yolor.plan import DARKNET_BN_EPS, build_plan
from yolor_studio.yolor.reference import random_weights
from yolor_studio.yolor.safetensors_io import SavedNetwork, load_network, save_network
from yolor_studio.yolor.sniff import FileKind, sniff
from yolor_studio.yolor.weights import Weights, darknet_bytes, read_darknet

IMPLICIT_CFG = CFG.replace("[yolo]", "[implicit_mul]\nfilters=7\n[route]\nlayers=1\n[control_channels]\nfrom=2\n[yolo]")
PLAN = build_plan(DESCRIPTION)
COUNT = 2 * 4 + 2 * 27 + 7 + 14


def darknet(values: np.ndarray, *, minor: int = 2) -> bytes:
    seen = struct.pack("<Q", 640) if minor >= 2 else struct.pack("<I", 640)
    return struct.pack("<3i", 0, minor, 5) + seen + values.astype("<f4").tobytes()


@pytest.mark.parametrize(("minor", "header"), [(1, 16), (2, 20)])
def test_darknet_weights_lie_in_darknets_order(tmp_path: Path, minor: int, header: int):
    file = tmp_path / "a.weights"
    values = np.arange(COUNT, dtype=np.float32)
    file.write_bytes(darknet(values, minor=minor))
    weights = read_darknet(file, PLAN)
    assert weights.bn_eps == DARKNET_BN_EPS
    assert file.stat().st_size == darknet_bytes(PLAN, header)
    order = (
        "0.bn.bias",
        "0.bn.weight",
        "0.bn.running_mean",
        "0.bn.running_var",
        "0.conv.weight",
        "1.conv.bias",
        "1.conv.weight",
    )
    read = np.concatenate([weights[f"layers.{name}"].ravel() for name in order])
    assert (read == values).all()
    assert weights["layers.0.conv.weight"].shape == (2, 3, 3, 3)


@pytest.mark.parametrize("change", [-4, -1, 1, 4, 4000])
def test_a_file_of_another_length_is_told_with_both_lengths(tmp_path: Path, change: int):
    file = tmp_path / "a.weights"
    data = darknet(np.ones(COUNT)) + bytes(max(change, 0))
    file.write_bytes(data[: len(data) + min(change, 0)])
    needed = darknet_bytes(PLAN)
    with pytest.raises(ModelError, match=f"it has {needed + change:,} bytes, but {needed:,} are needed"):
        read_darknet(file, PLAN)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\0" * 12, "only 12 bytes"),
        (struct.pack("<3i", 1 << 20, 2, 5) + bytes(100), "claims the version"),
        (struct.pack("<3i", -1, 2, 5) + bytes(100), "claims the version"),
    ],
)
def test_a_header_that_is_none_is_told(tmp_path: Path, data: bytes, told: str):
    file = tmp_path / "a.weights"
    file.write_bytes(data)
    with pytest.raises(ModelError, match=told):
        read_darknet(file, PLAN)


def test_numbers_that_are_none_are_told(tmp_path: Path):
    file = tmp_path / "a.weights"
    for index, value, told in (
        (20, np.nan, "not numbers"),
        (30, np.inf, "not numbers"),
        (6, -1.0, "negative variances"),
    ):
        values = np.ones(COUNT)
        values[index] = value
        file.write_bytes(darknet(values))
        with pytest.raises(ModelError, match=told):
            read_darknet(file, PLAN)


def test_implicit_layers_lie_in_the_order_of_the_cfg(tmp_path: Path):
    plan = build_plan(
        parse_cfg(CFG.replace("[yolo]", "[implicit]\nfilters=7\n[route]\nlayers=1\n[control_channels]\nfrom=2\n[yolo]"))
    )
    file = tmp_path / "a.weights"
    file.write_bytes(darknet(np.arange(COUNT + 7)))
    weights = read_darknet(file, plan)
    assert (weights["layers.2.implicit"].ravel() == np.arange(COUNT, COUNT + 7)).all()


def test_weights_that_lost_their_implicit_numbers_are_told(tmp_path: Path):
    file = tmp_path / "a.weights"
    file.write_bytes(darknet(np.ones(COUNT)))
    with pytest.raises(ModelError, match=r"a\.weights lacks the 7 implicit numbers"):
        read_darknet(file, build_plan(parse_cfg(IMPLICIT_CFG)))


def network(*, cfg: str = IMPLICIT_CFG, seed: int = 0) -> SavedNetwork:
    description = parse_cfg(cfg)
    weights = random_weights(build_plan(description), seed=seed, bn_eps=1e-4)
    return SavedNetwork(description, weights, ("a", "ü"), size=320, licence="Apache-2.0", notes={"epochs": "3"})


def test_a_saved_network_comes_back_whole(tmp_path: Path):
    file = tmp_path / "deep" / "a.safetensors"
    saved = network()
    save_network(file, saved)
    loaded = load_network(file)
    assert build_plan(loaded.description) == build_plan(parse_cfg(format_cfg(saved.description)))
    assert (loaded.names, loaded.size, loaded.licence, dict(loaded.notes)) == (
        ("a", "ü"),
        320,
        "Apache-2.0",
        {"epochs": "3"},
    )
    assert loaded.weights.bn_eps == 1e-4
    assert loaded.weights.arrays.keys() == saved.weights.arrays.keys()
    assert all((loaded.weights[name] == array).all() for name, array in saved.weights.arrays.items())
    assert sniff(file) is FileKind.SAFETENSORS


def test_the_same_network_is_the_same_file(tmp_path: Path):
    for name in ("a", "b"):
        save_network(tmp_path / name, network())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_network_that_does_not_fit_itself_is_not_saved(tmp_path: Path):
    saved = network()
    with pytest.raises(ModelError, match="3 class names for 2 classes"):
        save_network(tmp_path / "a", replace(saved, names=("a", "b", "c")))
    with pytest.raises(ModelError, match="'cfg' would overwrite"):
        save_network(tmp_path / "a", replace(saved, notes={"cfg": ""}))
    assert not list(tmp_path.iterdir())


def changed(**arrays: np.ndarray | None) -> Weights:
    all_arrays = dict(random_weights(PLAN, seed=0, bn_eps=1e-5).arrays)
    for name, array in arrays.items():
        key = name.replace("__", ".")
        if array is None:
            del all_arrays[key]
        else:
            all_arrays[key] = array.astype(np.float32)
    return Weights(all_arrays, 1e-5)


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        (changed(layers__1__conv__bias=None), r"1 arrays are missing \(first layers\.1\.conv\.bias\) and 0"),
        (changed(more=np.zeros(1)), r"0 arrays are missing and 1 are too many \(first more\)"),
        (changed(layers__1__conv__bias=np.zeros(6)), r"layers\.1\.conv\.bias has the shape \[6\], but \[7\]"),
        (changed(layers__1__conv__bias=np.full(7, np.nan)), "not numbers"),
        (changed(layers__0__bn__running_var=np.array([1, -1])), "negative variances"),
        (Weights(changed().arrays, 0.0), "cannot be added to a variance"),
    ],
)
def test_weights_that_do_not_fit_are_told(weights: Weights, told: str):
    with pytest.raises(ModelError, match=told):
        weights.check(PLAN)


def rewritten(data: bytes, **metadata: str | None) -> bytes:
    """A safetensors file with other metadata."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    for key, value in metadata.items():
        header["__metadata__"].pop(key)
        if value is not None:
            header["__metadata__"][key] = value
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"cfg": None}, "holds no network description; give its .cfg"),
        ({"cfg": "[net]\nx"}, "Line 2"),
        ({"cfg": CFG}, "too many"),
        ({"names": "{"}, "not a list of texts"),
        ({"names": "[1, 2]"}, "not a list of texts"),
        ({"names": '["a"]'}, "1 class names for 2 classes"),
        ({"size": "-3"}, "size=-3"),
        ({"bn_eps": "x"}, "bn_eps=x"),
    ],
)
def test_metadata_that_makes_no_sense_is_told(tmp_path: Path, metadata: dict[str, str | None], told: str):
    file = tmp_path / "a.safetensors"
    save_network(file, network())
    file.write_bytes(rewritten(file.read_bytes(), **metadata))
    with pytest.raises(ModelError, match=rf"a\.safetensors cannot be used: .*{told}"):
        load_network(file)


def test_a_file_without_metadata_needs_its_description(tmp_path: Path):
    from safetensors.numpy import save_file

    file = tmp_path / "a.safetensors"
    save_file(dict(random_weights(PLAN, seed=0, bn_eps=1e-4).arrays), file)
    with pytest.raises(ModelError, match=r"give its \.cfg"):
        load_network(file)
    assert load_network(file, description=DESCRIPTION).names == ("class 0", "class 1")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_file_is_refused_or_read(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    file = tmp_path_factory.mktemp("damaged") / "a.safetensors"
    save_network(file, network())
    content = bytearray(file.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    file.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        load_network(file).weights.check(build_plan(parse_cfg(IMPLICIT_CFG)))
    except ModelError:
        return


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("git-lfs-pointer.onnx", "only a Git LFS pointer; the model itself of 95,317,116 bytes"),
        ("yolor_p6-is-html.pt", "is a web page"),
        ("yolov3-tiny-34bytes.weights", "a text of 34 bytes"),
        ("yolov3-tiny-290bytes.weights", "a text of 290 bytes"),
        ("yolov4-tiny-363kB.weights", r"\(363,334 bytes\) is damaged: something converted it as if it were text"),
    ],
)
def test_fake_models_that_people_met_each_give_one_sentence(shared: Path, name: str, told: str):
    with pytest.raises(ModelError, match=told):
        sniff(shared / "data" / "weights" / "fake" / name)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"PK\x03\x04" + bytes(60), FileKind.TORCH),
        (b"\x80\x02" + bytes(60), FileKind.TORCH),
        (darknet(np.ones(4)), FileKind.DARKNET),
        (darknet(np.ones(4), minor=1), FileKind.DARKNET),
        (b"\x08\x08\x12\x07pytorch" + bytes(60), FileKind.ONNX),
    ],
)
def test_the_content_decides(tmp_path: Path, data: bytes, kind: FileKind):
    file = tmp_path / "a.bin"
    file.write_bytes(data)
    assert sniff(file) is kind


@pytest.mark.parametrize("data", [b"", b"\xff" * 100, b"\0" * 8, "# Modell für alle\n".encode() * 20])
def test_what_is_no_model_is_refused(tmp_path: Path, data: bytes):
    file = tmp_path / "a.onnx"
    file.write_bytes(data)
    with pytest.raises(ModelError, match=r"a\.onnx is no model"):
        sniff(file)


def test_what_is_no_file_is_refused(tmp_path: Path):
    with pytest.raises(ModelError, match="cannot be read"):
        sniff(tmp_path / "missing.onnx")
    with pytest.raises(ModelError, match="folder"):
        sniff(tmp_path)
