"""A bulk edit does what any edit does, in slices and without reading a track again for each of its keyframes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from project_helpers import BOX, small_project

from yolor_studio.core.entities import Keyframe, Origin
from yolor_studio.core.errors import ProjectError
from yolor_studio.project import EditBuilder, Project

STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 20),
        st.sampled_from([None, False, True]),
        st.sampled_from([None, False, True]),
        st.sampled_from([None, {}, {"pose": 1}]),
    ),
    max_size=25,
)


def _tell(project: Project, media: int) -> list[list[Keyframe]]:
    return [project.keyframes(thing.id) for thing in project.objects(media)]


@given(steps=STEPS)
@settings(deadline=None, derandomize=True, max_examples=30)
def test_keyframes_of_a_bulk_edit_are_those_of_any_edit(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple]
) -> None:
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("yolor_studio.project.bulk.SLICE", 4)
        for bulk in (False, True):
            project, media, category = small_project(tmp_path_factory.mktemp("p"))
            with project:
                with project.bulk_edit("Bulk") if bulk else project.edit("Plain") as edit:
                    things = [edit.add_object(media, category, 10, BOX, interpolate=True) for _ in range(3)]
                    for number, frame, occluded, interpolate, attributes in steps:
                        box = BOX._replace(x=frame)
                        edit.set_keyframe(
                            things[number],
                            frame,
                            box,
                            occluded=occluded,
                            interpolate=interpolate,
                            attributes=attributes,
                        )
                told.append(_tell(project, media))
                assert sum(len(project.boxes_at(media, frame)) for frame in range(21)) == len(project.box_table(media))
    assert told[0] == told[1]


def _steps_of(work: Callable[[EditBuilder, int, int], None], folder: Path) -> int:
    """How much SQLite does for the work, in hundreds of its instructions."""
    project, media, category = small_project(folder, frames=10_000)
    done = [0]

    def step() -> int:
        done[0] += 1
        return 0

    with project:
        writer = project._store.writer
        assert writer is not None
        for connection in (writer, project._store.reader()):
            connection.set_progress_handler(step, 100)
        with project.bulk_edit("Bulk") as edit:
            work(edit, media, category)
        for connection in (writer, project._store.reader()):
            connection.set_progress_handler(None, 0)
    return done[0]


@pytest.mark.parametrize("tracks", [1, 20])
def test_twice_the_keyframes_are_twice_the_work(tmp_path: Path, tracks: int) -> None:
    def work(length: int) -> Callable[[EditBuilder, int, int], None]:
        def write(edit: EditBuilder, media: int, category: int) -> None:
            things = [edit.add_object(media, category, 0, BOX) for _ in range(tracks)]
            for frame in range(1, length // tracks):
                for thing in things:
                    edit.set_keyframe(thing, frame, BOX)

        return write

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    once, twice = _steps_of(work(1000), tmp_path / "a"), _steps_of(work(2000), tmp_path / "b")
    assert twice < 2.5 * once


def test_a_track_comes_in_at_once(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    keyframes = [
        Keyframe(0, 7, BOX, interpolate=True, origin=Origin.IMPORT, attributes={"pose": 1}, score=0.5),
        Keyframe(0, 3, BOX._replace(x=-5.0), occluded=True),
    ]
    with project:
        for edit in (project.edit("Plain"), project.bulk_edit("Bulk")):
            with edit as under_way:
                thing = under_way.add_track(media, category, keyframes, ignore=True, attributes={"a": 1})
            stored = project.keyframes(thing)
            assert [(one.frame, one.box.x, one.occluded, one.score) for one in stored] == [
                (3, 0.0, True, None),
                (7, BOX.x, False, 0.5),
            ]
            assert dict(stored[1].attributes) == {"pose": 1}
            assert project.get_object(thing).ignore
            assert [len(project.boxes_at(media, frame)) for frame in (2, 3, 5, 7, 8)] == [0, 1, 0, 1, 0]
            project.undo()
        with project.edit("Nothing") as edit:
            for wrong in ([], [keyframes[0], keyframes[0]]):
                with pytest.raises(ProjectError, match="are no track"):
                    edit.add_track(media, category, wrong)
            with pytest.raises(ProjectError, match="no frame 100"):
                edit.add_track(media, category, [Keyframe(0, 100, BOX)])
