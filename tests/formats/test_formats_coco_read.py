"""Whatever a file holds, reading it gives records or one sentence."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yolor_studio.core.entities import Box, Fingerprint, MediaKind
from yolor_studio.core.errors import FormatError
from yolor_studio.formats.coco_import import import_into
from yolor_studio.formats.coco_read import read
from yolor_studio.project import Project


def _read(tmp_path: Path, value: Any) -> Any:
    path = tmp_path / "set.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return read(path)


def _dataset(**annotation: Any) -> dict[str, Any]:
    whole = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], **annotation}
    return {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 10, "height": 10}],
        "annotations": [whole],
        "categories": [{"id": 1, "name": " car "}],
    }


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ({"attributes": {"occluded": "false"}}, {"occluded": False, "attributes": {}}),
        ({"attributes": {"occluded": "True", "a": [1]}}, {"occluded": True, "attributes": {"a": [1]}}),
        ({"attributes": {"track_id": 7, "keyframe": False}}, {"track": "7", "keyframe": False, "attributes": {}}),
        ({"track_id": 3, "attributes": {"track_id": 7}}, {"track": "3"}),
        ({"instance_id": 3}, {"track": "3"}),
        ({"iscrowd": 1}, {"ignore": True}),
        ({"ignore": 1}, {"ignore": True}),
        ({"iscrowd": "0"}, {"ignore": False}),
        ({"bbox": [], "segmentation": [[1, 1, 5, 2, 3, 9]]}, {"box": Box(1, 1, 4, 8)}),
        ({"area": 7}, {"area": 7.0}),
        ({"area": None}, {"area": 12.0}),
        ({"score": 1}, {"score": 1.0}),
        ({"image_id": "1"}, {"image": "1"}),
        ({"image_id": 1.0}, {"image": "1"}),
        ({"attributes": ["x"]}, {"attributes": {}}),
    ],
)
def test_what_tools_write_is_understood(tmp_path: Path, annotation: dict[str, Any], expected: dict[str, Any]) -> None:
    file = _read(tmp_path, _dataset(**annotation))
    (record,) = file.boxes
    assert {key: getattr(record, key) for key in expected} == expected
    assert file.categories[0].name == "car"


def test_values_that_json_does_not_have_cost_no_more_than_themselves(tmp_path: Path) -> None:
    text = json.dumps(_dataset(attributes={"a": float("nan"), "b": [float("inf"), 1]}))
    (record,) = _read(tmp_path, text).boxes
    assert record.attributes == {"a": None, "b": [None, 1]}
    with pytest.raises(FormatError, match="not JSON"):
        _read(tmp_path, text.replace('"a"', '"\\ud800"'))


@pytest.mark.parametrize(("digits", "kept"), [(30, 1e30), (400, None)])
def test_numbers_beyond_everything_cost_no_more_than_their_record(
    tmp_path: Path, digits: int, kept: float | None
) -> None:
    huge = 10**digits
    data = _dataset(area=huge, attributes={"a": huge})
    for odd in ({"bbox": [0, 0, huge, 2]}, {"bbox": None, "segmentation": [[0, 0, huge, 0, 1, 1]]}, {"score": huge}):
        data["annotations"].append({**data["annotations"][0], "id": len(data["annotations"]) + 1, **odd})
    file = _read(tmp_path, data)
    assert (len(file.boxes), file.problems.count) == (1, 3)
    assert file.boxes[0].attributes == {"a": kept}


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(_dataset()).encode())
    assert len(read(path).boxes) == 1


def test_annotations_without_any_box_are_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"has no usable box: of 1 annotations, 1 have no box"):
        _read(tmp_path, _dataset(bbox=None))


def test_many_problems_are_counted_and_the_first_listed(tmp_path: Path) -> None:
    data = _dataset()
    data["annotations"] += [{"id": n} for n in range(1500)]
    problems = _read(tmp_path, data).problems
    assert (problems.count, len(problems.listed)) == (1500, 1000)
    assert problems.reasons.most_common() == [("have no image or no category", 1500)]


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["1", "a.jpg", "../a.jpg", "/a.jpg", "a\0.jpg", "x" * 300, "9" * 5000, 1, [1, 2, 3, 4], {"id": 1}]),
    st.lists(st.one_of(st.integers(), st.floats(), st.none()), max_size=5),
)
RECORD = st.dictionaries(
    st.sampled_from(
        [
            "id", "image_id", "category_id", "bbox", "file_name", "name", "track_id", "score", "attributes", "iscrowd",
            "video_id", "frame_id", "width", "segmentation", "area", "supercategory", "source",
        ]
    ),
    ODD,
    max_size=8,
)  # fmt: skip
GOOD = _dataset()


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    images=st.lists(st.one_of(RECORD, st.just(GOOD["images"][0]), ODD), max_size=3),
    annotations=st.lists(st.one_of(RECORD, RECORD.map(lambda odd: {**GOOD["annotations"][0], **odd}), ODD), max_size=4),
    categories=st.lists(st.one_of(RECORD, st.just(GOOD["categories"][0]), ODD), max_size=3),
    videos=st.lists(st.one_of(RECORD, ODD), max_size=2),
)
def test_no_file_breaks_the_import(fuzzed: Project, tmp_path: Path, **lists: Any) -> None:
    path = tmp_path / "set.json"
    path.write_text(json.dumps({**lists, "info": {}}))
    with contextlib.suppress(FormatError):
        import_into(fuzzed, [read(path)])
    whole = {name: [*GOOD.get(name, []), *records] for name, records in lists.items()}
    path.write_text(json.dumps(whole))
    assert import_into(fuzzed, [read(path)]).placed >= 1


@pytest.fixture
def fuzzed(tmp_path: Path) -> Any:
    """A project with an image and a video for records to land in."""
    with Project.create(tmp_path / "work.yolor") as project:
        with project.edit("Add") as edit:
            for kind, name, frames in ((MediaKind.IMAGE, "a.jpg", 1), (MediaKind.VIDEO, "1", 5)):
                edit.add_media(
                    kind, tmp_path / name, name=name, width=10, height=10, frames=frames, fps=None,
                    fingerprint=Fingerprint(1, "a"), verified=True,
                )  # fmt: skip
        yield project
