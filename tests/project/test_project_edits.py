from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from project_helpers import BOX, HEIGHT, WIDTH, add_layer, add_video, content, grid, predictions, small_project

from yolor_studio.core.boxes import fit_box
from yolor_studio.core.entities import Box, FrameState, Origin
from yolor_studio.core.errors import ProjectError
from yolor_studio.project import Project


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[Project, int, int]]:
    project, media, category = small_project(tmp_path)
    with project:
        yield project, media, category


coordinates = st.floats(0, 400, width=32)
spans = st.lists(
    st.tuples(st.integers(0, 14), st.builds(Box, coordinates, coordinates, coordinates, coordinates), st.booleans()),
    min_size=1,
    max_size=6,
    unique_by=lambda keyframe: keyframe[0],
)


@given(spans=spans, frame=st.integers(0, 15))
@settings(deadline=None, derandomize=True, max_examples=60, suppress_health_check=list(HealthCheck))
def test_deleting_a_box_changes_no_other_frame(
    small: tuple[Project, int, int], spans: list[tuple[int, Box, bool]], frame: int
) -> None:
    project, media, category = small
    with project.edit("Track") as edit:
        first, *rest = spans
        thing = edit.add_object(media, category, first[0], first[1], interpolate=first[2])
        for at, box, interpolate in rest:
            edit.set_keyframe(thing, at, box, interpolate=interpolate)
    before = {at: boxes[0].box for at, boxes in project.iter_boxes(media)}
    with project.edit("Gap") as edit:
        edit.delete_box(thing, frame)
    after = {at: boxes[0].box for at, boxes in project.iter_boxes(media)}
    before.pop(frame, None)
    assert after.keys() == before.keys()
    for at, box in before.items():
        assert after[at] == pytest.approx(box, abs=1e-6)
        assert project.boxes_at(media, at)[0].box == pytest.approx(box, abs=1e-6)
    assert project.boxes_at(media, frame) == []
    assert bool(after) == bool(project.objects(media))
    with project.edit("Clear") as edit:
        for one in project.objects(media):
            edit.delete_object(one.id)


def test_the_keyframes_of_a_gap(small: tuple[Project, int, int]) -> None:
    project, media, category = small
    with project.edit("Track") as edit:
        thing = edit.add_object(media, category, 0, Box(0, 0, 10, 10), interpolate=True, origin=Origin.MODEL)
        edit.set_keyframe(thing, 10, Box(100, 0, 10, 10))
    with project.edit("Gap") as edit:
        edit.delete_box(thing, 5)
    found = [(k.frame, k.box.x, k.interpolate, k.origin) for k in project.keyframes(thing)]
    assert found == [
        (0, 0, True, Origin.MODEL),
        (4, 40, False, Origin.MODEL),
        (6, 60, True, Origin.MODEL),
        (10, 100, False, Origin.HUMAN),
    ]


def test_an_object_goes_with_its_last_keyframe(small: tuple[Project, int, int]) -> None:
    project, media, category = small
    with project.edit("Add") as edit:
        thing = edit.add_object(media, category, 3, BOX)
    with project.edit("Delete") as edit:
        edit.delete_box(thing, 3)
    assert project.objects(media) == []
    project.undo()
    assert project.boxes_at(media, 3)[0].box == BOX


def test_what_a_keyframe_does_not_say_stays(small: tuple[Project, int, int]) -> None:
    project, media, category = small
    with project.edit("Track") as edit:
        thing = edit.add_object(
            media, category, 0, BOX, interpolate=True, occluded=True, keyframe_attributes={"pose": 1}
        )
        edit.set_keyframe(thing, 10, BOX, occluded=False)
        edit.set_keyframe(thing, 5, BOX)
        edit.set_keyframe(thing, 20, BOX)
        edit.set_keyframe(thing, 0, BOX._replace(x=1))
    found = [(k.frame, k.interpolate, k.occluded, dict(k.attributes)) for k in project.keyframes(thing)]
    assert found == [
        (0, True, True, {"pose": 1}),
        (5, True, True, {"pose": 1}),
        (10, False, False, {}),
        (20, False, False, {}),
    ]


def test_boxes_are_cut_to_the_picture(small: tuple[Project, int, int]) -> None:
    project, media, category = small
    with project.edit("Add") as edit:
        edit.add_object(media, category, 0, Box(-10, 400, 100, 900))
        edit.add_object(media, category, 1, Box(5000, 5000, 0, 0))
    assert project.boxes_at(media, 0)[0].box == Box(0, 400, 90, 80)
    assert project.boxes_at(media, 1)[0].box == fit_box(Box(5000, 5000, 0, 0), WIDTH, HEIGHT)
    with pytest.raises(ProjectError, match="finite"), project.edit("Add") as edit:
        edit.add_object(media, category, 0, Box(math.nan, 0, 1, 1))


