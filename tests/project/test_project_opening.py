from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from project_helpers import BOX, add_layer, content, grid, predictions, small_project

from yolor_studio.core.errors import ProjectError
from yolor_studio.project import Project, schema, store


def filled(folder: Path, *, objects: int = 300) -> Path:
    project, media, category = small_project(folder)
    with project:
        layer = add_layer(project)
        with project.bulk_edit("Fill") as edit:
            for number in range(objects):
                edit.add_object(media, category, number % 100, BOX, attributes={"text": "x" * 40})
        project.write_predictions(layer, media, {frame: predictions(*grid(30)) for frame in range(100)})
    return project.path


def change_with_sqlite(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.yolor"
    path.write_text("precious")
    with pytest.raises(ProjectError, match="exists already"):
        Project.create(path)
    assert path.read_text() == "precious"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="could not be made"):
        Project.create(tmp_path / "no" / "a.yolor")
    with pytest.raises(ProjectError, match="There is no project"):
        Project.open(tmp_path / "a.yolor")


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html></html>", "is not a YOLOR Studio project"),
        (b"SQLite format 3\0" + bytes(40), "another program"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, what: bytes, sentence: str) -> None:
    path = tmp_path / "a.yolor"
    path.write_bytes(what)
    with pytest.raises(ProjectError, match=sentence):
        Project.open(path)
    assert path.read_bytes() == what
    assert list(tmp_path.iterdir()) == [path]


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.yolor"
    change_with_sqlite(path, "CREATE TABLE t (a)")
    with pytest.raises(ProjectError, match="another program"):
        Project.open(path)


def test_a_newer_version_is_read_but_not_written(tmp_path: Path) -> None:
    path = filled(tmp_path)
    change_with_sqlite(path, "PRAGMA user_version = 99", "ALTER TABLE object ADD COLUMN mood TEXT")
    with Project.open(path) as project:
        assert project.read_only
        assert "newer version" in str(project.read_only_reason)
        assert project.counts().objects == 300
    change_with_sqlite(path, "ALTER TABLE keyframe RENAME COLUMN w TO width")
    with pytest.raises(ProjectError, match="newer version"):
        Project.open(path)
    assert [one.name for one in tmp_path.iterdir()] == ["small.yolor"]


def test_an_older_version_is_migrated_after_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path)
    with Project.open(path) as project:
        before = content(project)
    monkeypatch.setattr(schema, "VERSION", 2)
    monkeypatch.setitem(schema.MIGRATIONS, 2, lambda db: db.execute("ALTER TABLE media ADD COLUMN note TEXT"))
    with Project.open(path) as project:
        assert content(project) == before
        assert project._store.reader().execute("PRAGMA user_version").fetchone() == (2,)
        while project.undo():
            pass
        while project.redo():
            pass
        assert content(project) == before
    copy = tmp_path / "small-version1.yolor"
    assert sqlite3.connect(copy).execute("PRAGMA user_version").fetchone() == (1,)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path)

    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE media ADD COLUMN note TEXT")
        connection.execute("SELECT nonsense FROM media")

    monkeypatch.setattr(schema, "VERSION", 2)
    monkeypatch.setitem(schema.MIGRATIONS, 2, broken)
    with pytest.raises(ProjectError, match="no such column"):
        Project.open(path)
    assert not path.with_name("small-salvaged.yolor").exists()
    monkeypatch.undo()
    with Project.open(path) as project:
        assert project.counts().objects == 300
        assert not project.read_only


def overwrite_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xa5" * 8192)


