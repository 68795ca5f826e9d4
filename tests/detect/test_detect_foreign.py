"""Other programs' ONNX files: every layout with boxes worked out by hand, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from foreign_models import rewrite_yolox, save, write_export, write_means
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper

from yolor_studio.core.errors import ModelError
from yolor_studio.detect.convert import convert
from yolor_studio.detect.detector import Detector
from yolor_studio.detect.library import ModelEntry, add_model
from yolor_studio.media import open_media

TWO = "{0: 'cat', 1: \"dog\"}"


def answer(
    entry: ModelEntry, images: NDArray[np.uint8] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(boxes, scores) of the rows above score 0, of the first picture."""
    if images is None:
        images = np.zeros((entry.batch or 1, entry.size, entry.size, 3), np.uint8)
    session = ort.InferenceSession(str(entry.path), providers=["CPUExecutionProvider"])
    boxes, scores = (np.asarray(output) for output in session.run(["boxes", "scores"], {"images": images}))
    real = scores[0].max(axis=1) > 0
    return boxes[0][real], scores[0][real]


def names_file(tmp_path: Path, *names: str) -> Path:
    path = tmp_path / "list.txt"
    path.write_text("\n".join(names))
    return path


def v5_rows(count: int = 60) -> NDArray[np.float32]:
    """[1, 60, 7] as for 64 x 64 px: three anchors at strides 16 and 32. Two boxes, the second less sure."""
    rows = np.zeros((1, count, 7), np.float32)
    rows[0, 50] = (32, 20, 16, 8, 0.5, 0.25, 0.75)
    rows[0, 3] = (40, 40, 20, 30, 0.8, 1.0, 0.5)
    return rows


def per_cell(classes: int, *, objectness: bool) -> NDArray[np.float32]:
    """[1, 84, 4 (+ 1) + classes] as for 64 x 64 px: one box a cell at strides 8, 16 and 32, nothing found yet."""
    return np.zeros((1, 84, 4 + objectness + classes), np.float32)


# --- YOLOv5, YOLOR, YOLOv7 ---


@pytest.mark.parametrize("opset", [11, 12, 13, 17, 18, 20])
def test_yolov5_by_hand_at_every_opset(tmp_path: Path, opset: int):
    file = write_export(tmp_path / "e.onnx", {"output": v5_rows()}, opset=opset, metadata={"names": TWO})
    entry = add_model(file)
    assert (entry.classes, entry.stride, entry.size, entry.batch) == (("cat", "dog"), 64, 64, 1)
    assert entry.notices == ("e.onnx is an export of fixed size: every picture is seen at 64 x 64.",)
    boxes, scores = answer(entry)
    np.testing.assert_allclose(boxes, [[30, 25, 50, 55], [24, 16, 40, 24]])
    np.testing.assert_allclose(scores, [[0.8, 0.4], [0.125, 0.375]])


def test_the_raw_maps_that_older_exports_give_beside_it_are_left(tmp_path: Path):
    maps = {f"m{side}": np.zeros((1, 3, side, side, 7), np.float32) for side in (4, 2)}
    boxes, _ = answer(add_model(write_export(tmp_path / "e.onnx", {"output": v5_rows(), **maps})))
    assert len(boxes) == 2


@pytest.mark.parametrize("names", [None, "__import__('os')", "['one']", "{1: 'a', 2: 'b'}", "[" * 3000, "{0: 1, 1: 2}"])
def test_names_that_make_no_sense_are_not_believed(tmp_path: Path, names: str | None):
    metadata = {} if names is None else {"names": names}
    entry = add_model(write_export(tmp_path / "e.onnx", {"output": v5_rows()}, metadata=metadata))
    assert entry.classes == ("class 0", "class 1")
    assert "give --names" in entry.notices[1]


def test_names_are_taken_from_a_file(tmp_path: Path):
    file = write_export(tmp_path / "e.onnx", {"output": v5_rows()}, metadata={"names": TWO})
    assert add_model(file, names=names_file(tmp_path, "x", "y")).classes == ("x", "y")
    with pytest.raises(ModelError, match=r"holds 3 class names, but the network has 2 classes"):
        add_model(file, names=names_file(tmp_path, "x", "y", "z"), name="other")


