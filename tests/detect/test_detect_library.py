"""The library of models: adding, finding, listing, removing; and what is refused, with the reason."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from yolor_studio.core.errors import ModelError
from yolor_studio.detect import library
from yolor_studio.detect.library import add_model, find_model, list_models, models_folder, remove_model
from yolor_studio.detect.metadata import scan_metadata
from yolor_studio.yolor.cfg import parse_cfg
from yolor_studio.yolor.onnx_graph import build_onnx
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import random_weights
from yolor_studio.yolor.safetensors_io import SavedNetwork, save_network

CFG = """[net]
width=64
height=64
[convolutional]
batch_normalize=1
filters=4
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=7
activation=linear
[yolo]
anchors=8,8
classes=2
"""


@pytest.fixture(autouse=True)
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of bundled models that the test owns."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    monkeypatch.setattr(library, "shipped", lambda *parts: folder.joinpath(*parts[1:]))
    return folder


def onnx_bytes(seed: int = 0) -> bytes:
    plan = build_plan(parse_cfg(CFG))
    weights = random_weights(plan, seed=seed, bn_eps=1e-4)
    model = build_onnx(plan, weights, names=["cat", "dög"], licence="MIT", source_hash=f"source {seed}", size=96)
    return model.SerializeToString()


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def darknet(folder: Path, seed: int = 0) -> Path:
    """a.weights with a.cfg beside it."""
    weights = random_weights(build_plan(parse_cfg(CFG)), seed=seed, bn_eps=1e-5)
    parts = (
        "0.bn.bias",
        "0.bn.weight",
        "0.bn.running_mean",
        "0.bn.running_var",
        "0.conv.weight",
        "1.conv.bias",
        "1.conv.weight",
    )
    values = np.concatenate([weights[f"layers.{part}"].ravel() for part in parts])
    write(folder / "a.cfg", CFG.encode())
    header = np.array([0, 2, 5, 0, 0], "<i4").tobytes()
    return write(folder / "a.weights", header + values.astype("<f4").tobytes())


def test_a_model_of_the_contract_is_added_found_listed_and_removed(tmp_path: Path):
    file = write(tmp_path / "my model.onnx", onnx_bytes())
    entry = add_model(file)
    assert (entry.name, entry.classes, entry.stride, entry.size) == ("my model", ("cat", "dög"), 2, 96)
    assert (entry.licence, entry.source_hash, entry.bundled, entry.batch) == ("MIT", "source 0", False, None)
    assert entry.path == models_folder() / "my model.onnx"
    assert entry.path.read_bytes() == file.read_bytes()
    assert list_models() == [entry]
    assert find_model("my model") == find_model("MY MODEL") == entry
    beside = [entry.path.with_suffix(suffix) for suffix in (".safetensors", ".curves.jsonl")]
    for path in beside:
        path.write_bytes(b"x")
    remove_model("my model")
    assert list_models() == []
    assert not any(path.exists() for path in beside)
    with pytest.raises(ModelError, match="no model named my model"):
        remove_model("my model")


def test_the_same_file_again_is_no_error_another_of_its_name_is(tmp_path: Path):
    file = write(tmp_path / "m.onnx", onnx_bytes())
    first = add_model(file)
    again = add_model(file)
    assert replace(again, notices=()) == first
    assert "nothing has changed" in again.notices[0]
    other = write(tmp_path / "other" / "M.onnx", onnx_bytes(1))
    with pytest.raises(ModelError, match=r"already named m: remove that one first with 'yolor-studio models remove m'"):
        add_model(other)
    assert find_model("m") == first
    assert add_model(other, name="n").source_hash == "source 1"


def test_bundled_models_come_first_and_stay(bundled: Path, tmp_path: Path):
    write(bundled / "yolor-n.onnx", onnx_bytes())
    write(bundled / "yolor-n-int8.onnx", onnx_bytes(2))
    add_model(write(tmp_path / "a.onnx", onnx_bytes(1)))
    listed = [(entry.name, entry.bundled) for entry in list_models()]
    assert listed == [("yolor-n", True), ("yolor-n-int8", True), ("a", False)]
    assert find_model(None) == find_model("yolor-n") == list_models()[0]
    with pytest.raises(ModelError, match="belongs to the program"):
        remove_model("yolor-n")
    with pytest.raises(ModelError, match=r"already named yolor-n: rename yolor-n\.onnx"):
        add_model(write(tmp_path / "yolor-n.onnx", onnx_bytes(1)))
    assert add_model(write(tmp_path / "yolor-n.onnx", onnx_bytes())).bundled


def test_a_missing_bundled_model_is_told():
    with pytest.raises(ModelError, match="bundled model yolor-n is missing"):
        find_model(None)


def test_an_unknown_model_is_told_with_what_is_near(tmp_path: Path):
    with pytest.raises(ModelError, match="Known are: none"):
        find_model("yolo")
    add_model(write(tmp_path / "yolo-fast.onnx", onnx_bytes()))
    with pytest.raises(ModelError, match=r"Did you mean yolo-fast\?"):
        find_model("yolofast")
    with pytest.raises(ModelError, match="no model file"):
        find_model(str(tmp_path / "missing"))
    with pytest.raises(ModelError, match=r"no model file missing\.weights"):
        find_model("missing.weights")


def test_a_path_is_used_without_adding_it(tmp_path: Path):
    file = write(tmp_path / "m.onnx", onnx_bytes())
    entry = find_model(str(file))
    assert (entry.name, entry.path) == ("m", file)
    assert list_models() == []


def test_darknet_weights_are_converted_with_the_cfg_beside_them(tmp_path: Path):
    weights = darknet(tmp_path)
    (tmp_path / "two.names").write_text("cat\ndog\n\n\n")
    (tmp_path / "three.names").write_text("a\nb\nc\n")
    entry = add_model(weights)
    assert (entry.name, entry.classes, entry.size, entry.stride) == ("a", ("cat", "dog"), 64, 2)
    assert entry.notices == ("The class names come from two.names.",)
    assert "nothing has changed" in add_model(weights).notices[0]
    by_path = find_model(str(weights))
    assert by_path.source_hash == entry.source_hash
    assert by_path.path.is_relative_to(models_folder())
    assert find_model(str(weights)) == by_path
    assert [model.name for model in list_models()] == ["a"]


def test_weights_without_their_cfg_say_so(tmp_path: Path):
    weights = darknet(tmp_path)
    moved = (tmp_path / "a.cfg").rename(tmp_path / "b.cfg")
    with pytest.raises(ModelError, match=r"give it with --cfg, or put it beside them as a\.cfg"):
        add_model(weights)
    assert add_model(weights, cfg=moved).name == "a"


def test_without_names_the_classes_are_numbered(tmp_path: Path):
    entry = add_model(darknet(tmp_path))
    assert entry.classes == ("class 0", "class 1")
    assert "give --names" in entry.notices[0]


def test_two_lists_of_names_that_fit_are_not_guessed_between(tmp_path: Path):
    for name in ("x.names", "y.names"):
        (tmp_path / name).write_text(f"{name}\nb\n")
    assert add_model(darknet(tmp_path)).classes == ("class 0", "class 1")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a\nb\nc\n", "n.txt holds 3 class names, but the network has 2 classes"),
        (b"", "holds 0 class names"),
        (b"\nb\n", "Line 1 of n.txt is empty"),
        (b"\xff\xfea\0", "n.txt is not UTF-8 text"),
    ],
)
def test_names_that_do_not_fit_are_told(tmp_path: Path, text: bytes, told: str):
    names = write(tmp_path / "n.txt", text)
    with pytest.raises(ModelError, match=told):
        add_model(darknet(tmp_path), names=names)
    assert list_models() == []


def test_names_are_read_with_any_line_end(tmp_path: Path):
    names = write(tmp_path / "n.txt", "\ufeffcat \r\ntraffic light\r\n\r\n  \n".encode())
    assert add_model(darknet(tmp_path), names=names).classes == ("cat", "traffic light")
    with pytest.raises(ModelError, match="cannot be read"):
        add_model(darknet(tmp_path), names=tmp_path / "missing.txt")


def test_a_safetensors_file_brings_everything(tmp_path: Path):
    description = parse_cfg(CFG)
    weights = random_weights(build_plan(description), seed=0, bn_eps=1e-4)
    file = tmp_path / "s.bin"
    save_network(file, SavedNetwork(description, weights, ("cat", "dog"), size=128, licence="Apache-2.0"))
    entry = add_model(file)
    assert (entry.name, entry.classes, entry.size, entry.licence) == ("s", ("cat", "dog"), 128, "Apache-2.0")
    assert len(entry.source_hash) == 64
    names = write(tmp_path / "n.txt", b"one\ntwo\n")
    assert add_model(file, name="t", names=names).classes == ("one", "two")
    assert find_model(str(file)).classes == ("cat", "dog")


def test_a_file_given_by_its_path_is_converted_once(tmp_path: Path):
    weights = darknet(tmp_path)
    first = find_model(str(weights))
    stamp = first.path.stat().st_mtime_ns
    assert find_model(str(weights)) == first
    assert first.path.stat().st_mtime_ns == stamp
    darknet(tmp_path, seed=1)
    second = find_model(str(weights))
    assert second.path != first.path
    assert second.sha256 != first.sha256


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "..", "a\\b", "x" * 200, "a\nb", "c:d"])
def test_a_name_that_could_leave_the_folder_is_refused(tmp_path: Path, name: str):
    with pytest.raises(ModelError, match="cannot be a model's name"):
        add_model(write(tmp_path / "m.onnx", onnx_bytes()), name=name)


def test_a_checkpoint_that_was_cut_is_told(tmp_path: Path):
    with pytest.raises(ModelError, match=r"x\.pt cannot be used: its archive has no end"):
        add_model(write(tmp_path / "x.pt", b"PK\x03\x04" + bytes(100)))


def edited(change: Callable[[onnx.ModelProto], object]) -> bytes:
    model = onnx.load_from_string(onnx_bytes())
    change(model)
    return model.SerializeToString()


def _external(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def _hidden_external(model: onnx.ModelProto) -> None:
    tensor = helper.make_tensor("t", TensorProto.FLOAT, [1], [0.0])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="secret")
    inner = helper.make_graph([helper.make_node("Constant", [], ["o"], value=tensor)], "inner", [], [])
    model.graph.node.append(helper.make_node("If", ["c"], ["unused"], then_branch=inner, else_branch=inner))


def _sparse_external(model: onnx.ModelProto) -> None:
    values = helper.make_tensor("v", TensorProto.FLOAT, [1], [0.0])
    values.data_location = TensorProto.EXTERNAL
    values.external_data.add(key="location", value="secret")
    sparse = helper.make_sparse_tensor(values, helper.make_tensor("i", TensorProto.INT64, [1], [0]), [4])
    model.graph.node.append(helper.make_node("Constant", [], ["unused"], sparse_value=sparse))


def _function(model: onnx.ModelProto) -> None:
    opset = [helper.make_opsetid("", 17)]
    model.functions.append(
        helper.make_function("own", "f", ["x"], ["y"], [helper.make_node("Relu", ["x"], ["y"])], opset)
    )


def _set_metadata(model: onnx.ModelProto, key: str, value: str) -> None:
    next(entry for entry in model.metadata_props if entry.key == key).value = value


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_external, "keeps weights in another file"),
        (_hidden_external, "keeps weights in another file"),
        (_sparse_external, "keeps weights in another file"),
        (_function, "functions of its own"),
        (lambda m: setattr(m.graph.node[0], "domain", "com.evil"), "'com.evil', which is not part of ONNX"),
        (lambda m: setattr(m.graph.node[3], "op_type", "Nonsense"), "is no valid ONNX model"),
        (lambda m: m.graph.node.pop(5), "is no valid ONNX model"),
        (lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 1), "not in the form that it claims"),
        (lambda m: m.graph.output.pop(), "not in the form that it claims: inputs images UINT8"),
        (lambda m: _set_metadata(m, "names", '["one"]'), "not in the form that it claims"),
        (lambda m: _set_metadata(m, "names", "[1, 2]"), "no list of class names"),
        (lambda m: _set_metadata(m, "names", "[" * 5000), "no list of class names"),
        (lambda m: _set_metadata(m, "stride", "0"), "no usable stride"),
        (lambda m: _set_metadata(m, "size", "1e9"), "no list of class names|no usable"),
        (lambda m: _set_metadata(m, "yolor_studio.contract", "9"), r"another version of this program \(contract 9"),
    ],
)
def test_an_onnx_file_that_is_not_what_it_should_be_is_refused(
    tmp_path: Path, change: Callable[[onnx.ModelProto], object], told: str
):
    file = write(tmp_path / "m.onnx", edited(change))
    for attempt in (lambda: add_model(file), lambda: find_model(str(file))):
        with pytest.raises(ModelError, match=told):
            attempt()
    shutil.copy(file, write(models_folder() / "m.onnx", b""))
    with pytest.raises(ModelError, match=told):
        find_model("m")


def test_a_damaged_file_in_the_folder_does_not_hide_the_others(tmp_path: Path):
    add_model(write(tmp_path / "good.onnx", onnx_bytes()))
    write(models_folder() / "bad.onnx", b"\x08\x08 nonsense")
    write(models_folder() / "cut.onnx", onnx_bytes()[:-40])
    assert [entry.name for entry in list_models()] == ["good"]
    with pytest.raises(ModelError, match=r"bad\.onnx is a damaged ONNX file"):
        find_model("bad")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_onnx_file_gives_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    content = bytearray(onnx_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=5)):
        content[place] = data.draw(st.integers(0, 255))
    file = write(tmp_path_factory.mktemp("d") / "m.onnx", bytes(content[: data.draw(st.integers(0, len(content)))]))
    try:
        find_model(str(file))
    except ModelError as error:
        told = str(error)
        if "\n" in told:
            pytest.fail(f"more than a sentence: {told}")


def test_the_quick_scan_reads_what_onnx_reads(tmp_path: Path):
    file = write(tmp_path / "m.onnx", onnx_bytes())
    assert scan_metadata(file) == {entry.key: entry.value for entry in onnx.load(file).metadata_props}


def test_listing_does_not_load_onnx(tmp_path: Path):
    add_model(write(tmp_path / "m.onnx", onnx_bytes()))
    code = (
        "import sys; from yolor_studio.detect.library import list_models; "
        "assert any(entry.name == 'm' for entry in list_models()); "
        "print(sorted({'onnx', 'onnxruntime', 'cv2', 'torch', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"


def test_names_that_contradict_a_model_of_the_contract_are_refused(tmp_path: Path):
    file = write(tmp_path / "m.onnx", onnx_bytes())
    with pytest.raises(ModelError, match="brings its own class names"):
        add_model(file, names=write(tmp_path / "n.txt", b"x\ny\n"))
    assert add_model(file, names=write(tmp_path / "n.txt", "cat\ndög\n".encode())).name == "m"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("onnx-fastestdet/FastestDet.onnx", r"outputs 758 FLOAT \[1, 85, 22, 22\]\. Supported are"),
        (
            "onnx-nanodet-m/nanodet_m.onnx",
            r"inputs input\.1 FLOAT \[1, 3, 416, 416\]; outputs .* and 2 more\. Supported",
        ),
        ("fake/git-lfs-pointer.onnx", "Git LFS pointer"),
        ("fake/yolor_p6-is-html.pt", "web page"),
        ("fake/yolov3-tiny-34bytes.weights", "text of 34 bytes"),
        ("fake/yolov3-tiny-290bytes.weights", "text of 290 bytes"),
        ("fake/yolov4-tiny-363kB.weights", "damaged"),
    ],
)
def test_real_files_that_cannot_be_run_each_give_a_sentence(shared: Path, name: str, told: str):
    with pytest.raises(ModelError, match=told):
        add_model(shared / "data" / "weights" / name)


def test_a_wrapped_export_sees_what_its_darknet_original_sees(shared: Path):
    name = "MobileNetV2-YOLOv3-Nano-voc"
    weights = shared / "data" / "weights"
    original = add_model(weights / "darknet-mobilenetv2-yolov3-nano-voc" / f"{name}.weights")
    wrapped = add_model(weights / "derived-darknet-to-onnx" / f"{name}.onnx", name="wrapped")
    assert original.classes == wrapped.classes
    assert original.notices == ("The class names come from voc.names.",)
    picture = cv2.imread(str(shared / "data" / "datasets" / "darknet-images" / "dog.jpg"))
    images = cv2.resize(picture, (320, 320))[None, ..., ::-1].copy()
    best = []
    for entry in (original, wrapped):
        session = ort.InferenceSession(str(entry.path), providers=["CPUExecutionProvider"])
        boxes, scores = (np.asarray(output)[0] for output in session.run(["boxes", "scores"], {"images": images}))
        best.append((boxes[:20], scores[:20]))
    np.testing.assert_allclose(best[0][0], best[1][0], atol=0.01)
    np.testing.assert_allclose(best[0][1], best[1][1], atol=1e-5)
    assert json.dumps(original.classes[11]) == '"dog"'
    assert best[0][1].max(axis=0)[11] > 0.5


def test_the_network_of_added_weights_is_kept_beside_the_model_and_goes_with_it(tmp_path: Path) -> None:
    entry = add_model(darknet(tmp_path))
    kept = library.network_file(entry)
    assert kept == models_folder() / "a.safetensors"
    again = add_model(kept, name="b")
    ours, theirs = (ort.InferenceSession(str(model.path)) for model in (entry, again))
    images = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), np.uint8)
    for mine, other in zip(ours.run(None, {"images": images}), theirs.run(None, {"images": images}), strict=True):
        np.testing.assert_array_equal(mine, other)
    remove_model("a")
    assert sorted(path.name for path in models_folder().iterdir()) == ["b.onnx", "b.safetensors"]
    assert library.network_file(find_model(str(darknet(tmp_path / "elsewhere")))) is not None
    assert library.network_file(add_model(write(tmp_path / "c.onnx", onnx_bytes()))) is None
