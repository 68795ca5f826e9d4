"""What the window's tests share: small media, predictions that are known, and a window that is closed again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from yolor_studio.app import build_window, make_application
from yolor_studio.core.entities import Fingerprint, MediaKind, Predictions
from yolor_studio.gui.bridge import Bridge
from yolor_studio.gui.editing import Editor
from yolor_studio.gui.main_window import MainWindow
from yolor_studio.gui.selection import Selection
from yolor_studio.gui.session import Session
from yolor_studio.media import save_png
from yolor_studio.project import Project

NAMES = ("car", "person", "dog")
WIDTH, HEIGHT = 320, 240
PATIENCE = 10_000


def make_project(path: Path, *, videos: int = 1, frames: int = 30, step: int = 1) -> Project:
    """A project with categories and videos whose files do not exist."""
    project = Project.create(path)
    with project.edit("Set up") as edit:
        for name in NAMES:
            edit.add_category(name)
        for number in range(videos):
            media_id = edit.add_media(
                MediaKind.VIDEO,
                path.parent / f"clip{number}.mp4",
                name=f"clip{number}.mp4",
                width=WIDTH,
                height=HEIGHT,
                frames=frames,
                fps=25.0,
                fingerprint=Fingerprint(1, str(number)),
                verified=True,
            )
            edit.update_media(media_id, step=step)
    return project


def make_session(project: Project) -> tuple[Session, Selection, Editor]:
    """A session without a window."""
    session, selection = Session(project, Bridge()), Selection()
    return session, selection, Editor(session, selection)


def predictions(*rows: tuple[tuple[float, float, float, float], int, float]) -> Predictions:
    """Predictions from (x, y, w, h), class, score."""
    ordered = sorted(rows, key=lambda row: -row[2])
    count = len(ordered)
    classes, scores = np.full((count, 3), -1, np.int16), np.zeros((count, 3), np.float32)
    classes[:, 0], scores[:, 0] = [row[1] for row in ordered], [row[2] for row in ordered]
    boxes = np.array([row[0] for row in ordered], np.float32).reshape(-1, 4)
    return Predictions(boxes, classes, scores, np.full(count, -1, np.int32))


def add_layer(project: Project, media_id: int, found: dict[int, Predictions]) -> int:
    """Store what a run would have found, and show it."""
    layer = project.start_layer("toy", "0" * 64, NAMES, min_score=0.05, device="CPU", settings={})
    project.adopt_class_map(layer, NAMES)
    project.write_predictions(layer, media_id, found)
    project.set_shown_layer(layer)
    return layer


def write_pictures(folder: Path, count: int = 3) -> list[Path]:
    """Small pictures that differ."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        rgb = np.full((HEIGHT, WIDTH, 3), 40 + 30 * number, np.uint8)
        rgb[60:120, 80:200] = (200, 30 * number, 60)
        paths.append(folder / f"street {chr(97 + number)}.png")
        save_png(paths[-1], rgb)
    return paths


def open_window(qtbot: QtBot, *, size: tuple[int, int] = (1440, 900)) -> MainWindow:
    """A shown window, closed by the test's end."""
    window = build_window(make_application())
    qtbot.addWidget(window, before_close_func=lambda _window: None)
    window.resize(*size)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    return window


def open_pictures(qtbot: QtBot, folder: Path, count: int = 3) -> MainWindow:
    """A window on a project with pictures and categories, the first picture shown."""
    paths = write_pictures(folder, count)
    window = open_window(qtbot)
    window.studio.open_paths(paths)
    wait_for(qtbot, lambda: picture_shown(window))
    session = window.studio.session
    assert session is not None
    with session.project.edit("Set up") as edit:
        for name in NAMES:
            edit.add_category(name)
    return window


def picture_shown(window: MainWindow) -> bool:
    """Whether the frame in view is on the canvas."""
    session = window.studio.session
    if session is None or session.current is None or window.studio.task is not None:
        return False
    return window.workspace.link.shown_place == (session.current.id, session.frame)


def wait_for(qtbot: QtBot, condition: Callable[[], object]) -> None:
    """Let the window work until this holds."""
    qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)


def nameless(root: QWidget) -> list[QWidget]:
    """Visible widgets that Tab reaches and a screen reader could not name."""
    return [
        widget
        for widget in root.findChildren(QWidget)
        if widget.isVisible()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
        and not widget.accessibleName()
        and not getattr(widget, "text", str)()
    ]
