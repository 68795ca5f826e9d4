"""The whole program as a person starts it: a process, a real X display, a real keyboard and mouse."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from yolor_studio.core.entities import FrameState
from yolor_studio.media import encode_mp4, open_media
from yolor_studio.project import Project

pytestmark = [
    pytest.mark.xcb,
    pytest.mark.skipif(not shutil.which("Xvfb") or not shutil.which("xdotool"), reason="needs Xvfb and xdotool"),
]
PATIENCE = 40.0


@pytest.fixture
def display() -> Iterator[str]:
    """A display of its own, without a window manager."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1440x900x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as number:
        name = f":{number.readline().strip()}"
    yield name
    server.terminate()
    server.wait(10)


class Person:
    """Types and points at the program's window."""

    def __init__(self, display: str) -> None:
        self._environment = {**os.environ, "DISPLAY": display}
        self._window = ""

    def draws(self, start: tuple[int, int], end: tuple[int, int], *, asks: str) -> bool:
        """Draw a box; whether the program then asks with a window of this name, within some seconds."""
        self.press("w")
        self.drag(start, end)
        asked_by = time.monotonic() + 4
        while time.monotonic() < asked_by:
            if self._do("search", "--onlyvisible", "--name", asks):
                return True
            time.sleep(0.1)
        return False

    def find(self, name: str) -> None:
        def found() -> bool:
            answer = self._do("search", "--onlyvisible", "--name", name)
            self._window = answer.split()[0] if answer else ""
            return bool(self._window)

        until(found)
        self._do("windowfocus", "--sync", self._window)

    def press(self, *keys: str) -> None:
        for key in keys:
            self._do("key", "--clearmodifiers", key)
            time.sleep(0.15)

    def write(self, text: str) -> None:
        self._do("type", text)
        time.sleep(0.15)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        middle = ((start[0] + end[0]) // 2, (start[1] + end[1]) // 2)
        self._do("mousemove", *map(str, start), "mousedown", "1")
        for point in (middle, end):
            self._do("mousemove", "--sync", *map(str, point))
        self._do("mouseup", "1")
        time.sleep(0.15)

    def _do(self, *words: str) -> str:
        return subprocess.run(
            ["xdotool", *words], env=self._environment, capture_output=True, text=True, timeout=20, check=False
        ).stdout


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the program did not get there in time"
        time.sleep(0.1)


def start(display: str, home: Path, *paths: Path, **environment: str) -> subprocess.Popen[str]:
    """The program on a display; its settings lie in `home`."""
    settings = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "YOLOR_STUDIO_HOME": str(home), "LC_ALL": "C.UTF-8"}
    return subprocess.Popen(
        [sys.executable, "-m", "yolor_studio", *map(str, paths)],
        env={**os.environ, **settings, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(program: subprocess.Popen[str]) -> None:
    """Whatever happened, leave no process and no pipe behind."""
    program.kill()
    program.communicate()


def reviewed_in(path: Path) -> set[int]:
    """The reviewed frames of the only media."""
    with Project.open(path, read_only=True) as project:
        states = project.frame_states(project.media()[0].id)
    return {frame for frame, state in states.items() if state is FrameState.REVIEWED}


def objects_in(path: Path) -> int:
    with Project.open(path, read_only=True) as project:
        return project.counts().objects


def media_in(path: Path) -> int:
    if not path.exists():
        return 0
    with Project.open(path, read_only=True) as project:
        return project.counts().media


def make_clip(path: Path, frames: int = 12) -> Path:
    pictures = (np.full((180, 320, 3), 40 + 12 * number, np.uint8) for number in range(frames))
    encode_mp4(path, pictures, fps=12.0)
    return path


def test_a_clip_named_on_the_command_line_is_labelled_by_hand(display: str, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "street.mp4")
    project_path = tmp_path / "street.yolor"
    # A stray OpenCV wheel of the full kind points Qt at its own plugins.
    stray = "/nowhere/cv2/qt/plugins"
    program = start(display, tmp_path / "home", clip, QT_QPA_PLATFORM_PLUGIN_PATH=stray)
    try:
        person = Person(display)
        person.find("street")
        until(lambda: media_in(project_path) == 1)
        # The first box of a project without categories asks for the name of one. Until the picture is there nothing can
        # be drawn on it, so a person tries again.
        until(lambda: person.draws((500, 350), (650, 480), asks="Add a category"))
        person.find("Add a category")
        person.write("car")
        person.press("Return")
        until(lambda: objects_in(project_path) == 1)
        person.find("street")
        person.press("ctrl+z")
        until(lambda: objects_in(project_path) == 0)
        person.press("ctrl+shift+z")
        until(lambda: objects_in(project_path) == 1)
        person.press("f", "d", "r", "f")
        until(lambda: reviewed_in(project_path) == {0, 1})
        program.send_signal(signal.SIGTERM)
        output, errors = program.communicate(timeout=PATIENCE)
    finally:
        end(program)
    assert (program.returncode, output) == (0, "")
    assert "Traceback" not in errors
    with Project.open(project_path) as project, open_media(clip) as source:
        media = project.media()[0]
        assert (media.frames, media.width, media.height) == (12, source.info.width, source.info.height)
        assert project.frame_states(media.id) == {0: FrameState.REVIEWED, 1: FrameState.REVIEWED}
        assert len(project.boxes_at(media.id, 1)) == 1


def test_ctrl_c_in_the_terminal_closes_the_window(display: str, tmp_path: Path) -> None:
    program = start(display, tmp_path / "home")
    try:
        Person(display).find("YOLOR Studio")
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=PATIENCE)
    finally:
        end(program)
    assert program.returncode == 0
