from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from project_helpers import BOX, add_layer, add_video, content, grid, predictions, small_project

from yolor_studio.core.entities import Box, Change, FrameState, Origin
from yolor_studio.core.errors import ProjectError
from yolor_studio.project import EditBuilder, Project

FRAMES = 12


class RandomEdits(RuleBasedStateMachine):
    """Whatever is done to a project, undoing all gives the beginning and redoing all gives the end, at every step in
    between, over restarts too."""

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.project = Project.create(self.folder / "p.yolor")
        layer = self.project.start_layer("m", "h", ["car", "dog", "cat"], min_score=0.05, device="cpu", settings={})
        self.layer = layer
        with self.project.edit("Begin") as edit:
            self.media = [add_video(edit, self.folder, frames=FRAMES)]
            edit.add_category("car")
        for frame in range(FRAMES):
            self.project.write_predictions(layer, self.media[0], {frame: predictions(*grid(3), classes=[0, 1, 2])})
        self.past = [content(self.project)]
        self.place = 0
        self.base = self.project.undo_name()

    def teardown(self) -> None:
        if hasattr(self, "project"):
            self.undo_and_redo_all()
            self.project.close()
            shutil.rmtree(self.folder)

    def edit(self, operation) -> None:
        """Do it as an edit; what fails must leave nothing."""
        before = content(self.project)
        try:
            with self.project.edit("Do something") as edit:
                operation(edit)
        except ProjectError:
            assert content(self.project) == before
            return
        self.note(before)

    def note(self, before: dict) -> None:
        after = content(self.project)
        if after != before:
            self.past = [*self.past[: self.place + 1], after]
            self.place += 1

    def things(self) -> list[int]:
        return [thing.id for one in self.project.media() for thing in self.project.objects(one.id)]

    def live_media(self) -> list[int]:
        return [one.id for one in self.project.media()]

    def categories(self) -> list[int]:
        return [one.id for one in self.project.categories()]

    frames = st.integers(0, FRAMES - 1)
    boxes = st.builds(Box, *[st.floats(-50, 700, width=32) for _ in range(4)])

    @rule(data=st.data(), frame=frames, box=boxes, interpolate=st.booleans(), origin=st.sampled_from(Origin))
    def add_object(self, data: st.DataObject, frame: int, box: Box, interpolate: bool, origin: Origin) -> None:
        if not (self.live_media() and self.categories()):
            return
        media, category = data.draw(st.sampled_from(self.live_media())), data.draw(st.sampled_from(self.categories()))
        self.edit(lambda e: e.add_object(media, category, frame, box, interpolate=interpolate, origin=origin))

    @rule(data=st.data(), frame=frames, box=boxes, interpolate=st.sampled_from([None, False, True]))
    def set_keyframe(self, data: st.DataObject, frame: int, box: Box, interpolate: bool | None) -> None:
        if things := self.things():
            thing = data.draw(st.sampled_from(things))
            self.edit(lambda e: e.set_keyframe(thing, frame, box, interpolate=interpolate))

    @rule(data=st.data(), frame=frames)
    def delete_box(self, data: st.DataObject, frame: int) -> None:
        if things := self.things():
            thing = data.draw(st.sampled_from(things))
            self.edit(lambda e: e.delete_box(thing, frame))

    @rule(data=st.data(), ignore=st.booleans())
    def change_object(self, data: st.DataObject, ignore: bool) -> None:
        if things := self.things():
            thing, category = data.draw(st.sampled_from(things)), data.draw(st.sampled_from([*self.categories(), 99]))
            self.edit(lambda e: e.update_object(thing, category_id=category, ignore=ignore, attributes={"a": ignore}))

    @rule(data=st.data())
    def delete_object(self, data: st.DataObject) -> None:
        if things := self.things():
            thing = data.draw(st.sampled_from(things))
            self.edit(lambda e: e.delete_object(thing))

    @rule(name=st.sampled_from(["car", "dog", "cat", ""]), identity=st.sampled_from([None, None, 7]))
    def add_category(self, name: str, identity: int | None) -> None:
        self.edit(lambda e: e.add_category(name, id=identity))

    @rule(data=st.data(), merge=st.booleans())
    def remove_category(self, data: st.DataObject, merge: bool) -> None:
        if len(self.categories()) > 1:
            source, into = data.draw(st.permutations(self.categories()))[:2]
            self.edit(lambda e: e.merge_categories(source, into) if merge else e.delete_category(source))

    @rule(data=st.data(), name=st.sampled_from(["bus", "car"]), hotkey=st.sampled_from([None, "1"]))
    def change_category(self, data: st.DataObject, name: str, hotkey: str | None) -> None:
        if categories := self.categories():
            category = data.draw(st.sampled_from(categories))
            self.edit(lambda e: e.update_category(category, name=name, hotkey=hotkey))

    @rule(name=st.sampled_from(["clip", "other"]))
    def add_media(self, name: str) -> None:
        self.edit(lambda e: add_video(e, self.folder, name, frames=FRAMES))

    @rule(data=st.data(), step=st.integers(0, 3), remove=st.booleans())
    def change_media(self, data: st.DataObject, step: int, remove: bool) -> None:
        if media := self.live_media():
            one = data.draw(st.sampled_from(media))
            self.edit(lambda e: e.remove_media(one) if remove else e.update_media(one, step=step, name="clip"))

    @rule(data=st.data(), frames=st.lists(frames), state=st.sampled_from(FrameState))
    def set_state(self, data: st.DataObject, frames: list[int], state: FrameState) -> None:
        if media := self.live_media():
            one = data.draw(st.sampled_from(media))
            self.edit(lambda e: e.set_frame_state(one, frames, state))

    @rule(frame=frames, row=st.integers(0, 3), reject=st.booleans())
    def answer_prediction(self, frame: int, row: int, reject: bool) -> None:
        def operation(edit: EditBuilder) -> None:
            (edit.reject if reject else edit.accept)(self.media[0], frame, self.layer, [row])

        self.edit(operation)

    @rule(data=st.data())
    def take_back_rejection(self, data: st.DataObject) -> None:
        if found := [one.id for media in self.live_media() for one in self.project.rejections(media)]:
            one = data.draw(st.sampled_from(found))
            self.edit(lambda e: e.delete_rejection(one))

    @rule(data=st.data(), index=st.integers(0, 2))
    def map_class(self, data: st.DataObject, index: int) -> None:
        category = data.draw(st.sampled_from([None, *self.categories()]))
        self.edit(lambda e: e.set_class(self.layer, index, category))

    @rule(data=st.data(), fail=st.booleans(), box=boxes)
    def bulk(self, data: st.DataObject, fail: bool, box: Box) -> None:
        before = content(self.project)
        try:
            with self.project.bulk_edit("Import") as edit:
                media = add_video(edit, self.folder, "bulk", frames=FRAMES)
                category = edit.add_category("bulk")
                thing = edit.add_object(media, category, 1, box, interpolate=True)
                edit.set_keyframe(thing, 4, box)
                edit.set_frame_state(media, [1, 2], FrameState.REVIEWED)
                for thing in self.things()[:1]:
                    edit.update_object(thing, ignore=True)
                if fail:
                    raise ProjectError("no")
        except ProjectError:
            assert content(self.project) == before
            return
        self.note(before)

    @rule(media=st.just(0))
    def accept_all(self, media: int) -> None:
        if self.media[0] in self.live_media():
            before = content(self.project)
            self.project.accept_shown(self.media[0], None)
            self.note(before)

    @precondition(lambda self: self.place > 0)
    @rule()
    def undo(self) -> None:
        assert isinstance(self.project.undo(), Change)
        self.place -= 1

    @precondition(lambda self: self.place < len(self.past) - 1)
    @rule()
    def redo(self) -> None:
        assert isinstance(self.project.redo(), Change)
        self.place += 1

    @rule()
    def reopen(self) -> None:
        self.project.close()
        self.project = Project.open(self.folder / "p.yolor")
        assert not self.project.read_only

    @rule()
    def undo_and_redo_all(self) -> None:
        here = self.place
        while self.place:
            self.undo()
            assert content(self.project) == self.past[self.place]
        self.reopen()
        while self.place < len(self.past) - 1:
            self.redo()
            assert content(self.project) == self.past[self.place]
        assert self.project.redo() is None
        while self.place > here:
            self.undo()

    @invariant()
    def as_noted(self) -> None:
        if hasattr(self, "past"):
            assert content(self.project) == self.past[self.place]
            things = [thing for media in self.project.media() for thing in self.project.objects(media.id)]
            assert self.project.counts().objects_by_category == Counter(thing.category_id for thing in things)


