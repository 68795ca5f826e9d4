"""What the canvas paints, pixel by pixel, and that it repaints no less than what changed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QRegion
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from yolor_studio.core.entities import Box
from yolor_studio.core.geometry import ViewTransform
from yolor_studio.core.palette import colour_of
from yolor_studio.gui import looks
from yolor_studio.gui.canvas import BoxRef, Canvas, CanvasBox, Tool, overlay
from yolor_studio.gui.canvas.base_layer import BaseLayer, Frame
from yolor_studio.gui.canvas.bench import measure
from yolor_studio.gui.canvas.lines import paint_box
from yolor_studio.gui.canvas.model import Scene
from yolor_studio.gui.canvas.overlay import Overlay
from yolor_studio.gui.canvas.picture import Picture
from yolor_studio.gui.canvas.rect_buffer import RectBuffer
from yolor_studio.gui.canvas.tags import TagLook, tag_pixmap

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

GREY = 90
BLUE = tuple(int(colour_of(0)[i : i + 2], 16) for i in (1, 3, 5))


@pytest.fixture(autouse=True)
def _dressed(qapp: QApplication) -> None:
    looks.apply(qapp, looks.Theme.DARK)


def rgb(image: QImage) -> NDArray[np.uint8]:
    """[H, W, 3] of an image."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def layer(boxes: list[CanvasBox], predictions: list[CanvasBox] | None = None, *, ratio: float = 1.0) -> NDArray:
    """The base layer of a grey picture of 400 x 300 at 100 %."""
    size = (round(400 * ratio), round(300 * ratio))
    picture = Picture(np.full((300, 400, 4), GREY, np.uint8))
    frame = Frame(picture, Scene(boxes, predictions or []), ViewTransform(), size, ratio, QColor("#0F1012"))
    base = BaseLayer()
    base.render(frame, frozenset())
    return rgb(base.pixmap.toImage())


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_an_object_is_a_solid_line_between_dark_ones(qapp: QApplication, ratio: float) -> None:
    image = layer([CanvasBox(1, Box(100, 100, 80, 60), 0, "car 1")], ratio=ratio)
    column = image[round(130 * ratio), :, :].astype(int)
    centre, half, rule = round(100 * ratio), round(ratio), round(ratio)
    line = column[centre - half : centre + half]
    assert (line == BLUE).all()
    dark = round(GREY * 0.4)
    for beside in (column[centre - half - rule : centre - half], column[centre + half : centre + half + rule]):
        assert abs(beside - dark).max() <= 1
    assert (column[centre - half - rule - 1] == GREY).all()
    assert (column[centre + half + rule] == GREY).all()


def test_a_prediction_is_dashed_over_an_unbroken_dark_rule(qapp: QApplication) -> None:
    image = layer([], [CanvasBox(0, Box(100, 100, 200, 100), 0, "car .77")])
    edge = image[199, 110:290].astype(int)  # the lower edge: no tag there
    coloured = (edge == BLUE).all(1)
    assert 0.5 < coloured.mean() < 0.75
    assert abs(edge[~coloured] - round(GREY * 0.55)).max() <= 1
    lengths = np.diff(np.flatnonzero(np.diff(np.concatenate(([0], coloured.astype(int), [0]))))[:12])
    assert set(lengths[1::2].tolist()) <= {3, 4, 5}


def test_an_occluded_box_is_hatched_and_a_locked_one_paler(qapp: QApplication) -> None:
    hatched = layer([CanvasBox(1, Box(100, 100, 80, 60), 0, "car 1", occluded=True)])
    inside = hatched[110:150, 110:170].astype(int)
    assert (inside > GREY).any()
    assert (inside == GREY).any()
    locked = layer([CanvasBox(1, Box(100, 100, 80, 60), 0, "car 1", locked=True)])
    assert tuple(locked[130, 100]) != BLUE


def test_the_tag_stands_above_the_box_in_its_colour(qapp: QApplication) -> None:
    image = layer([CanvasBox(1, Box(100, 100, 80, 60), 0, "car 1")])
    assert tuple(image[85, 103]) == BLUE
    narrow = layer([CanvasBox(1, Box(100, 100, 20, 60), 0, "car 1")])
    assert tuple(narrow[85, 103]) == (GREY, GREY, GREY)


def test_tags_differ_by_what_they_say(qapp: QApplication) -> None:
    plain = tag_pixmap(TagLook("car 9", 0, 0, False, 1.0))
    assert plain.height() == 17
    assert tag_pixmap(TagLook("car 9", 0, 0, True, 1.0)).height() == 18
    assert tag_pixmap(TagLook("car 9", 0, 0, False, 2.0)).height() == 34
    assert tag_pixmap(TagLook("car 9", 0, 8, False, 1.0)).width() > plain.width()  # a hollow diamond
    assert tag_pixmap(TagLook("car 9", 12, 0, False, 1.0)).toImage() != plain.toImage()  # striped
    assert tag_pixmap(TagLook("car 9", 0, 0, False, 1.0)).cacheKey() == plain.cacheKey()


