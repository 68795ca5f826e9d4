"""Adding media: each once, known again where it was moved, and never taken for another picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from yolor_studio.core.cancel import CancelToken
from yolor_studio.jobs.adding import Added, add_media, verify_media
from yolor_studio.jobs.events import Event, ItemFailed, Notice, Result
from yolor_studio.jobs.runner import run_now
from yolor_studio.media.write import save_png
from yolor_studio.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "test.yolor") as opened:
        yield opened


def picture(path: Path, grey: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_png(path, np.full((20, 30, 3), grey, np.uint8))
    return path


def add(project: Project, *paths: Path) -> tuple[Added, list[Event]]:
    events = list(add_media(project, paths, CancelToken()))
    assert isinstance(events[-1], Result)
    return events[-1].value, events


def failures(events: list[Event]) -> list[str]:
    return [event.why for event in events if isinstance(event, ItemFailed)]


def test_what_is_there_is_not_added_again(project: Project, tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", 1)
    (tmp_path / "other").mkdir()
    first, _ = add(project, path, path)
    again, events = add(project, path, tmp_path / "other" / ".." / "a.png")
    assert (first.new, len(first.media_ids), again.new) == (1, 1, 0)
    assert again.media_ids == first.media_ids
    assert failures(events) == []


def test_a_changed_file_is_refused_and_keeps_its_labels(project: Project, tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", 1)
    add(project, path)
    picture(path, 2)
    added, events = add(project, path)
    assert (added.media_ids, added.failed) == ((), 1)
    assert "another file than the one that was added" in failures(events)[0]
    assert [media.name for media in project.media()] == ["a.png"]


def test_a_moved_file_gets_its_new_path_in_an_edit(project: Project, tmp_path: Path) -> None:
    first, _ = add(project, picture(tmp_path / "a.png", 1), picture(tmp_path / "b.png", 2))
    (tmp_path / "new").mkdir()
    (tmp_path / "a.png").rename(tmp_path / "new" / "c.png")
    added, events = add(project, tmp_path / "new" / "c.png")
    assert (added.media_ids, added.new) == (first.media_ids[:1], 0)
    assert [event.text for event in events if isinstance(event, Notice)] == [
        "a.png was found again in another place; all that was done there is kept."
    ]
    assert project.media_path(project.get_media(first.media_ids[0])) == tmp_path / "new" / "c.png"
    assert project.undo_name() == "Find a.png"
    project.undo()
    assert project.get_media(first.media_ids[0]).path == "a.png"


def test_copies_that_look_the_same_are_not_guessed(project: Project, tmp_path: Path) -> None:
    add(project, picture(tmp_path / "a.png", 1), picture(tmp_path / "b.png", 1))
    for name in ("a.png", "b.png"):
        (tmp_path / name).unlink()
    added, _ = add(project, picture(tmp_path / "c.png", 1))
    assert (added.new, len(project.media())) == (1, 3)


def test_other_files_in_a_sequences_folder_do_not_change_it(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "series"
    for number in range(4):
        picture(folder / f"{number:03d}.png", number)
    first, _ = add(project, folder)
    (folder / "notes.txt").write_text("seen")
    again, events = add(project, folder)
    assert (again.media_ids, failures(events)) == (first.media_ids, [])


def test_the_current_folder_has_a_name(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2):
        picture(tmp_path / "street" / f"{number:03d}.png", number)
    monkeypatch.chdir(tmp_path / "street")
    add(project, Path("."))
    assert [media.name for media in project.media()] == ["street"]


def test_an_index_that_cannot_be_read_is_made_again(project: Project, grey_clip: Path) -> None:
    (media_id,) = add(project, grey_clip)[0].media_ids
    assert run_now(verify_media(project, [media_id], CancelToken())) == 1
    assert run_now(verify_media(project, [media_id], CancelToken())) == 0
    good, media = project.media_index(media_id), project.get_media(media_id)
    assert good is not None
    project.store_media_index(
        media_id,
        good[:-1],
        frames=media.frames,
        verified=True,
        width=media.width,
        height=media.height,
        fps=media.fps,
        info=media.info,
    )
    assert run_now(verify_media(project, [media_id], CancelToken())) == 1
    assert project.media_index(media_id) == good
