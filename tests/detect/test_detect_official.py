"""The official code's ways, by vectors worked out by hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from foreign_models import write_means

from yolor_studio.detect.detector import Detector
from yolor_studio.detect.library import add_model, find_model
from yolor_studio.detect.official import (
    DetectLetterbox,
    DetectPy,
    RectLetterbox,
    TestPy,
    checked_size,
    input_multiple,
    multi_label,
    rect_shapes,
)
from yolor_studio.yolor import reference
from yolor_studio.yolor.cfg import parse_cfg
from yolor_studio.yolor.plan import build_plan


def geometry(box: DetectLetterbox | RectLetterbox) -> tuple[int, ...]:
    return box.width, box.height, box.scaled_width, box.scaled_height, box.left, box.top


# --- detect.py's letterbox ---


@pytest.mark.parametrize(
    ("picture", "size", "multiple", "wanted"),
    [
        # horses.jpg: 1280 / 773 = 1.6559; 512 x 1.6559 = 847.8 -> 848; (1280 - 848) mod 64 = 48, 24 above and below.
        ((773, 512), 1280, 64, (1280, 896, 1280, 848, 0, 24)),
        # A stream's 32: (1280 - 848) mod 32 = 16.
        ((773, 512), 1280, 32, (1280, 864, 1280, 848, 0, 8)),
        # 640 / 1000 = .64; 333 x .64 = 213.12 -> 213; 427 mod 64 = 43: 21 and 22, by rounding 21.4 and 21.6.
        ((1000, 333), 640, 64, (640, 256, 640, 213, 0, 21)),
        ((333, 1000), 640, 64, (256, 640, 213, 640, 21, 0)),
        # Half a pixel goes to the even number: 640 / 800 x 500.625 is no size, but 5 x .5 = 2.5 -> 2.
        ((10, 5), 5, 64, (5, 5, 5, 2, 0, 1)),
        ((640, 640), 640, 64, (640, 640, 640, 640, 0, 0)),
        # So thin that the official code fails: a pixel stays. (640 - 1) mod 64 = 63.
        ((5000, 1), 640, 64, (640, 64, 640, 1, 0, 31)),
    ],
)
def test_detects_letterbox(picture: tuple[int, int], size: int, multiple: int, wanted: tuple[int, ...]):
    assert geometry(DetectLetterbox.fit(*picture, size=size, multiple=multiple)) == wanted


def test_detect_brings_boxes_back_by_a_float_border_and_rounds():
    # 1000 x 333 at 640: the input is 640 x 256, gain .64, and the border counts as (256 - 213.12) / 2 = 21.44.
    box = DetectLetterbox.fit(1000, 333, size=640, multiple=64)
    found = box.to_picture(np.array([[64, 53.44, 128.2, 117.44], [-9, 0, 700, 300]], np.float32))
    # x: 100 to 200.3; y: 50 to 150. What reaches over the picture is cut.
    np.testing.assert_array_equal(found, [[100, 50, 100, 100], [0, 0, 1000, 333]])
    # Gain 1/2, no border: 100.5 and 101.5 both become the even 100 and 102.
    half = DetectLetterbox.fit(128, 128, size=64, multiple=64)
    np.testing.assert_array_equal(half.to_picture(np.array([[10, 20, 50.25, 50.75]], np.float32)), [[20, 40, 80, 62]])


def test_detect_scales_by_linear_interpolation_onto_grey_114():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (100, 200, 3), np.uint8)
    box = DetectLetterbox.fit(200, 100, size=64, multiple=64)
    out = np.zeros((box.height, box.width, 3), np.uint8)
    box.apply(picture, out)
    np.testing.assert_array_equal(out[16:48], cv2.resize(picture, (64, 32), interpolation=cv2.INTER_LINEAR))
    assert (out[:16] == 114).all()
    assert (out[48:] == 114).all()


# --- test.py's loading, rectangles and un-mapping ---


def test_batches_take_the_shape_of_their_extremes():
    # Wide only: the highest aspect 375 / 500 = .75 counts: ceil(.75 x 640 / 64 + .5) = 8 and ceil(10 + .5) = 11.
    np.testing.assert_array_equal(rect_shapes([(500, 375), (640, 320)], size=640), [(512, 704)] * 2)
    # High only: the lowest 1.5 counts: width ceil(10 / 1.5 + .5) = ceil(7.17) = 8.
    np.testing.assert_array_equal(rect_shapes([(400, 600), (300, 600)], size=640), [(704, 512)] * 2)
    # Both, and the very square: a square of one multiple more.
    np.testing.assert_array_equal(rect_shapes([(400, 600), (600, 400)], size=640), [(704, 704)] * 2)
    np.testing.assert_array_equal(rect_shapes([(600, 600)], size=1280), [(1344, 1344)])
    assert rect_shapes(np.zeros((0, 2)), size=640).shape == (0, 2)


def test_batches_of_32_go_by_aspect():
    sizes = [(400, 600)] + [(640, 320)] * 31 + [(500, 375)]
    shapes = rect_shapes(sizes, size=640)
    # The 31 of .5 and the one of .75 make the first batch, the high one is alone in the second.
    assert shapes[0].tolist() == [704, 512]
    assert {tuple(shape) for shape in shapes[1:].tolist()} == {(512, 704)}


@pytest.mark.parametrize(
    ("picture", "size", "shape", "wanted"),
    [
        # 640 / 500 = 1.28: 375 x 1.28 = 480. Borders (704 - 640) / 2 = 32 and (512 - 480) / 2 = 16.
        ((500, 375), 640, (512, 704), (704, 512, 640, 480, 32, 16)),
        # int() cuts: 333 x .64 = 213.12 and 335 x .64 = 214.4; (256 - 213) / 2 = 21.5 -> 21 above.
        ((1000, 333), 640, (256, 704), (704, 256, 640, 213, 32, 21)),
        # 773 x (416 / 773) is 415.99999999999994 in floating point: a pixel is lost; 275.54 is cut to 275.
        ((773, 512), 416, (320, 448), (448, 320, 415, 275, 16, 22)),
        ((303, 303), 1280, (1344, 1344), (1344, 1344, 1279, 1279, 32, 32)),
        ((640, 480), 640, (512, 704), (704, 512, 640, 480, 32, 16)),
    ],
)
def test_tests_letterbox(picture: tuple[int, int], size: int, shape: tuple[int, int], wanted: tuple[int, ...]):
    assert geometry(RectLetterbox.fit(*picture, size=size, shape=shape)) == wanted


def test_test_brings_boxes_back_by_the_ratio_of_the_heights():
    # 213 / 333 = .63964; borders (704 - 640) / 2 = 32 and (256 - 213) / 2 = 21.5, exact this time.
    box = RectLetterbox.fit(1000, 333, size=640, shape=(256, 704))
    ratio = 213 / 333
    found = box.to_picture(np.array([[32 + 10, 21.5 + 20, 32 + 74, 21.5 + 52.5]], np.float32))
    np.testing.assert_allclose(found, [[10 / ratio, 20 / ratio, 64 / ratio, 32.5 / ratio]], rtol=1e-6)


@pytest.mark.parametrize(("size", "way"), [(64, cv2.INTER_AREA), (400, cv2.INTER_LINEAR)])
def test_test_shrinks_by_areas_and_grows_linearly(size: int, way: int):
    picture = np.random.default_rng(0).integers(0, 255, (100, 200, 3), np.uint8)
    box = RectLetterbox.fit(200, 100, size=size, shape=(size, size + 64))
    out = np.zeros((box.height, box.width, 3), np.uint8)
    box.apply(picture, out)
    inside = out[box.top : box.top + size // 2, box.left : box.left + size]
    np.testing.assert_array_equal(inside, cv2.resize(picture, (size, size // 2), interpolation=way))
    assert (out == 114).all(axis=2).sum() >= out.shape[0] * 64


def test_json_numbers_have_three_and_five_decimals():
    # 0.0055 lies just below the half in floating point: numpy's own rounding is not that exact.
    rows = np.array([[7, 2, 1.23456, 0.0055, 10.9996, 4, 0.123456]])
    np.testing.assert_array_equal(TestPy.written(rows), [[7, 2, 1.235, 0.005, 11.0, 4, 0.12346]])
    assert TestPy.written(np.zeros((0, 7))).shape == (0, 7)


def test_sizes_are_rounded_up_to_what_inputs_must_be_multiples_of():
    assert [checked_size(size, 64) for size in (1, 64, 65, 1280)] == [64, 64, 128, 1280]
    assert [input_multiple(stride) for stride in (1, 8, 32, 64, 128, 320)] == [64, 64, 64, 64, 128, 320]


# --- suppression ---


def suppressed(rows, **options):
    boxes = np.array([box for box, _ in rows], np.float32)
    scores = np.array([scores for _, scores in rows], np.float32)
    kept, classes = multi_label(boxes, scores, **({"min_score": 0.25, "iou": 0.5} | options))
    return list(zip(kept.tolist(), classes.tolist(), strict=True))


SQUARE = (0, 0, 10, 10)
HALF = (0, 0, 10, 5)
"""IoU 0.5 with the square, exactly."""


def test_every_class_of_a_box_is_a_detection():
    assert suppressed([(SQUARE, (0.5, 0.75, 0.25))]) == [(0, 1), (0, 0)], "0.25 is not above 0.25"


def test_an_overlap_of_the_limit_stays_and_one_above_goes():
    rows = [(SQUARE, (0.75, 0)), (HALF, (0.5, 0))]
    assert suppressed(rows) == [(0, 0), (1, 0)]
    assert suppressed(rows, iou=0.49) == [(0, 0)]


def test_classes_are_moved_apart_unless_agnostic():
    rows = [(SQUARE, (0.75, 0.5)), (SQUARE, (0, 0.625))]
    assert suppressed(rows) == [(0, 0), (1, 1)]
    assert suppressed(rows, agnostic=True) == [(0, 0)]
    assert suppressed(rows, only=[1]) == [(1, 1)]
    # A box longer than 4,096 px reaches over the next class's: the official trick is no real separation.
    long = (0, 0, 6000, 6000)
    beside = (-4096, -4096, 1904, 1904)
    assert suppressed([(long, (0.75, 0)), (beside, (0, 0.5))]) == [(0, 0)]


def test_one_class_is_plain():
    assert suppressed([(SQUARE, (0.5,)), (SQUARE, (0.75,)), ((20, 0, 30, 10), (0.3,))]) == [(1, 0), (2, 0)]


def test_three_hundred_stay():
    rows = [((20 * i, 0, 20 * i + 10, 10), (0.3 + i / 1000,)) for i in range(350)]
    kept = suppressed(rows)
    assert len(kept) == 300
    assert kept[0] == (349, 0)
    assert kept[-1] == (50, 0)


# --- decoding ---

CFG = """[net]
width=64
height=64
[convolutional]
filters=7
stride=32
size=1
activation=linear
[yolo]
anchors=10,20
classes=2
decode=yolor
"""


def test_decoding_by_hand():
    plan = build_plan(parse_cfg(CFG))
    raw = np.zeros((1, 7, 2, 2))
    # Sigmoid of 0 is one half: the cell's middle and the anchor itself. ln 3 is three quarters.
    raw[0, 0, 1, 0] = raw[0, 2, 1, 0] = np.log(3)
    raw[0, 4:, 1, 0] = np.log(3)
    boxes, scores = reference.decode(plan, [raw])
    np.testing.assert_allclose(boxes[0, 0], [16 - 5, 16 - 10, 16 + 5, 16 + 10])
    np.testing.assert_allclose(scores[0, 0], [0.25, 0.25])
    # Row 1, column 0: x = (2 x .75 - .5 + 0) x 32 = 32, y = (.5 + 1) x 32 = 48; w = (2 x .75)^2 x 10 = 22.5, h = 20.
    np.testing.assert_allclose(boxes[0, 2], [32 - 11.25, 48 - 10, 32 + 11.25, 48 + 10])
    np.testing.assert_allclose(scores[0, 2], [0.5625, 0.5625])


# --- whole ---


@pytest.fixture
def means(tmp_path: Path) -> str:
    """A model of any size with one box at 12, 4 to 28, 20 of the input and the channels' means as scores."""
    file = write_means(
        tmp_path / "means.onnx", image=["N", 3, "H", "W"], per_cell=3, objectness=True, box=(20, 12, 16, 16)
    )
    return add_model(file).name


