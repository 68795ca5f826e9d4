"""The models page: adding by drop, checking, fetching, removing, using; by keyboard too; what it says and paints."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from file_server import Shop, serving
from gui_window_kit import open_pictures, open_window, wait_for
from onnx import numpy_helper
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot
from toy_networks import TOY_CFG, write_toy_network

import yolor_studio
from yolor_studio.core.paths import user_folder
from yolor_studio.detect import releases
from yolor_studio.detect.library import find_model, models_folder
from yolor_studio.detect.releases import Release
from yolor_studio.gui.dialogs import asking
from yolor_studio.gui.main_window import MainWindow
from yolor_studio.gui.models import ModelsPage
from yolor_studio.gui.models.cards import about_model
from yolor_studio.gui.models.implicit_plot import ImplicitColumn, VectorPlot, _bars
from yolor_studio.gui.models.rows import ROW
from yolor_studio.gui.models.shelf import Kind, model_key
from yolor_studio.gui.models.texts import for_window, short_refusal, small_number
from yolor_studio.jobs import model_adding
from yolor_studio.jobs.model_facts import network_facts
from yolor_studio.yolor import truth
from yolor_studio.yolor.cfg import parse_cfg
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import random_weights


@pytest.fixture(autouse=True)
def _without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "has_torch", lambda: False)


@pytest.fixture
def page(qtbot: QtBot) -> ModelsPage:
    return show(qtbot, open_window(qtbot))


def show(qtbot: QtBot, window: MainWindow) -> ModelsPage:
    window.run_by_id("model.page")
    page = window.page
    assert isinstance(page, ModelsPage)
    wait_for(qtbot, lambda: settled(page) and page.details.item is not None)
    return page


def settled(page: ModelsPage) -> bool:
    return not (page.work.running or page._shelf.busy or page._facts.busy)


def drop(page: ModelsPage, *files: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    at, keys = QPoint(600, 300), Qt.KeyboardModifier.NoModifier
    page.dragEnterEvent(QDragEnterEvent(at, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, keys))
    page.dropEvent(QDropEvent(QPointF(at), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, keys))


def add(qtbot: QtBot, page: ModelsPage, *files: Path) -> None:
    drop(page, *files)
    wait_for(qtbot, lambda: settled(page))


def select_row(page: ModelsPage, key: str) -> None:
    assert page._model.row_of(key) >= 0, key
    page.select(key)


def select(qtbot: QtBot, page: ModelsPage, key: str) -> None:
    select_row(page, key)
    wait_for(qtbot, lambda: settled(page))


def names(page: ModelsPage, kind: Kind) -> list[str]:
    items = [page._model.item(row) for row in range(page._model.rowCount())]
    return [item.name for item in items if item is not None and item.kind is kind]


def texts(page: ModelsPage) -> str:
    return "\n".join(label.text() for label in page.details.findChildren(QLabel))


def button(page: ModelsPage, text: str) -> QPushButton:
    return next(found for found in page.details.findChildren(QPushButton) if found.text().startswith(text))


def has_button(page: ModelsPage, text: str) -> bool:
    return any(found.text().startswith(text) for found in page.details.findChildren(QPushButton))


def press(qtbot: QtBot, page: ModelsPage, text: str) -> None:
    qtbot.mouseClick(button(page, text), Qt.MouseButton.LeftButton)


def test_the_page_opens_on_the_model_in_use_and_lists_what_can_be_fetched(page):
    assert page.details.item.name == "yolor-n"
    assert "2,316,278 parameters, 2,049 of them implicit" in texts(page)
    assert "comes with the program" in texts(page)
    assert "yolov4-tiny" in names(page, Kind.RELEASE)
    assert not has_button(page, "Remove")
    assert not has_button(page, "Use for"), "it is in use already"
    assert len(page.details.findChildren(ImplicitColumn)) == 2


def test_a_dropped_file_is_added_checked_and_shown(qtbot, page, tmp_path):
    add(qtbot, page, write_toy_network(tmp_path / "toy.safetensors"))
    assert page.details.item.name == "toy"
    assert names(page, Kind.FILE) == []
    assert page.details.item.report.ok
    assert "the ONNX file against the numpy reference" in texts(page)
    assert "Test picture" in texts(page)
    assert page.toast.text() == "toy is in the list of models"
    assert find_model("toy").classes == ("cat", "dog")


def test_several_files_are_added_one_after_the_other(qtbot, page, tmp_path):
    files = [write_toy_network(tmp_path / f"toy{number}.safetensors", seed=number) for number in range(3)]
    drop(page, *files)
    wait_for(qtbot, lambda: settled(page) and len(names(page, Kind.MODEL)) == 5)
    assert names(page, Kind.MODEL) == ["yolor-n", "yolor-n-int8", "toy0", "toy1", "toy2"]


def test_a_refused_file_stays_listed_with_the_reason_until_it_is_taken_off(qtbot, page, tmp_path):
    page_of_text = tmp_path / "model.onnx"
    page_of_text.write_text("<!DOCTYPE html><p>Not found")
    add(qtbot, page, page_of_text)
    assert page.details.item.refused
    assert "is a web page (HTML) and no model" in texts(page)
    assert not has_button(page, "Choose")
    write_toy_network(tmp_path / "toy.safetensors").rename(page_of_text)
    press(qtbot, page, "Try again")
    wait_for(qtbot, lambda: settled(page))
    assert page.details.item.name == "model"
    page_of_text.write_text("<!DOCTYPE html><p>Not found")
    add(qtbot, page, page_of_text)
    press(qtbot, page, "Take off the list")
    wait_for(qtbot, lambda: settled(page))
    assert names(page, Kind.FILE) == []
    assert page.details.item.kind is Kind.MODEL


def darknet(folder: Path) -> Path:
    plan = build_plan(parse_cfg(TOY_CFG.split("[implicit_add]")[0] + TAIL))
    weights = random_weights(plan, seed=0, bn_eps=1e-5)
    parts = ("bn.bias", "bn.weight", "bn.running_mean", "bn.running_var", "conv.weight")
    order = [f"0.{part}" for part in parts] + ["1.conv.bias", "1.conv.weight"]
    body = b"".join(weights[f"layers.{name}"].astype("<f4").tobytes() for name in order)
    path = folder / "dark.weights"
    path.write_bytes(np.array([0, 2, 5, 0, 0], "<i4").tobytes() + body)
    return path


TAIL = "[convolutional]\nfilters=14\nactivation=linear\n[yolo]\nanchors=8,8, 16,24\nclasses=2\n"


def test_weights_are_asked_for_their_description_and_names(qtbot, page, tmp_path, monkeypatch):
    weights = darknet(tmp_path)
    add(qtbot, page, weights)
    assert "which need their network description: choose it below" in texts(page)
    cfg = tmp_path / "elsewhere.cfg"
    cfg.write_text(TOY_CFG.split("[implicit_add]")[0] + TAIL)
    monkeypatch.setattr(asking, "network_description", lambda *_: cfg)
    press(qtbot, page, "Choose its .cfg")
    wait_for(qtbot, lambda: settled(page))
    assert page.details.item.entry.classes == ("class 0", "class 1")
    assert "Its categories have no names" in texts(page)
    listed = tmp_path / "pets.txt"
    listed.write_text("cat\ndog\n")
    monkeypatch.setattr(asking, "class_names", lambda *_: listed)
    press(qtbot, page, "Choose class names")
    wait_for(qtbot, lambda: settled(page))
    assert page.details.item.entry.classes == ("cat", "dog")
    assert "Its categories have no names" not in texts(page)


def test_names_that_were_taken_for_cocos_can_be_chosen_and_wrong_ones_lose_nothing(qtbot, page, tmp_path, monkeypatch):
    add(qtbot, page, write_toy_network(tmp_path / "toy.safetensors"))
    key = model_key("toy")
    assert not has_button(page, "Choose class names")
    before = page.details.item.entry.classes
    told = "Its 80 classes are taken for COCO's; if they are others, remove it and add it again with --names."
    page.work.notices[key] = (told,)
    page._show_current()
    assert "they are taken for COCO's. If they are others" in texts(page)
    assert "remove it" not in texts(page)
    listed = tmp_path / "pets.txt"
    monkeypatch.setattr(asking, "class_names", lambda *_: listed)
    listed.write_text("cat\n")
    press(qtbot, page, "Choose class names")
    assert f"pets.txt holds 1 class names, but the network has {len(before)} classes" in page.toast.text()
    assert page.details.item.entry.classes == before
    chosen = tuple(f"pet {number}" for number in range(len(before)))
    listed.write_text("\n".join(chosen))
    press(qtbot, page, "Choose class names")
    wait_for(qtbot, lambda: settled(page) and page.details.item.entry.classes == chosen)


def test_the_vectors_stand_one_below_the_other_where_there_is_no_room_beside(qtbot, page, tmp_path):
    add(qtbot, page, write_toy_network(tmp_path / "toy.safetensors"))
    for width, below in ((1024, True), (1440, False)):
        page.window().resize(width, 800)
        first, second = (page.details.findChildren(ImplicitColumn))[:2]
        wait_for(qtbot, lambda first=first, second=second, below=below: (second.y() > first.y()) == below)
        assert min(plot._ground().width() for plot in page.details.findChildren(VectorPlot)) > 150


def test_checking_shows_figures_and_a_lie_is_told(qtbot, page, tmp_path):
    add(qtbot, page, write_toy_network(tmp_path / "toy.safetensors"))
    path = models_folder() / "toy.onnx"
    model = onnx.load(path)
    bias = next(tensor for tensor in model.graph.initializer if tensor.name.endswith("bias"))
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + 1, bias.name))
    path.write_bytes(model.SerializeToString())
    page.refresh()
    wait_for(qtbot, lambda: settled(page))
    assert page.details.item.report is None, "the report was of another file"
    press(qtbot, page, "Check")
    wait_for(qtbot, lambda: settled(page))
    assert not page.details.item.report.ok
    assert "over the limit of 0.01" in texts(page)
    assert "differs" in texts(page)


def test_using_a_model_is_for_the_next_run(qtbot, page, tmp_path):
    add(qtbot, page, write_toy_network(tmp_path / "toy.safetensors"))
    press(qtbot, page, "Use for pre-labelling")
    assert page._studio.model == "toy"
    assert not has_button(page, "Use for")


def test_removing_asks_once_and_the_bundled_model_takes_over(qtbot, page, tmp_path):
    add(qtbot, page, write_toy_network(tmp_path / "toy.safetensors"))
    press(qtbot, page, "Use for pre-labelling")
    press(qtbot, page, "Remove")
    assert "Remove toy?" in texts(page)
    assert (models_folder() / "toy.onnx").is_file()
    qtbot.keyClick(page.list, Qt.Key.Key_Escape)
    assert page.isVisible(), "Esc took the question back and not the page"
    assert "Remove toy?" not in texts(page)
    press(qtbot, page, "Remove")
    press(qtbot, page, "Remove it")
    wait_for(qtbot, lambda: settled(page) and "toy" not in names(page, Kind.MODEL))
    assert list(models_folder().iterdir()) == []
    assert page._studio.model == "yolor-n"
    assert page.details.item.name == "yolor-n"


def test_all_of_it_by_the_keyboard(qtbot, page, tmp_path):
    add(qtbot, page, write_toy_network(tmp_path / "toy.safetensors"))
    assert page.list.hasFocus()
    qtbot.keyClick(page.list, Qt.Key.Key_Return)
    assert page._studio.model == "toy"
    qtbot.keyClick(page.list, Qt.Key.Key_Up)
    wait_for(qtbot, lambda: settled(page))
    assert page.details.item.name == "yolor-n-int8"
    qtbot.keyClick(page.list, Qt.Key.Key_Down)
    qtbot.keyClick(page.list, Qt.Key.Key_Delete)
    assert "Remove toy?" in texts(page)
    wait_for(qtbot, lambda: button(page, "Keep it").hasFocus())
    qtbot.keyClick(page.window().focusWidget(), Qt.Key.Key_Return)
    assert "Remove toy?" not in texts(page)
    assert page.list.hasFocus()
    qtbot.keyClick(page.list, Qt.Key.Key_Delete)
    wait_for(qtbot, lambda: button(page, "Keep it").hasFocus())
    qtbot.keyClick(page.window().focusWidget(), Qt.Key.Key_Tab)
    assert page.window().focusWidget() is button(page, "Remove it")
    qtbot.keyClick(page.window().focusWidget(), Qt.Key.Key_Escape)
    wait_for(qtbot, lambda: button(page, "Remove").isVisible())
    qtbot.keyClick(page.list, Qt.Key.Key_Tab)
    reached = page.window().focusWidget()
    assert isinstance(reached, QPushButton)
    assert reached.text() in ("Remove", "Check again", "Use for pre-labelling")
    reached.click()
    assert page.window().focusWidget() is not None
    page.details.drop_question()
    page.list.setFocus()
    qtbot.keyClick(page.list, Qt.Key.Key_Escape)
    assert page.window().page is None


def test_a_heading_cannot_be_selected_and_every_row_has_a_name(page):
    model = page._model
    headings = [row for row in range(model.rowCount()) if model.item(row) is None]
    assert len(headings) == 1
    assert not model.flags(model.index(headings[0], 0)) & Qt.ItemFlag.ItemIsSelectable
    assert page.list.rowHeight(headings[0]) < ROW == page.list.rowHeight(0)
    spoken = [model.data(model.index(row, 0), Qt.ItemDataRole.AccessibleTextRole) for row in range(model.rowCount())]
    assert all(spoken)
    assert "yolov4-tiny, YOLOv4-tiny, COCO, 416 px, 24 MB" in spoken


# Downloading


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with serving(Shop(write_toy_network(tmp_path / "published.safetensors").read_bytes())) as shop:
        url = shop.url.replace("model.weights", "toy-net.safetensors")
        monkeypatch.setattr(releases, "RELEASES", (Release("toy-net", url, "a toy", "MIT", size=len(shop.data)),))
        monkeypatch.setattr(model_adding, "download", functools.partial(model_adding.download, local=True))
        yield shop


def test_a_published_model_is_fetched_and_becomes_a_model(qtbot, shop, page):
    select(qtbot, page, "release:toy-net")
    assert "learned at the first download" in texts(page)
    press(qtbot, page, "Download")
    wait_for(qtbot, lambda: settled(page) and "toy-net" in names(page, Kind.MODEL))
    assert page.details.item.name == "toy-net"
    assert page.details.item.report.ok
    assert names(page, Kind.RELEASE) == []


def test_a_stopped_download_keeps_what_came_and_goes_on(qtbot, shop, page):
    shop.stalls = True
    select(qtbot, page, "release:toy-net")
    press(qtbot, page, "Download")
    wait_for(qtbot, lambda: page.work.run is not None and page.work.run.progress.done == len(shop.data) // 2)
    assert "Downloading" in texts(page)
    assert not has_button(page, "Download")
    press(qtbot, page, "Cancel")
    wait_for(qtbot, lambda: settled(page))
    assert "are kept, and the same download goes on from there" in texts(page)
    assert page.details.item.figures.endswith("are here")
    shop.stalls = False
    press(qtbot, page, "Go on, ")
    wait_for(qtbot, lambda: settled(page) and "toy-net" in names(page, Kind.MODEL))
    assert shop.requests[-1]["range"] == f"bytes={len(shop.data) // 2}-"


def test_the_end_of_a_job_leaves_a_person_where_they_look(qtbot, shop, page):
    shop.stalls = True
    select(qtbot, page, "release:toy-net")
    press(qtbot, page, "Download")
    wait_for(qtbot, lambda: page.work.run is not None and page.work.run.progress.done > 0)
    assert not page.busy.isVisible()
    select_row(page, "model:yolor-n")
    wait_for(qtbot, page.busy.isVisible)
    assert page.busy.text().startswith("toy-net: ")
    qtbot.mouseClick(page.busy, Qt.MouseButton.LeftButton)
    assert page.details.item.name == "toy-net"
    select_row(page, "model:yolor-n")
    page.work.cancel()
    wait_for(qtbot, lambda: settled(page))
    assert page.details.item.name == "yolor-n"
    assert not page.busy.isVisible()


def test_what_goes_wrong_is_a_sentence_in_place(qtbot, shop, page):
    shop.status = 404
    select(qtbot, page, "release:toy-net")
    press(qtbot, page, "Download")
    wait_for(qtbot, lambda: settled(page))
    assert "has no toy-net.safetensors at this address any more" in texts(page)
    assert page.toast.text() == ""
    press(qtbot, page, "Dismiss")
    wait_for(qtbot, lambda: "any more" not in texts(page))


def test_a_download_goes_on_while_the_person_works_and_is_told(qtbot, shop, tmp_path):
    window = open_pictures(qtbot, tmp_path / "media")
    page = show(qtbot, window)
    shop.status = 404
    select(qtbot, page, "release:toy-net")
    page.download()
    window.leave_page()
    wait_for(qtbot, lambda: "any more" in window.toast.text())
    shop.status = 200
    window.toast.dismiss()
    page.download()
    window.studio.close_project()  # the page goes with its project, the download does not
    wait_for(qtbot, lambda: "toy-net is in the list" in window.toast.text())
    assert "toy-net" in names(show(qtbot, window), Kind.MODEL)


def test_closing_the_window_stops_a_download_and_keeps_the_part(qtbot, shop, page):
    shop.stalls = True
    select(qtbot, page, "release:toy-net")
    page.download()
    wait_for(qtbot, lambda: page.work.run is not None and page.work.run.progress.done > 0)
    page.window().close()
    assert not page.work.running
    assert user_folder("downloads", "toy-net.safetensors.part").stat().st_size == len(shop.data) // 2


# Texts and plots


def test_adding_from_the_menu_leads_to_the_page(qtbot, tmp_path, monkeypatch):
    window = open_window(qtbot)
    monkeypatch.setattr(asking, "model", lambda *_: write_toy_network(tmp_path / "toy.safetensors"))
    window.run_by_id("model.add")
    page = window.page
    assert isinstance(page, ModelsPage)
    wait_for(qtbot, lambda: settled(page) and "toy" in names(page, Kind.MODEL))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0148, "0.015"),
        (2.4e-5, "2 × 10⁻⁵"),
        (9.99e-7, "10 × 10⁻⁷"),
        (12.0, "12"),
        (1234.5, "1,234"),
        (3e12, "3 × 10¹²"),
    ],
)
def test_small_numbers_are_read_at_a_glance(value, text):
    assert small_number(value) == text


def sentences(path: Path) -> Iterator[str]:
    """The texts in a source file that are no docstrings, with X for what is filled in."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_sentences_of_the_command_line_are_put_in_other_words():
    found = 0
    for module in ("yolor", "detect"):
        for path in (Path(yolor_studio.__file__).parent / module).rglob("*.py"):
            for text in sentences(path):
                found += " --" in text
                assert " --" not in for_window(text), path
    assert found > 5
    taken = "Another model is named a: remove that one first with 'yolor-studio models remove a', or rename a.pt."
    assert for_window(taken) == "Another model is named a: remove that one first, or rename a.pt."