RandomEdits.TestCase.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
TestRandomEdits = RandomEdits.TestCase


def test_nothing_is_stored_when_nothing_changed(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project, project.edit("Add") as edit:
        thing = edit.add_object(media, category, 3, BOX)
    with Project.open(tmp_path / "small.yolor") as project:
        seen: list[Change] = []
        project.subscribe(seen.append)
        with project.edit("Same again") as edit:
            edit.set_keyframe(thing, 3, BOX)
            edit.set_frame_state(media, [1], FrameState.REVIEWED)
            edit.set_frame_state(media, [1], FrameState.UNTOUCHED)
        assert project.undo_name() == "Add"
        assert seen == []


def test_an_exception_takes_all_back_and_comes_out(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        before = content(project)
        with pytest.raises(ZeroDivisionError), project.edit("Fail") as edit:
            edit.add_object(media, category, 3, BOX)
            _ = 1 / 0
        assert content(project) == before
        assert project.undo_name() == "Begin"


def test_a_new_edit_cuts_what_could_be_redone(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        with project.edit("A") as edit:
            edit.add_object(media, category, 3, BOX)
        project.undo()
        assert project.redo_name() == "A"
        with project.edit("B") as edit:
            edit.add_object(media, category, 4, BOX)
        assert project.redo_name() is None
        assert project.redo() is None


def test_nudges_with_one_key_are_one_step(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        with project.edit("Add") as edit:
            thing = edit.add_object(media, category, 3, BOX)
        for dx in (1, 2, 3):
            with project.edit("Nudge", merge=f"nudge {thing}") as edit:
                edit.set_keyframe(thing, 3, BOX._replace(x=BOX.x + dx))
        project.undo()
        assert project.keyframes(thing)[0].box == BOX
        assert project.undo_name() == "Add"
        project.redo()
        assert project.keyframes(thing)[0].box.x == BOX.x + 3


def test_nudges_there_and_back_leave_no_step(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        with project.edit("Add") as edit:
            thing = edit.add_object(media, category, 3, BOX)
        for x in (11.0, 10.0):
            with project.edit("Nudge", merge="n") as edit:
                edit.set_keyframe(thing, 3, BOX._replace(x=x))
        assert project.undo_name() == "Add"


def test_nudges_after_a_pause_are_steps_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("yolor_studio.project.history.time.time", lambda: now[0])
    project, media, category = small_project(tmp_path)
    with project:
        with project.edit("Add") as edit:
            thing = edit.add_object(media, category, 3, BOX)
        for x in (11.0, 12.0):
            with project.edit("Nudge", merge="n") as edit:
                edit.set_keyframe(thing, 3, BOX._replace(x=x))
            now[0] += 1.5
        project.undo()
        assert project.keyframes(thing)[0].box.x == 11.0


def test_the_window_is_told_where_undo_and_redo_change_something(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        with project.edit("Add") as edit:
            thing = edit.add_object(media, category, 7, BOX)
        with project.edit("State") as edit:
            edit.set_frame_state(media, [33], FrameState.REVIEWED)
        assert project.undo_place() == (media, 33)
        project.undo()
        assert project.undo_place() == (media, 7)
        assert project.redo_place() == (media, 33)
        with project.edit("Move") as edit:
            edit.set_keyframe(thing, 9, BOX)
        assert project.undo_place() == (media, 9)


def test_a_change_names_the_frames_that_look_different(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        seen: list[Change] = []
        stop = project.subscribe(seen.append)
        with project.edit("Add") as edit:
            thing = edit.add_object(media, category, 10, BOX, interpolate=True)
            edit.set_keyframe(thing, 20, BOX, interpolate=True)
            edit.set_keyframe(thing, 30, BOX)
        with project.edit("Bend") as edit:
            edit.set_keyframe(thing, 15, BOX._replace(x=50))
        assert seen[-1].edit == "Bend"
        assert seen[-1].actor == "window"
        assert seen[-1].frames == frozenset((media, frame) for frame in range(10, 21))
        with project.edit("State") as edit:
            edit.set_frame_state(media, [3, 4], FrameState.SKIPPED)
        assert seen[-1].tables == {"frame_states"}
        assert seen[-1].frames == {(media, 3), (media, 4)}
        project.undo()
        assert seen[-1].actor == "undo"
        assert seen[-1].frames == {(media, 3), (media, 4)}
        stop()
        project.redo()
        assert len(seen) == 4


def test_many_frames_are_not_named_one_by_one(tmp_path: Path) -> None:
    project, media, _category = small_project(tmp_path, frames=5000)
    with project:
        seen: list[Change] = []
        project.subscribe(seen.append)
        assert project.review(media, range(5000), FrameState.REVIEWED) == 5000
        assert seen[-1].frames is None
        assert seen[-1].media == {media}
        assert project.counts().reviewed == 5000
        project.undo()
        assert project.frame_states(media) == {}


def test_media_keep_facts_and_predictions_when_their_adding_is_undone(tmp_path: Path) -> None:
    project, media, _category = small_project(tmp_path)
    with project:
        layer = add_layer(project)
        project.write_predictions(layer, media, {3: predictions(*grid(2))})
        project.store_media_index(
            media, b"index", frames=99, verified=True, width=640, height=480, fps=30.0, info={"codec": "h264"}
        )
        while project.undo():
            pass
        assert project.media() == []
        while project.redo():
            pass
        assert project.get_media(media).frames == 99
        assert project.media_index(media) == b"index"
        assert project.visited_frames(layer, media).tolist() == [3]


def test_ids_are_never_given_twice(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        with project.edit("Add") as edit:
            first = edit.add_object(media, category, 3, BOX)
        track = project.get_object(first).track_id
        project.undo()
        with project.edit("Add") as edit:
            second = edit.add_object(media, category, 3, BOX)
        assert second != first
        assert project.get_object(second).track_id != track


def test_an_observer_that_fails_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        seen: list[Change] = []
        project.subscribe(lambda _change: 1 / 0)  # type: ignore[arg-type, return-value]
        project.subscribe(seen.append)
        with project.edit("Add") as edit:
            edit.add_object(media, category, 3, BOX)
        assert len(seen) == 1
        assert "observer" in caplog.text
