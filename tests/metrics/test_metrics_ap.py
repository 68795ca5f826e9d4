"""Average precision against published figures and hand-made cases."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import Cancelled, FormatError
from yolor_studio.metrics import evaluate_coco


def _dataset(boxes: list[list[float]], *, crowd: bool = False) -> dict[str, Any]:
    return {
        "images": [{"id": 7}],
        "categories": [{"id": 3, "name": "car"}, {"id": 9, "name": "bus"}],
        "annotations": [
            {"id": n, "image_id": 7, "category_id": 3, "bbox": box, "iscrowd": int(crowd)}
            for n, box in enumerate(boxes, 1)
        ],
    }


def _perfect(gt: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**{k: row[k] for k in ("image_id", "category_id", "bbox")}, "score": 1.0} for row in gt["annotations"]]


def _load(path: Path) -> Any:
    return json.loads(path.read_text())


def test_the_known_answer_of_the_coco_api(shared: Path) -> None:
    folder = shared / "data/annotations/cocoapi-bbox100"
    scores = evaluate_coco(
        _load(folder / "instances_val2014_100.json"), _load(folder / "instances_val2014_fakebbox100_results.json")
    )
    figures = [scores.ap, scores.ap50, scores.ap75, scores.ap_small, scores.ap_medium, scores.ap_large]
    assert figures == pytest.approx([0.505, 0.697, 0.573, 0.586, 0.519, 0.501], abs=5e-4)
    assert scores.boxes + 9 == 839  # nine of the annotations are crowds
    assert len(scores.per_category) == 80
    assert scores.as_json()["AP50"] == scores.ap50


def test_ids_that_are_text_on_one_side_still_meet(shared: Path) -> None:
    folder = shared / "data/annotations/coco-eval-small"
    scores = evaluate_coco(_load(folder / "gt_ignore_test.json"), _load(folder / "dt_ignore_test.json"))
    assert scores.ap is not None
    assert scores.ap > 0


@pytest.mark.parametrize("boxes", [1, 100, 300])
def test_a_perfect_result_scores_one_when_the_cap_lies_above_the_boxes(boxes: int) -> None:
    gt = _dataset([[20.0 * (n % 20), 20.0 * (n // 20), 10.0, 10.0] for n in range(boxes)])
    assert evaluate_coco(gt, _perfect(gt), max_dets=boxes).ap == pytest.approx(1)


def test_the_official_cap_ruins_a_perfect_picture_of_300_boxes() -> None:
    gt = _dataset([[20.0 * (n % 20), 20.0 * (n // 20), 10.0, 10.0] for n in range(300)])
    assert evaluate_coco(gt, _perfect(gt)).ap == pytest.approx(0.34, abs=0.01)


def test_no_results_score_zero_where_there_are_boxes_and_nothing_elsewhere() -> None:
    scores = evaluate_coco(_dataset([[1, 1, 9, 9]]), [])
    assert (scores.ap, scores.ap50, scores.detections) == (0, 0, 0)
    assert scores.ap_large is None
    assert [(row.id, row.name, row.boxes, row.ap) for row in scores.per_category] == [
        (3, "car", 1, 0),
        (9, "bus", 0, None),
    ]


def test_without_ground_truth_nothing_is_measured() -> None:
    results = [{"image_id": 7, "category_id": 3, "bbox": [0, 0, 5, 5], "score": 0.5}]
    assert evaluate_coco(_dataset([]), results).ap is None
    assert evaluate_coco({"images": [], "categories": []}, []).ap is None


def test_crowds_cost_nothing() -> None:
    gt = _dataset([[0, 0, 50, 50]])
    gt["annotations"].append({"id": 2, "image_id": 7, "category_id": 3, "bbox": [100, 0, 80, 80], "iscrowd": 1})
    results = [
        *_perfect(_dataset([[0, 0, 50, 50]])),
        {"image_id": 7, "category_id": 3, "bbox": [110, 9, 9, 9], "score": 2},
    ]
    scores = evaluate_coco(gt, results)
    assert scores.ap == pytest.approx(1)
    assert scores.boxes == 1


def test_results_of_unknown_pictures_and_categories_do_not_count() -> None:
    gt = _dataset([[0, 0, 50, 50]])
    strange = [
        {"image_id": 8, "category_id": 3, "bbox": [0, 0, 1, 1], "score": 1},
        {**_perfect(gt)[0], "category_id": 77},
    ]
    scores = evaluate_coco(gt, strange + _perfect(gt))
    assert (scores.ap, scores.detections) == (pytest.approx(1), 1)


def test_records_without_a_field_are_named() -> None:
    with pytest.raises(FormatError, match="score"):
        evaluate_coco(_dataset([]), [{"image_id": 7, "category_id": 3, "bbox": [0, 0, 1, 1]}])
    with pytest.raises(FormatError, match="four numbers"):
        evaluate_coco(_dataset([[1, 2, 3]]), [])


def test_a_cancelled_measurement_ends_as_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        evaluate_coco(_dataset([[0, 0, 5, 5]]), [], cancel=token)


def test_importing_the_package_stays_light() -> None:
    code = "import sys, yolor_studio.metrics; sys.exit(bool({'pycocotools', 'cv2', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_python_files_of_the_current_folder_are_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("orjson.py", "numpy.py", "pycocotools.py"):
        (tmp_path / name).write_text("raise SystemExit('run')")
    monkeypatch.chdir(tmp_path)
    gt = _dataset([[0, 0, 50, 50]])
    assert evaluate_coco(gt, _perfect(gt)).ap == pytest.approx(1.0)
