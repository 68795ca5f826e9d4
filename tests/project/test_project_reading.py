from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from project_helpers import BOX, add_video, small_project

from yolor_studio.core.entities import Box, FrameState, Keyframe, Object
from yolor_studio.core.errors import ProjectError
from yolor_studio.core.tracks import box_at, keyframe_before
from yolor_studio.project import Project, schema

FRAMES = 70_000
# Around the borders of bins, where an object changes to a wider one.
edges = st.sampled_from([0, 7, 8, 9, 63, 64, 511, 512, 513, 4095, 4096, 32_767, 32_768, 65_535, 65_536, FRAMES - 1])
places = edges | st.integers(0, FRAMES - 1)
coordinates = st.floats(0, 300, width=32)
keyframes = st.lists(
    st.tuples(places, st.builds(Box, coordinates, coordinates, coordinates, coordinates), st.booleans()),
    min_size=1,
    max_size=4,
    unique_by=lambda keyframe: keyframe[0],
)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, int, int]]:
    project, media, category = small_project(tmp_path_factory.mktemp("long"), frames=FRAMES)
    with project:
        yield project, media, category


@given(tracks=st.lists(keyframes, max_size=4), more=st.lists(places, max_size=5))
@settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=list(HealthCheck))
def test_every_way_of_reading_boxes_is_the_pure_function(
    long: tuple[Project, int, int], tracks: list[list[tuple[int, Box, bool]]], more: list[int]
) -> None:
    project, media, category = long
    with project.edit("Tracks") as edit:
        for one in project.objects(media):
            edit.delete_object(one.id)
        for track in tracks:
            thing = edit.add_object(media, category, track[0][0], track[0][1], interpolate=track[0][2])
            for frame, box, interpolate in track[1:]:
                edit.set_keyframe(thing, frame, box, interpolate=interpolate)
    stored = {thing.id: project.keyframes(thing.id) for thing in project.objects(media)}
    asked = sorted({*more, *(frame + d for track in tracks for frame, _b, _i in track for d in (-1, 0, 1))} - {-1})
    wanted = {
        frame: {thing: box for thing, rows in stored.items() if (box := box_at(rows, frame)) is not None}
        for frame in asked
    }
    for frame in asked:
        found = project.boxes_at(media, frame)
        assert {one.object.id: one.box for one in found} == wanted[frame]
        for one in found:
            near: Keyframe | None = keyframe_before(stored[one.object.id], frame)
            assert near is not None
            assert (one.keyframe, one.origin, one.occluded) == (near.frame == frame, near.origin, near.occluded)
    assert {frame: {one.object.id: one.box for one in boxes} for frame, boxes in project.iter_boxes(media, asked)} == {
        frame: boxes for frame, boxes in wanted.items() if boxes
    }
    table = project.box_table(media, asked)
    assert len(table) == sum(len(boxes) for boxes in wanted.values())
    assert np.isin([frame for frame in asked if wanted[frame]], project.object_frames(media)).all()


def test_the_whole_of_a_media(long: tuple[Project, int, int]) -> None:
    project, media, category = long
    with project.edit("Tracks") as edit:
        for one in project.objects(media):
            edit.delete_object(one.id)
        first = edit.add_object(media, category, 10, Box(0, 0, 10, 10), interpolate=True, score=0.5)
        edit.set_keyframe(first, 14, Box(40, 0, 10, 10))
        second = edit.add_object(media, category, 12, BOX)
    table = project.box_table(media)
    assert table.frames.tolist() == [10, 11, 12, 12, 13, 14]
    assert table.objects.tolist() == [first, first, first, second, first, first]
    assert table.boxes[:, 0].tolist() == [0, 10, 20, BOX.x, 30, 40]
    assert table.keyframe.tolist() == [True, False, False, True, False, True]
    assert table.scores[0] == 0.5
    assert np.isnan(table.scores[3])
    assert project.object_frames(media).tolist() == [10, 11, 12, 13, 14]
    assert len(project.box_table(media, [])) == 0