def test_yolov5_of_any_size_sees_rectangles(tmp_path: Path):
    file = write_means(
        tmp_path / "e.onnx", image=["N", 3, "H", "W"], per_cell=3, objectness=True, metadata={"imgsz": "[320, 320]"}
    )
    entry = add_model(file)
    assert (entry.stride, entry.size, entry.batch, len(entry.classes)) == (32, 320, None, 3)
    assert not any("fixed size" in notice for notice in entry.notices)
    detector = Detector(entry, device="cpu")
    wide = detector.letterbox(640, 320)
    assert (wide.width, wide.height) == (320, 160)
    found = detector.predict(np.full((320, 640, 3), (51, 102, 204), np.uint8))
    np.testing.assert_allclose(found.boxes, [[32, 16, 16, 16]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [[0.8, 0.4, 0.2]], atol=1e-5)
    assert found.classes.tolist() == [[2, 1, 0]]


def test_four_levels_want_1280_px(tmp_path: Path):
    strides = (8, 16, 32, 64)
    file = write_means(tmp_path / "e.onnx", image=[1, 3, "H", "W"], strides=strides, per_cell=3, objectness=True)
    entry = add_model(file)
    assert (entry.stride, entry.size, entry.batch) == (64, 1280, 1)


def test_a_size_that_only_seems_free_is_held(tmp_path: Path):
    """Exports often leave the sides open while the layers within know one size."""
    file = write_export(
        tmp_path / "e.onnx",
        {"output": v5_rows()},
        image=["N", 3, "H", "W"],
        declared={"output": ["N", "boxes", 7]},
        metadata={"imgsz": "64"},
    )
    with pytest.raises(ModelError, match="form that is not known"):  # 60 boxes are no answer to 384 x 256
        add_model(file)
    graph = onnx.load(file).graph
    graph.node.append(helper.make_node("Reshape", ["images", "held"], ["flat_image"]))
    graph.initializer.append(onnx.numpy_helper.from_array(np.array([1, 3 * 64 * 64], np.int64), "held"))
    graph.output.append(helper.make_tensor_value_info("flat_image", TensorProto.FLOAT, [1, 1, 1, 3 * 64 * 64]))
    graph.node.append(helper.make_node("Reshape", ["flat_image", "flat4"], ["maps"]))
    graph.initializer.append(onnx.numpy_helper.from_array(np.array([1, 1, 1, -1], np.int64), "flat4"))
    graph.output[1].name = "maps"
    entry = add_model(save(tmp_path / "e.onnx", graph, metadata={"imgsz": "[64, 64]"}))
    assert (entry.stride, entry.size) == (64, 64)
    assert "every picture is seen at 64 x 64" in entry.notices[0]


def test_a_fixed_rectangle_takes_pictures_of_all_proportions(tmp_path: Path):
    file = write_means(tmp_path / "e.onnx", image=[1, 3, 64, 128], per_cell=3, objectness=True, box=(64, 32, 32, 16))
    entry = add_model(file)
    assert (entry.stride, entry.size) == (1, 128)
    assert "every picture is seen at 128 x 64" in entry.notices[0]
    detector = Detector(entry, device="cpu")
    # Of its own proportions: x 2. The box's corners at 48, 24, 80, 40 of the input.
    same = detector.predict(np.full((128, 256, 3), 255, np.uint8))
    np.testing.assert_allclose(same.boxes, [[96, 48, 64, 32]], atol=1e-3)
    # A square of 128 px lies in the left half, scaled by a half, so the box is twice as large and partly outside.
    square = detector.predict(np.full((128, 128, 3), 255, np.uint8))
    np.testing.assert_allclose(square.boxes, [[96, 48, 32, 32]], atol=1e-3)


def test_float16_inputs_are_fed(tmp_path: Path):
    file = write_means(tmp_path / "e.onnx", image=[1, 3, 64, 64], per_cell=3, objectness=True, kind=TensorProto.FLOAT16)
    entry = add_model(file)
    _, scores = answer(entry, np.full((1, 64, 64, 3), (51, 102, 204), np.uint8))
    np.testing.assert_allclose(scores[0], [0.2, 0.4, 0.8], atol=1e-3)


# --- YOLOv8 and its kin ---


def test_yolov8_by_hand(tmp_path: Path):
    rows = per_cell(2, objectness=False)
    rows[0, 80] = (32, 20, 16, 8, 0.25, 0.75)
    rows[0, 2] = (8, 8, 4, 4, 0.5, 0.0)
    metadata = {"names": TWO, "stride": "32", "imgsz": "[64, 64]", "task": "detect", "license": "AGPL-3.0"}
    entry = add_model(write_export(tmp_path / "e.onnx", {"output0": rows.transpose(0, 2, 1)}, metadata=metadata))
    assert (entry.classes, entry.licence) == (("cat", "dog"), "AGPL-3.0")
    boxes, scores = answer(entry)
    np.testing.assert_allclose(boxes, [[24, 16, 40, 24], [6, 6, 10, 10]])
    np.testing.assert_allclose(scores, [[0.25, 0.75], [0.5, 0]])


def test_yolov8_of_any_size(tmp_path: Path):
    file = write_means(tmp_path / "e.onnx", image=["batch", 3, "height", "width"], turned=True)
    entry = add_model(file)
    assert (entry.stride, entry.size, entry.batch, len(entry.classes)) == (32, 640, None, 3)
    found = Detector(entry, device="cpu", size=64).predict(np.full((32, 64, 3), (51, 102, 204), np.uint8))
    np.testing.assert_allclose(found.boxes, [[16, 8, 8, 8]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [[0.8, 0.4, 0.2]], atol=1e-5)


def test_masks_and_key_points_are_left_out(tmp_path: Path):
    rows = np.concatenate((per_cell(2, objectness=False), np.full((1, 84, 32), 9, np.float32)), axis=2)
    rows[0, 80, :6] = (32, 20, 16, 8, 0.25, 0.75)
    outputs = {"output0": rows.transpose(0, 2, 1), "output1": np.zeros((1, 32, 16, 16), np.float32)}
    entry = add_model(write_export(tmp_path / "seg.onnx", outputs, metadata={"names": TWO, "task": "segment"}))
    assert "outlines as well" in entry.notices[1]
    np.testing.assert_allclose(answer(entry)[1], [[0.25, 0.75]])

    pose = np.concatenate((rows[..., :5], np.full((1, 84, 51), 9, np.float32)), axis=2).transpose(0, 2, 1)
    metadata = {"names": "{0: 'person'}", "task": "pose", "kpt_shape": "[17, 3]"}
    entry = add_model(write_export(tmp_path / "pose.onnx", {"output0": pose}, metadata=metadata))
    assert entry.classes == ("person",)
    np.testing.assert_allclose(answer(entry)[1], [[0.25]])
    # Without the words that tell them apart the key points would be 51 classes more.
    with pytest.raises(ModelError, match="read as a YOLOv8 export of 52 classes, but it holds 1 class names"):
        add_model(write_export(tmp_path / "p.onnx", {"output0": pose}, metadata={"names": "{0: 'person'}"}))


def test_turned_boxes_are_refused(tmp_path: Path):
    rows = per_cell(3, objectness=False).transpose(0, 2, 1)
    with pytest.raises(ModelError, match="form that is not known"):
        add_model(write_export(tmp_path / "e.onnx", {"output0": rows}, metadata={"names": TWO, "task": "obb"}))


# --- YOLOX, YOLOv6 ---


def test_yolox_by_hand(tmp_path: Path):
    rows = per_cell(2, objectness=True)
    # Cell 80 is the first of the 2 x 2 cells at stride 32; cell 64 + 5 is row 1, column 1 of the 4 x 4 at stride 16.
    rows[0, 80] = (0.5, 0.25, 0, np.log(0.5), 0.5, 0.5, 1.0)
    rows[0, 69] = (-0.5, 1.0, np.log(2), 0, 1.0, 0.9, 0)
    entry = add_model(write_export(tmp_path / "e.onnx", {"output": rows}, metadata={"names": TWO}))
    assert (entry.stride, entry.size) == (1, 64)
    assert "read as a YOLOX export: pictures go in as BGR from 0 to 255" in entry.notices[1]
    boxes, scores = answer(entry)
    np.testing.assert_allclose(boxes, [[8 - 16, 32 - 8, 8 + 16, 32 + 8], [0, 0, 32, 16]], atol=1e-5)
    np.testing.assert_allclose(scores, [[0.9, 0], [0.25, 0.5]])


def test_yolox_sees_bgr_from_0_to_255_in_the_upper_left_corner(tmp_path: Path):
    # Three "scores" of 51, 102 and 204 are no probabilities, but show what goes in.
    file = write_means(tmp_path / "e.onnx", image=[1, 3, 64, 64], objectness=True, box=(0, 0, 0, 0))
    entry = add_model(file)
    _, scores = answer(entry, np.full((1, 32, 64, 3), (51, 102, 204), np.uint8))
    assert sorted(map(tuple, scores.round(3).tolist()))[::42] == [(114, 114, 114), (204, 102, 51)]
    assert len(scores) == 84
    assert (scores[:, 0] == 204).sum() == 42


def test_scores_that_are_no_probabilities_are_none_of_yoloxs(tmp_path: Path):
    rows = per_cell(2, objectness=True)
    rows[0, 0, 5] = -3
    with pytest.raises(ModelError, match="form that is not known"):
        add_model(write_export(tmp_path / "e.onnx", {"output": rows}))


def test_yolox_of_any_size(tmp_path: Path):
    entry = add_model(write_means(tmp_path / "e.onnx", image=["N", 3, "H", "W"], objectness=True, box=(0, 0, 0, 0)))
    assert (entry.stride, entry.size) == (32, 640)
    boxes, _ = answer(entry, np.full((1, 32, 96, 3), 9, np.uint8))
    # Centres of 3 cells at stride 32, 6 x 2 at 16 and 12 x 4 at 8, all as large as their stride.
    wanted = [
        (x * s - s / 2, y * s - s / 2, x * s + s / 2, y * s + s / 2)
        for s in (8, 16, 32)
        for y in range(32 // s)
        for x in range(96 // s)
    ]
    assert sorted(map(tuple, boxes.tolist())) == sorted(wanted)


def decoded(classes: int) -> NDArray[np.float32]:
    rows = per_cell(classes, objectness=True)
    rows[0, :, :4] = [(x * s, y * s, s, s) for s in (8, 16, 32) for y in range(64 // s) for x in range(64 // s)]
    return rows


def test_yolov6_is_known_by_its_objectness_of_one(tmp_path: Path):
    # At 640 px the grid is wide enough to tell pixels from cells.
    rows = np.zeros((1, 8400, 7), np.float32)
    rows[0, :, :4] = [(x * s, y * s, s, s) for s in (8, 16, 32) for y in range(640 // s) for x in range(640 // s)]
    rows[..., 4] = 1
    rows[0, 8399, 5:] = (0.25, 0.5)
    file = write_export(tmp_path / "e.onnx", {"outputs": rows}, image=[1, 3, 640, 640], metadata={"names": TWO})
    entry = add_model(file)
    assert (entry.stride, entry.size, len(entry.notices)) == (640, 640, 1)
    boxes, scores = answer(entry)
    np.testing.assert_allclose(boxes, [[592, 592, 624, 624]])
    np.testing.assert_allclose(scores, [[0.25, 0.5]])

    rows[..., 4] = 0.5
    file = write_export(tmp_path / "x.onnx", {"outputs": rows}, image=[1, 3, 640, 640], metadata={"names": TWO})
    entry = add_model(file)
    assert "a YOLOX export that decodes its boxes" in entry.notices[1]
    np.testing.assert_allclose(answer(entry)[1], [[0.125, 0.25]])

    # A row per box without objectness has the same shape; only the names tell.
    rows[..., 4] = 0
    file = write_export(tmp_path / "r.onnx", {"outputs": rows}, image=[1, 3, 640, 640])
    with pytest.raises(
        ModelError, match=r"a decoded YOLOX export of 2 classes or a YOLOv8 export with a row per box of 3"
    ):
        add_model(file)
    entry = add_model(file, names=names_file(tmp_path, "a", "b", "c"))
    np.testing.assert_allclose(answer(entry)[1], [[0, 0.25, 0.5]])


# --- which of two ---


def test_equal_shapes_are_told_apart_by_names_or_refused(tmp_path: Path):
    """At 64 px YOLOv8 with 80 classes and YOLOX with 79 both give [1, 84, 84]."""
    rows = np.zeros((1, 84, 84), np.float32)
    rows[0, :4, 81] = (0.75, 0.5, 0.5, 0.25)
    rows[0, 10, 81] = 0.5
    file = write_export(tmp_path / "e.onnx", {"output": rows})
    with pytest.raises(
        ModelError, match=r"can be read as a YOLOv8 .* of 80 classes or a YOLOX .* of 79 classes.*--names"
    ):
        add_model(file)
    eighty = names_file(tmp_path, *(f"n{index}" for index in range(80)))
    boxes, scores = answer(add_model(file, names=eighty))
    np.testing.assert_allclose(boxes, [[0.5, 0.375, 1, 0.625]])
    assert scores[0].argmax() == 6
    metadata = {"names": json.dumps([f"n{index}" for index in range(79)])}
    entry = add_model(write_export(tmp_path / "x.onnx", {"output": rows}, metadata=metadata))
    assert len(entry.classes) == 79


# --- suppression inside ---


def test_yolov10_by_hand(tmp_path: Path):
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, :2] = [(4, 8, 24, 48, 0.75, 1), (10, 10, 20, 20, 0.5, 0)]
    entry = add_model(write_export(tmp_path / "e.onnx", {"output0": rows}, metadata={"names": TWO}))
    assert "suppresses boxes itself" in entry.notices[1]
    boxes, scores = answer(entry)
    np.testing.assert_allclose(boxes, [[4, 8, 24, 48], [10, 10, 20, 20]])
    np.testing.assert_allclose(scores, [[0, 0.75], [0.5, 0]])


def test_yolov7_end_to_end_by_hand(tmp_path: Path):
    rows = np.array([[0, 4, 8, 24, 48, 1, 0.75], [1, 1, 1, 9, 9, 0, 0.9], [0, 10, 10, 20, 20, 0, 0.5]], np.float32)
    file = write_export(
        tmp_path / "e.onnx", {"output": rows}, image=[2, 3, 64, 64], declared={"output": ["found", 7]},
        metadata={"names": TWO},
    )  # fmt: skip
    entry = add_model(file)
    assert entry.batch == 2
    session = ort.InferenceSession(str(entry.path), providers=["CPUExecutionProvider"])
    boxes, scores = (
        np.asarray(output)
        for output in session.run(["boxes", "scores"], {"images": np.zeros((2, 64, 64, 3), np.uint8)})
    )
    np.testing.assert_allclose(boxes[0, :2], [[4, 8, 24, 48], [10, 10, 20, 20]])
    np.testing.assert_allclose(scores[0, :3], [[0, 0.75], [0.5, 0], [0, 0]])
    np.testing.assert_allclose(boxes[1, 0], [1, 1, 9, 9])
    np.testing.assert_allclose(scores[1, :2], [[0.9, 0], [0, 0]])


def test_finding_nothing_is_no_error(tmp_path: Path):
    file = write_export(
        tmp_path / "e.onnx", {"output": np.zeros((0, 7), np.float32)}, declared={"output": ["found", 7]},
        metadata={"names": TWO},
    )  # fmt: skip
    boxes, _ = answer(add_model(file))
    assert len(boxes) == 0


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_tensorrts_four_outputs_by_hand(tmp_path: Path, kind: Any):
    outputs = {
        "num_dets": np.array([[2]], np.int32),
        "det_boxes": np.array([[[4, 8, 24, 48], [10, 10, 20, 20], [0, 0, 9, 9]]], np.float32),
        "det_scores": np.array([[0.75, 0.5, 0.9]], np.float32),
        "det_classes": np.array([[1, 0, 1]], kind),
    }
    entry = add_model(write_export(tmp_path / "e.onnx", outputs, metadata={"names": TWO}))
    boxes, scores = answer(entry)
    np.testing.assert_allclose(boxes, [[4, 8, 24, 48], [10, 10, 20, 20]])
    np.testing.assert_allclose(scores, [[0, 0.75], [0.5, 0]])


def test_mmdeploys_two_outputs_by_hand(tmp_path: Path):
    outputs = {
        "dets": np.array([[[4, 8, 24, 48, 0.75], [10, 10, 20, 20, 0.5], [0, 0, 0, 0, 0]]], np.float32),
        "labels": np.array([[1, 0, -1]], np.int64),
    }
    entry = add_model(write_export(tmp_path / "e.onnx", outputs, metadata={"names": TWO}))
    boxes, scores = answer(entry)
    np.testing.assert_allclose(boxes, [[4, 8, 24, 48], [10, 10, 20, 20]])
    np.testing.assert_allclose(scores, [[0, 0.75], [0.5, 0]])


def test_torchvisions_lists_by_hand(tmp_path: Path):
    outputs = {
        "boxes": np.array([[4, 8, 24, 48], [10, 10, 20, 20]], np.float32),
        "labels": np.array([1, 0], np.int64),
        "scores": np.array([0.75, 0.5], np.float32),
    }
    entry = add_model(write_export(tmp_path / "e.onnx", outputs, metadata={"names": TWO}))
    assert entry.batch == 1
    boxes, scores = answer(entry)
    np.testing.assert_allclose(boxes, [[4, 8, 24, 48], [10, 10, 20, 20]])
    np.testing.assert_allclose(scores, [[0, 0.75], [0.5, 0]])


def test_one_list_of_boxes_by_hand(tmp_path: Path):
    rows = np.array([[4, 8, 24, 48, 0.75, 1], [10, 10, 20, 20, 0.5, 0]], np.float32)
    entry = add_model(write_export(tmp_path / "e.onnx", {"output": rows}, metadata={"names": TWO}))
    boxes, scores = answer(entry)
    np.testing.assert_allclose(boxes, [[4, 8, 24, 48], [10, 10, 20, 20]])
    np.testing.assert_allclose(scores, [[0, 0.75], [0.5, 0]])
    sorts = np.array([[0.1, 0.2, 3.0, -1.0, 0.5, 0.25]], np.float32)
    with pytest.raises(ModelError, match="form that is not known"):
        add_model(write_export(tmp_path / "sorts.onnx", {"output": sorts}, metadata={"names": TWO}))


@pytest.mark.parametrize("inside", [True, False])
def test_an_unusual_number_of_boxes_is_read_by_the_number_of_names(tmp_path: Path, inside: bool):
    metadata = {"names": TWO} if inside else None
    names = None if inside else names_file(tmp_path, "cat", "dog")
    v5 = np.array([[[40, 40, 20, 30, 0.8, 1.0, 0.5]] * 5], np.float32)
    boxes, scores = answer(
        add_model(write_export(tmp_path / "v5.onnx", {"output": v5}, metadata=metadata), names=names)
    )
    np.testing.assert_allclose(boxes[0], [30, 25, 50, 55])
    np.testing.assert_allclose(scores[0], [0.8, 0.4])
    v8 = np.array([[[40, 40, 20, 30, 0.8, 0.4]] * 9], np.float32).transpose(0, 2, 1)
    boxes, scores = answer(
        add_model(write_export(tmp_path / "v8.onnx", {"output": v8}, metadata=metadata), names=names)
    )
    np.testing.assert_allclose(boxes[0], [30, 25, 50, 55])
    np.testing.assert_allclose(scores[0], [0.8, 0.4])
    with pytest.raises(ModelError, match="form that is not known"):
        add_model(write_export(tmp_path / "v9.onnx", {"output": v8 * 3}, metadata=metadata), names=names)


def test_a_model_of_fixed_batch_takes_any_number_of_pictures(tmp_path: Path):
    rows = np.concatenate((v5_rows(), v5_rows() * np.float32(0.5)))
    entry = add_model(write_export(tmp_path / "e.onnx", {"output": rows}, image=[2, 3, 64, 64]))
    pictures = np.zeros((5, 64, 64, 3), np.uint8)
    _, scores = Detector(entry, device="cpu").infer(pictures)
    np.testing.assert_allclose(scores[:, 0, 0], [0.8, 0.2, 0.8, 0.2, 0.8])


def test_rt_detr_is_told_the_size_of_the_input(tmp_path: Path):
    outputs = {
        "labels": np.array([[1, 0]], np.int64),
        "boxes": np.array([[[4, 8, 24, 48], [10, 10, 20, 20]]], np.float32),
        "scores": np.array([[0.75, 0.5]], np.float32),
    }
    file = write_export(
        tmp_path / "e.onnx", outputs, companions={"orig_target_sizes": TensorProto.INT64}, metadata={"names": TWO}
    )
    graph = onnx.load(file).graph
    next(node for node in graph.node if node.output[0] == "boxes").output[0] = "unit"
    graph.node.append(helper.make_node("Cast", ["orig_target_sizes"], ["sizes"], to=TensorProto.FLOAT))
    graph.node.append(helper.make_node("Concat", ["sizes", "sizes"], ["sides"], axis=1))
    graph.node.append(helper.make_node("Mul", ["unit", "sides"], ["boxes"]))
    entry = add_model(save(tmp_path / "e.onnx", graph, metadata={"names": TWO}))
    np.testing.assert_allclose(answer(entry)[0], np.array([[4, 8, 24, 48], [10, 10, 20, 20]]) * 64.0)


def test_rt_detr_with_shares_of_the_sides_is_known_by_its_names(tmp_path: Path):
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, 1] = (0.5, 0.25, 0.25, 0.125, 0.75, 0.25)
    # With two classes it has the shape of YOLOv10's, but not its boxes in pixels.
    two = add_model(write_export(tmp_path / "two.onnx", {"output0": rows}, metadata={"names": TWO}))
    np.testing.assert_allclose(answer(two)[1], [[0.75, 0.25]])
    rows = np.concatenate((rows, rows[..., 5:]), axis=2)
    names = {"names": "['a', 'b', 'c']"}
    boxes, scores = answer(add_model(write_export(tmp_path / "e.onnx", {"output0": rows}, metadata=names)))
    np.testing.assert_allclose(boxes, [[24, 12, 40, 20]])
    np.testing.assert_allclose(scores, [[0.75, 0.25, 0.25]])
    with pytest.raises(ModelError, match="form that is not known"):
        add_model(write_export(tmp_path / "n.onnx", {"output0": rows}))
    with pytest.raises(ModelError, match="form that is not known"):
        add_model(write_export(tmp_path / "p.onnx", {"output0": rows * 64}, metadata=names))


@pytest.mark.parametrize("layout", ["v7", "v10", "trt"])
def test_layers_before_the_suppression_tell_how_many_classes_there_are(shared: Path, tmp_path: Path, layout: str):
    source = shared / "data/weights/onnx-yolox-nano/yolox_nano.onnx"
    file = rewrite_yolox(source, tmp_path / "e.onnx", layout, names=())
    entry = add_model(file)
    assert (len(entry.classes), entry.classes[79]) == (80, "class 79")
    assert "give --names" in entry.notices[-1]
    with pytest.raises(ModelError, match="holds 3 class names, but the network has 80 classes"):
        add_model(file, names=names_file(tmp_path, "a", "b", "c"), name="other")


def test_how_many_classes_there_are_must_be_said(tmp_path: Path):
    file = write_export(tmp_path / "e.onnx", {"output0": np.zeros((1, 300, 6), np.float32)})
    with pytest.raises(ModelError, match=r"does not tell how many classes .* give them with --names"):
        add_model(file)
    assert add_model(file, names=names_file(tmp_path, "a", "b", "c")).classes == ("a", "b", "c")


# --- PaddleDetection ---

PADDLE = {"scale_factor": TensorProto.FLOAT, "im_shape": TensorProto.FLOAT}


def test_ppyolo_with_suppression_by_hand(tmp_path: Path):
    rows = np.array([[1, 0.75, 4, 8, 24, 48], [0, 0.5, 10, 10, 20, 20], [-1, 0.9, 0, 0, 9, 9]], np.float32)
    outputs = {"boxes": rows, "count": np.array([2], np.int32)}
    file = write_export(
        tmp_path / "e.onnx", outputs, image=["N", 3, 64, 64], companions=PADDLE, declared={"boxes": ["found", 6]}
    )
    entry = add_model(file, names=names_file(tmp_path, "a", "b"))
    assert entry.batch == 1
    assert "from 0 to 1" in entry.notices[1]
    boxes, scores = answer(entry)
    np.testing.assert_allclose(boxes, [[4, 8, 24, 48], [10, 10, 20, 20]])
    np.testing.assert_allclose(scores, [[0, 0.75], [0.5, 0]])


def test_ppyoloe_without_suppression_by_hand(tmp_path: Path):
    boxes, scores = np.zeros((1, 84, 4), np.float32), np.zeros((1, 2, 84), np.float32)
    boxes[0, 7], scores[0, :, 7] = (4, 8, 24, 48), (0.25, 0.75)
    file = write_export(tmp_path / "e.onnx", {"b": boxes, "s": scores}, companions={"scale_factor": TensorProto.FLOAT})
    entry = add_model(file)
    assert entry.classes == ("class 0", "class 1")
    found = answer(entry)
    np.testing.assert_allclose(found[0], [[4, 8, 24, 48]])
    np.testing.assert_allclose(found[1], [[0.25, 0.75]])


CONFIG = """mode: paddle
Preprocess:
- interp: 2
  keep_ratio: false
  target_size:
  - 64
  - 64
  type: Resize
- is_scale: true
  mean:
  - 0.5
  - 0.25
  - 0.0
  std: [0.5, 0.25, 2.0]
  type: NormalizeImage
- type: Permute
label_list:
- cat
- 'dog: small'
- emu
"""


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"mean": "[0.485, 0.456, 0.406]", "std": "[0.5, 0.25, 0.2]"}, (0.515 / 0.5, 0.544 / 0.25, 0.594 / 0.2)),
        ({"mean": "[127.5, 51, 0]", "std": "(127.5, 102, 255)"}, (1, 2, 1)),
        ({"mean": "[0.5, 0.5]", "std": "[1, 1, 1]"}, (1, 1, 1)),
        ({"mean": "[0, 0, 0]", "std": "[0, 1, 1]"}, (1, 1, 1)),
    ],
)
def test_metadata_may_say_how_pictures_are_normalised(
    tmp_path: Path, said: dict[str, str], wanted: tuple[float, float, float]
):
    graph = onnx.load(means_with_scale_factor(tmp_path / "e.onnx")).graph
    entry = add_model(save(tmp_path / "e.onnx", graph, metadata=said))
    scores = answer(entry, np.full((1, 64, 64, 3), 255, np.uint8))[1]
    np.testing.assert_allclose(scores[0], wanted, atol=1e-5)


def means_with_scale_factor(path: Path) -> Path:
    """A PP-YOLOE form whose scores are the means of the channels: boxes [1, 84, 4], scores [1, 3, 84]."""
    graph = onnx.load(write_means(path, image=[1, 3, 64, 64], turned=True)).graph
    graph.input.append(helper.make_tensor_value_info("scale_factor", TensorProto.FLOAT, [1, 2]))
    graph.node.append(helper.make_node("Transpose", ["box_rows"], ["boxes_out"], perm=[0, 2, 1]))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("boxes_out", TensorProto.FLOAT, [1, 84, 4]))
    graph.output.append(helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 3, 84]))
    return save(path, graph)


