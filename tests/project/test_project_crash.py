from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from project_helpers import BOX, add_layer, content, grid, predictions, small_project

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Change, FrameState
from yolor_studio.core.errors import Cancelled, ProjectError
from yolor_studio.project import Project


def start_victim(path: Path, work: str) -> subprocess.Popen[str]:
    script = Path(__file__).with_name("project_victim.py")
    # Its helpers lie beside it, wherever the tests run from and however Python is told to look.
    environment = {**os.environ, "PYTHONPATH": str(script.parent)}
    command = [sys.executable, str(script), str(path), work]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def kill_after(victim: subprocess.Popen[str], lines: int) -> int:
    """Kill it (SIGKILL) after so many lines; returns the last number that it told."""
    assert victim.stdout is not None
    for _ in range(lines):
        assert victim.stdout.readline()
    victim.kill()
    rest = victim.stdout.read().splitlines()
    victim.stdout.close()
    victim.wait()
    return int(rest[-1]) if rest and rest[-1].isdigit() else lines - 1


@pytest.mark.parametrize("lines", [1, 40, 150])
def test_a_killed_process_loses_at_most_the_edit_under_way(tmp_path: Path, lines: int) -> None:
    project, media, _category = small_project(tmp_path, frames=5000)
    add_layer(project)
    project.close()
    told = kill_after(start_victim(project.path, "edits"), lines)
    with Project.open(project.path) as project:
        assert not project.read_only
        count = len(project.objects(media))
        assert count % 2 == 0  # whole edits only
        assert count // 2 - (told + 1) in (0, 1)
        assert project.undo_name() == f"Edit {count // 2 - 1}"
        reader = project._store.reader()
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert reader.execute("PRAGMA foreign_key_check").fetchall() == []
        for _frame, found in project.iter_predictions(project.layers()[0].id, media):
            assert len(found) == 20
        project.undo()
        assert len(project.objects(media)) == count - 2


def test_a_killed_bulk_edit_was_never_there(tmp_path: Path) -> None:
    project, media, _category = small_project(tmp_path, frames=5000)
    before = content(project)
    project.close()
    victim = start_victim(project.path, "bulk")
    kill_after(victim, 3)
    with Project.open(project.path) as project:
        assert content(project) == before
        assert project.undo_name() == "Begin"
        project.undo()
        project.redo()
        assert content(project) == before
        with project.bulk_edit("Import") as edit:
            edit.add_object(media, 1, 0, BOX)
        # What was left of the first one is swept away, not only hidden.
        assert project._store.reader().execute("SELECT count(*) FROM object").fetchone() == (1,)
        assert project._store.reader().execute("SELECT count(*) FROM hidden_batch").fetchone() == (0,)


def test_a_second_process_reads_and_takes_over_when_the_first_dies(tmp_path: Path) -> None:
    project, media, _category = small_project(tmp_path, frames=5000)
    add_layer(project)
    project.close()
    victim = start_victim(project.path, "edits")
    assert victim.stdout is not None
    victim.stdout.readline()
    with Project.open(project.path) as reader:
        assert reader.read_only
        assert "another window or process" in str(reader.read_only_reason)
        first = len(reader.objects(media))
        deadline = time.monotonic() + 60
        while len(reader.objects(media)) == first:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with pytest.raises(ProjectError, match="reading only"), reader.edit("No") as edit:
            edit.add_category("no")
        for write in (reader.undo, reader.redo, lambda: reader.set_score_limit(0.2)):
            with pytest.raises(ProjectError, match="reading only"):
                write()
        with pytest.raises(ProjectError, match="reading only"), reader.bulk_edit("No"):
            pass
    kill_after(victim, 1)
    with Project.open(project.path) as writer:
        assert not writer.read_only