def test_detect_py_end_to_end(means: str):
    detector = DetectPy(find_model(means), device="cpu", size=60)
    assert detector.letterbox(640, 320).width == 64, "the size is rounded up to 64"
    picture = np.full((320, 640, 3), 255, np.uint8)
    picture[..., 1] = 128
    found = detector.predict(picture, min_score=0.4)
    # The input is 64 x 64 with the picture in rows 16 to 48; its scale is 10. The box is cut by the picture's top.
    np.testing.assert_array_equal(np.unique(found.boxes, axis=0), [[120, 0, 160, 40]])
    assert sorted(found.classes[:, 0].tolist()) == [0, 1, 2], "each class of the box"
    assert (found.classes[:, 1:] == -1).all()


def test_test_py_end_to_end(means: str):
    run = TestPy(Detector(find_model(means), device="cpu", size=64), [(640, 320), (300, 600)])
    found = run.predict(0, np.full((320, 640, 3), 255, np.uint8))
    # Both in one batch, so a square of 128; the picture is 64 x 32 at 32, 48, which lies below the box.
    assert len(found) == 3
    np.testing.assert_array_equal(found.boxes, np.zeros((3, 4)))
    alone = TestPy(Detector(find_model(means), device="cpu", size=64), [(640, 320)])
    found = alone.predict(0, np.full((320, 640, 3), 255, np.uint8))
    # 64 x 128: the picture is at 32, 16. Box 12..28 x 4..20 touches rows 16 to 20 but no column.
    np.testing.assert_array_equal(found.boxes[:, [1, 3]], [[0, 40]] * 3)
    np.testing.assert_array_equal(found.boxes[:, 2], [0, 0, 0])


def test_a_model_of_fixed_size_is_tested_at_its_square(tmp_path: Path):
    file = write_means(tmp_path / "e.onnx", image=[1, 3, 96, 96], per_cell=3, objectness=True, box=(48, 48, 48, 24))
    run = TestPy(Detector(add_model(file), device="cpu"), [(192, 96), (96, 192)])
    found = run.predict(0, np.full((96, 192, 3), 255, np.uint8))
    np.testing.assert_array_equal(found.boxes, [[48, 24, 96, 48]] * 3)
