"""The window's benchmark runs and says what it measured; how fast this machine is, no test asserts."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from yolor_studio.app import build_window, make_application
from yolor_studio.gui import window_bench
from yolor_studio.jobs.bench import clip

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


def test_the_window_rows_stand_beside_their_floors(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOLOR_STUDIO_HOME", str(tmp_path / "home"))
    small = clip.benchmark_clip(tmp_path, width=320, height=192, seconds=2)
    monkeypatch.setattr(window_bench, "benchmark_clip", lambda _folder, **_size: small)
    monkeypatch.setattr(window_bench, "WIDTH", 320)
    monkeypatch.setattr(window_bench, "HEIGHT", 192)
    monkeypatch.setattr(window_bench, "BOXES", 5)
    monkeypatch.setattr(window_bench, "STEPS", 5)
    monkeypatch.setattr(window_bench, "POINTER_SECONDS", 0.3)
    monkeypatch.setattr(window_bench, "_REST", 0.01)
    window = build_window(make_application())
    qtbot.addWidget(window, before_close_func=lambda _window: None)
    cold, rested, pointer = window_bench.measure_window(window, tmp_path, tmp_path)
    assert cold.floor is not None
    assert cold.floor > 0
    assert cold.value > 0
    assert rested.value > 0
    assert pointer.what == "pointer during pre-labelling p99"
    assert pointer.floor is not None
    assert pointer.value > 0