def test_a_bulk_edit_is_seen_only_when_complete_and_the_window_works_on(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        layer = add_layer(project)
        for frame in range(100):
            project.write_predictions(layer, media, {frame: predictions(*grid(20))})
        with project.bulk_edit("Earlier") as edit:
            edit.set_frame_state(media, [0], FrameState.SKIPPED)
            edit.delete_object(edit.add_object(media, category, 0, BOX))
        changes: list[Change] = []
        project.subscribe(changes.append)
        seen: list[int] = []

        def window(done: int, _total: int) -> None:
            seen.append(project.counts().objects)
            if done == 50:
                thread = threading.Thread(target=edit_as_window)
                thread.start()
                thread.join()

        def edit_as_window() -> None:
            with project.edit("By hand") as edit:
                edit.add_object(media, category, 99, BOX)
            project.undo()
            project.redo()
            project.undo()
            with pytest.raises(ProjectError, match="still being written"):
                project.undo()  # the earlier bulk edit
            project.redo()
            with pytest.raises(ProjectError, match="while an import"), project.edit("Delete") as edit:
                edit.delete_category(category)

        assert project.accept_shown(media, None, progress=window) == 2000
        assert set(seen) == {0, 1}
        assert project.counts().objects == 2001
        assert [change.edit for change in changes] == ["By hand"] * 5 + ["Accept predictions"]
        assert changes[-1].media == {media}
        assert changes[-1].tables == {"objects", "keyframes"}
        assert project.undo_place() == (media, 0)
        project.undo()
        assert project.counts().objects == 1
        project.undo()
        assert project.counts().objects == 0
        project.redo()
        project.redo()
        assert project.counts().objects == 2001
        # Objects made in bulk are edited like any others, and undone in order.
        with project.edit("Delete") as edit:
            edit.delete_object(project.objects(media)[0].id)
        project.undo()
        project.undo()
        project.redo()
        assert project.counts().objects == 2001


def test_a_category_made_meanwhile_keeps_its_name(tmp_path: Path) -> None:
    project, media, _category = small_project(tmp_path)
    with project:
        with project.bulk_edit("Import") as edit:
            dog = edit.add_category("dog", id=18)
            thing = edit.add_object(media, dog, 0, BOX)
            with project.edit("By hand") as other:
                other.add_category("dog")
        assert [(one.id, one.name) for one in project.categories()] == [(1, "car"), (2, "dog"), (18, "dog (2)")]
        assert project.get_object(thing).category_id == 18
        project.undo()
        # The same import again, with the same ids.
        with project.bulk_edit("Import") as edit:
            assert edit.add_category("cat", id=18) == 18
        assert project.get_category(18).name == "cat"


def test_all_at_once(tmp_path: Path) -> None:
    """Edits, undo and redo, a model's run, bulk edits that end well or badly: the file stays whole."""
    project, media, category = small_project(tmp_path)
    layer = add_layer(project)
    failures: list[BaseException] = []

    def work(action: Callable[[int], object]) -> None:
        try:
            for number in range(15):
                with suppress(ProjectError, Cancelled):
                    action(number)
        except BaseException as error:
            failures.append(error)

    def edit(number: int) -> None:
        with project.edit("Add") as builder:
            builder.add_object(media, category, number, BOX, interpolate=True)
        project.undo()
        if number % 2:
            project.redo()

    def run(number: int) -> None:
        project.write_predictions(layer, media, {(number * 7 + k) % 100: predictions(*grid(10)) for k in range(30)})

    def bulk(number: int) -> None:
        cancel = CancelToken()
        stop = (lambda done, _n: done == 20 and cancel.cancel()) if number % 3 == 0 else None
        project.accept_shown(media, None, cancel=cancel, progress=stop)

    def read(_number: int) -> None:
        list(project.iter_boxes(media))
        project.counts()

    threads = [threading.Thread(target=work, args=(action,)) for action in (edit, edit, run, bulk, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    end = content(project)
    steps = 0
    while project.undo():
        steps += 1
    assert project.media() == []
    project.close()
    with Project.open(project.path) as project:
        for _ in range(steps):
            assert project.redo()
        assert content(project) == end
        assert project.counts().objects == len(project.objects(media))
        reader = project._store.reader()
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert reader.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_cancelled_bulk_edit_leaves_nothing(tmp_path: Path) -> None:
    project, media, _category = small_project(tmp_path)
    with project:
        layer = add_layer(project)
        for frame in range(50):
            project.write_predictions(layer, media, {frame: predictions(*grid(20))})
        before, cancel = content(project), CancelToken()
        with pytest.raises(Cancelled):
            project.accept_shown(media, None, cancel=cancel, progress=lambda done, _n: done == 30 and cancel.cancel())
        assert content(project) == before
        assert project._store.reader().execute("SELECT count(*) FROM object").fetchone() == (0,)


def test_an_undone_bulk_edit_is_swept_when_it_cannot_be_redone(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        with project.bulk_edit("Import") as edit:
            for frame in range(100):
                edit.add_object(media, category, frame, BOX, track_id=1000 + frame)
        project.undo()
        with project.edit("Other") as edit:
            edit.add_object(media, category, 0, BOX)
        assert project.redo_name() is None
    with Project.open(project.path) as project:
        assert project._store.reader().execute("SELECT count(*) FROM object").fetchone() == (1,)


def test_a_bulk_edit_that_does_nothing_is_no_step(tmp_path: Path) -> None:
    project, media, _category = small_project(tmp_path)
    with project:
        with project.bulk_edit("Nothing"):
            pass
        assert project.accept_shown(media, None) == 0
        assert project.undo_name() == "Begin"


def test_ids_go_on_without_holes_after_a_bulk_edit(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)
    with project:
        with project.bulk_edit("Import") as edit:
            made = [edit.add_object(media, category, 0, BOX) for _ in range(3000)]
        with project.edit("Add") as edit:
            following = edit.add_object(media, category, 0, BOX)
        assert made == list(range(1, 3001))
        assert following == 3001
        assert [thing.track_id for thing in project.objects(media)] == list(range(1, 3002))


def test_tracks_of_a_bulk_edit(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path, frames=2000)
    with project:
        with project.bulk_edit("Import") as edit:
            things = [edit.add_object(media, category, 0, BOX, interpolate=True, track_id=n) for n in (5, 9)]
            for frame in range(10, 1000, 10):
                for thing in things:
                    edit.set_keyframe(thing, frame, BOX._replace(x=float(frame % 100)), interpolate=True)
            with pytest.raises(ProjectError, match="track id 5"):
                edit.add_object(media, category, 0, BOX, track_id=5)
        assert [len(project.keyframes(thing)) for thing in things] == [100, 100]
        assert all(keyframe.interpolate for keyframe in project.keyframes(things[0]))
        assert len(project.boxes_at(media, 985)) == 2
        assert project.boxes_at(media, 991) == []


def test_edits_from_many_threads(tmp_path: Path) -> None:
    project, media, category = small_project(tmp_path)

    def work(number: int) -> None:
        for _ in range(20):
            with project.edit("Add", actor="window" if number % 2 else "job") as edit:
                edit.add_object(media, category, number, BOX)
            assert project.boxes_at(media, number)

    with project:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert project.counts().objects == 120
        while project.undo():
            pass
        assert project.counts().objects == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the lock's file")
def test_the_lock_leaves_no_file(tmp_path: Path) -> None:
    project, _media, _category = small_project(tmp_path)
    project.close()
    project.close()
    assert [path.name for path in tmp_path.iterdir()] == ["small.yolor"]
