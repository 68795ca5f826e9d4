"""The check finds what is wrong, and samples what is too much."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import Cancelled
from yolor_studio.formats.check import check_export
from yolor_studio.formats.check_child import ALL_UP_TO, check
from yolor_studio.formats.coco import Document, text
from yolor_studio.formats.snapshot import BoxColumns


def _boxes(count: int, per_image: int = 50) -> BoxColumns:
    rng = np.random.default_rng(count)
    number = np.arange(count)
    return BoxColumns(
        row=number // per_image + 1,
        box=np.column_stack((rng.random((count, 2)) * 500, rng.random((count, 2)) * 90 + 1)),
        category=number % 3 + 1,
        track=np.where(number % 2, number + 1, 0),
        ignore=number % 7 == 3,
        attributes=number % 2,
        score=np.where(number % 5, np.nan, rng.random(count)),
    )


def _document(boxes: BoxColumns, *, polygons: bool = False, name: str = "train") -> Document:
    images = [
        {"id": n, "file_name": f"{n}.jpg", "width": 600, "height": 600} for n in range(1, int(boxes.row.max()) + 1)
    ]
    return Document(
        name=name,
        info={"seed": 1},
        videos=[],
        categories=[{"id": n, "name": f"ä{n}", "supercategory": ""} for n in (1, 2, 3)],
        images=images,
        tracks=np.zeros((0, 3), np.int64),
        first_id=1,
        boxes=boxes,
        attributes=(b'{"occluded":false}', '{"occluded":true,"ort":"Köln"}'.encode()),
        polygons=polygons,
    )


def _write(folder: Path, document: Document) -> Path:
    path = folder / document.file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(text(document)))
    return path


FLOATS = st.floats(1e-6, 4000)


@settings(deadline=None)
@given(st.lists(st.tuples(FLOATS, FLOATS, FLOATS, FLOATS), min_size=1, max_size=5), st.booleans())
def test_floats_read_back_as_they_were(rows: list[tuple[float, ...]], polygons: bool) -> None:
    count = len(rows)
    boxes = _boxes(count).with_(box=np.array(rows))
    data = json.loads(b"".join(text(_document(boxes, polygons=polygons))))
    assert [tuple(one["bbox"]) for one in data["annotations"]] == rows
    assert [one["area"] for one in data["annotations"]] == [w * h for _, _, w, h in rows]
    for one, (x, y, w, h) in zip(data["annotations"], rows, strict=True):
        assert one["segmentation"] == ([[x, y, x + w, y, x + w, y + h, x, y + h]] if polygons else [])
    assert all(isinstance(one[key], int) for one in data["annotations"] for key in ("id", "image_id", "category_id"))


@pytest.mark.parametrize("polygons", [False, True])
def test_a_good_file_passes_in_every_field(tmp_path: Path, polygons: bool) -> None:
    document = _document(_boxes(200), polygons=polygons)
    _write(tmp_path, document)
    report = check_export(tmp_path, expected=[document])
    assert report.problems == ()
    assert (report.compared, report.boxes, report.ap, report.max_dets) == (4 + 3 + 200, 200, pytest.approx(1), 51)
    assert not report.sampled
    assert report.sentences()[0] == "All 207 records read back equal."


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda one: one.update(bbox=[1.0, 1.0, 2.0, 2.0], area=4.0), "bbox"),
        (lambda one: one.update(category_id=2), "category_id"),
        (lambda one: one.update(iscrowd=1), "iscrowd"),
        (lambda one: one.update(score=0.123), "score"),
        (lambda one: one.pop("track_id"), "track_id"),
        (lambda one: one.update(extra=1), "number of fields"),
        (lambda one: one.update(attributes={}), "attributes"),
        (lambda one: one.update(image_id=99), "image_id"),
    ],
)
def test_any_field_that_differs_is_named(tmp_path: Path, change: Any, named: str) -> None:
    document = _document(_boxes(60))
    path = _write(tmp_path, document)
    data = json.loads(path.read_bytes())
    change(data["annotations"][21])
    path.write_text(json.dumps(data))
    problems = check({"folder": str(tmp_path), "seed": 0, "expected": [_expected(document, tmp_path)]})["problems"]
    assert any("annotation 22" in problem and named in problem for problem in problems)


def _expected(document: Document, scratch: Path) -> dict[str, Any]:
    from yolor_studio.formats.check import _save

    return _save(document, scratch / "columns.npz")


def test_missing_images_and_files_and_broken_json_are_named(tmp_path: Path) -> None:
    document = _document(_boxes(60))
    path = _write(tmp_path, document)
    data = json.loads(path.read_bytes())
    data["images"][0]["width"] = 601
    del data["annotations"][5]
    path.write_text(json.dumps(data))
    problems = " ".join(check_export(tmp_path, expected=[document]).problems)
    assert "“images” reads back different" in problems
    assert "59 annotations read back, 60 were written" in problems
    other = _document(_boxes(60), name="val")
    assert "annotations/instances_val.json is missing." in check_export(tmp_path, expected=[other]).problems
    path.write_text('{"images": [')
    assert "does not load" in check_export(tmp_path).problems[0]
    path.write_text('{"images": [], "categories": [], "annotations": [{"id": 1}]}')
    assert "does not load" in check_export(tmp_path).problems[0]


def test_beyond_the_limit_a_seeded_sample_is_evaluated_and_said_so(tmp_path: Path) -> None:
    document = _document(_boxes(ALL_UP_TO + 500))
    _write(tmp_path, document)
    report = check_export(tmp_path, expected=[document], seed=3)
    assert report.problems == ()
    assert report.sampled
    assert ALL_UP_TO - 50 <= report.evaluated <= ALL_UP_TO
    assert f"a sample of {report.evaluated:,} of {ALL_UP_TO + 500:,} boxes" in " ".join(report.sentences())


def test_a_check_can_be_cancelled(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        check_export(tmp_path, cancel=token)