def test_what_paddle_writes_beside_a_model_says_names_and_normalisation(tmp_path: Path):
    plain = add_model(means_with_scale_factor(tmp_path / "e.onnx"))
    picture = np.full((1, 64, 64, 3), 255, np.uint8)
    np.testing.assert_allclose(answer(plain, picture)[1][0], [1, 1, 1], atol=1e-6)
    (tmp_path / "infer_cfg.yml").write_text(CONFIG)
    entry = add_model(tmp_path / "e.onnx", name="normalised")
    assert entry.classes == ("cat", "dog: small", "emu")
    assert len(entry.notices) == 1
    np.testing.assert_allclose(answer(entry, picture)[1][0], [1, 3, 0.5], atol=1e-6)
    assert entry.source_hash != plain.source_hash
    (tmp_path / "infer_cfg.yml").write_text(
        CONFIG.replace("type: NormalizeImage", "norm_type: none\n  type: NormalizeImage")
    )
    np.testing.assert_allclose(
        answer(add_model(tmp_path / "e.onnx", name="unscaled"), picture)[1][0], [1, 1, 1], atol=1e-6
    )
    (tmp_path / "infer_cfg.yml").write_text(CONFIG.replace("- 0.25", "- many"))
    with pytest.raises(ModelError, match=r"infer_cfg\.yml beside e\.onnx does not say"):
        add_model(tmp_path / "e.onnx", name="odd")


