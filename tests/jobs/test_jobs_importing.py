"""COCO files of ours and of other tools come in, and what cannot is named."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Box, Fingerprint, MediaKind, Origin
from yolor_studio.core.errors import Cancelled, FormatError, UsageError
from yolor_studio.formats import coco
from yolor_studio.formats.coco_import import ImportReport
from yolor_studio.formats.coco_read import read
from yolor_studio.formats.plan import ExportRequest, plan_export
from yolor_studio.jobs.events import ItemFailed, Result
from yolor_studio.jobs.importing import import_dataset
from yolor_studio.jobs.opening import opener
from yolor_studio.project import Project

W, H = 100, 80


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "work.yolor") as opened:
        yield opened


def _image(project: Project, path: Path, *, size: tuple[int, int] = (W, H)) -> int:
    return _media(project, path, MediaKind.IMAGE, 1, size=size)


def _images(project: Project, folder: Path, pictures: Sequence[tuple[str, int, int]]) -> None:
    with project.edit("Add") as edit:
        for file_name, width, height in pictures:
            path = folder / file_name.replace("\\", "/")
            edit.add_media(
                MediaKind.IMAGE, path, name=path.name, width=width, height=height, frames=1, fps=None,
                fingerprint=Fingerprint(1, "a"), verified=True,
            )  # fmt: skip


def _media(
    project: Project,
    path: Path,
    kind: MediaKind,
    frames: int,
    *,
    size: tuple[int, int] = (W, H),
    files: Sequence[str] = (),
) -> int:
    with project.edit("Add") as edit:
        return edit.add_media(
            kind, path, name=path.name, width=size[0], height=size[1], frames=frames,
            fps=None if kind is MediaKind.IMAGE else 25.0, fingerprint=Fingerprint(1, "a"), verified=True, files=files,
        )  # fmt: skip


def _import(project: Project, *paths: Path, **options: Any) -> ImportReport:
    last = list(import_dataset(project, paths, **options))[-1]
    assert isinstance(last, Result)
    return last.value


def _file(path: Path, **lists: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(lists))
    return path


def _annotation(number: int, image: Any, bbox: Any, **more: Any) -> dict[str, Any]:
    return {"id": number, "image_id": image, "category_id": 7, "bbox": bbox, **more}


CATEGORIES = [{"id": 7, "name": "car", "supercategory": "vehicle"}]


def test_a_plain_dataset_comes_in_with_its_category_ids(project: Project, tmp_path: Path) -> None:
    media = _image(project, tmp_path / "pics/a.jpg")
    file = _file(
        tmp_path / "set.json",
        images=[{"id": 5, "file_name": "pics/a.jpg", "width": W, "height": H}],
        annotations=[
            _annotation(1, 5, [1.5, 2, 10, 20], attributes={"colour": "red", "occluded": "true"}),
            _annotation(2, 5, [90, 70, 20, 20], iscrowd=1),
        ],
        categories=[*CATEGORIES, {"id": 9, "name": "unused"}],
    )
    report = _import(project, file)
    assert [(one.id, one.name, one.supercategory) for one in project.categories()] == [
        (7, "car", "vehicle"),
        (9, "unused", ""),
    ]
    first, second = project.boxes_at(media, 0)
    assert (first.box, first.occluded, first.origin) == (Box(1.5, 2, 10, 20), True, Origin.IMPORT)
    assert first.object.attributes == {"colour": "red"}
    assert (second.box, second.object.ignore) == (Box(90, 70, 10, 10), True)
    assert (report.boxes, report.clipped, report.problems.count) == (2, 1, 0)
    assert project.undo_name() == "Import set.json"
    project.undo()
    assert project.boxes_at(media, 0) == []


def test_the_same_file_twice_adds_nothing(project: Project, tmp_path: Path) -> None:
    media = _image(project, tmp_path / "a.jpg")
    file = _file(
        tmp_path / "set.json",
        images=[{"id": 1, "file_name": "a.jpg"}],
        annotations=[_annotation(1, 1, [95.5, 2, 10, 20])],
        categories=CATEGORIES,
    )
    _import(project, file)
    report = _import(project, file)
    assert (report.boxes, report.already_there) == (0, 1)
    assert len(project.boxes_at(media, 0)) == 1


def test_bad_records_are_named_and_the_rest_comes_in(project: Project, tmp_path: Path) -> None:
    media = _image(project, tmp_path / "a.jpg")
    text = json.dumps(
        {
            "images": [
                {"id": 1, "file_name": "a.jpg"},
                {"id": 1, "file_name": "b.jpg"},
                {"id": 2, "file_name": "nowhere.jpg"},
                {"id": 3, "file_name": "../a.jpg"},
                {"id": 4, "file_name": "/etc/passwd"},
                {"id": 6, "file_name": "C:\\a.jpg"},
                {"id": None},
                "image",
            ],
            "annotations": [
                _annotation(1, 1, [1, 1, 5, 5]),
                _annotation(1, 1, [1, 1, 5, 5]),  # 1: the same again
                _annotation(2, 1, [float("nan"), 1, 5, 5]),
                _annotation(3, 1, [1, 1, -5, 5]),
                _annotation(4, 1, [1, 1, 0, 5]),
                _annotation(5, 1, [200, 1, 5, 5]),  # 5: outside
                _annotation(6, 1, ["1", 1, 5, 5]),
                _annotation(7, 1, [1, 1, 5]),
                _annotation(8, 99, [1, 1, 5, 5]),  # 8: no such image
                {**_annotation(9, 1, [1, 1, 5, 5]), "category_id": 8},
                _annotation(10, 2, [1, 1, 5, 5]),  # 10: its picture is not in the project
                {"id": 11},
                7,
                _annotation(12, "1", [30, 30, 5.5, 5]),  # 13: good, with an id as text
            ],
            "categories": [*CATEGORIES, {"id": 7, "name": "bus"}, {"id": 8}, {"name": "x"}],
        }
    )
    file = tmp_path / "set.json"
    file.write_text(text)
    events = list(import_dataset(project, [file]))
    report = events[-1].value
    failed = {event.what.removesuffix(" in set.json"): event.why for event in events if isinstance(event, ItemFailed)}
    assert [one.box for one in project.boxes_at(media, 0)] == [Box(1, 1, 5, 5), Box(30, 30, 5.5, 5)]
    assert {name for name in failed if name.startswith("annotations")} == {f"annotations[{n}]" for n in range(1, 13)}
    assert {name for name in failed if name.startswith("images")} == {f"images[{n}]" for n in range(1, 8)}
    assert {name for name in failed if name.startswith("categories")} == {f"categories[{n}]" for n in (1, 2, 3)}
    assert "finite" in failed["annotations[2]"]
    assert "without area" in failed["annotations[3]"]
    assert "outside" in failed["annotations[5]"]
    assert all("leaves the folder" in failed[f"images[{n}]"] for n in (3, 4, 5))
    assert report.problems.count == len(failed)
    assert json.dumps(report.as_json())


def test_names_match_when_paths_do_not_and_doubles_are_not_guessed(project: Project, tmp_path: Path) -> None:
    first, second = _image(project, tmp_path / "a/x.jpg"), _image(project, tmp_path / "b/x.jpg")
    single = _image(project, tmp_path / "b/Single.JPG")
    file = _file(
        tmp_path / "elsewhere/set.json",
        images=[
            {"id": 1, "file_name": "x.jpg"},
            {"id": 2, "file_name": "deep/b/x.jpg"},
            {"id": 3, "file_name": "b\\x.jpg"},
            {"id": 4, "file_name": "any/single.jpg"},
        ],
        annotations=[_annotation(n, n, [n, n, 10, 10]) for n in (1, 2, 3, 4)],
        categories=CATEGORIES,
    )
    report = _import(project, file)
    assert project.boxes_at(first, 0) == []
    assert [one.box.x for one in project.boxes_at(second, 0)] == [3]
    assert [one.box.x for one in project.boxes_at(single, 0)] == [4]
    assert [record for record, _ in report.problems.listed if "images" in record] == [
        "images[0] in set.json",
        "images[1] in set.json",
    ]


def test_names_in_use_find_their_category_and_taken_ids_give_way(project: Project, tmp_path: Path) -> None:
    with project.edit("Add") as edit:
        edit.add_category("bus", id=7)
        edit.add_category("Traffic  Light", id=3)
    media = _image(project, tmp_path / "a.jpg")
    file = _file(
        tmp_path / "set.json",
        images=[{"id": 1, "file_name": "a.jpg"}],
        annotations=[_annotation(1, 1, [1, 1, 5, 5]), {**_annotation(2, 1, [9, 9, 5, 5]), "category_id": 0}],
        categories=[*CATEGORIES, {"id": 0, "name": "traffic light"}],
    )
    report = _import(project, file)
    assert report.categories_added == ("car",)
    ids = [one.object.category_id for one in project.boxes_at(media, 0)]
    assert ids[0] not in (3, 7)
    assert ids[1] == 3


def test_tracks_of_other_tools_become_objects(project: Project, tmp_path: Path, shared: Path) -> None:
    media = _media(project, tmp_path / "tennis.mp4", MediaKind.VIDEO, 541, size=(1280, 720))
    report = _import(project, shared / "data/annotations/cvat-coco/tennis_tracks_instances_default.json")
    assert (report.placed, report.boxes, report.problems.count) == (541, 1082, 0)
    assert report.objects < 10
    assert len(project.boxes_at(media, 540)) == 2
    assert len(project.box_table(media)) == 1082


def test_frames_beyond_the_video_are_named(project: Project, tmp_path: Path, shared: Path) -> None:
    _media(project, tmp_path / "tennis.mp4", MediaKind.VIDEO, 500, size=(1280, 720))
    report = _import(project, shared / "data/annotations/cvat-coco/tennis_tracks_instances_default.json")
    assert (report.placed, report.boxes, report.problems.count) == (500, 1000, 41 + 82)


def test_scored_records_are_no_objects_but_a_layer(project: Project, tmp_path: Path) -> None:
    media, empty = _image(project, tmp_path / "a.jpg"), _image(project, tmp_path / "b.jpg")
    dataset = _file(
        tmp_path / "set.json",
        images=[{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
        annotations=[_annotation(1, 1, [1, 1, 5, 5])],
        categories=CATEGORIES,
    )
    results = tmp_path / "net.json"
    results.write_text(
        json.dumps(
            [
                {"image_id": 1, "category_id": 7, "bbox": [20, 20, 30, 30], "score": 0.4},
                {"image_id": 1, "category_id": 7, "bbox": [1, 1, 5, 5], "score": 0.9},
                {"image_id": 1, "category_id": 7, "bbox": [1, 1, 5, 5], "score": 7},
            ]
        )
    )
    with pytest.raises(FormatError, match="Name the one dataset file"):
        _import(project, results, predictions=True)
    report = _import(project, results, dataset, predictions=True)
    assert (report.predictions, report.boxes, report.problems.count) == (2, 0, 1)
    layer = project.shown_layer()
    assert layer is not None
    assert (layer.model, layer.class_names, [layer.id]) == ("net", ("car",), list(report.layers))
    found = project.predictions(layer.id, media, 0)
    assert found is not None
    assert found.scores[:, 0].tolist() == pytest.approx([0.9, 0.4])
    nothing = project.predictions(layer.id, empty, 0)
    assert nothing is not None
    assert len(nothing) == 0
    assert _import(project, results, dataset, predictions=True).layers == report.layers
    plain = _import(project, results, dataset)
    assert (plain.boxes, plain.predictions) == (1, 0)
    assert any("with a score were left out" in sentence for sentence in plain.notices)


def test_a_cancelled_import_changes_nothing(project: Project, tmp_path: Path) -> None:
    media = _image(project, tmp_path / "a.jpg")
    file = _file(
        tmp_path / "set.json",
        images=[{"id": 1, "file_name": "a.jpg"}],
        annotations=[_annotation(n, 1, [n, 1, 5, 5]) for n in range(1, 50)],
        categories=CATEGORIES,
    )
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        list(import_dataset(project, [file], token))
    assert project.boxes_at(media, 0) == []
    assert project.categories() == []


def test_folders_mean_the_files_in_them(project: Project, tmp_path: Path) -> None:
    _image(project, tmp_path / "set/images/a.jpg")
    _file(
        tmp_path / "set/annotations/instances_train.json",
        images=[{"id": 1, "file_name": "a.jpg"}],
        annotations=[_annotation(1, 1, [1, 1, 5, 5])],
        categories=CATEGORIES,
    )
    assert _import(project, tmp_path / "set").boxes == 1
    (tmp_path / "bare").mkdir()
    with pytest.raises(FormatError, match="no annotation file"):
        _import(project, tmp_path / "bare")
    with pytest.raises(UsageError, match="yolo"):
        _import(project, tmp_path / "set", format="yolo")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b'{"images": [\n1, 2', "line 2"),
        (b'{"it is": [{"a": 0}]}', "it is"),
        (b'{"images": 3}', "images"),
        (b"3", "int"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
    ],
)
def test_files_that_are_no_dataset_are_told_in_a_sentence(
    project: Project, tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "set.json"
    file.write_bytes(content)
    with pytest.raises(FormatError, match=sentence):
        _import(project, file)
    with pytest.raises(FormatError, match="cannot be read"):
        _import(project, tmp_path / "absent.json")


def _real_files(shared: Path) -> list[Path]:
    folder = shared / "data/annotations"
    groups = (
        "cvat-coco", "roboflow", "x-anylabeling/annotations", "metrics100-eight-formats/gts/coco_format_v1",
        "metrics100-eight-formats/gts/coco_format_v2", "metrics100-eight-formats/dets/coco_format",
        "coco-cvat-import-pass-fail", "datumaro-fixtures/coco_dataset", "labelformat-fixtures",
        "labelme/instance_segmentation/data_dataset_coco", "coco-eval-small", "cocoapi-bbox100",
    )  # fmt: skip
    return [path for group in groups for path in sorted((folder / group).rglob("*.json"))]


def test_every_real_file_comes_in_or_is_told_in_one_sentence(project: Project, shared: Path) -> None:
    files, told = [], []
    for path in _real_files(shared):
        try:
            files.append(read(path))
        except FormatError as error:
            told.append(str(error))
    pictures = {
        file.path.parent / image.file_name: (image.width or W, image.height or H)
        for file in files
        for image in file.images
    }
    _images(project, shared, [(str(path), *size) for path, size in pictures.items()])
    datasets = [file for file in files if not file.results]
    for file in datasets:
        report = _import(project, file.path, predictions=any(box.score is not None for box in file.boxes))
        assert report.placed == report.images, file.path
        accounted = report.boxes + report.predictions + report.problems.count + report.already_there
        assert accounted >= len(file.boxes), file.path
    assert len(datasets) >= 35
    assert all("\n" not in sentence and len(sentence) < 300 for sentence in told)


def test_the_two_coco_files_of_the_same_pictures_agree(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/annotations/metrics100-eight-formats/gts"
    found = []
    for name in ("coco_format_v1/instances_default.json", "coco_format_v2/instances_v2.json"):
        data = json.loads((folder / name).read_text())
        with Project.create(tmp_path / f"{Path(name).stem}.yolor") as project:
            _images(project, tmp_path, [(one["file_name"], one["width"], one["height"]) for one in data["images"]])
            _import(project, folder / name)
            names = {one.id: one.name for one in project.categories()}
            found.append(
                sorted(
                    (media.name, names[one.object.category_id], *(round(side) for side in one.box))
                    for media in project.media()
                    for one in project.boxes_at(media.id, 0)
                )
            )
    assert len(found[0]) > 200
    assert found[0] == found[1]


SIDES = st.floats(1, 40, width=32)
TRACKS = st.lists(
    st.tuples(
        st.integers(0, 19),  # first frame
        st.lists(st.tuples(st.floats(0, 60), st.floats(0, 40), SIDES, SIDES, st.booleans()), min_size=1, max_size=4),
        st.integers(1, 3),  # category
        st.booleans(),  # ignore
        st.sampled_from([{}, {"colour": "red"}, {"tags": ["a", 1]}]),
    ),
    max_size=5,
)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tracks=TRACKS, stills=st.lists(st.tuples(st.floats(0, 60), st.floats(0, 40), SIDES, SIDES), max_size=4))
def test_what_goes_out_comes_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, tracks: list[Any], stills: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("round")
    with Project.create(folder / "a.yolor") as first, Project.create(folder / "b.yolor") as second:
        for project in (first, second):
            _media(project, folder / "clip.mp4", MediaKind.VIDEO, 40)
            _image(project, folder / "x/still.png")
            _image(project, folder / "y/still.jpg")
        with first.edit("Label") as edit:
            for name in ("car", "Car", "größe"):
                edit.add_category(name)
            for start, boxes, category, ignore, attributes in tracks:
                thing = None
                for step, (x, y, w, h, occluded) in enumerate(boxes):
                    frame, more = start + 3 * step, {"occluded": occluded, "interpolate": step < len(boxes) - 1}
                    if thing is None:
                        thing = edit.add_object(
                            1, category, frame, Box(x, y, w, h), ignore=ignore, attributes=attributes, **more
                        )
                    else:
                        edit.set_keyframe(thing, frame, Box(x, y, w, h), **more)
            for number, still in enumerate(stills):
                edit.add_object(2 + number % 2, 1 + number % 3, 0, Box(*still))
        if not tracks and not stills:
            return
        plan = plan_export(first, ExportRequest(include=frozenset({"all"}), images="none"))
        coco.write(plan, folder, open_source=opener(first), cancel=CancelToken(), progress=lambda _: None)
        _import(second, folder / "annotations")
        assert [(one.id, one.name) for one in second.categories()] == [(1, "car"), (2, "Car"), (3, "größe")]
        for media in (1, 2, 3):
            assert _content(second, media) == _content(first, media)
        counts = [sum(len(project.keyframes(one.id)) for one in project.objects(1)) for project in (first, second)]
        assert counts[1] == counts[0]


def _content(project: Project, media: int) -> list[Any]:
    moving = media == 1
    return sorted(
        (
            (
                frame,
                one.object.track_id if moving else 0,
                one.object.category_id,
                tuple(round(side, 6) for side in one.box),
                one.occluded,
                one.keyframe,
                one.object.ignore,
                json.dumps(one.object.attributes, sort_keys=True),
            )
            for frame, boxes in project.iter_boxes(media)
            for one in boxes
        )
    )


def test_a_project_without_media_takes_the_pictures_of_the_dataset(project: Project, tmp_path: Path) -> None:
    (tmp_path / "set/images").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "set/images/a.png"), np.zeros((H, W, 3), np.uint8))
    file = _file(
        tmp_path / "set/annotations/instances_val.json",
        images=[{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}, {"id": 3, "file_name": "../a.png"}],
        annotations=[_annotation(1, 1, [1, 1, 5, 5])],
        categories=CATEGORIES,
    )
    report = _import(project, file)
    assert [media.name for media in project.media()] == ["a.png"]
    assert (report.boxes, report.placed, report.images) == (1, 1, 3)
    assert any("boxes came in" in line for line in report.lines())


def test_sequences_are_found_by_their_files(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    cv2.imwrite(str(folder / "0.png"), np.zeros((H, W, 3), np.uint8))
    media = _media(project, folder, MediaKind.SEQUENCE, 2, files=("0.png", "1.png"))
    file = _file(
        tmp_path / "set.json",
        images=[{"id": 1, "file_name": "run/1.png"}],
        annotations=[_annotation(1, 1, [1, 1, 5, 5])],
        categories=CATEGORIES,
    )
    _import(project, file)
    assert len(project.boxes_at(media, 1)) == 1