def test_the_whole_of_a_project_is_that_of_its_media(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        assert len(project.whole_table().boxes) == 0
        with project.edit("Label") as edit:
            gone, other = add_video(edit, tmp_path, "gone"), add_video(edit, tmp_path, "other")
            edit.add_object(gone, category, 3, BOX)
            described = edit.add_object(other, category, 3, BOX, attributes={"a": 1}, ignore=True)
            first = edit.add_object(
                media, category, 10, BOX, interpolate=True, score=0.5, keyframe_attributes={"pose": 2}
            )
            edit.set_keyframe(first, 14, BOX._replace(x=40), occluded=True, attributes={})
            edit.add_object(media, category, 12, BOX)
            edit.remove_media(gone)
        with project.bulk_edit("Taken back") as edit:
            edit.add_object(media, category, 11, BOX)
        project.undo()
        whole = project.whole_table()
        things = [thing for one in project.media() for thing in project.objects(one.id)]
        assert whole.objects.ids.tolist() == sorted(thing.id for thing in things)
        for row, thing in enumerate(sorted(things, key=lambda one: one.id)):
            table = whole.objects
            assert (table.media[row], table.categories[row], table.tracks[row], bool(table.ignore[row])) == (
                thing.media_id,
                thing.category_id,
                thing.track_id,
                thing.ignore,
            )
            assert json.loads(table.texts[table.attributes[row]]) == dict(thing.attributes)
        assert whole.objects.ids[whole.owners].tolist() == whole.boxes.objects.tolist()
        assert described in whole.objects.ids
        media_of_box = whole.objects.media[whole.owners]
        assert media_of_box.tolist() == sorted(media_of_box.tolist())
        for one in (media, other):
            part, alone = whole.boxes.take(media_of_box == one), project.box_table(one)
            for name in ("frames", "objects", "boxes", "occluded", "keyframe", "origins", "scores"):
                np.testing.assert_array_equal(getattr(part, name), getattr(alone, name))
            assert [part.texts[n] for n in part.attributes] == [alone.texts[n] for n in alone.attributes]


def test_frames_that_were_reviewed_before_a_category_was_there(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path, frames=3000)
    with project:
        project.review(media, [0, 1500], FrameState.REVIEWED)
        project.review(media, [7], FrameState.SKIPPED)
        with project.bulk_edit("Import") as edit:
            late = edit.add_category("late", id=1000)
            project.review(media, [1], FrameState.REVIEWED)  # before anybody could see it
        with project.edit("Later still") as edit:
            last = edit.add_category("last", id=3)
        assert project.reviewed_before(category) == {}
        assert {key: one.tolist() for key, one in project.reviewed_before(late).items()} == {media: [0, 1, 1500]}
        assert project.review(media, [0, 1, 2], FrameState.REVIEWED) == 1
        assert project.reviewed_before(last)[media].tolist() == [1500]
        assert project.undo_place() == (media, 0)
        project.undo()
        assert project.reviewed_before(last)[media].tolist() == [0, 1, 1500]
        project.redo()
        assert project.review(media, [0, 1, 2], FrameState.REVIEWED) == 0
        assert project.undo_name() == "Mark reviewed"
        project.undo()
        project.undo()
        project.redo()
        assert project.reviewed_before(last)[media].tolist() == [0, 1, 1500]
        with pytest.raises(ProjectError, match="no category 77"):
            project.reviewed_before(77)


def test_counts_leave_out_what_was_removed(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        with project.edit("Add") as edit:
            other = add_video(edit, tmp_path, "other", frames=50)
            edit.add_object(media, category, 0, BOX)
            edit.add_object(other, category, 0, BOX)
            edit.set_frame_state(other, [1, 2], FrameState.REVIEWED)
            edit.set_frame_state(media, [1], FrameState.SKIPPED)
        counts = project.counts()
        assert (counts.media, counts.frames, counts.reviewed, counts.skipped, counts.objects) == (2, 150, 2, 1, 2)
        with project.edit("Remove") as edit:
            edit.remove_media(other)
        counts = project.counts()
        assert (counts.media, counts.frames, counts.reviewed, counts.skipped, counts.objects) == (1, 100, 0, 1, 1)
        assert counts.objects_by_category == {category: 1}


@given(first=places, length=st.integers(0, 1 << 20), inside=st.floats(0, 1))
@settings(deadline=None, derandomize=True)
def test_the_bins_at_a_frame_hold_every_object_there(first: int, length: int, inside: float) -> None:
    last = first + length
    assert schema.bin_of(first, last) in schema.bins_at(first + int(length * inside))


def test_a_reading_of_several_statements_sees_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object that another thread adds between two statements of a reading is in neither."""
    from yolor_studio.project import box_tables

    project, media, category = small_project(tmp_path)
    with project:
        with project.edit("Add") as edit:
            edit.add_object(media, category, 1, BOX)
        real = box_tables.objects_of

        def meanwhile(connection: sqlite3.Connection, media_id: int) -> list[Object]:
            found = real(connection, media_id)

            def add() -> None:
                with project.edit("Add another") as edit:
                    edit.add_object(media, category, 1, BOX)

            other = threading.Thread(target=add)
            other.start()
            other.join()
            return found

        monkeypatch.setattr(box_tables, "objects_of", meanwhile)
        assert [(frame, len(boxes)) for frame, boxes in project.iter_boxes(media)] == [(1, 1)]
        monkeypatch.undo()
        assert [(frame, len(boxes)) for frame, boxes in project.iter_boxes(media)] == [(1, 2)]