# --- refused ---


def test_an_unknown_layout_is_refused_with_what_was_found(tmp_path: Path):
    with pytest.raises(
        ModelError, match=r"inputs images FLOAT \[1, 3, 64, 64\]; outputs output FLOAT \[1, 20, 7\]\. Supported"
    ):
        add_model(write_export(tmp_path / "e.onnx", {"output": v5_rows()[:, :20]}))


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ([1, 4, 64, 64], "form that is not known"),
        ([1, 64, 64, 3], "form that is not known"),
        ([1, 3, 64, 1 << 20], r"64; sides of up to 4,096 pixels"),
        ([1 << 20, 3, 64, 64], r"takes 1,048,576 pictures at once"),
    ],
)
def test_inputs_that_are_no_pictures_are_refused(tmp_path: Path, image: list[int], told: str):
    with pytest.raises(ModelError, match=told):
        add_model(write_export(tmp_path / "e.onnx", {"output": v5_rows()}, image=image))


def test_layers_that_do_not_fit_are_refused(tmp_path: Path):
    model = onnx.load(write_export(tmp_path / "e.onnx", {"output": v5_rows()}))
    next(a for a in model.graph.node[0].attribute if a.name == "axes").ints[0] = 9
    (tmp_path / "e.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"e\.onnx is no valid ONNX model"):
        add_model(tmp_path / "e.onnx")


def test_loops_are_refused(tmp_path: Path):
    graph = onnx.load(write_export(tmp_path / "e.onnx", {"output": v5_rows()})).graph
    body = helper.make_graph(
        [helper.make_node("Identity", ["going"], ["goes_on"]), helper.make_node("Identity", ["going"], ["seen"])],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
        ],
        [
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("seen", TensorProto.BOOL, []),
        ],
    )
    graph.initializer.append(onnx.numpy_helper.from_array(np.array(True), "yes"))
    graph.node.append(helper.make_node("Loop", ["", "yes"], ["turns"], body=body))
    with pytest.raises(ModelError, match=r"runs a loop in its graph \(Loop\)"):
        add_model(save(tmp_path / "e.onnx", graph))