def test_above_300_boxes_lines_are_thin_and_tags_gone(qapp: QApplication) -> None:
    few = [CanvasBox(i, Box(10 + (i % 20) * 18, 10 + (i // 20) * 10, 12, 6), 0, "car") for i in range(300)]
    big = CanvasBox(999, Box(20, 200, 300, 80), 0, "bus 9")
    image = layer([*few, big])
    assert tuple(image[240, 20]) == BLUE
    assert tuple(image[240, 21]) != BLUE
    assert (image[185:195, 20:60] == GREY).all()
    assert tuple(layer([*few[:299], big])[240, 19]) == BLUE


def test_dense_predictions_stay_dashed(qapp: QApplication) -> None:
    many = [CanvasBox(i, Box(10, 20, 12, 10), 1, "car") for i in range(300)]
    row = layer([], [*many, CanvasBox(999, Box(100, 200, 200, 80), 0, "bus 9")])[200, 105:295]
    coloured = (row == BLUE).all(1)
    assert 0.5 < coloured.mean() < 0.75


def test_colours_are_not_swapped_and_pixels_are_shared(qapp: QApplication, qtbot: QtBot) -> None:
    bgra = np.zeros((300, 400, 4), np.uint8)
    bgra[..., 2], bgra[..., 3] = 200, 255
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(500, 400)
    canvas.set_picture(bgra, key=0)
    canvas.zoom_100()
    assert canvas.grab().toImage().pixelColor(250, 200).getRgb()[:3] == (200, 0, 0)
    del bgra
    assert canvas.grab().toImage().pixelColor(250, 200).getRgb()[:3] == (200, 0, 0)


@pytest.mark.parametrize(("zoom", "smooth"), [(1.9, True), (2.0, True), (2.1, False), (16.0, False)])
def test_smooth_up_to_200_percent_and_nearest_beyond(qapp: QApplication, zoom: float, smooth: bool) -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:, ::2] = 255
    size = (round(8 * zoom), round(8 * zoom))
    base = BaseLayer()
    base.render(Frame(Picture(pixels), Scene(), ViewTransform(zoom), size, 1.0, QColor("black")), frozenset())
    shades = set(np.unique(rgb(base.pixmap.toImage())[2:-2, 2:-2]).tolist())
    assert (shades <= {0, 255}) != smooth


def test_magnified_pixels_are_squares_in_the_right_place(qapp: QApplication) -> None:
    pixels = np.arange(6 * 5 * 4, dtype=np.uint8).reshape(6, 5, 4)
    base = BaseLayer()
    frame = Frame(Picture(pixels), Scene(), ViewTransform(10.0, -13.0, 7.0), (60, 60), 1.0, QColor("black"))
    base.render(frame, frozenset())
    image = rgb(base.pixmap.toImage())
    for x, y in ((0, 7), (6, 16), (7, 17), (36, 59), (35, 30)):
        assert image[y, x].tolist() == pixels[(y - 7) // 10, (x + 13) // 10, 2::-1].tolist()
    assert (image[:7] == 0).all()
    assert (image[:, 37:] == 0).all()


def test_a_much_reduced_picture_is_averaged(qapp: QApplication) -> None:
    pixels = np.zeros((400, 400, 4), np.uint8)
    pixels[:, ::2] = 255
    base = BaseLayer()
    frame = Frame(Picture(pixels), Scene(), ViewTransform(0.25), (100, 100), 1.0, QColor("black"))
    base.render(frame, frozenset())
    assert abs(rgb(base.pixmap.toImage())[10:90, 10:90].astype(int) - 127).max() <= 2


def test_fewer_pixels_than_coordinates_are_stretched(qapp: QApplication) -> None:
    picture = Picture(np.full((150, 200, 4), GREY, np.uint8), size=(400, 300))
    base = BaseLayer()
    base.render(Frame(picture, Scene(), ViewTransform(), (400, 300), 1.0, QColor("black")), frozenset())
    assert (rgb(base.pixmap.toImage()) == GREY).all()


def test_a_small_outline_is_filled_not_turned_inside_out(qapp: QApplication) -> None:
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    paint_box(painter, (20, 20, 21, 21), QColor(*BLUE), logical_width=2, ratio=1.0, flags=0)
    painter.end()
    coloured = np.argwhere((rgb(image) == BLUE).all(2))
    assert coloured.min(0).tolist() == [19, 19]
    assert coloured.max(0).tolist() == [21, 21]


def test_the_rect_buffer_writes_what_qt_reads() -> None:
    buffer = RectBuffer()
    rects = buffer.fill(np.array([[1, 2, 11, 22], [-5, 0, 5, 1]]))
    assert [(r.x(), r.y(), r.width(), r.height()) for r in rects] == [(1, 2, 10, 20), (-5, 0, 10, 1)]
    many = RectBuffer()
    boxes = np.arange(4 * 9000).reshape(-1, 4)
    assert many.fill(boxes)[8999].x() == 4 * 8999
    assert len(many.fill(boxes[:3])) == 3


OVERLAYS = {
    "hover": Overlay(hovered=0),
    "selected": Overlay(selected=[1], hovered=0),
    "moving": Overlay(selected=[1], moving={1: Box(30, 40, 99, 80)}, measured=True),
    "at the border": Overlay(selected=[1], moving={1: Box(0, 0, 400, 300)}, measured=True),
    "draft": Overlay(draft=Box(10, 10, 50, 40), points=((10, 10), (30, 12)), cross=(60, 50)),
    "cross in the corner": Overlay(cross=(399, 299)),
    "band": Overlay(band=Box(50, 50, 100, 100)),
}


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("name", OVERLAYS)
def test_the_overlay_paints_nothing_outside_its_region(qapp: QApplication, name: str, ratio: float) -> None:
    scene = Scene(
        [CanvasBox(1, Box(100, 100, 80, 60), 0, "car 1", occluded=True)], [CanvasBox(0, Box(300, 20, 60, 50), 2, "x")]
    )
    picture = Picture(np.full((300, 400, 4), GREY, np.uint8))
    size = (round(440 * ratio), round(330 * ratio))
    frame = Frame(picture, scene, ViewTransform(1, 20, 15), size, ratio, QColor("black"))
    image = QImage(*size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    overlay.paint(painter, frame, OVERLAYS[name])
    painter.end()
    alpha = np.frombuffer(image.constBits(), np.uint8).reshape(size[1], image.bytesPerLine())[:, 3 : 4 * size[0] : 4]
    ys, xs = np.nonzero(alpha)
    assert len(xs)
    region: QRegion = overlay.region(frame, OVERLAYS[name])
    outside = [(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True) if not region.contains(QPoint(x, y))]
    assert outside == []


def test_the_crosshair_stays_inside_the_picture(qtbot: QtBot) -> None:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(600, 500)
    canvas.set_picture(np.full((300, 400, 4), GREY, np.uint8), key=0)
    canvas.zoom_100()
    canvas.set_tool(Tool.BOX)
    canvas.show()
    x, y = canvas.view_transform().to_view(50, 60)
    qtbot.mouseMove(canvas, QPoint(round(x), round(y)))
    image = rgb(canvas.grab().toImage())
    left, top = canvas.view_transform().to_view(0, 0)
    assert image[round(y), round(left) + 2].mean() > 150
    assert (image[round(y), round(left) - 3] == (15, 16, 18)).all()
    assert (image[round(top) - 3, round(x)] == (15, 16, 18)).all()


def test_patching_equals_painting_anew(qtbot: QtBot) -> None:
    """After any gesture the incrementally painted canvas is the one that a full repaint would give."""
    rng = np.random.default_rng(3)
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(700, 500)
    canvas.set_picture(rng.integers(0, 255, (300, 400, 4), np.uint8), key=0)
    boxes = [
        CanvasBox(i, Box(*rng.uniform(0, 240, 2), *rng.uniform(8, 90, 2)), int(rng.integers(0, 14)), f"car {i}")
        for i in range(40)
    ]
    canvas.set_boxes(boxes[:25], boxes[25:])
    canvas.show()
    for step in range(12):
        canvas.zoom_by(float(rng.uniform(0.8, 1.3)))
        start, end = (QPoint(*map(int, rng.uniform(150, 450, 2))) for _ in range(2))
        canvas.grab()
        qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
        qtbot.mouseMove(canvas, start + QPoint(5, 5))
        qtbot.mouseMove(canvas, end)
        if step % 3 == 0:
            canvas.cancel()
        qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)
        if step % 4 == 0:
            canvas.select([BoxRef("object", step)])
            canvas.nudge(3, -2)
        patched = canvas.grab().toImage()
        canvas._renew()
        difference = np.abs(rgb(patched).astype(int) - rgb(canvas.grab().toImage()).astype(int)).max(2)
        # A smoothed picture may differ by rounding where two patches meet; a missing line or tag may not.
        assert difference.max() <= 3, step


def test_a_move_paints_once_and_the_benchmark_says_so(qapp: QApplication) -> None:
    (row,) = measure([400])
    assert row["boxes"] == 400
    assert 0 < row["paints_per_move"] <= 1
    assert row["floor_ms"] > 0