@pytest.mark.parametrize("frame", [-1, 100])
def test_frames_that_do_not_exist_are_refused(small: tuple[Project, int, int], frame: int) -> None:
    project, media, category = small
    with pytest.raises(ProjectError, match="100 frames"), project.edit("Add") as edit:
        edit.add_object(media, category, frame, BOX)
    with pytest.raises(ProjectError, match="100 frames"), project.edit("State") as edit:
        edit.set_frame_state(media, [3, frame], FrameState.REVIEWED)


def test_media_names_are_made_unique(small: tuple[Project, int, int], tmp_path: Path) -> None:
    project, first, _category = small
    with project.edit("Add") as edit:
        second, third = add_video(edit, tmp_path / "a"), add_video(edit, tmp_path / "b")
    assert [one.name for one in project.media()] == ["clip", "clip (2)", "clip (3)"]
    with project.edit("Remove") as edit:
        edit.remove_media(second)
        fourth = add_video(edit, tmp_path / "c")
    assert project.get_media(fourth).name == "clip (2)"
    project.undo()
    assert [one.id for one in project.media()] == [first, second, third]


def test_paths_are_relative_to_the_project_where_near(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with Project.create(tmp_path / "work" / "p.yolor") as project:
        with project.edit("Add") as edit:
            inside = add_video(edit, tmp_path / "work" / "videos")
            beside = add_video(edit, tmp_path / "other")
            far = add_video(edit, Path(tmp_path.anchor) / "far")
        paths = {one.id: one.path for one in project.media()}
        assert paths[inside] == "videos/clip.mp4"
        assert paths[beside] == "../other/clip.mp4"
        assert paths[far].endswith("/far/clip.mp4")
        assert Path(paths[far]).is_absolute()
        for one in project.media():
            assert project.media_path(one).is_absolute()
            assert project.find_media(project.media_path(one)) == one
        assert project.find_media(tmp_path / "nothing.mp4") is None


def test_media_are_updated_field_by_field(small: tuple[Project, int, int], tmp_path: Path) -> None:
    project, media, _category = small
    with project.edit("Relink") as edit:
        edit.update_media(media, path=tmp_path / "moved.mp4", step=5, name="new", info={"codec": "h264"})
    found = project.get_media(media)
    assert (found.path, found.step, found.name, dict(found.info)) == ("moved.mp4", 5, "new", {"codec": "h264"})
    with pytest.raises(ProjectError, match="step of 0"), project.edit("Step") as edit:
        edit.update_media(media, step=0)
    with pytest.raises(TypeError, match="no such field"), project.edit("Wrong") as edit:
        edit.update_media(media, colour=1)


def test_a_category_in_use_is_deleted_only_into_another(small: tuple[Project, int, int]) -> None:
    project, media, car = small
    layer = add_layer(project)
    with project.edit("Add") as edit:
        bus = edit.add_category("bus")
        thing = edit.add_object(media, car, 0, BOX)
        edit.add_rejection(media, 1, car, BOX)
    with pytest.raises(ProjectError, match="“car” is used by 1 objects"), project.edit("Delete") as edit:
        edit.delete_category(car)
    with project.edit("Merge") as edit:
        edit.merge_categories(car, bus)
    assert [one.name for one in project.categories()] == ["bus"]
    assert project.get_object(thing).category_id == bus
    assert project.rejections(media)[0].category_id == bus
    assert project.class_map(layer)[0] == bus
    project.undo()
    assert project.class_map(layer)[0] == car
    with project.edit("Next") as edit:
        assert edit.add_category("van") > bus


def test_categories_get_colours_that_are_free(small: tuple[Project, int, int]) -> None:
    project, _media, _car = small
    with project.edit("Add") as edit:
        edit.add_category("a")
        edit.add_category("b", colour=5)
        edit.add_category("c", id=40, supercategory="thing", hotkey="4")
    assert [(one.name, one.colour) for one in project.categories()] == [("car", 0), ("a", 1), ("b", 5), ("c", 2)]
    assert project.get_category(40).hotkey == "4"
    for name, identity in (("a", None), ("d", 40), (" ", None)):
        with pytest.raises(ProjectError), project.edit("Again") as edit:
            edit.add_category(name, id=identity)


def test_track_ids_are_unique(small: tuple[Project, int, int]) -> None:
    project, media, car = small
    with project.edit("Add") as edit:
        edit.add_object(media, car, 0, BOX, track_id=70)
        other = edit.add_object(media, car, 0, BOX)
    assert project.get_object(other).track_id == 71
    with pytest.raises(ProjectError, match="70"), project.edit("Again") as edit:
        edit.add_object(media, car, 0, BOX, track_id=70)


def test_accept_and_reject(small: tuple[Project, int, int]) -> None:
    project, media, car = small
    layer = add_layer(project)
    project.write_predictions(layer, media, {4: predictions(*grid(3), classes=[0, 0, 1], scores=[0.9, 0.8, 0.7])})
    with project.edit("Accept") as edit:
        taken, corrected = edit.accept(media, 4, layer, [0]), edit.accept(media, 4, layer, [1], box=BOX)
    keyframes = [project.keyframes(one)[0] for one in (*taken, *corrected)]
    assert [one.origin for one in keyframes] == [Origin.MODEL, Origin.HUMAN]
    assert keyframes[0].score == pytest.approx(0.9)
    assert keyframes[0].box == pytest.approx(grid(1)[0])
    with pytest.raises(ProjectError, match="maps to no category"), project.edit("Accept") as edit:
        edit.accept(media, 4, layer, [2])
    with project.edit("Accept as") as edit:
        (dog,) = edit.accept(media, 4, layer, [2], category_id=car)
    assert project.get_object(dog).category_id == car
    with pytest.raises(ProjectError, match="3 predictions"), project.edit("Accept") as edit:
        edit.accept(media, 4, layer, [3])
    with pytest.raises(ProjectError, match="has not been"), project.edit("Accept") as edit:
        edit.accept(media, 5, layer, [0])
    with project.edit("Reject") as edit:
        edit.reject(media, 4, layer, [1])
    assert [(one.frame, one.category_id) for one in project.rejections(media, 4)] == [(4, car)]
    with project.edit("Take back") as edit:
        edit.delete_rejection(project.rejections(media)[0].id)
    assert project.rejections(media) == []


def test_an_edit_reads_what_it_wrote(small: tuple[Project, int, int]) -> None:
    project, media, car = small
    with project.edit("Add") as edit:
        thing = edit.add_object(media, car, 0, BOX)
        assert project.keyframes(thing)[0].box == BOX
        with pytest.raises(ProjectError, match="under way"):
            project.set_score_limit(0.4)


def test_attributes_are_kept(small: tuple[Project, int, int]) -> None:
    project, media, car = small
    deep = {"plate": "Ä 12", "list": [1, 2.5, None], "deep": {"a": True}}
    with project.edit("Add") as edit:
        thing = edit.add_object(media, car, 0, BOX, attributes=deep, ignore=True)
    assert project.get_object(thing).attributes == deep
    assert project.get_object(thing).ignore
    with pytest.raises(ProjectError, match="cannot be stored"), project.edit("Wrong") as edit:
        edit.update_object(thing, attributes={"a": object()})


def test_numbers_out_of_numpy_arrays_are_fine(small: tuple[Project, int, int]) -> None:
    project, media, car = small
    frames, boxes = np.arange(3, dtype=np.int64), np.array([[1, 2, 30, 40]] * 3, np.float32)
    with project.edit("Add") as edit:
        for frame, box in zip(frames, boxes, strict=True):
            edit.add_object(media, car, frame, Box(*box), score=np.float32(0.5))  # type: ignore[arg-type]
        edit.set_frame_state(media, frames, FrameState.REVIEWED)
    for frame in project.object_frames(media):
        assert project.boxes_at(media, frame)[0].box == Box(1, 2, 30, 40)
        assert project.frame_state(media, frame) is FrameState.REVIEWED


def test_a_full_disk_is_told_and_nothing_is_lost(small: tuple[Project, int, int]) -> None:
    project, media, car = small
    writer = project._store.writer
    assert writer is not None
    with project.edit("Add") as edit:
        edit.add_object(media, car, 0, BOX)
    before = content(project)
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(ProjectError, match=r"disk .* is full"), project.edit("Much") as edit:
        for frame in range(100):
            edit.add_object(media, car, frame, BOX, attributes={"text": "x" * 1000})
    with pytest.raises(ProjectError, match=r"disk .* is full"), project.bulk_edit("Much") as edit:
        for _ in range(2000):
            edit.add_object(media, car, 0, BOX, attributes={"text": "x" * 1000})
    assert content(project) == before
    writer.execute("PRAGMA max_page_count = 1000000")
    with project.edit("Go on") as edit:
        edit.add_object(media, car, 1, BOX)
    assert project.counts().objects == 2