def test_absurd_numbers_of_classes_are_refused(tmp_path: Path):
    rows = np.zeros((1, 60, 20_005), np.float32)
    with pytest.raises(ModelError, match="20,000 classes, where up to 10,000"):
        add_model(write_export(tmp_path / "e.onnx", {"output": rows}))


@pytest.mark.parametrize(
    ("outputs", "companions"),
    [
        ({"a": np.zeros((1, 3, 4), np.float32)}, PADDLE),
        ({"a": np.zeros((1, 84, 4), np.float32), "b": np.zeros((1, 7, 9), np.float32)}, PADDLE),
        ({"a": np.zeros((1, 84, 4), np.float32), "b": np.zeros((1, 2, 84), np.float32)}, {}),
        ({"a": np.zeros((1, 5, 4), np.float32), "b": np.zeros((1, 5), np.float32)}, {}),
        ({"a": np.zeros((3,), np.float32)}, {}),
    ],
)
def test_outputs_that_nothing_is_known_of_are_refused(
    tmp_path: Path, outputs: Mapping[str, NDArray[Any]], companions: Mapping[str, int]
):
    with pytest.raises(ModelError, match="is of a form that is not known: inputs images FLOAT"):
        add_model(write_export(tmp_path / "e.onnx", outputs, companions=companions))


