"""Measuring models: matched names, unreadable pictures, known answers."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.class_names import match_classes
from yolor_studio.core.entities import Box, FrameState, MediaKind, Origin, Predictions
from yolor_studio.core.errors import Cancelled, FormatError, ModelError
from yolor_studio.jobs.evaluate import evaluate, measure
from yolor_studio.jobs.evaluation import Evaluation
from yolor_studio.jobs.events import ItemFailed, Notice, Result
from yolor_studio.jobs.ground_truth import truth_of_dataset, truth_of_project
from yolor_studio.media import fingerprint, open_media, save_png
from yolor_studio.project import Project

W, H = 120, 90


class _Fake:
    """Sees a bright rectangle where there is one, as class 0."""

    device = "fake"
    terminated = False

    def predict(self, rgb: NDArray[np.uint8], *, min_score: float, official: bool = False) -> Predictions:
        ys, xs = np.nonzero(rgb[..., 0] > 128)
        box = [[xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1]] if len(xs) else np.zeros((0, 4))
        count = len(box)
        classes, scores = np.full((count, 3), -1, np.int16), np.zeros((count, 3), np.float32)
        classes[:, 0], scores[:, 0] = 0, 0.9
        return Predictions(np.array(box, np.float32), classes, scores, np.full(count, -1, np.int32))

    def terminate(self) -> None:
        self.terminated = True


def _picture(box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    picture = np.zeros((H, W, 3), np.uint8)
    x, y, w, h = box
    picture[y : y + h, x : x + w] = 255
    return picture


@pytest.fixture
def dataset(tmp_path: Path) -> dict[str, Any]:
    """Three pictures with a car each, as JSON to change and write."""
    boxes = [(10, 10, 40, 30), (20, 5, 30, 30), (50, 40, 60, 45)]
    (tmp_path / "images").mkdir()
    for number, box in enumerate(boxes):
        save_png(tmp_path / f"images/{number}.png", _picture(box))
    return {
        "images": [{"id": f"a{n}", "file_name": f"{n}.png", "width": W, "height": H} for n in range(3)],
        "annotations": [
            {"id": n, "image_id": f"a{n}", "category_id": 4, "bbox": list(box)} for n, box in enumerate(boxes)
        ],
        "categories": [{"id": 4, "name": "Motor-Cycle"}, {"id": 9, "name": "zebra"}],
    }


def _measure(data: dict[str, Any], tmp_path: Path, classes: tuple[str, ...] = ("motorbike",)) -> tuple[list[Any], Any]:
    path = tmp_path / "gt.json"
    path.write_text(json.dumps(data))
    truth = truth_of_dataset(path, tmp_path / "images")
    events = list(measure(_Fake(), classes, truth, model="fake", size=64, cancel=CancelToken()))
    assert isinstance(events[-1], Result)
    return events, events[-1].value


def test_a_perfect_model_scores_one_under_matched_names(dataset: dict[str, Any], tmp_path: Path) -> None:
    events, result = _measure(dataset, tmp_path)
    assert isinstance(result, Evaluation)
    assert (result.scores.ap, result.scores.images, result.scores.boxes) == (pytest.approx(1), 3, 3)
    assert result.matched == {"Motor-Cycle": "motorbike"}
    assert result.without_class == ("zebra",)
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert notices == ["Names were matched: motorbike is Motor-Cycle."]
    assert json.loads(json.dumps(result.as_json()))["AP50"] == pytest.approx(1)
    assert any("Motor-Cycle" in line for line in result.lines())


def test_the_json_says_what_the_guide_lists(dataset: dict[str, Any], tmp_path: Path) -> None:
    _, result = _measure(dataset, tmp_path)
    data = json.loads(json.dumps(result.as_json()))
    assert data["threshold"] == {
        "score": pytest.approx(0.9), "precision": 1.0, "recall": 1.0, "f1": 1.0, "right": 3, "wrong": 0, "missed": 0,
    }  # fmt: skip
    assert data["confusion"]["labels"] == ["Motor-Cycle", "zebra", "background"]
    assert data["confusion"]["matrix"] == [[3, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert (data["max_dets"], data["at_100"]["AP"]) == (300, pytest.approx(1))
    row = data["per_category"][0]
    assert (row["boxes"], row["recall"], row["precision"]) == (3, 1, 1)
    assert row["threshold"]["score"] == pytest.approx(0.9)
    assert data["per_category"][1]["threshold"] is None
    curves = data["curves"]
    assert [each["name"] for each in curves["per_category"]] == ["Motor-Cycle"]
    assert {len(curves["all"][name]) for name in ("precision_over_recall", "precision", "recall", "f1")} == {101}
    guide = (Path(__file__).resolve().parents[2] / "docs" / "guide.md").read_text("utf-8")
    keys = {*data, *data["threshold"], *row, *data["confusion"], *curves, *curves["all"]}
    assert sorted(key for key in keys if f"`{key}`" not in guide) == []


def test_a_person_gets_the_table_the_limit_a_plot_and_the_confusions(dataset: dict[str, Any], tmp_path: Path) -> None:
    _, result = _measure(dataset, tmp_path)
    text = "\n".join(result.lines())
    assert "Score limit 0.90 is best (F1 1.00): precision 1.00, recall 1.00; 3 right, 0 wrong, 0 missed." in text
    assert " 1.0 |" + "█" * 51 in text
    head = result.lines().index("Confusions at this limit: rows are the truth, columns the model")
    assert [line.split()[0] for line in result.lines()[head + 2 :]] == ["Motor-Cycle", "nothing"], "no zebra occurs"
    assert max(map(len, result.lines())) <= 100


def test_many_categories_are_told_by_their_worst_confusions(dataset: dict[str, Any], tmp_path: Path) -> None:
    dataset["categories"] += [{"id": 20 + n, "name": f"kind {n}"} for n in range(15)]
    dataset["annotations"] += [
        {"id": 50 + n, "image_id": "a0", "category_id": 20 + n % 15, "bbox": [100, 80, 5, 5]} for n in range(16)
    ]
    _, result = _measure(dataset, tmp_path)
    assert "       2 kind 0 missed" in result.lines()


def test_a_model_that_finds_nothing_has_no_limit_to_choose(dataset: dict[str, Any], tmp_path: Path) -> None:
    for row in dataset["annotations"]:
        row["bbox"] = [0, 0, 2, 2]
    _, result = _measure(dataset, tmp_path)
    assert result.as_json()["threshold"] is None
    assert any("no score limit to choose" in line for line in result.lines())


def test_more_detections_count_where_a_picture_has_more_boxes(dataset: dict[str, Any], tmp_path: Path) -> None:
    dataset["annotations"] += [
        {"id": 50 + n, "image_id": "a0", "category_id": 4, "bbox": [n % 60, n // 60, 5, 5]} for n in range(400)
    ]
    _, result = _measure(dataset, tmp_path)
    assert result.scores.max_dets == 401
    assert any("Up to 401 detections" in line for line in result.lines())


def test_each_picture_can_be_read_again(dataset: dict[str, Any], tmp_path: Path) -> None:
    dataset["images"].append({"id": "out", "file_name": "../gt.json"})
    _, result = _measure(dataset, tmp_path)
    assert result.truth.read(1).shape == (H, W, 3)
    assert "leaves the folder" in result.truth.read(4)
    assert result.truth.files[0] == tmp_path / "images/0.png"
    assert result.truth.places == ()


def test_categories_without_a_class_score_nothing_and_are_told(dataset: dict[str, Any], tmp_path: Path) -> None:
    dataset["annotations"].append({"id": 7, "image_id": "a0", "category_id": 9, "bbox": [60, 60, 20, 20]})
    events, result = _measure(dataset, tmp_path)
    assert result.scores.ap == pytest.approx(0.5)
    assert any(isinstance(event, Notice) and "no class for zebra" in event.text for event in events)


def test_ignored_boxes_cost_nothing(dataset: dict[str, Any], tmp_path: Path) -> None:
    dataset["annotations"].append({"id": 7, "image_id": "a0", "category_id": 4, "bbox": [60, 60, 20, 20], "ignore": 1})
    _, result = _measure(dataset, tmp_path)
    assert (result.scores.ap, result.scores.boxes) == (pytest.approx(1), 3)


def test_pictures_that_cannot_be_read_are_named_and_do_not_count(dataset: dict[str, Any], tmp_path: Path) -> None:
    save_png(tmp_path / "images/1.png", np.zeros((5, 5, 3), np.uint8))
    dataset["images"] += [{"id": "gone", "file_name": "gone.png"}, {"id": "out", "file_name": "../gt.json"}]
    events, result = _measure(dataset, tmp_path)
    failed = {event.what: event.why for event in events if isinstance(event, ItemFailed)}
    assert set(failed) == {"1.png", "gone.png", "../gt.json"}
    assert "5 x 5" in failed["1.png"]
    assert "leaves the folder" in failed["../gt.json"]
    assert (result.failed, result.scores.images, result.scores.ap) == (3, 2, pytest.approx(1))


def test_nothing_in_common_and_nothing_to_read_are_sentences(dataset: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="toaster"):
        _measure(dataset, tmp_path, ("toaster",))
    dataset["images"] = [{"id": "a0", "file_name": "gone.png"}]
    with pytest.raises(FormatError, match="No picture"):
        _measure(dataset, tmp_path)
    dataset["images"] = []
    with pytest.raises(FormatError, match="no pictures"):
        _measure(dataset, tmp_path)


def test_cancelling_ends_the_run_and_the_reading_thread(dataset: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "gt.json"
    path.write_text(json.dumps(dataset))
    token, fake = CancelToken(), _Fake()
    truth = truth_of_dataset(path, tmp_path / "images")
    job = measure(fake, ("motorbike",), truth, model="fake", size=64, cancel=token)
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        list(job)
    assert fake.terminated
    assert not [thread for thread in threading.enumerate() if thread.name == "reading ahead"]


def test_a_project_is_ground_truth_too(tmp_path: Path) -> None:
    box = (10, 10, 40, 30)
    save_png(tmp_path / "a.png", _picture(box))
    with Project.create(tmp_path / "work.yolor") as project:
        with project.edit("Label") as edit:
            media = edit.add_media(
                MediaKind.IMAGE, tmp_path / "a.png", name="a.png", width=W, height=H, frames=1, fps=None,
                fingerprint=fingerprint(tmp_path / "a.png"), verified=True,
            )  # fmt: skip
            edit.add_object(media, edit.add_category("car"), 0, Box(*box))
        with pytest.raises(FormatError, match="reviewed"):
            truth_of_project(project)
        project.review(media, [0], FrameState.REVIEWED)
        truth = truth_of_project(project)
        *_, last = measure(_Fake(), ("car",), truth, model="fake", size=64, cancel=CancelToken())
        assert isinstance(last, Result)
        assert last.value.scores.ap == pytest.approx(1)
        assert truth.places == ((media, 0),)
        picture = truth.read(1)
        assert isinstance(picture, np.ndarray)
        assert picture.shape == (H, W, 3)


def test_boxes_that_a_model_made_are_told_to_flatter_it(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png", _picture((10, 10, 40, 30)))
    with Project.create(tmp_path / "work.yolor") as project:
        with project.edit("Label") as edit:
            media = edit.add_media(
                MediaKind.IMAGE, tmp_path / "a.png", name="a.png", width=W, height=H, frames=1, fps=None,
                fingerprint=fingerprint(tmp_path / "a.png"), verified=True,
            )  # fmt: skip
            car = edit.add_category("car")
            edit.add_object(media, car, 0, Box(10, 10, 40, 30), origin=Origin.MODEL)
            edit.add_object(media, car, 0, Box(60, 40, 20, 20))
        project.review(media, [0], FrameState.REVIEWED)
        truth = truth_of_project(project)
        assert truth.accepted == 1
        events = list(measure(_Fake(), ("car",), truth, model="fake", size=64, cancel=CancelToken()))
    told = [event.text for event in events if isinstance(event, Notice)]
    assert told == ["1 of 2 boxes are a model's own, accepted as they were: they flatter the figures of that model."]


def test_class_names_of_voc_and_coco_meet() -> None:
    categories = {1: "person", 2: "Motorcycle", 3: "dining table", 4: "TV", 5: "airplane", 6: "sofa", 7: "Fire_Hydrant"}
    classes = [
        "aeroplane",
        "couch",
        "diningtable",
        "motorbike",
        "pedestrian",
        "person",
        "tvmonitor",
        "fire hydrant",
        "cup",
    ]
    assert match_classes(classes, categories) == {0: 5, 1: 6, 2: 3, 3: 2, 5: 1, 6: 4, 7: 7}
    assert match_classes(["pedestrian"], {1: "person"}) == {0: 1}
    assert match_classes(["a"], {}) == {}


@pytest.fixture
def stadtmitte(shared: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The ground truth of TUD-Stadtmitte as a COCO file, and its frames as pictures."""
    folder = shared / "data/datasets/mot-tud-stadtmitte"
    images = tmp_path / "images"
    images.mkdir()
    with open_media(folder / "tud-stadtmitte.mp4") as source:
        for index, picture in source.frames(range(179)):
            cv2.imwrite(str(images / f"{index}.png"), picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 0])
    rows = np.loadtxt(folder / "gt/gt.txt", delimiter=",")
    data = {
        "images": [{"id": n + 1, "file_name": f"{n}.png", "width": 640, "height": 480} for n in range(179)],
        "annotations": [
            {"id": n, "image_id": int(row[0]), "category_id": 1, "bbox": row[2:6].tolist()}
            for n, row in enumerate(rows, 1)
        ],
        "categories": [{"id": 1, "name": "pedestrian"}],
    }
    path = tmp_path / "gt.json"
    path.write_text(json.dumps(data))
    return path, images


def test_persons_on_stadtmitte(stadtmitte: tuple[Path, Path], shared: Path) -> None:
    from yolor_studio.detect.library import add_model

    folder = shared / "data/weights/darknet-yolo-fastest-1.1-xl"
    add_model(
        folder / "yolo-fastest-1.1-xl.weights", cfg=folder / "yolo-fastest-1.1-xl.cfg", names=folder / "coco.names"
    )
    *_, last = evaluate(*stadtmitte, model="yolo-fastest-1.1-xl", size=416, device="cpu")
    assert isinstance(last, Result)
    scores = last.value.scores
    assert (scores.images, scores.boxes) == (179, 1156)
    assert scores.ap50 is not None
    assert scores.ap50 >= 0.84
