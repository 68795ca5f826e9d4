"""What a run does to categories and class maps is nobody's edit: Undo goes on with the person's own, and stays safe."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from project_helpers import BOX, add_video, content, grid, predictions, small_project

from yolor_studio.core.entities import Change
from yolor_studio.core.errors import ProjectError
from yolor_studio.project import Project

NAMES = ("car", "dog", "cat")


def test_undo_after_a_first_run_takes_back_the_edit_before_it(tmp_path: Path) -> None:
    with Project.create(tmp_path / "a.yolor") as project:
        with project.edit("Add media") as edit:
            media = add_video(edit, tmp_path)
        seen: list[Change] = []
        project.subscribe(seen.append)
        layer = project.start_layer("m", "h", NAMES, min_score=0.05, device="cpu", settings={})
        assert project.adopt_class_map(layer, NAMES).adopted == NAMES
        assert seen[-1].tables == {"categories", "class_maps"}
        assert (seen[-1].edit, seen[-1].actor) == (None, "job")
        project.write_predictions(layer, media, {0: predictions(*grid(3), classes=[0, 1, 2])})
        assert project.undo_name() == "Add media"
        project.undo()
        assert [one.name for one in project.categories()] == list(NAMES)
        project.redo()
        assert len(project.shown(media, 0)) == 3
        count = len(seen)
        assert project.adopt_class_map(layer, NAMES).matched == NAMES
        assert len(seen) == count


def test_a_run_that_maps_nothing_new_leaves_what_can_be_redone(tmp_path: Path) -> None:
    project, media, car = small_project(tmp_path)
    with project:
        layer = project.start_layer("m", "h", NAMES, min_score=0.05, device="cpu", settings={})
        project.adopt_class_map(layer, NAMES)
        with project.edit("Label") as edit:
            edit.add_object(media, car, 0, BOX)
        project.undo()
        project.adopt_class_map(layer, NAMES)
        assert project.redo_name() == "Label"


def test_a_category_that_an_undo_took_away_is_mapped_to_no_more(tmp_path: Path) -> None:
    project, media, _car = small_project(tmp_path)
    with project:
        with project.edit("Add") as edit:
            dog = edit.add_category("dog")
        layer = project.start_layer("m", "h", NAMES, min_score=0.05, device="cpu", settings={})
        project.adopt_class_map(layer, NAMES)
        project.write_predictions(layer, media, {0: predictions(*grid(3), classes=[0, 1, 2])})
        assert len(project.shown(media, 0)) == 2
        project.undo()
        assert dog not in project.class_map(layer).values()
        assert len(project.shown(media, 0)) == 1
        project.redo()
        assert len(project.shown(media, 0)) == 2


def test_a_category_that_comes_back_beside_an_adopted_one_gets_another_name(tmp_path: Path) -> None:
    project, _media, car = small_project(tmp_path)
    with project:
        with project.edit("Delete") as edit:
            edit.delete_category(car)
        layer = project.start_layer("m", "h", NAMES, min_score=0.05, device="cpu", settings={})
        project.adopt_class_map(layer, NAMES)
        project.undo()
        assert [one.name for one in project.categories()] == ["car (2)", *NAMES]
        project.redo()
        assert [one.name for one in project.categories()] == list(NAMES)


class EditsAndRuns(RuleBasedStateMachine):
    """Edits of categories, maps and objects, undo and redo, with runs anywhere in between."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.project = Project.create(self.folder / "p.yolor")
        with self.project.edit("Begin") as edit:
            self.media = add_video(edit, self.folder)
        self.layers = [
            self.project.start_layer(model, "h", NAMES, min_score=0.05, device="cpu", settings={}) for model in "ab"
        ]
        for layer in self.layers:
            found = predictions(*grid(3), classes=[0, 1, 2])
            self.project.write_predictions(layer, self.media, {0: found})

    def teardown(self) -> None:
        if hasattr(self, "project"):
            self.project.close()
            shutil.rmtree(self.folder)

    def edit(self, operation) -> None:
        try:
            with self.project.edit("Do something") as edit:
                operation(edit)
        except ProjectError:
            return

    def draw_category(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from([one.id for one in self.project.categories()] or [99]))

    @rule(name=st.sampled_from(NAMES))
    def add_category(self, name: str) -> None:
        self.edit(lambda e: e.add_category(name))

    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def rename_category(self, data: st.DataObject, name: str) -> None:
        category = self.draw_category(data)
        self.edit(lambda e: e.update_category(category, name=name))

    @rule(data=st.data(), merge=st.booleans())
    def delete_category(self, data: st.DataObject, merge: bool) -> None:
        source, into = self.draw_category(data), self.draw_category(data)
        self.edit(lambda e: e.delete_category(source, into=into if merge else None))

    @rule(data=st.data(), layer=st.integers(0, 1), index=st.integers(0, 2), ignored=st.booleans())
    def map_class(self, data: st.DataObject, layer: int, index: int, ignored: bool) -> None:
        category = None if ignored else self.draw_category(data)
        self.edit(lambda e: e.set_class(self.layers[layer], index, category))

    @rule(data=st.data())
    def add_object(self, data: st.DataObject) -> None:
        category = self.draw_category(data)
        self.edit(lambda e: e.add_object(self.media, category, 1, BOX))

    @rule(layer=st.integers(0, 1))
    def run(self, layer: int) -> None:
        before = self.project.undo_name(), len(self.project.categories())
        report = self.project.adopt_class_map(self.layers[layer], NAMES)
        assert (self.project.undo_name(), len(self.project.categories())) == (
            before[0],
            before[1] + len(report.adopted),
        )
        assert set(report.matched) | set(report.ignored) == set(NAMES)

    @rule(steps=st.integers(1, 8))
    def undo_and_redo(self, steps: int) -> None:
        seen = []
        for _ in range(steps):
            seen.append(content(self.project))
            if self.project.undo() is None:
                seen.pop()
                break
            self.sane()
        while seen:
            assert self.project.redo() is not None
            assert content(self.project) == seen.pop()

    @rule()
    def undo(self) -> None:
        self.project.undo()

    @invariant()
    def sane(self) -> None:
        if not hasattr(self, "project"):
            return
        categories = self.project.categories()
        assert len({one.name for one in categories}) == len(categories)
        ids = {one.id for one in categories}
        for layer in self.layers:
            assert set(self.project.class_map(layer).values()) <= {None, *ids}
            if self.project.media():
                assert set(self.project.shown(self.media, 0, layer_id=layer).categories.tolist()) <= ids
        assert {thing.category_id for thing in self.project.objects(self.media)} <= ids
        assert self.project._store.reader().execute("PRAGMA foreign_key_check").fetchall() == []


EditsAndRuns.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, derandomize=True)
TestEditsAndRuns = EditsAndRuns.TestCase
