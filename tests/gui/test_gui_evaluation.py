"""The evaluation page: measuring, the figures by category and limit, and the doors from figures to boxes."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gui_window_kit import add_layer, nameless, open_pictures, picture_shown, predictions, wait_for
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from yolor_studio.core.entities import Box, FrameState
from yolor_studio.detect.library import ModelEntry
from yolor_studio.formats.coco_read import Problems
from yolor_studio.gui.bridge import Bridge
from yolor_studio.gui.canvas import BoxRef
from yolor_studio.gui.evaluation import sources
from yolor_studio.gui.evaluation.look import LookSheet
from yolor_studio.gui.evaluation.page import EvaluationPage
from yolor_studio.gui.evaluation.report import EvaluationReport
from yolor_studio.gui.evaluation.sizes import sizes_of
from yolor_studio.gui.evaluation.spots import cell_sentence
from yolor_studio.gui.main_window import MainWindow
from yolor_studio.jobs.evaluation import Evaluation
from yolor_studio.jobs.events import Job
from yolor_studio.jobs.ground_truth import GroundTruth
from yolor_studio.metrics import analyse
from yolor_studio.metrics.cocoeval import score

CATEGORIES = ((1, "car"), (2, "bus"), (3, "dog"))
A, B, C = (10.0, 10.0, 60.0, 40.0), (100.0, 10.0, 60.0, 40.0), (10.0, 100.0, 80.0, 80.0)


def _evaluation() -> Evaluation:
    """Two cars found, a bus taken for a car with a score of 0.4, one dog missed, one dog made up with 0.2."""
    truth = np.array([(1, 1, *A, 2400, 0), (2, 1, *A, 2400, 0), (1, 2, *B, 2400, 0), (2, 3, *C, 6400, 0)], np.float64)
    found = np.array([(1, 1, *A, 0.9), (2, 1, *A, 0.8), (1, 1, *B, 0.4), (1, 3, *C, 0.2)], np.float64)
    with contextlib.redirect_stdout(io.StringIO()):
        scores = score(
            {
                "images": 2,
                "categories": CATEGORIES,
                "truth": truth.tolist(),
                "found": found.tolist(),
                "max_dets": 300,
            }
        )

    def read(number: int) -> NDArray[np.uint8]:
        return np.full((200, 240, 3), 60 * number, np.uint8)

    return Evaluation(
        model="toy",
        device="CPU",
        size=64,
        scores=scores,
        matched={},
        without_class=(),
        failed=0,
        truth=GroundTruth(
            names=("a.mp4, frame 0", "a.mp4, frame 5"),
            sizes=((240, 200), (240, 200)),
            categories=CATEGORIES,
            rows=truth,
            problems=Problems(),
            pictures=lambda: iter(()),
            read=read,
            places=((7, 0), (7, 5)),
        ),
        analysis=analyse(CATEGORIES, truth=truth, found=found),
    )


@pytest.fixture
def report(qtbot: QtBot) -> EvaluationReport:
    report = EvaluationReport(Bridge())
    qtbot.addWidget(report, before_close_func=lambda widget: widget.close_reading())
    report.resize(1200, 800)
    report.show_evaluation(_evaluation(), (0, 1, 2), can_use_limit=True)
    report.show()
    return report


def test_the_figures_are_those_of_the_limit_with_the_best_f1(report: EvaluationReport) -> None:
    assert report.limit == pytest.approx(0.8)
    assert report.figures["precision"].figure == "100.0"
    assert report.figures["recall"].figure == "50.0"
    assert report.figures["ap50"].figure == "33.3"
    assert report.curves.over_score.accessibleDescription() == "score limit 0.80"


def test_moving_the_limit_counts_anew(qtbot: QtBot, report: EvaluationReport) -> None:
    report.curves.kinds.choose("score")
    report.curves.show_limit(report.limit, None)
    plot = report.curves.over_score
    qtbot.waitUntil(plot.isVisible)
    limit_x = int(plot.limit_x())
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=QPointF(limit_x, 60).toPoint())
    qtbot.mouseMove(plot, QPointF(limit_x - plot.width() * 0.45, 60).toPoint())
    plot.picked.emit(0.3)
    assert report.limit == 0.3
    assert report.figures["precision"].figure == "66.7"
    assert report.matrix.sentence((1, 0)) == "1 bus taken for car"
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert report.limit == pytest.approx(0.29)
    qtbot.mouseClick(report.curves.best, Qt.MouseButton.LeftButton)
    assert report.limit == pytest.approx(0.8)


def test_a_cell_lists_its_boxes_by_click_and_by_keys(qtbot: QtBot, report: EvaluationReport) -> None:
    report.set_limit(0.1)
    place = report.matrix.rect_of((1, 0)).center().toPoint()
    qtbot.mouseClick(report.matrix, Qt.MouseButton.LeftButton, pos=place)
    (spot,) = report.boxes.spots
    assert (spot.name, spot.score, spot.overlap) == ("a.mp4, frame 0", pytest.approx(0.4), pytest.approx(1))
    assert report.boxes_card.title == "1 bus taken for car"
    qtbot.keyClick(report.matrix, Qt.Key.Key_Up)
    assert report.matrix.cell == (0, 0)
    assert [spot.score for spot in report.boxes.spots] == [pytest.approx(0.9), pytest.approx(0.8)]
    assert report.matrix.accessibleDescription() == "2 car found"
    opened: list[object] = []
    report.opened.connect(opened.append)
    report.boxes.selectRow(0)
    qtbot.keyClick(report.boxes, Qt.Key.Key_Return)
    assert opened == [report.boxes.spots[0]]


def test_the_worst_confusion_is_looked_at_first(qtbot: QtBot, report: EvaluationReport) -> None:
    assert report.matrix.cell == (1, 3)  # at 0.8 the bus and the dog are missed: the first of them
    assert report.boxes_card.title == "1 bus missed"


def test_the_table_sorts_by_its_headings_with_all_on_top(qtbot: QtBot, report: EvaluationReport) -> None:
    assert report.table.names == ["All", "car", "bus", "dog"]
    report.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert report.table.names == ["All", "dog", "car", "bus"]
    report.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert report.table.names[:2] == ["All", "car"]
    report.table.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    assert report.table.names == ["All", "car", "bus", "dog"]  # without precision: last


def test_a_category_has_its_own_curve_and_limit(qtbot: QtBot, report: EvaluationReport) -> None:
    report.table.selectRow(1)
    assert report.table.category == 0
    assert report.curves.use.text() == "Use for car"
    wanted: list[tuple[float, object]] = []
    report.limit_wanted.connect(lambda limit, category: wanted.append((limit, category)))
    qtbot.mouseClick(report.curves.use, Qt.MouseButton.LeftButton)
    assert wanted == [(pytest.approx(0.8), 0)]


def test_boxes_come_with_their_pictures(qtbot: QtBot, report: EvaluationReport) -> None:
    report.boxes.grab()
    crops = report._crops
    assert crops is not None
    with qtbot.waitSignal(crops.ready, timeout=10_000):
        report.boxes.viewport().update()
        report.boxes.grab()


def test_cells_in_words() -> None:
    assert cell_sentence(1204, "car", "bus") == "1,204 car taken for bus"
    assert cell_sentence(3, "car", None) == "3 car missed"
    assert cell_sentence(3, None, "car") == "3 car where there is none"
    assert cell_sentence(3, "car", "car") == "3 car found"


# The page in the window


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, brightness_model: Path) -> MainWindow:
    """Three pictures, all reviewed; the model sees "dark" in the same corner of each, the label there is "light"."""
    window = open_pictures(qtbot, tmp_path / "media")
    session = window.studio.session
    assert session is not None
    with session.project.edit("Label") as edit:
        light = edit.add_category("light")
        edit.add_category("dark")
        for media in session.media:
            edit.add_object(media.id, light, 0, Box(40, 0, 160, 160))
            edit.set_frame_state(media.id, [0], FrameState.REVIEWED)
    window.studio.choose_model(str(brightness_model))
    return window


def _page(qtbot: QtBot, window: MainWindow) -> EvaluationPage:
    qtbot.keyClick(
        window.workspace.canvas, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    page = window.page
    assert isinstance(page, EvaluationPage)
    return page


def _measure(qtbot: QtBot, page: EvaluationPage) -> None:
    count = len(page.results)
    page.start()
    assert page.button.state() == "running"
    wait_for(qtbot, lambda: len(page.results) > count)


def test_measuring_the_project_and_going_to_a_confused_box(qtbot: QtBot, window: MainWindow) -> None:
    page = _page(qtbot, window)
    _measure(qtbot, page)
    report = page.report
    assert page.button.state() == "idle"
    report.set_limit(0.05)
    counts = report.matrix._counts
    assert counts.sum() >= 3
    row, column = np.argwhere(counts > 0)[-1]
    cell = int(row), int(column)
    report.matrix.chosen.emit(cell)
    report.matrix.choose(cell)
    report._show_boxes()
    spot = report.boxes.spots[-1]
    report.opened.emit(spot)
    assert window.page is None
    wait_for(qtbot, lambda: picture_shown(window))
    session = window.studio.session
    assert session is not None
    assert (session.current.name if session.current else "") == spot.name
    if spot.true_box is not None:
        wait_for(qtbot, lambda: window.studio.selection.refs)
        (ref,) = window.studio.selection.refs
        assert ref == BoxRef("object", session.boxes()[0].object.id)
    # The page is as it was.
    assert _page(qtbot, window) is page
    assert report.matrix.cell == cell


def test_a_missed_box_is_selected_in_its_frame_and_a_made_up_one_where_it_is_shown(
    qtbot: QtBot, window: MainWindow
) -> None:
    from yolor_studio.gui.evaluation.reveal import refs_of
    from yolor_studio.gui.evaluation.spots import Spot

    session = window.studio.session
    assert session is not None
    media = session.media[1]
    add_layer(session.project, media.id, {0: predictions(((200, 100, 50, 60), 0, 0.9))})
    session.go(media.id)
    missed = Spot(2, "", Box(41, 1, 160, 160), None, 0, None, None, None)
    assert refs_of(session, missed) == [BoxRef("object", session.boxes()[0].object.id)]
    made_up = Spot(2, "", None, Box(200, 100, 50, 60), None, 0, 0.9, None)
    assert refs_of(session, made_up) == [BoxRef("prediction", 0)]
    assert refs_of(session, Spot(2, "", None, Box(0, 200, 9, 9), None, 0, 0.9, None)) == []


def test_the_limit_becomes_the_projects(qtbot: QtBot, window: MainWindow) -> None:
    page = _page(qtbot, window)
    _measure(qtbot, page)
    page.report.set_limit(0.42)
    qtbot.mouseClick(page.report.curves.use, Qt.MouseButton.LeftButton)
    session = window.studio.session
    assert session is not None
    assert session.project.score_limit() == pytest.approx(0.42)
    assert "0.42" in page.toast.text()


def test_a_dataset_that_is_in_no_project_is_seen_in_a_sheet(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    from yolor_studio.media import save_png

    folder = tmp_path / "coco"
    (folder / "images").mkdir(parents=True)
    save_png(folder / "images" / "x.png", np.full((64, 64, 3), 20, np.uint8))
    data = {
        "images": [{"id": 1, "file_name": "x.png", "width": 64, "height": 64}],
        "categories": [{"id": 1, "name": "dark"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [8, 8, 32, 32]}],
    }
    (folder / "val.json").write_text(json.dumps(data))
    page = _page(qtbot, window)
    page.choose_dataset(folder)
    assert page.source is not None
    assert page.source.name == "coco, val"
    _measure(qtbot, page)
    assert page.report.figures["ap50"].figure == "100.0"
    page.report.matrix.choose((0, 0))
    page.report._show_boxes()
    page.report.opened.emit(page.report.boxes.spots[0])
    sheet = window.sheet
    assert isinstance(sheet, LookSheet)
    wait_for(qtbot, lambda: sheet.picture.shown)
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert window.page is page


def test_a_dataset_whose_pictures_are_in_the_project_opens_there(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    data = {
        "images": [{"id": 1, "file_name": "street b.png"}],
        "categories": [{"id": 1, "name": "light"}, {"id": 2, "name": "dark"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [40, 0, 160, 160]}],
    }
    (tmp_path / "media" / "gt.json").write_text(json.dumps(data))
    page = _page(qtbot, window)
    page.choose_dataset(tmp_path / "media" / "gt.json")
    _measure(qtbot, page)
    row = next(iter(np.argwhere(page.report.matrix._counts > 0)))
    page.report.matrix.choose((int(row[0]), int(row[1])))
    page.report._show_boxes()
    page.report.opened.emit(page.report.boxes.spots[0])
    assert window.page is None
    session = window.studio.session
    assert session is not None
    assert session.current is not None
    assert session.current.name == "street b.png"


def test_what_cannot_be_measured_is_told(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    page = _page(qtbot, window)
    (tmp_path / "empty").mkdir()
    page.choose_dataset(tmp_path / "empty")
    assert "no annotation file" in page.toast.text()
    session = window.studio.session
    assert session is not None
    for media in session.media:
        session.project.review(media.id, [0], FrameState.UNTOUCHED)
    page.start()
    wait_for(qtbot, lambda: "reviewed" in page.toast.text())
    assert page.results == []


def test_the_empty_page_asks_for_a_dataset_where_nothing_is_reviewed(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yolor_studio.gui.dialogs import asking

    asked: list[str] = []
    monkeypatch.setattr(asking, "dataset_folder", lambda _parent, start: asked.append(start))
    window = open_pictures(qtbot, tmp_path / "media")
    page = _page(qtbot, window)
    page._empty.acted.emit()
    assert len(asked) == 1
    assert page.button.state() == "idle"


def test_cancelling_keeps_the_page_as_it_was(qtbot: QtBot, window: MainWindow) -> None:
    page = _page(qtbot, window)
    page.start()
    page.button.cancel_requested.emit()
    wait_for(qtbot, lambda: page.button.state() == "idle")
    assert page.results == [] or page.report.evaluation is not None


def test_a_measurement_that_ends_out_of_sight_is_told(qtbot: QtBot, window: MainWindow) -> None:
    page = _page(qtbot, window)
    page.start()
    window.leave_page()
    wait_for(qtbot, lambda: page.results)
    wait_for(qtbot, lambda: "measured" in window.toast.text())
    page.shown_wanted.emit()
    assert window.page is page


def test_closing_the_window_ends_a_measurement(qtbot: QtBot, window: MainWindow) -> None:
    page = _page(qtbot, window)
    page.start()
    window.close()
    assert window.studio.session is None


def test_everything_that_takes_the_keyboard_has_a_name(qtbot: QtBot, window: MainWindow) -> None:
    page = _page(qtbot, window)
    _measure(qtbot, page)
    assert nameless(page) == []


def test_a_hundred_categories_are_painted_and_reached(qtbot: QtBot) -> None:
    from yolor_studio.gui.evaluation.matrix import ConfusionMatrix

    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.set_names([f"category {n}" for n in range(100)], range(100))
    counts = np.random.default_rng(0).integers(0, 20_000, (101, 101))
    matrix.set_counts(counts)
    matrix.resize(matrix.minimumSizeHint())
    matrix.show()
    matrix.grab()
    place = matrix.rect_of((99, 100)).center().toPoint()
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=place)
    assert matrix.cell == (99, 100)
    qtbot.keyClick(matrix, Qt.Key.Key_Down)
    assert matrix.cell == (99, 100)  # below lies nothing taken for nothing, which is no cell


# Sizes, and the way back


def test_sizes_are_usual_ones_around_the_models_own() -> None:
    entry = ModelEntry(
        name="x", path=Path("x.onnx"), bundled=False, classes=(), stride=32, size=416, licence="", source_hash="",
        sha256="",
    )  # fmt: skip
    assert sizes_of(entry) == [224, 256, 320, 384, 416, 512, 640, 768]
    assert sizes_of(replace(entry, stride=64, size=960)) == [512, 640, 768, 896, 960, 1024, 1280, 1536, 1920]
    assert sizes_of(replace(entry, size=32)) == [32]
    assert sizes_of(replace(entry, stride=1, size=640)) == [640]


def test_a_model_is_measured_at_the_size_that_is_chosen(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []
    start = sources.start

    def listen(*arguments: Any, size: int | None, **others: Any) -> Job:
        asked.append(size)
        return start(*arguments, size=size, **others)

    monkeypatch.setattr(sources, "start", listen)
    page = _page(qtbot, window)
    page.models.setCurrentIndex(page.models.findData("yolor-n"))
    page.models.activated.emit(page.models.currentIndex())
    own = page.sizes.currentText()
    assert own.endswith("its own")
    _measure(qtbot, page)
    small = page.sizes.findData(224)
    page.sizes.setCurrentIndex(small)
    _measure(qtbot, page)
    assert asked == [None, 224]
    assert [result.evaluation.size for result in page.results] == [224, int(own.split()[0])]
    assert "224 px" in page._heading.whole_text()
    assert "224 px" in page.results[0].name
    page.refresh()
    assert page.sizes.currentData() == 224  # what a person chose stays


def test_tab_goes_through_the_choices_in_the_order_of_sight_and_enter_presses(qtbot: QtBot, window: MainWindow) -> None:
    page = _page(qtbot, window)
    page.refresh("yolor-n")  # has more sizes than one
    seen = []
    for _ in range(5):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        seen.append(window.focusWidget())
    assert seen[1:4] == [page.models, page.sizes, page.data]
    assert page.button.isAncestorOf(seen[4])
    qtbot.keyClick(seen[4], Qt.Key.Key_Return)
    assert page.button.state() == "running"
    wait_for(qtbot, lambda: page.results)


def test_rows_without_anything_stay_out_of_the_matrix(report: EvaluationReport) -> None:
    matrix = report.matrix
    matrix.set_names(["car", "bus", "dog"], [0])
    counts = np.zeros((4, 4), np.int64)
    counts[0, 0] = 2
    matrix.set_counts(counts)
    assert matrix._used == [0, 3]
    counts = counts.copy()
    counts[3, 2] = 1
    matrix.set_counts(counts)
    assert matrix._used == [0, 2, 3]
    matrix.choose((3, 2))
    counts[3, 2] = 0
    matrix.set_counts(counts)
    assert matrix._used == [0, 2, 3]  # what is looked at stays


def test_the_way_back_leads_to_the_same_place_and_to_the_next_box(qtbot: QtBot, window: MainWindow) -> None:
    page = _page(qtbot, window)
    _measure(qtbot, page)
    boxes = page.report.boxes
    page.report.set_limit(0.05)
    row, column = np.argwhere(page.report.matrix._counts > 1)[-1]
    page.report.matrix._go((int(row), int(column)))
    boxes.selectRow(0)
    boxes.setFocus()
    qtbot.keyClick(boxes, Qt.Key.Key_Return)
    session = window.studio.session
    assert session is not None
    bar = page._way_back
    assert bar is not None
    assert bar.isVisible()
    assert window.workspace.canvas.isAncestorOf(bar)
    assert bar.text() == f"1 of {page.report.matrix.sentence(page.report.matrix.cell or (0, 0))}"
    assert bar._words.width() > 40
    assert not bar.previous.isEnabled()
    wait_for(qtbot, lambda: picture_shown(window))
    before = session.current
    qtbot.mouseClick(bar.next, Qt.MouseButton.LeftButton)
    assert session.current != before
    assert bar.text().startswith("2 of")
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPointF(2, 2).toPoint())  # reaches no canvas
    qtbot.mouseClick(bar.back, Qt.MouseButton.LeftButton)
    assert window.page is page
    assert boxes.currentIndex().row() == 1
    assert window.focusWidget() is boxes
    window.leave_page()
    assert not bar.isVisible()
