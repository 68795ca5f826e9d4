"""Measuring and labelling by YOLOR's own rules, as jobs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from foreign_models import write_export, write_means

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import MediaKind
from yolor_studio.detect.library import add_model
from yolor_studio.jobs.evaluate import Evaluation, evaluate
from yolor_studio.jobs.events import Job, Result
from yolor_studio.jobs.prelabel import PrelabelRequest, prelabel
from yolor_studio.media import fingerprint, save_png
from yolor_studio.project import Project


def result(job: Job) -> Any:
    *_, last = job
    assert isinstance(last, Result)
    return last.value


def dataset(tmp_path: Path, size: tuple[int, int], boxes: list[list[float]], *, told: bool = True) -> Path:
    """One white picture `a.png` of a COCO file whose boxes are all of the category "class 0"."""
    (tmp_path / "images").mkdir(exist_ok=True)
    save_png(tmp_path / "images/a.png", np.full((size[1], size[0], 3), 255, np.uint8))
    picture = {"id": 1, "file_name": "a.png"} | ({"width": size[0], "height": size[1]} if told else {})
    data = {
        "images": [picture],
        "annotations": [{"id": n, "image_id": 1, "category_id": 1, "bbox": box} for n, box in enumerate(boxes, 1)],
        "categories": [{"id": 1, "name": "class 0"}],
    }
    path = tmp_path / "gt.json"
    path.write_text(json.dumps(data))
    return path


@pytest.mark.parametrize("told", [True, False])
def test_official_measuring_uses_the_rectangles_of_test_py(tmp_path: Path, told: bool):
    # 128 x 64 at 64: scaled to 64 x 32 in an input of 128 x 64, at 32, 16. The box at 32..64, 16..32 of the input is
    # 0..64, 0..32 of the picture; the way of our own letterbox puts it at 64..128, 32..64.
    file = write_means(tmp_path / "m.onnx", image=["N", 3, "H", "W"], per_cell=3, objectness=True, box=(48, 24, 32, 16))
    name = add_model(file).name
    data = dataset(tmp_path, (128, 64), [[0, 0, 64, 32]], told=told)
    official: Evaluation = result(evaluate(data, tmp_path / "images", model=name, size=64, device="cpu", official=True))
    ours: Evaluation = result(evaluate(data, tmp_path / "images", model=name, size=64, device="cpu"))
    assert official.scores.ap == pytest.approx(1)
    assert ours.scores.ap == pytest.approx(0)


def test_official_measuring_counts_a_hundred_detections_of_a_picture(tmp_path: Path):
    places = [(x, y) for y in range(8, 320, 26) for x in range(8, 320, 26)][:120]
    rows = np.zeros((1, 3 * (40 * 40 + 20 * 20 + 10 * 10), 6), np.float32)
    for row, (x, y) in enumerate(places):
        rows[0, row] = (x, y, 10, 10, 0.9 - row / 1000, 1)
    file = write_export(tmp_path / "m.onnx", {"output": rows}, image=[1, 3, 320, 320])
    name = add_model(file).name
    data = dataset(tmp_path, (320, 320), [[x - 5, y - 5, 10, 10] for x, y in places])
    official: Evaluation = result(evaluate(data, tmp_path / "images", model=name, device="cpu", official=True))
    ours: Evaluation = result(evaluate(data, tmp_path / "images", model=name, device="cpu"))
    assert ours.scores.ap == pytest.approx(1)
    # 100 of 120 found: the recall levels 0 to .83 of the 101 have precision 1.
    assert official.scores.ap == pytest.approx(84 / 101)


def test_a_real_yolox_has_its_known_figures_on_tud_campus(shared: Path, tmp_path: Path):
    data = shared / "data"
    names = data / "weights/darknet-yolo-fastest-1.1/coco.names"
    model = add_model(data / "weights/onnx-yolox-nano/yolox_nano.onnx", names=names).name
    folder = data / "datasets/mot-tud-campus"
    rows = np.loadtxt(folder / "gt/gt.txt", delimiter=",")
    files = sorted((folder / "img1").iterdir())
    truth = {
        "images": [{"id": n, "file_name": f.name, "width": 640, "height": 480} for n, f in enumerate(files, 1)],
        "annotations": [
            {"id": n, "image_id": int(row[0]), "category_id": 1, "bbox": row[2:6].tolist()}
            for n, row in enumerate(rows, 1)
        ],
        "categories": [{"id": 1, "name": "person"}],
    }
    (tmp_path / "gt.json").write_text(json.dumps(truth))
    seen: Evaluation = result(evaluate(tmp_path / "gt.json", folder / "img1", model=model, device="cpu"))
    assert (seen.scores.images, seen.scores.boxes) == (71, 359)
    assert seen.scores.ap == pytest.approx(0.316, abs=0.003)
    assert seen.scores.ap50 == pytest.approx(0.753, abs=0.003)


def test_official_labelling_rounds_and_gives_every_class(tmp_path: Path):
    file = write_means(
        tmp_path / "m.onnx", image=["N", 3, "H", "W"], per_cell=3, objectness=True, box=(20.3, 24.2, 16, 16)
    )
    name = add_model(file).name
    save_png(tmp_path / "a.png", np.full((48, 64, 3), 255, np.uint8))
    with Project.create(tmp_path / "p.yolor") as project:
        with project.edit("Add") as edit:
            media = edit.add_media(
                MediaKind.IMAGE, tmp_path / "a.png", name="a.png", width=64, height=48, frames=1, fps=None,
                fingerprint=fingerprint(tmp_path / "a.png"), verified=True,
            )  # fmt: skip
        ours = result(prelabel(project, PrelabelRequest(model=name, size=64, device="cpu"), CancelToken()))
        request = PrelabelRequest(model=name, size=64, device="cpu", official=True, min_score=0.4)
        official = result(prelabel(project, request, CancelToken()))
        assert official.layer_id != ours.layer_id, "another run, and no continuation of it"
        plain, rounded = (project.predictions(run.layer_id, media, 0) for run in (ours, official))
    assert plain is not None
    assert rounded is not None
    # Ours: the input is 64 x 64 with 8 px above and below. The official one has the same border here.
    np.testing.assert_allclose(plain.boxes, [[12.3, 8.2, 16, 16]], atol=1e-4)
    np.testing.assert_array_equal(rounded.boxes, [[12, 8, 16, 16]] * 3)
    assert rounded.classes[:, 0].tolist() == [0, 1, 2]
