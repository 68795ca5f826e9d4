"""What is learned from and what is kept apart: from projects what an export of them would give, from COCO folders."""

from __future__ import annotations

import json
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Box, FrameState, MediaKind
from yolor_studio.core.errors import FormatError, UsageError
from yolor_studio.formats.plan import ExportRequest
from yolor_studio.jobs.export import export_project
from yolor_studio.jobs.runner import run_now
from yolor_studio.jobs.training_data import TrainingData, _division_of, gather, read_all
from yolor_studio.media import encode_mp4, fingerprint
from yolor_studio.project import Project
from yolor_studio.train.presets import HOLD_OUT_FROM


def add(project: Project, path: Path, kind: MediaKind, *, frames: int = 1) -> int:
    with project.edit("Add media") as edit:
        return edit.add_media(
            kind,
            path,
            name=path.name,
            width=64,
            height=48,
            frames=frames,
            fps=10.0 if frames > 1 else None,
            fingerprint=fingerprint(path),
            verified=True,
        )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A clip of 40 frames, 0 to 29 reviewed, frame 5 empty and frame 6 skipped; a picture; an ignored box."""
    clip, still = tmp_path / "clip.mp4", tmp_path / "still.png"
    encode_mp4(clip, (np.full((48, 64, 3), 5 * n, np.uint8) for n in range(40)), fps=Fraction(10))
    cv2.imwrite(str(still), np.full((48, 64, 3), 200, np.uint8))
    with Project.create(tmp_path / "work.yolor") as made:
        video, image = add(made, clip, MediaKind.VIDEO, frames=40), add(made, still, MediaKind.IMAGE)
        with made.edit("Label") as edit:
            car, person = edit.add_category("car"), edit.add_category("person")
            for frame in (0, 1, 2, 3, 4, 7, 20, 29, 35):
                edit.add_object(video, car, frame, Box(frame, 4, 20, 10))
            edit.add_object(video, person, 3, Box(30, 20, 10.5, 20), ignore=True)
            edit.add_object(image, person, 0, Box(50, 30, 30, 30))
            edit.set_frame_state(video, range(30), FrameState.REVIEWED)
            edit.set_frame_state(video, [6], FrameState.SKIPPED)
            edit.set_frame_state(image, [0], FrameState.REVIEWED)
    return tmp_path / "work.yolor"


def read(data: TrainingData, part: str = "learned") -> list[tuple[Any, ...]]:
    """Per picture its grey, its boxes with classes and crowds, and what is labelled there."""
    failed: list[tuple[str, str]] = []
    pictures = read_all(getattr(data, part), data.classes, failed=failed, cancel=CancelToken(), tell=lambda: None)
    found = [
        (
            int(rgb.mean().round()),
            labels.boxes.round(3).tolist(),
            labels.classes.tolist(),
            labels.crowd.tolist(),
            labels.labelled.tolist(),
        )
        for rgb, labels in pictures
    ]
    assert not failed
    return sorted(found)


def test_a_project_gives_what_its_export_gives(project: Path, tmp_path: Path) -> None:
    with Project.open(project) as opened:
        request = ExportRequest(images="png", split={"train": 1.0})
        run_now(export_project(opened, request, tmp_path / "out"))
    with ExitStack() as stack:
        own = gather([project], stack)
        exported = gather([tmp_path / "out"], stack)
        assert own.classes == exported.classes == ("car", "person")
        assert len(read(own)) + len(read(own, "kept_apart")) == 30
        assert read(gather([project], stack, hold_out=0.0)) == read(gather([tmp_path / "out"], stack, hold_out=0.0))


def test_a_category_that_came_later_is_not_background_in_frames_reviewed_before(project: Path) -> None:
    with Project.open(project) as opened:
        image = opened.media()[1].id
        with opened.edit("Another") as edit:
            edit.add_category("dog")
        with opened.edit("Look again") as edit:
            edit.set_frame_state(image, [0], FrameState.UNTOUCHED)
        with opened.edit("Look again") as edit:
            edit.set_frame_state(image, [0], FrameState.REVIEWED)
    with ExitStack() as stack:
        labelled = {grey: mask for grey, *_, mask in read(gather([project], stack, hold_out=0.0))}
        assert labelled[200] == [True, True, True]
        assert {tuple(mask) for grey, mask in labelled.items() if grey != 200} == {(True, True, False)}


def test_frames_of_one_clip_are_kept_apart_in_blocks_with_a_gap(project: Path) -> None:
    with Project.open(project) as opened, opened.edit("Remove") as edit:
        edit.remove_media(opened.media()[1].id)
    with ExitStack() as stack:
        data = gather([project], stack, hold_out=0.25)
        learned, apart = ({round(grey / 5) for grey, *_ in read(data, part)} for part in ("learned", "kept_apart"))
    assert len(learned) + len(apart) < 29, "the gap"
    assert min(abs(a - b) for a in learned for b in apart) > 1
    assert max(apart) - min(apart) < 10
    between = 29 - len(learned) - len(apart)
    told = (
        f"{len(apart)} pictures of 29 are kept apart to measure by; {between} between these and the others are left out"
    )
    assert told in data.division


def test_a_project_that_is_open_elsewhere_is_read(project: Path) -> None:
    with Project.open(project), ExitStack() as stack:
        assert gather([project], stack).learned


def test_a_project_without_reviewed_frames_is_told(tmp_path: Path) -> None:
    Project.create(tmp_path / "new.yolor").close()
    with ExitStack() as stack, pytest.raises(FormatError, match="was reviewed, so there is nothing to learn"):
        gather([tmp_path / "new.yolor"], stack)
    with ExitStack() as stack, pytest.raises(UsageError, match="There is no"):
        gather([tmp_path / "no.yolor"], stack)


def coco(folder: Path, count: int, *, val: int = 0) -> Path:
    (folder / "annotations").mkdir(parents=True)
    (folder / "images").mkdir()
    hard = {"difficult": True}
    for split, numbers in (("train", range(count)), ("val", range(count, count + val))):
        images = []
        for number in numbers:
            cv2.imwrite(str(folder / "images" / f"{number}.png"), np.full((8, 8, 3), number, np.uint8))
            images.append({"id": number, "file_name": f"{number}.png", "width": 8, "height": 8})
        boxes = [
            {
                "id": n,
                "image_id": n,
                "category_id": 1,
                "bbox": [1, 1, 5, 5],
                "ignore": 1,
                "attributes": hard,
            }
            for n in numbers
        ]
        content = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "x"}]}
        if numbers:
            (folder / "annotations" / f"instances_{split}.json").write_text(json.dumps(content))
    return folder


def test_a_val_split_is_what_is_measured_by(tmp_path: Path) -> None:
    with ExitStack() as stack:
        data = gather([coco(tmp_path / "a", 3, val=2), coco(tmp_path / "b", 40)], stack)
        assert len(read(data)) == 43
        apart = read(data, "kept_apart")
        assert len(apart) == 2
        assert all(crowd == [True] for _, _, _, crowd, _ in apart), "what is difficult does not count when measuring"
        assert all(crowd == [False] for _, _, _, crowd, _ in read(data)), "but is learned"
        assert data.division == "It is measured on the val split, 2 pictures."
        asked = gather([tmp_path / "a"], stack, hold_out=0.34)
        assert (len(read(asked)), len(read(asked, "kept_apart"))) == (2, 1)


def test_pictures_that_stand_alone_are_drawn_at_random_and_again_the_same(tmp_path: Path) -> None:
    coco(tmp_path / "a", 50)
    with ExitStack() as stack:
        apart = [grey for grey, *_ in read(gather([tmp_path / "a"], stack), "kept_apart")]
        assert len(apart) == 10
        assert max(apart) - min(apart) > 20
        assert [grey for grey, *_ in read(gather([tmp_path / "a"], stack), "kept_apart")] == apart


@pytest.mark.parametrize("count", [1, 2, HOLD_OUT_FROM - 1])
def test_of_a_handful_none_is_kept_apart(tmp_path: Path, count: int) -> None:
    with ExitStack() as stack:
        data = gather([coco(tmp_path / "a", count)], stack)
        assert (len(read(data)), data.kept_apart) == (count, ())
        assert "too few to keep some apart" in data.division


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=12).map(
        lambda sizes: [list(range(sum(sizes[:n]), sum(sizes[: n + 1]))) for n in range(len(sizes))]
    ),
    st.floats(0, 0.9),
)
def test_a_division_keeps_clips_whole_and_leaves_something_to_learn_from(clips: list[list[int]], share: float) -> None:
    learned, apart = _division_of(clips, share)
    assert learned
    assert not set(learned) & set(apart)
    if len(clips) > 1:
        assert set(learned) | set(apart) == {place for clip in clips for place in clip}
        assert all(set(clip) <= set(learned) or set(clip) <= set(apart) for clip in clips)
    if share > 0 and sum(map(len, clips)) > 1:
        assert apart