# --- real files ---


def test_a_real_yolox_sees_a_dog_a_bicycle_and_horses(shared: Path):
    data = shared / "data"
    entry = add_model(
        data / "weights/onnx-yolox-nano/yolox_nano.onnx", names=data / "weights/darknet-yolo-fastest-1.1/coco.names"
    )
    detector = Detector(entry, device="cpu")

    def seen(name: str) -> dict[str, list[float]]:
        with open_media(data / "datasets/darknet-images" / name) as source:
            found = detector.predict(source.read(0), min_score=0.5)
        classes = [entry.classes[index] for index in found.classes[:, 0]]
        return dict(reversed(list(zip(classes, found.boxes.tolist(), strict=True))))

    dog = seen("dog.jpg")
    assert set(dog) == {"dog", "bicycle", "car"}
    np.testing.assert_allclose(dog["dog"], [132, 206, 192, 336], atol=3)
    assert set(seen("horses.jpg")) == {"horse"}


@pytest.mark.parametrize("layout", ["v8", "v10", "trt", "v7"])
def test_a_real_network_sees_the_same_in_every_layout(shared: Path, tmp_path: Path, layout: str):
    data = shared / "data"
    source, names = (
        data / "weights/onnx-yolox-nano/yolox_nano.onnx",
        data / "weights/darknet-yolo-fastest-1.1/coco.names",
    )
    original = Detector(add_model(source, names=names), device="cpu")
    file = rewrite_yolox(source, tmp_path / f"{layout}.onnx", layout, names=original.entry.classes)
    other = Detector(add_model(file), device="cpu")
    assert other.entry.classes == original.entry.classes
    with open_media(data / "datasets/darknet-images/giraffe.jpg") as media:
        picture = media.read(0)  # 500 x 500, so that it makes no difference where the grey goes
    wanted, found = (detector.predict(picture, min_score=0.3) for detector in (original, other))
    assert len(wanted) >= 2
    np.testing.assert_allclose(found.boxes, wanted.boxes, atol=0.01)
    np.testing.assert_array_equal(found.classes[:, 0], wanted.classes[:, 0])
    np.testing.assert_allclose(found.scores[:, 0], wanted.scores[:, 0], atol=1e-4)
    nothing = other.predict(np.zeros((416, 416, 3), np.uint8), min_score=0.3)
    assert len(nothing) == 0


