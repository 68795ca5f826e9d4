"""A plan says exactly what will be written: frames by the rules, boxes inside their pictures, figures that add up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.entities import Box, Fingerprint, FrameState, MediaKind, Predictions
from yolor_studio.core.errors import FormatError, UsageError
from yolor_studio.formats.clipping import clip_boxes
from yolor_studio.formats.plan import ExportPlan, ExportRequest, plan_export
from yolor_studio.formats.snapshot import take_snapshot
from yolor_studio.media import fingerprint
from yolor_studio.project import Project

W, H, FRAMES = 64, 48, 30


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "work.yolor") as opened:
        with opened.edit("Categories") as edit:
            for name in ("car", "bus", "dog"):
                edit.add_category(name)
        yield opened


def _media(project: Project, name: str, kind: MediaKind = MediaKind.VIDEO, *, present: bool = True) -> int:
    path = project.folder / name
    if present:
        path.write_bytes(b"x")
    with project.edit("Add") as edit:
        return edit.add_media(
            kind, path, name=name, width=W, height=H, frames=1 if kind is MediaKind.IMAGE else FRAMES,
            fps=None if kind is MediaKind.IMAGE else 25.0, verified=True,
            fingerprint=fingerprint(path) if present else Fingerprint(1, "a"),
        )  # fmt: skip


def _all(**more: Any) -> ExportRequest:
    return ExportRequest(include=frozenset({"all"}), **more)


SPANS = st.lists(st.tuples(st.integers(0, 24), st.integers(0, 5), st.integers(1, 3)), max_size=5)
FRAME_SETS = st.sets(st.integers(0, FRAMES - 1))


@settings(deadline=None, max_examples=40)
@given(
    spans=SPANS,
    reviewed=FRAME_SETS,
    skipped=FRAME_SETS,
    visited=FRAME_SETS,
    include=st.sets(st.sampled_from(["reviewed", "all", "predictions"])),
    every=st.integers(1, 4),
    keyframes_only=st.booleans(),
)
def test_frames_follow_the_rules(
    tmp_path_factory: pytest.TempPathFactory,
    spans: list[tuple[int, int, int]],
    reviewed: set[int],
    skipped: set[int],
    visited: set[int],
    include: set[str],
    every: int,
    keyframes_only: bool,
) -> None:
    with Project.create(tmp_path_factory.mktemp("p") / "p.yolor") as project:
        media = _media(project, "clip.mp4")
        with project.edit("Label") as edit:
            for name in ("car", "bus", "dog"):
                edit.add_category(name)
            for start, length, category in spans:
                thing = edit.add_object(media, category, start, Box(1, 2, 8, 9), interpolate=length > 0)
                if length:
                    edit.set_keyframe(thing, start + length, Box(5, 6, 8, 9), interpolate=False)
            edit.set_frame_state(media, reviewed, FrameState.REVIEWED)
            edit.set_frame_state(media, skipped, FrameState.SKIPPED)
        layer = project.start_layer("net", "h", ["car"], min_score=0.05, device="CPU", settings={})
        project.write_predictions(layer, media, dict.fromkeys(visited, Predictions.empty()))
        request = ExportRequest(include=frozenset(include), every=every, keyframes_only=keyframes_only)
        plan = plan_export(project, request)

        with_objects = {frame for start, length, _ in spans for frame in range(start, start + length + 1)}
        keyframes = {frame for start, length, _ in spans for frame in (start, start + length)}
        expected = set(reviewed)
        if "all" in include:
            expected |= with_objects | (visited if "predictions" in include else set())
        expected -= skipped
        if keyframes_only:
            expected -= with_objects - keyframes
        expected = {frame for frame in expected if frame % every == 0}
        assert plan.frame.tolist() == sorted(expected)
        boxes = [frame for start, length, _ in spans for frame in range(start, start + length + 1) if frame in expected]
        assert sorted(plan.frame[plan.boxes.row].tolist()) == sorted(boxes)
        (count,) = plan.splits
        assert (count.frames, count.boxes) == (len(expected), len(boxes))
        assert count.empty == len(expected - with_objects)
        assert sum(count.per_category.values()) == len(boxes)


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.floats(-1e4, 1e4)] * 2, *[st.floats(0, 1e4)] * 2), max_size=20), st.integers(1, 5000))
def test_clipped_boxes_lie_inside_in_float_arithmetic(boxes: list[tuple[float, ...]], side: int) -> None:
    array = np.array(boxes, np.float64).reshape(-1, 4)
    clipped = clip_boxes(array, np.tile([side, side], (len(array), 1)))
    for before, after, inside in zip(array.tolist(), clipped.boxes.tolist(), clipped.inside.tolist(), strict=True):
        x, y, w, h = after
        if inside:
            assert x >= 0
            assert y >= 0
            assert w > 0
            assert h > 0
            assert x + w <= side
            assert y + h <= side
        fits = before[0] >= 0 and before[1] >= 0 and before[0] + before[2] <= side and before[1] + before[3] <= side
        assert not fits or before == after


def test_splits_by_clip_count_frames_boxes_tracks_and_clips(project: Project) -> None:
    media = [_media(project, f"{n}.mp4") for n in range(10)]
    with project.edit("Label") as edit:
        for one in media:
            thing = edit.add_object(one, 1, 0, Box(1, 1, 9, 9), interpolate=True)
            edit.set_keyframe(thing, 9, Box(9, 9, 9, 9), interpolate=False)
    plan = plan_export(project, _all(split={"train": 0.7, "val": 0.3}, seed=4))
    assert [(s.name, s.frames, s.boxes, s.tracks, s.clips) for s in plan.splits] == [
        ("train", 70, 70, 7, 7),
        ("val", 30, 30, 3, 3),
    ]
    assert plan.tracks == 10
    assert plan.left_out == 0


def test_a_snapshot_serves_many_plans(project: Project) -> None:
    media = _media(project, "a.mp4")
    with project.edit("Label") as edit:
        edit.add_object(media, 1, 3, Box(1, 1, 9, 9))
    snapshot = take_snapshot(project)
    with project.edit("Later") as edit:
        edit.add_object(media, 1, 4, Box(1, 1, 9, 9))
    assert plan_export(project, _all(), snapshot=snapshot).frame.tolist() == [3]
    assert plan_export(project, ExportRequest(), snapshot=snapshot).frames == 0
    assert plan_export(project, _all()).frame.tolist() == [3, 4]


def test_pictures_taken_out_of_a_plan_are_counted_out(project: Project) -> None:
    first, second = _media(project, "a.mp4"), _media(project, "b.mp4")
    with project.edit("Label") as edit:
        for frame in range(4):
            edit.add_object(first, 1, frame, Box(frame, 1, 9, 9))
        edit.add_object(second, 2, 0, Box(1, 1, 9, 9))
    plan = plan_export(project, _all()).without({(first, 1), (second, 0)})
    assert plan.frame.tolist() == [0, 2, 3]
    assert plan.frame[plan.boxes.row].tolist() == [0, 2, 3]
    assert plan.boxes.box[:, 0].tolist() == [0, 2, 3]
    assert [(clip.media.id, clip.start, clip.stop) for clip in plan.clips] == [(first, 0, 3)]
    assert plan.splits[0].per_category == {1: 3, 2: 0, 3: 0}
    assert plan.without(set()) is plan


def _warnings(plan: ExportPlan) -> str:
    return " ".join(plan.warnings)


def test_what_should_be_known_is_said_before(project: Project) -> None:
    gone = _media(project, "gone.mp4", present=False)
    kept, more, other = (_media(project, f"{name}.mp4") for name in ("kept", "more", "other"))
    layer = project.start_layer("net", "h", ["car"], min_score=0.05, device="CPU", settings={})
    project.adopt_class_map(layer, ["car"])
    wide = np.array([[60.0, 4, 10, 10], [200, 200, 5, 5]], np.float32)
    classes, scores = np.zeros((2, 3), np.int16), np.full((2, 3), 0.9, np.float32)
    project.write_predictions(layer, kept, {0: Predictions(wide, classes, scores, np.full(2, -1, np.int32))})
    with project.edit("Label") as edit:
        for one, category in ((gone, 1), (kept, 1), (more, 2), (other, 1)):
            edit.add_object(one, category, 0, Box(1, 1, 9, 9))
    (project.folder / "other.mp4").write_bytes(b"changed")
    request = ExportRequest(include=frozenset({"all", "predictions"}), split={"train": 0.5, "val": 0.5})
    plan = plan_export(project, request)
    said = _warnings(plan)
    assert "gone.mp4 is missing and left out." in said
    assert "other.mp4 has changed since labelled and is left out" in said
    assert {clip.media.id for clip in plan.clips} == {kept, more}
    assert "1 box reaches" in said
    assert "6.0 px" in said
    assert (plan.clipped, plan.clipped_most, plan.outside) == (1, pytest.approx(6), 1)
    assert "1 box lies outside" in said
    assert "is in val. Its score cannot be measured there." in said
    assert "No frame" not in said
    plain = plan_export(project, _all(split={"train": 0.4, "val": 0.3, "test": 0.3}))
    assert "nothing falls to" in _warnings(plain)
    without = plan_export(project, _all(images="none"))
    assert len(without.clips) == 4
    assert "missing and not needed" in _warnings(without)
    assert "other.mp4 has changed since labelled and is taken as labelled" in _warnings(without)
    assert "no frame was reviewed" in _warnings(plan_export(project, ExportRequest()))


def test_reviewed_frames_older_than_a_category_are_told(project: Project) -> None:
    media = _media(project, "a.mp4")
    project.review(media, range(6), FrameState.REVIEWED)
    assert "before there was" not in _warnings(plan_export(project, ExportRequest()))
    with project.edit("Later") as edit:
        tram, bike = edit.add_category("tram"), edit.add_category("bike")
        edit.add_object(media, tram, 0, Box(1, 1, 9, 9))  # somebody looked here
        edit.add_object(media, bike, 0, Box(9, 9, 9, 9))
    project.review(media, [5, 6], FrameState.REVIEWED)
    plan = plan_export(project, ExportRequest())
    told = "4 frames were reviewed before there was “tram” and “bike”, and may lack its boxes."
    assert told in _warnings(plan)
    assert "3 frames were reviewed" in _warnings(plan.without({(media, 2)}))
    project.review(media, range(1, 4), FrameState.REVIEWED)
    with project.edit("Label") as edit:
        edit.add_object(media, tram, 4, Box(1, 1, 9, 9))
    assert "1 frame was reviewed before there was “bike”" in _warnings(plan_export(project, ExportRequest()))
    project.review(media, [4], FrameState.REVIEWED)
    assert "before there was" not in _warnings(plan_export(project, ExportRequest()))


def test_a_category_limit_decides_what_is_shown(project: Project) -> None:
    media = _media(project, "a.mp4")
    layer = project.start_layer("net", "h", ["car", "bus"], min_score=0.05, device="CPU", settings={})
    project.adopt_class_map(layer, ["car", "bus"])
    boxes = np.array([[1, 1, 9, 9], [30, 30, 9, 9]], np.float32)
    classes = np.array([[0, -1, -1], [1, -1, -1]], np.int16)
    scores = np.array([[0.6, 0, 0], [0.5, 0, 0]], np.float32)
    project.write_predictions(layer, media, {7: Predictions(boxes, classes, scores, np.full(2, -1, np.int32))})
    project.set_category_score_limit(1, 0.7)
    plan = plan_export(project, ExportRequest(include=frozenset({"all", "predictions"}), min_score=0.4))
    assert plan.boxes.category.tolist() == [2]
    assert plan.splits[0].predictions == 1


@pytest.mark.parametrize(
    "options",
    [
        {"include": frozenset({"everything"})},
        {"split": {"train": 0.0}},
        {"split": {}},
        {"split": {"../x": 1.0}},
        {"split": {"train": -1.0, "val": 2.0}},
        {"split": {"a": 1.0, "A": 1.0}},
        {"split": {"train": float("nan")}},
        {"every": 0},
        {"quality": 0},
        {"quality": 101},
        {"min_score": 1.5},
        {"images": "tiff"},
        {"format": "yolo"},
        {"images": "none", "blur": frozenset({1})},
    ],
)
def test_requests_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        ExportRequest(**options)


def test_an_unknown_category_to_blur_is_refused(project: Project) -> None:
    with pytest.raises(FormatError, match="77"):
        plan_export(project, ExportRequest(blur=frozenset({77})))
