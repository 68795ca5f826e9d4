"""Exports end to end: what is written, what proves it, and what is never done."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Box, FrameState, MediaKind, Origin, Predictions
from yolor_studio.core.errors import Cancelled, FormatError, MediaError
from yolor_studio.formats import pictures
from yolor_studio.formats.check import check_export
from yolor_studio.formats.plan import ExportRequest
from yolor_studio.jobs.events import ItemFailed, Notice, Progress, Result, Started
from yolor_studio.jobs.export import ExportReport, export_project
from yolor_studio.media import encode_mp4, fingerprint, open_media
from yolor_studio.project import Project

W, H = 64, 48


def _picture(seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (6, 8, 3), np.uint8)
    return np.ascontiguousarray(cv2.resize(small, (W, H), interpolation=cv2.INTER_LINEAR))


def _add(project: Project, kind: MediaKind, path: Path, *, frames: int = 1, files: tuple[str, ...] = ()) -> int:
    with project.edit("Add media") as edit:
        return edit.add_media(
            kind,
            path,
            name=path.name,
            width=W,
            height=H,
            frames=frames,
            fps=None if kind is MediaKind.IMAGE else 10.0,
            fingerprint=fingerprint(path),
            verified=True,
            files=files,
        )


def _video(project: Project, path: Path, frames: int = 12) -> int:
    path.parent.mkdir(exist_ok=True)
    encode_mp4(path, (_picture(n) for n in range(frames)), fps=10)
    return _add(project, MediaKind.VIDEO, path, frames=frames)


def _image(project: Project, path: Path) -> int:
    path.parent.mkdir(exist_ok=True)
    done, data = cv2.imencode(path.suffix, _picture(99))
    assert done
    path.write_bytes(data.tobytes())
    return _add(project, MediaKind.IMAGE, path)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "work.yolor") as opened:
        with opened.edit("Categories") as edit:
            edit.add_category("car", supercategory="vehicle")
            edit.add_category("person")
            edit.add_category("unused")
        yield opened


@pytest.fixture
def clip(project: Project, tmp_path: Path) -> int:
    """A video of 12 frames: a car over frames 2 to 8 in three keyframes, an ignored person on frame 3, frames 0 to 5
    reviewed and frame 4 skipped."""
    media = _video(project, tmp_path / "clips" / "street.mp4")
    with project.edit("Label") as edit:
        car = edit.add_object(media, 1, 2, Box(2, 3, 10, 11), interpolate=True, attributes={"colour": "red"})
        edit.set_keyframe(car, 5, Box(8.5, 3, 10, 12), occluded=True, interpolate=True)
        edit.set_keyframe(car, 8, Box(20, 3, 10, 12), occluded=False, interpolate=False)
        edit.add_object(media, 2, 3, Box(40, 20.25, 8, 20), ignore=True)
        edit.set_frame_state(media, range(6), FrameState.REVIEWED)
        edit.set_frame_state(media, [4], FrameState.SKIPPED)
    return media


def _export(project: Project, out: Path, **options: Any) -> ExportReport:
    last = list(export_project(project, ExportRequest(**options), out))[-1]
    assert isinstance(last, Result)
    return last.value


def _load(out: Path, split: str = "train") -> dict[str, Any]:
    return json.loads((out / f"annotations/instances_{split}.json").read_text())


def test_reviewed_frames_come_out_whole_and_proved(project: Project, clip: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    events = list(export_project(project, ExportRequest(), out))
    report = events[-1].value
    data = _load(out)
    assert [image["file_name"] for image in data["images"]] == [f"street/street_{n:06d}.jpg" for n in (0, 1, 2, 3, 5)]
    assert [image["id"] for image in data["images"]] == [1, 2, 3, 4, 5]
    assert data["images"][4] == {
        "id": 5,
        "file_name": "street/street_000005.jpg",
        "width": W,
        "height": H,
        "video_id": clip,
        "frame_id": 5,
        "frame_index": 5,
        "timestamp": 0.5,
    }
    assert data["videos"] == [
        {
            "id": clip,
            "name": "street",
            "file_name": "clips/street.mp4",
            "fps": 10.0,
            "width": W,
            "height": H,
            "length": 12,
        }
    ]
    assert data["categories"] == [
        {"id": 1, "name": "car", "supercategory": "vehicle"},
        {"id": 2, "name": "person", "supercategory": ""},
        {"id": 3, "name": "unused", "supercategory": ""},
    ]
    assert [one["id"] for one in data["annotations"]] == [1, 2, 3, 4]
    first, second, person, last = data["annotations"]
    assert first == {
        "id": 1,
        "image_id": 3,
        "category_id": 1,
        "bbox": [2.0, 3.0, 10.0, 11.0],
        "area": 110.0,
        "iscrowd": 0,
        "segmentation": [],
        "track_id": 1,
        "instance_id": 1,
        "attributes": {"colour": "red", "keyframe": True, "occluded": False},
    }
    assert second["attributes"]["keyframe"] is False
    assert second["bbox"][0] == pytest.approx(2 + 6.5 / 3)
    assert (person["iscrowd"], person["category_id"], person["image_id"]) == (1, 2, 4)
    assert last["attributes"]["occluded"] is True
    assert data["tracks"] == [
        {"id": 1, "video_id": clip, "category_id": 1},
        {"id": 2, "video_id": clip, "category_id": 2},
    ]
    with open_media(tmp_path / "clips/street.mp4") as source:
        written = cv2.cvtColor(cv2.imread(str(out / "images/street/street_000003.jpg")), cv2.COLOR_BGR2RGB)
        errors = [np.abs(written.astype(int) - source.read(frame)).mean() for frame in range(6)]
        assert int(np.argmin(errors)) == 3
        assert errors[3] < 8
    assert isinstance(events[0], Started)
    assert any(isinstance(event, Progress) for event in events)
    assert (report.frames, report.boxes, report.splits[0].empty) == (5, 4, 2)
    assert (report.check.ap, report.check.compared, report.check.pictures) == (pytest.approx(1), 5 + 3 + 1 + 2 + 4, 5)
    assert json.dumps(report.as_json())


def test_the_same_project_gives_the_same_bytes(project: Project, clip: int, tmp_path: Path) -> None:
    for name in ("one", "two"):
        _export(project, tmp_path / name, split={"train": 0.5, "val": 0.5}, include=frozenset({"all"}))
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) > 3
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


def test_png_is_the_very_picture_of_the_canvas(project: Project, clip: int, tmp_path: Path) -> None:
    _export(project, tmp_path / "out", images="png")
    with open_media(tmp_path / "clips/street.mp4") as source:
        for frame in (0, 5):
            written = cv2.imread(str(tmp_path / f"out/images/street/street_{frame:06d}.png"))
            assert np.array_equal(cv2.cvtColor(written, cv2.COLOR_BGR2RGB), source.read(frame))


def test_splits_of_one_clip_share_ids_and_leave_a_gap(project: Project, clip: int, tmp_path: Path) -> None:
    report = _export(project, tmp_path / "out", include=frozenset({"all"}), split={"train": 0.6, "val": 0.4}, seed=5)
    train, val = _load(tmp_path / "out"), _load(tmp_path / "out", "val")
    ids = [one["id"] for data in (train, val) for one in data["annotations"]]
    assert ids == list(range(1, len(ids) + 1))
    images = [one["id"] for data in (train, val) for one in data["images"]]
    assert images == list(range(1, len(images) + 1))
    assert report.left_out == 8 - len(images) >= 0  # frames 0 to 8 less the skipped one
    assert train["info"]["seed"] == 5
    assert train["info"]["splits"] == {"train": 0.6, "val": 0.4}
    assert any("one clip" in sentence for sentence in report.warnings)


def test_names_of_the_same_stem_do_not_collide(project: Project, tmp_path: Path) -> None:
    for path in (tmp_path / "a" / "x.mp4", tmp_path / "b" / "X.mp4"):
        media = _video(project, path, 2)
        project.review(media, [0, 1], FrameState.REVIEWED)
    for path in (tmp_path / "a" / "y.png", tmp_path / "b" / "y.png"):
        project.review(_image(project, path), [0], FrameState.REVIEWED)
    report = _export(project, tmp_path / "out")
    names = [image["file_name"] for image in _load(tmp_path / "out")["images"]]
    assert len({name.casefold() for name in names}) == 6 == report.check.pictures
    assert {name.split("/")[0] for name in names} >= {"x", "X_2"}
    assert [image.get("source") for image in _load(tmp_path / "out")["images"]][-2:] == ["a/y.png", "b/y.png"]


def _with_layer(project: Project, media: int) -> int:
    layer = project.start_layer("net", "abc123", ["car", "dog"], min_score=0.05, device="CPU", settings={})
    project.adopt_class_map(layer, ["car", "dog"])
    found = Predictions(
        np.array([[2, 3, 10, 11], [50, 40, 20, 20], [1, 1, 4, 4]], np.float32),
        np.array([[0, -1, -1], [0, 1, -1], [0, -1, -1]], np.int16),
        np.array([[0.9, 0, 0], [0.8, 0.1, 0], [0.3, 0, 0]], np.float32),
        np.full(3, -1, np.int32),
    )
    project.write_predictions(layer, media, {2: found, 10: found, 11: Predictions.empty()})
    return layer


@pytest.mark.parametrize(
    ("include", "frames", "predicted"),
    [
        ({"reviewed"}, [0, 1, 2, 3, 5], 0),
        ({"all"}, [0, 1, 2, 3, 5, 6, 7, 8], 0),
        ({"predictions"}, [0, 1, 2, 3, 5], 1),
        ({"reviewed", "predictions"}, [0, 1, 2, 3, 5], 1),
        ({"all", "predictions"}, [0, 1, 2, 3, 5, 6, 7, 8, 10, 11], 3),
    ],
)
def test_what_each_include_adds(
    project: Project, clip: int, tmp_path: Path, include: set[str], frames: list[int], predicted: int
) -> None:
    _with_layer(project, clip)
    report = _export(project, tmp_path / "out", include=frozenset(include), min_score=0.5)
    data = _load(tmp_path / "out")
    assert [image["frame_id"] for image in data["images"]] == frames
    scored = [one for one in data["annotations"] if "score" in one]
    assert len(scored) == predicted
    assert all(one["score"] == pytest.approx(0.8) or one["score"] == pytest.approx(0.9) for one in scored)
    assert data["info"]["model_hash"] == "abc123"
    assert data["info"]["thresholds"]["min_score"] == 0.5
    assert report.splits[0].predictions == predicted
    if predicted:
        assert report.clipped == report.splits[0].predictions - (predicted == 3)
        assert [50.0, 40.0, 14.0, 8.0] in [one["bbox"] for one in scored]


def test_every_and_keyframes_only_and_ids_from_zero_and_outlines(project: Project, clip: int, tmp_path: Path) -> None:
    _export(project, tmp_path / "every", include=frozenset({"all"}), every=2)
    assert [image["frame_id"] for image in _load(tmp_path / "every")["images"]] == [0, 2, 6, 8]
    _export(project, tmp_path / "keys", include=frozenset({"all"}), keyframes_only=True)
    assert [image["frame_id"] for image in _load(tmp_path / "keys")["images"]] == [0, 1, 2, 3, 5, 8]
    _export(project, tmp_path / "zero", zero_based=True, polygons=True)
    data = _load(tmp_path / "zero")
    assert [category["id"] for category in data["categories"]] == [0, 1, 2]
    assert data["annotations"][0]["category_id"] == 0
    assert data["annotations"][0]["id"] == 1
    assert data["annotations"][0]["segmentation"] == [[2.0, 3.0, 12.0, 3.0, 12.0, 14.0, 2.0, 14.0]]
    assert data["tracks"][0]["category_id"] == 0


def test_without_pictures_the_file_is_the_same(project: Project, clip: int, tmp_path: Path) -> None:
    _export(project, tmp_path / "with")
    report = _export(project, tmp_path / "without", images="none")
    assert _load(tmp_path / "with") == _load(tmp_path / "without")
    assert sorted(path.name for path in (tmp_path / "without").iterdir()) == ["annotations"]
    assert report.check.pictures == 0


def test_pictures_referred_to_in_place(project: Project, tmp_path: Path, clip: int) -> None:
    with pytest.raises(FormatError, match="Frames of a video"):
        _export(project, tmp_path / "out", images="reference")
    with project.edit("Remove") as edit:
        edit.remove_media(clip)
    for path in (tmp_path / "pics" / "one.png", tmp_path / "pics" / "two.jpg"):
        project.review(_image(project, path), [0], FrameState.REVIEWED)
    report = _export(project, tmp_path / "out", images="reference")
    data = _load(tmp_path / "out")
    root = Path(data["info"]["images_folder"])
    assert all((root / image["file_name"]).is_file() for image in data["images"])
    assert report.check.pictures == 2


def test_blur_makes_boxes_unreadable_in_the_copies_only(project: Project, clip: int, tmp_path: Path) -> None:
    original = (tmp_path / "clips/street.mp4").read_bytes()
    _export(project, tmp_path / "plain", images="png")
    _export(project, tmp_path / "blurred", images="png", blur=frozenset({2}))
    name = "images/street/street_000003.png"
    plain, blurred = (cv2.imread(str(tmp_path / folder / name)) for folder in ("plain", "blurred"))
    changed = np.argwhere((plain != blurred).any(axis=2))
    assert changed.min(axis=0).tolist() >= [20, 40]
    assert changed.max(axis=0).tolist() <= [41, 48]
    assert len(np.unique(blurred[20:41, 40:48].reshape(-1, 3), axis=0)) <= 4
    assert (tmp_path / "clips/street.mp4").read_bytes() == original
    assert _load(tmp_path / "plain") == _load(tmp_path / "blurred")


def test_exif_is_gone_and_the_picture_stands_upright(project: Project, tmp_path: Path, shared: Path) -> None:
    source = shared / "data/datasets/images-exif-orientation"
    path = next(path for path in sorted(source.rglob("*6.jpg")))
    with open_media(path) as opened:
        info, shown = opened.info, opened.read(0)
    with project.edit("Add") as edit:
        media = edit.add_media(
            MediaKind.IMAGE, path, name=path.name, width=info.width, height=info.height, frames=1, fps=None,
            fingerprint=fingerprint(path), verified=True,
        )  # fmt: skip
    project.review(media, [0], FrameState.REVIEWED)
    report = _export(project, tmp_path / "out", images="png")
    written = tmp_path / "out/images" / _load(tmp_path / "out")["images"][0]["file_name"]
    assert b"Exif" not in written.read_bytes()
    assert np.array_equal(cv2.cvtColor(cv2.imread(str(written)), cv2.COLOR_BGR2RGB), shown)
    assert report.check.pictures == 1


def test_what_is_there_already_is_never_touched(project: Project, clip: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    _export(project, out, images="none")  # an empty folder is fine
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(FormatError, match="not empty"):
        _export(project, out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(FormatError, match="is a file"):
        _export(project, file)
    assert file.read_text() == "mine"


def _leftovers(tmp_path: Path) -> list[str]:
    return [path.name for path in tmp_path.iterdir() if "part" in path.name or path.name == "out"]


def test_a_cancelled_export_leaves_nothing(project: Project, clip: int, tmp_path: Path) -> None:
    token = CancelToken()
    job = export_project(project, ExportRequest(), tmp_path / "out", token)
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        list(job)
    assert _leftovers(tmp_path) == []


def test_an_export_cancelled_while_it_is_checked_leaves_nothing(project: Project, clip: int, tmp_path: Path) -> None:
    token = CancelToken()
    with pytest.raises(Cancelled):
        for event in export_project(project, ExportRequest(), tmp_path / "out", token):
            if isinstance(event, Progress) and event.note == "Checking":
                token.cancel()
    assert token.cancelled
    assert _leftovers(tmp_path) == []


def test_editing_while_it_is_written_does_not_change_an_export(project: Project, clip: int, tmp_path: Path) -> None:
    for event in export_project(project, ExportRequest(), tmp_path / "out"):
        if isinstance(event, Started):
            continue
        with project.edit("Meanwhile") as edit:
            edit.add_object(clip, 1, 0, Box(1, 1, 5, 5))
    assert len(_load(tmp_path / "out")["annotations"]) == 4


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), MediaError("does not fit")])
def test_a_full_disk_and_pictures_that_never_fit_leave_nothing(
    project: Project, clip: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pictures, "encode", full)
    with pytest.raises((FormatError, MediaError), match=r"No space left|No picture could be read.*does not fit"):
        _export(project, tmp_path / "out")
    assert _leftovers(tmp_path) == []


def test_missing_files_are_named_when_nothing_can_be_written(project: Project, clip: int, tmp_path: Path) -> None:
    project.review(clip, range(4), FrameState.REVIEWED)
    media = project.get_media(clip)
    project.media_path(media).unlink()
    with pytest.raises(FormatError, match=f"the files of {media.name} are not there"):
        list(export_project(project, ExportRequest(), tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_nothing_reviewed_is_said_and_nothing_written(project: Project, tmp_path: Path) -> None:
    _video(project, tmp_path / "clips/street.mp4", 2)
    with pytest.raises(FormatError, match="No frame was reviewed"):
        _export(project, tmp_path / "out")
    with pytest.raises(FormatError, match="No frame has a box"):
        _export(project, tmp_path / "out", include=frozenset({"all"}))
    assert _leftovers(tmp_path) == []


def test_missing_and_unreadable_pictures_are_told_and_the_rest_comes_out(
    project: Project, clip: int, tmp_path: Path
) -> None:
    gone = _image(project, tmp_path / "pics/gone.png")
    changed = _image(project, tmp_path / "pics/changed.png")
    broken = _image(project, tmp_path / "pics/broken.png")
    for media in (gone, changed, broken):
        project.review(media, [0], FrameState.REVIEWED)
    (tmp_path / "pics/gone.png").unlink()
    for name in ("changed", "broken"):
        (tmp_path / f"pics/{name}.png").write_bytes(b"not a picture at all")
    with project.edit("As it is") as edit:
        edit.update_media(broken, fingerprint=fingerprint(tmp_path / "pics/broken.png"))
    events = list(export_project(project, ExportRequest(), tmp_path / "out"))
    report = events[-1].value
    assert any(isinstance(event, Notice) and "gone.png is missing" in event.text for event in events)
    assert any(isinstance(event, Notice) and "changed.png has changed" in event.text for event in events)
    assert [event.what for event in events if isinstance(event, ItemFailed)] == ["broken.png, frame 0"]
    assert report.frames == 5 == len(_load(tmp_path / "out")["images"])
    assert report.check.problems == ()


def test_frames_beyond_the_end_of_a_cut_video_fail_one_by_one(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "clips/short.mp4"
    path.parent.mkdir()
    encode_mp4(path, (_picture(n) for n in range(4)), fps=10)
    media = _add(project, MediaKind.VIDEO, path, frames=8)
    with project.edit("Label") as edit:
        for frame in range(8):
            edit.add_object(media, 1, frame, Box(1, 1, 5, 5))
    report = _export(project, tmp_path / "out", include=frozenset({"all"}))
    assert report.frames == 4
    assert len(report.failed) == 4
    assert [one["id"] for one in _load(tmp_path / "out")["annotations"]] == [1, 2, 3, 4]


def test_a_picture_too_wide_for_its_format_fails_alone(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    cv2.imwrite(str(path), np.zeros((2, 70_000, 3), np.uint8))
    with project.edit("Add") as edit:
        wide = edit.add_media(
            MediaKind.IMAGE, path, name="wide.png", width=70_000, height=2, frames=1, fps=None,
            fingerprint=fingerprint(path), verified=True,
        )  # fmt: skip
    for media in (wide, _image(project, tmp_path / "pics/good.png")):
        project.review(media, [0], FrameState.REVIEWED)
    report = _export(project, tmp_path / "out")
    assert [what for what, _ in report.failed] == ["wide.png, frame 0"]
    assert report.frames == 1


def test_sequences_are_named_like_clips(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "run.v1"
    folder.mkdir()
    files = tuple(f"{n:03d}.png" for n in range(3))
    for number, name in enumerate(files):
        cv2.imwrite(str(folder / name), _picture(number))
    media = _add(project, MediaKind.SEQUENCE, folder, frames=3, files=files)
    project.review(media, range(3), FrameState.REVIEWED)
    _export(project, tmp_path / "out", images="png")
    data = _load(tmp_path / "out")
    assert [image["file_name"] for image in data["images"]] == [f"run.v1/run.v1_{n:06d}.png" for n in range(3)]
    assert data["videos"][0]["length"] == 3
    assert check_export(tmp_path / "out").problems == ()


def test_pictures_of_many_boxes_check_out_with_a_cap_above_them(project: Project, tmp_path: Path) -> None:
    media = _image(project, tmp_path / "pics/crowd.png")
    with project.edit("Label") as edit:
        for n in range(300):
            edit.add_object(media, 1, 0, Box(3 * (n % 20), 3 * (n // 20), 2, 2), origin=Origin.IMPORT)
    report = _export(project, tmp_path / "out", include=frozenset({"all"}))
    assert (report.check.ap, report.check.max_dets) == (pytest.approx(1), 301)


def test_a_tampered_dataset_is_named_by_file_and_record(project: Project, clip: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _export(project, out)
    path = out / "annotations/instances_train.json"
    good = path.read_text()
    path.write_text(good.replace('"bbox":[2.0,3.0,10.0,11.0]', '"bbox":[2.0,3.0,100.0,11.0]'))
    assert "annotation 1 reaches over its image" in check_export(out).problems[0]
    path.write_text(good.replace('"id":2,"image_id"', '"id":1,"image_id"'))
    assert "not unique" in " ".join(check_export(out).problems)
    path.write_text(good)
    (out / "images/street/street_000001.jpg").write_bytes(b"")
    assert check_export(out).problems == ("street/street_000001.jpg does not open.",)


def test_frames_without_a_box_are_a_dataset_too(project: Project, tmp_path: Path) -> None:
    media = _video(project, tmp_path / "clips/ünïcode 北京.mp4", 3)
    project.review(media, [0, 2], FrameState.REVIEWED)
    report = _export(project, tmp_path / "out", split={"train": 0.5, "val": 0.5, "test": 0})
    assert (report.check.ap, report.frames, report.boxes) == (None, 2, 0)
    assert [split.frames for split in report.splits] == [1, 1, 0]
    texts = [path.read_bytes() for path in (tmp_path / "out/annotations").iterdir()]
    assert len(texts) == 3
    assert all(text.isascii() for text in texts)
    assert "There is no box to evaluate." in report.check.sentences()
    assert check_export(tmp_path).problems == (f"{tmp_path} has no annotation file.",)


def test_closing_the_job_early_cleans_up(project: Project, clip: int, tmp_path: Path) -> None:
    job = export_project(project, ExportRequest(), tmp_path / "out")
    for event in job:
        if isinstance(event, Progress):
            break
    assert isinstance(job, Generator)
    job.close()
    deadline = time.monotonic() + 20
    while _leftovers(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _leftovers(tmp_path) == []
