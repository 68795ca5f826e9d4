"""Moved and changed media in the window: told in the place of the picture, found again, undone."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from gui_window_kit import add_layer, nameless, open_window, picture_shown, predictions, wait_for, write_pictures
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Box, FrameState
from yolor_studio.gui.dialogs import asking
from yolor_studio.gui.main_window import MainWindow
from yolor_studio.gui.panels import media as media_panel
from yolor_studio.gui.relinking import Relinking
from yolor_studio.gui.session import Session
from yolor_studio.jobs.adding import add_media, verify_media
from yolor_studio.jobs.runner import run_now
from yolor_studio.media.encode import encode_mp4
from yolor_studio.project import Project


def clip(path: Path, *, frames: int = 12, grey: int = 40, side: int = 64) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    encode_mp4(path, (np.full((side, side, 3), grey + 8 * k, np.uint8) for k in range(frames)), fps=Fraction(25), crf=1)
    return path


def labelled_project(path: Path, *media: Path) -> Path:
    """A project of these media with a box on the first and the last frame of each, all frames reviewed."""
    with Project.create(path) as project:
        added = run_now(add_media(project, media, CancelToken()))
        run_now(verify_media(project, added.media_ids, CancelToken()))
        with project.edit("Label") as edit:
            car = edit.add_category("car")
            for one in project.media():
                for frame in {0, one.frames - 1}:
                    edit.add_object(one.id, car, frame, Box(8, 8, 16, 16))
                edit.set_frame_state(one.id, range(one.frames), FrameState.REVIEWED)
    return path


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot)


def open_project(qtbot: QtBot, window: MainWindow, path: Path) -> Relinking:
    window.studio.open_paths([path])
    relinking = window.workspace.relinking
    settled(qtbot, relinking)
    return relinking


def settled(qtbot: QtBot, relinking: Relinking) -> None:
    wait_for(qtbot, lambda: not relinking.looking)


def session_of(window: MainWindow) -> Session:
    assert window.studio.session is not None
    return window.studio.session


def canvas_grey(window: MainWindow) -> int | None:
    pixels = window.workspace.link._pixels
    return None if pixels is None else int(pixels[..., 0].mean())


def press(button: object) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # pyright: ignore[reportArgumentType]


def boxes_drawn(window: MainWindow) -> int:
    return len(window.workspace.canvas._scene)


def answer(monkeypatch: pytest.MonkeyPatch, path: Path | None) -> list[str]:
    """Let the file dialogs answer this; the folders in which they open."""
    starts: list[str] = []
    for name in ("media_file", "media_folder"):
        monkeypatch.setattr(asking, name, lambda _parent, start, *_name: starts.append(start) or path)
    return starts


def test_a_moved_clip_is_found_seen_and_lost_by_undo(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = clip(tmp_path / "old" / "a.mp4"), clip(tmp_path / "old" / "b.mp4", grey=90)
    project = labelled_project(tmp_path / "test.yolor", first, second)
    (tmp_path / "old").rename(tmp_path / "new")
    relinking = open_project(qtbot, window, project)
    placeholder = relinking.placeholder
    wait_for(qtbot, placeholder.isVisible)
    assert "a.mp4 was not found" in placeholder.texts()
    assert str(tmp_path / "old" / "a.mp4") in placeholder.texts()
    wait_for(qtbot, lambda: "1 other media is missing too." in placeholder.texts())
    assert (boxes_drawn(window), canvas_grey(window), relinking.bar.isVisible()) == (0, None, False)
    assert window.toast.text() == ""
    assert nameless(placeholder) == []

    starts = answer(monkeypatch, tmp_path / "new" / "a.mp4")
    press(placeholder.find_button)
    wait_for(qtbot, lambda: canvas_grey(window) is not None)
    assert starts == [str(tmp_path)]
    assert abs((canvas_grey(window) or 0) - 40) < 4
    assert not placeholder.isVisible()
    assert boxes_drawn(window) == 1
    assert window.toast.text() == "a.mp4 found. Another one that lay beside it was found too."
    settled(qtbot, relinking)
    assert (relinking.missing, relinking.bar.isVisible()) == ((), False)

    window.run_by_id("edit.undo")
    wait_for(qtbot, placeholder.isVisible)
    assert (boxes_drawn(window), canvas_grey(window)) == (0, None)
    wait_for(qtbot, lambda: len(relinking.missing) == 2)
    window.run_by_id("edit.redo")
    wait_for(qtbot, lambda: not placeholder.isVisible() and boxes_drawn(window) == 1)


def test_what_is_missing_elsewhere_is_said_above_the_picture(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write_pictures(tmp_path / "old", 3)
    project = labelled_project(tmp_path / "test.yolor", *paths)
    (tmp_path / "new").mkdir()
    paths[1].rename(tmp_path / "new" / "renamed.png")
    paths[2].unlink()
    relinking = open_project(qtbot, window, project)
    wait_for(qtbot, lambda: picture_shown(window))
    bar = relinking.bar
    wait_for(qtbot, bar.isVisible)
    assert bar.text() == "2 of 3 media were not found where they were: street b.png, street c.png"
    assert nameless(bar) == []

    answer(monkeypatch, tmp_path / "new")
    press(bar.find_button)
    wait_for(qtbot, lambda: window.toast.text())
    assert window.toast.text() == "street b.png found in new. 1 is still missing."
    settled(qtbot, relinking)
    assert bar.text() == "street c.png was not found where it was."
    press(bar.close_button)
    assert not bar.isVisible()
    session_of(window).go(session_of(window).media[2].id)
    wait_for(qtbot, relinking.placeholder.isVisible)
    window.run_by_id("file.relink")
    wait_for(qtbot, lambda: window.toast.text() == "None found in new. 1 is still missing.")


def test_a_changed_clip_is_told_before_anything_is_drawn_and_used_anyway(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    path = clip(tmp_path / "a.mp4", frames=12)
    project = labelled_project(tmp_path / "test.yolor", path)
    with Project.open(project) as opened:
        add_layer(opened, 1, {0: predictions(((30, 30, 20, 20), 0, 0.9))})
    clip(path, frames=8, grey=120, side=32)
    drawn: list[int] = []
    window.studio.open_paths([project])
    link, relinking = window.workspace.link, window.workspace.relinking
    canvas = window.workspace.canvas
    link.boxes_shown.connect(lambda *_lists: drawn.append(len(canvas._scene)))
    placeholder = relinking.placeholder
    wait_for(qtbot, lambda: placeholder.isVisible() and placeholder.use_button.isVisible())
    text = placeholder.texts()
    assert "a.mp4 has changed since it was added" in text
    assert "64 × 64, 12 frames" in text
    assert "32 × 32, about 8 frames" in text
    assert "5 labels are on frames that it does not have" in text
    assert (set(drawn), boxes_drawn(window), canvas_grey(window)) == ({0}, 0, None)
    for command in ("review.accept_next", "review.toggle", "review.accept"):  # nothing unseen is accepted
        assert not window.actions_set.action(command).isEnabled()
    assert window.actions_set.action("media.remove").isEnabled()

    press(placeholder.use_button)
    wait_for(qtbot, lambda: canvas_grey(window) is not None)
    session = session_of(window)
    wait_for(qtbot, lambda: session.current is not None and session.current.frames == 8)
    assert window.toast.text() == (
        "a.mp4 is used as it is now. It has 8 frames, and had 12. Boxes were scaled to its size. 5 labels of frames"
        " that it does not have were left out. Predictions are those of the old file until it is pre-labelled again."
    )
    assert [item.box for item in session.boxes()] == [Box(4, 4, 8, 8)]
    assert window.actions_set.action("review.toggle").isEnabled()
    window.run_by_id("edit.undo")
    wait_for(qtbot, placeholder.isVisible)
    assert session.project.labels_beyond(1, 8) == 5


def test_another_file_is_offered_and_not_taken(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = write_pictures(tmp_path, 1)
    project = labelled_project(tmp_path / "test.yolor", path)
    path.unlink()
    other = write_pictures(tmp_path / "new", 2)[1]
    relinking = open_project(qtbot, window, project)
    placeholder = relinking.placeholder
    wait_for(qtbot, placeholder.isVisible)
    answer(monkeypatch, other)
    press(placeholder.find_button)
    wait_for(qtbot, placeholder.use_button.isVisible)
    assert f"{other.name} is not the {path.name} that was added" in placeholder.texts()
    assert session_of(window).project.undo_name() == "Label"
    press(placeholder.use_button)
    wait_for(qtbot, lambda: canvas_grey(window) is not None and boxes_drawn(window) == 1)
    assert window.toast.text() == f"{path.name} is used as it is now."


def test_a_file_that_comes_back_is_shown_when_the_window_is_used_again(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    (path,) = write_pictures(tmp_path, 1)
    project = labelled_project(tmp_path / "test.yolor", path)
    path.rename(tmp_path / "away.png")
    relinking = open_project(qtbot, window, project)
    wait_for(qtbot, relinking.placeholder.isVisible)
    (tmp_path / "away.png").rename(path)
    relinking.look_again()  # as the window does when it becomes active
    wait_for(qtbot, lambda: boxes_drawn(window) == 1 and not relinking.placeholder.isVisible())


def test_the_media_list_offers_to_find_and_says_what_is_so(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write_pictures(tmp_path / "old", 2)
    project = labelled_project(tmp_path / "test.yolor", *paths)
    paths[1].rename(tmp_path / "b.png")
    relinking = open_project(qtbot, window, project)
    wait_for(qtbot, lambda: picture_shown(window))
    panel = window.workspace.media
    listed: list[str] = []

    class Menu(QMenu):
        def exec(self, *_: object) -> QAction:
            listed.extend(action.text() for action in self.actions() if action.text())
            return self.actions()[0]

    monkeypatch.setattr(media_panel, "QMenu", Menu)
    answer(monkeypatch, tmp_path / "b.png")
    panel._context_menu(panel.view.visualRect(panel.model.index(1, 0)).center())
    assert listed == ["Find…", "Find in folder…", "Remove from the project"]
    wait_for(qtbot, lambda: window.toast.text() == "street b.png found.")
    settled(qtbot, relinking)
    assert not panel.model.missing(session_of(window).media[1])


def test_a_project_for_reading_only_says_why_nothing_can_be_done(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    (path,) = write_pictures(tmp_path, 1)
    project = labelled_project(tmp_path / "test.yolor", path)
    path.unlink()
    with Project.open(project):
        relinking = open_project(qtbot, window, project)
        wait_for(qtbot, relinking.placeholder.isVisible)
        assert "open for reading only" in relinking.placeholder.texts()
        assert not relinking.placeholder.find_button.isVisible()
        window.studio.close_project()