def test_branches_within_the_graph_keep_their_names(tmp_path: Path):
    """PyTorch writes an If where a shape is only known at run time; its branches see values outside of them."""
    graph = onnx.load(write_export(tmp_path / "e.onnx", {"output": v5_rows()})).graph
    next(node for node in graph.node if node.output[0] == "output").output[0] = "rows"
    value = helper.make_tensor_value_info("chosen", TensorProto.FLOAT, [1, 60, 7])
    branches = [
        helper.make_graph([helper.make_node(operator, ["rows"], ["chosen"])], operator, [], [value])
        for operator in ("Identity", "Neg")
    ]
    graph.node.append(helper.make_node("Less", ["mean_each", "one"], ["dark"]))
    graph.node.insert(3, helper.make_node("Gather", ["mean_float", "first"], ["mean_each"]))
    graph.initializer.append(onnx.numpy_helper.from_array(np.ones((), np.float32), "one"))
    graph.node.append(helper.make_node("If", ["dark"], ["output"], then_branch=branches[0], else_branch=branches[1]))
    boxes, _ = answer(add_model(save(tmp_path / "e.onnx", graph)))
    np.testing.assert_allclose(boxes, [[30, 25, 50, 55], [24, 16, 40, 24]])


def changeable(message: Any) -> list[tuple[Any, Any]]:
    """(message, field) of everything that is set in a protobuf message and below it."""
    found = []
    for field, value in message.ListFields():
        found.append((message, field))
        if field.type == field.TYPE_MESSAGE:
            for inner in [value] if hasattr(value, "ListFields") else value:
                found += changeable(inner)
    return found


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_export_works_or_gives_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    folder = tmp_path_factory.mktemp("damaged")
    makers = (
        lambda path: write_means(path, image=["N", 3, "H", "W"], turned=True),
        lambda path: write_means(path, image=[1, 3, 64, 64], objectness=True, box=(0, 0, 0, 0)),
        lambda path: write_export(path, {"o": np.zeros((1, 9, 6), np.float32)}, metadata={"names": TWO}),
    )
    file = data.draw(st.sampled_from(makers))(folder / "e.onnx")
    model = onnx.load(file)
    for _ in range(data.draw(st.integers(1, 3))):
        message, field = data.draw(st.sampled_from(changeable(model)))
        value = getattr(message, field.name)
        if hasattr(value, "__delitem__") and not isinstance(value, str | bytes):
            del value[data.draw(st.integers(0, len(value) - 1))]
        elif isinstance(value, int) and field.type != field.TYPE_ENUM:
            setattr(message, field.name, data.draw(st.sampled_from([0, 1, 3, 7, 64, 1000])))
        elif isinstance(value, str):
            setattr(message, field.name, data.draw(st.sampled_from(["", "images", "output", "Expand", "Resize"])))
        else:
            message.ClearField(field.name)
    file.write_bytes(model.SerializeToString())
    with suppress(ModelError):
        convert(file, cfg=None, names=None).build()
