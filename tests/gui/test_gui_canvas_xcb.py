"""The canvas on a real X display."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytestmark = [
    pytest.mark.xcb,
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed"),
]


@pytest.fixture
def display() -> Iterator[str]:
    """An X server of our own on a free display."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(timeout=10)


def test_the_benchmark_runs_with_xcb(display: str) -> None:
    script = (
        "import json; from PySide6.QtGui import QGuiApplication; from yolor_studio.gui.canvas.bench import measure; "
        "rows = measure([400]); print(json.dumps([QGuiApplication.platformName(), rows]))"
    )
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    platform, (row,) = json.loads(done.stdout.splitlines()[-1])
    assert platform == "xcb"
    assert 0 < row["paints_per_move"] <= 1