def test_a_refusal_below_a_files_name_does_not_say_it_again():
    assert short_refusal("a.pt is a web page.", "a.pt") == "is a web page."
    assert short_refusal("The names are no text.", "a.pt") == "The names are no text."


@pytest.mark.parametrize(
    ("stride", "batch", "text"),
    [
        (32, None, "416 px, multiples of 32"),
        (32, 4, "416 px, multiples of 32, 4 pictures a run"),
        (416, 1, "416 px, fixed, one picture a run"),
        (1, None, "416 px, fixed"),
    ],
)
def test_the_input_is_told_in_words(qtbot, stride, batch, text):
    host = QLabel()
    qtbot.addWidget(host)
    card = about_model(replace(find_model(None), size=416, stride=stride, batch=batch), None, host)
    qtbot.addWidget(card)
    assert text in [label.text() for label in card.findChildren(QLabel)]


def test_a_channel_of_a_prediction_is_told_by_its_anchor_and_class(qtbot, tmp_path):
    from yolor_studio.detect.library import add_model

    facts = network_facts(add_model(write_toy_network(tmp_path / "toy.safetensors")))
    assert facts is not None
    before, on = (VectorPlot(vector, ("cat", "dog"), role="ok", reach=1.0) for vector in facts.vectors)
    for plot in (before, on):
        qtbot.addWidget(plot)
    values = facts.vectors[1].values
    assert on.meaning(0) == f"anchor 8 × 8, x: {values[0]:.3f}"
    assert on.meaning(11) == f"anchor 16 × 24, objectness: {values[11]:.3f}"
    assert on.meaning(13) == f"anchor 16 × 24, dog: {values[13]:.3f}"
    assert before.meaning(3) == f"channel 3: {facts.vectors[0].values[3]:.3f}"
    tags = VectorPlot(replace(facts.vectors[0], task="tags", stride=16), ("cat", "dog"), role="ok", reach=1.0)
    qtbot.addWidget(tags)
    assert (on.place(), tags.place()) == ("stride 2", "tags, stride 16")
    assert "multiply on the prediction of stride 2: 14 values" in on.accessibleName()


def test_where_channels_are_narrower_than_a_pixel_the_farthest_is_painted():
    from PySide6.QtCore import QRectF

    values = np.zeros(1000)
    values[777] = -5.0
    bars = _bars(values, QRectF(10, 0, 100, 30))
    assert len(bars) == 100
    assert [value for _, _, value in bars if value] == [-5.0]
    assert bars[77][2] == -5.0
