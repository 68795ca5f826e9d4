"""The start page, settings, and which project belongs to what was opened."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from gui_window_kit import make_project, make_session, open_window, wait_for, write_pictures
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from yolor_studio.core.errors import ProjectError
from yolor_studio.core.paths import user_folder
from yolor_studio.gui.locating import project_file_for, split_paths
from yolor_studio.gui.player import Player
from yolor_studio.gui.settings import RecentProject, Settings
from yolor_studio.gui.start.drop_zone import drop_text
from yolor_studio.gui.start.recent import day_text, state_text

NOW = datetime.datetime(2026, 11, 24, 15, 0)


def test_settings_hold_only_what_differs_and_come_back() -> None:
    settings = Settings.load()
    settings.theme = "light"
    settings.remember(RecentProject("/a/b.yolor", "2026-11-24T14:32", media=2))
    assert json.loads(user_folder("settings.json").read_text()).keys() == {"theme", "recent"}
    assert Settings.load() == settings
    settings.forget("/a/b.yolor")
    assert Settings.load().recent == []


@pytest.mark.parametrize(
    "text", ["", "[1]", "{", '{"theme": "pink", "model": 3, "panels": [], "recent": [{"path": 1}, 4], "other": 1}']
)
def test_damaged_settings_are_the_defaults(text: str) -> None:
    user_folder().mkdir(parents=True, exist_ok=True)
    user_folder("settings.json").write_text(text)
    assert Settings.load() == Settings()


def test_settings_that_cannot_be_written_lose_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("YOLOR_STUDIO_HOME", str(blocked))
    Settings(theme="dark").save()
    assert blocked.read_text() == "in the way"


def test_the_project_of_a_file_a_folder_and_several_files(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    first, second = write_pictures(clips, 2)
    assert project_file_for([first]) == first.with_suffix(".yolor")
    assert project_file_for([clips]) == tmp_path / "clips.yolor"
    assert project_file_for([first, second]) == clips / "clips.yolor"


def test_media_that_cannot_be_written_beside_go_to_the_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = write_pictures(tmp_path / "cd", 1)
    documents = tmp_path / "documents"
    monkeypatch.setattr("platformdirs.user_documents_path", lambda: documents)
    monkeypatch.setattr(os, "access", lambda folder, _mode: Path(folder) != path.parent)
    assert project_file_for([path]) == documents / "street a.yolor"


def test_one_project_at_a_time() -> None:
    assert split_paths([Path("a.mp4"), Path("p.yolor")]) == (Path("p.yolor"), [Path("a.mp4")])
    with pytest.raises(ProjectError, match="2 projects"):
        split_paths([Path("a.yolor"), Path("b.yolor")])


@pytest.mark.parametrize(
    ("opened", "text"),
    [
        ("2026-11-24T14:32", "today, 14:32"),
        ("2026-11-23T09:00", "yesterday"),
        ("2026-10-03T09:00", "3 October"),
        ("2025-11-24T09:00", "24 November 2025"),
        ("nonsense", ""),
    ],
)
def test_days_as_people_say_them(opened: str, text: str) -> None:
    assert day_text(opened, NOW) == text


def test_a_projects_state_in_words() -> None:
    assert state_text(RecentProject("p", "")) == "empty"
    assert state_text(RecentProject("p", "", media=1, frames=10)) == "1 media · not started"
    assert state_text(RecentProject("p", "", media=7, frames=100, reviewed=52)) == "7 media · 52 % reviewed"


def test_a_drag_says_what_dropping_would_do(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path, 3)
    assert drop_text(pictures) == "Open 3 pictures"
    assert drop_text([Path("a.mp4"), tmp_path]) == "Open 1 video and 1 folder"
    assert drop_text([Path("p.yolor")]) == "Open the project"
    assert drop_text([Path("a.doc")]) == "Nothing here can be opened"


def test_dropping_a_folder_opens_its_pictures(qtbot: QtBot, tmp_path: Path) -> None:
    write_pictures(tmp_path / "street", 2)
    window = open_window(qtbot)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "street"))])
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.start.drop_zone.dropEvent(event)
    wait_for(qtbot, lambda: window.studio.session is not None and len(window.studio.session.media) == 2)


def test_a_recent_project_is_one_click(qtbot: QtBot, tmp_path: Path) -> None:
    make_project(tmp_path / "a.yolor").close()
    settings = Settings.load()
    settings.remember(RecentProject(str(tmp_path / "gone.yolor"), "2026-11-24T14:32"))
    settings.remember(RecentProject(str(tmp_path / "a.yolor"), "2026-11-24T14:33"))
    window = open_window(qtbot)
    recent = window.start.recent
    lost: list[object] = []
    recent.lost.disconnect()
    recent.lost.connect(lost.append)
    second = recent.visualRect(recent.model().index(1, 0))
    qtbot.mouseClick(recent.viewport(), Qt.MouseButton.LeftButton, pos=second.center())
    assert [item.path for item in lost if isinstance(item, RecentProject)] == [str(tmp_path / "gone.yolor")]
    first = recent.visualRect(recent.model().index(0, 0))
    qtbot.mouseClick(recent.viewport(), Qt.MouseButton.LeftButton, pos=first.center() + QPoint(1, 0))
    assert window.studio.session is not None
    assert window.studio.session.project.path == tmp_path / "a.yolor"


def test_playing_follows_the_clock_and_stops_at_the_end(qtbot: QtBot, tmp_path: Path) -> None:
    session, _, _ = make_session(make_project(tmp_path / "a.yolor", frames=10))
    player = Player(session)
    seen: list[int] = []
    session.place_changed.connect(lambda: seen.append(session.frame))
    player.set_speed(4.0)
    player.toggle()
    assert player.playing
    qtbot.waitUntil(lambda: not player.playing, timeout=5000)
    assert session.frame == 9
    assert seen == sorted(seen)
    session.close()


def test_the_window_starts_without_any_media_or_model_library() -> None:
    code = (
        "import sys\n"
        "from yolor_studio import app\n"
        "application = app.make_application()\n"
        "window = app.build_window(application)\n"
        "window.show()\n"
        "application.processEvents()\n"
        "heavy = {'av', 'cv2', 'onnx', 'onnxruntime', 'pycocotools', 'scipy', 'torch', 'PIL', 'qtawesome'}\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout == "[]\n"


def test_a_stray_opencv_wheel_does_not_lead_qt_astray(monkeypatch: pytest.MonkeyPatch, qapp: object) -> None:
    from yolor_studio.app import make_application

    monkeypatch.setenv("QT_QPA_PLATFORM_PLUGIN_PATH", "/usr/lib/python3/cv2/qt/plugins")
    make_application()
    assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in os.environ


def test_of_many_pictures_the_first_is_entered_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from yolor_studio.core.cancel import CancelToken
    from yolor_studio.gui import adding
    from yolor_studio.jobs.events import Result
    from yolor_studio.project import Project

    monkeypatch.setattr(adding, "MANY", 3)
    pictures = write_pictures(tmp_path / "street", 4)
    counts: list[int] = []
    with Project.create(tmp_path / "a.yolor") as project:
        project.subscribe(lambda _change: counts.append(len(project.media())))
        *_, last = adding.add_showing_first(project, [*pictures], CancelToken())
        assert isinstance(last, Result)
        assert len(last.value.media_ids) == 4
    assert counts == [1, 4]