def cut_end(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


@pytest.mark.parametrize("damage", [overwrite_middle, cut_end])
def test_what_can_be_read_of_a_damaged_file_is_saved_to_a_copy(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = filled(tmp_path, objects=3000)
    damage(path)
    bytes_before = path.read_bytes()
    with pytest.raises(ProjectError, match=r"damaged.*small-salvaged\.yolor"):
        Project.open(path)
    assert path.read_bytes() == bytes_before
    with Project.open(tmp_path / "small-salvaged.yolor") as project:
        assert not project.read_only
        (media,) = project.media()
        assert project.counts().objects > 500
        assert len(project.boxes_at(media.id, 5)) > 3
        with project.edit("Go on") as edit:
            edit.add_object(media.id, project.categories()[0].id, 5, BOX)
    # One copy is enough, worked on or not, until the damaged file is another one.
    with pytest.raises(ProjectError, match=r"rows that can be read were saved to small-salvaged\.yolor"):
        Project.open(path)
    assert not path.with_name("small-salvaged-2.yolor").exists()
    os.utime(path, ns=(0, 0))
    for _ in range(2):
        with pytest.raises(ProjectError, match=r"small-salvaged-2\.yolor"):
            Project.open(path)
    assert not path.with_name("small-salvaged-3.yolor").exists()
    path.with_name("small-salvaged.yolor").write_bytes(b"something else")
    with pytest.raises(ProjectError, match=r"small-salvaged-2\.yolor"):
        Project.open(path)


def test_damage_that_is_no_text_is_told_as_damage(tmp_path: Path) -> None:
    path = filled(tmp_path, objects=10)
    before = path.read_bytes()
    assert before.count(b"CREATE TABLE keyframe (") == 1
    path.write_bytes(before.replace(b"CREATE TABLE keyframe (", b"CREATE \xa1ABLE keyframe ("))
    with pytest.raises(ProjectError, match=r"small\.yolor is damaged"):
        Project.open(path)


def test_damage_met_in_a_large_file_is_told_and_saved_at_the_next_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(tmp_path, objects=3000)
    overwrite_middle(path)
    monkeypatch.setattr("yolor_studio.project.opening.CHECKED_WHOLE", 0)
    with Project.open(path) as project:
        layer = project.layers()[0].id
        with pytest.raises(ProjectError, match="open it again"):
            for media in project.media():
                content(project)
                list(project.iter_boxes(media.id))
                list(project.iter_predictions(layer, media.id))
    with pytest.raises(ProjectError, match=r"small-salvaged\.yolor"):
        Project.open(path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["small-salvaged.yolor", "small.yolor"]


def test_a_file_of_nothing_but_a_head_cannot_be_saved(tmp_path: Path) -> None:
    path = filled(tmp_path)
    os.truncate(path, 512)
    with pytest.raises(ProjectError, match="nothing in it can be read"):
        Project.open(path)
    assert [one.name for one in tmp_path.iterdir()] == ["small.yolor"]


@pytest.mark.parametrize("protected", ["small.yolor", "."])
def test_write_protected_projects_are_opened_for_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protected: str
) -> None:
    path = filled(tmp_path)
    access = os.access
    hidden = os.path.normpath(tmp_path / protected)
    # Tests may run as root, whom no permission stops.
    monkeypatch.setattr(os, "access", lambda p, mode: os.path.normpath(p) != hidden and access(p, mode))
    with Project.open(path) as project:
        assert project.read_only
        assert "write-protected" in str(project.read_only_reason)
        assert project.counts().objects == 300
    assert [one.name for one in tmp_path.iterdir()] == ["small.yolor"]


def test_an_unclosed_project_in_a_write_protected_folder_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(tmp_path)
    access = os.access
    monkeypatch.setattr(os, "access", lambda p, mode: p != tmp_path and access(p, mode))
    path.with_name("small.yolor-wal").write_bytes(bytes(100))
    with pytest.raises(ProjectError, match=r"not closed properly.*small\.yolor-wal"):
        Project.open(path)


def test_reading_only_on_request(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with Project.open(path, read_only=True) as reader, Project.open(path) as writer:
        assert reader.read_only
        assert not writer.read_only


def test_no_write_ahead_log_on_network_drives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path)
    monkeypatch.setattr("yolor_studio.project.opening.on_network", lambda _path: True)
    with Project.open(path) as project:
        assert project._store.reader().execute("PRAGMA journal_mode").fetchone() == ("delete",)
        (media,) = project.media()
        with project.edit("Add") as edit:
            edit.add_object(media.id, 1, 0, BOX)
        assert project.counts().objects == 301
        assert not path.with_name("small.yolor-wal").exists()
        project.undo()
    monkeypatch.undo()
    with Project.open(path) as project:
        assert project._store.reader().execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert project.redo_name() == "Add"


@pytest.mark.parametrize(
    ("path", "kind"), [("/data/share/a.yolor", "cifs"), ("/data/shared/a.yolor", "ext4"), ("/x", "ext4")]
)
def test_the_deepest_mount_decides(path: str, kind: str) -> None:
    mounts = [("/", "ext4"), ("/data/share", "cifs"), ("/data", "ext4")]
    assert store.file_system(Path(path), mounts) == kind


def test_a_hostile_file_runs_nothing(tmp_path: Path) -> None:
    path = filled(tmp_path)
    target = tmp_path / "stolen.txt"
    change_with_sqlite(
        path,
        f"CREATE TRIGGER evil AFTER INSERT ON object BEGIN SELECT writefile('{target}', 'x'); END",
        "CREATE TRIGGER odd AFTER UPDATE ON setting BEGIN SELECT note_row('object', 'INSERT', 1); END",
    )
    with pytest.raises(ProjectError), Project.open(path) as project, project.edit("Add") as edit:
        edit.add_object(1, 1, 0, BOX)
    assert not target.exists()


def test_a_closed_project_says_so(tmp_path: Path) -> None:
    project, _media, _category = small_project(tmp_path)
    project.close()
    with pytest.raises(ProjectError, match="closed"):
        project.media()


def test_unicode_paths(tmp_path: Path) -> None:
    path = tmp_path / "Ordner für 100% #1?" / "Straße.yolor"
    path.parent.mkdir()
    Project.create(path).close()
    with Project.open(path) as project:
        assert project.path == path
        assert not project.read_only
