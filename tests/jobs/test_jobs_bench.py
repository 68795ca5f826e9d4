"""The benchmarks run and say what they measured; how fast this machine is, no test asserts."""

from __future__ import annotations

import sys

import pytest

from yolor_studio.cli.bench import table
from yolor_studio.jobs.bench import clip, export, startup, video
from yolor_studio.jobs.bench.row import Row, median, p95


def test_the_export_row_counts_its_boxes(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_FRAMES", 40)
    (row,) = export.bench_export(tmp_path)
    assert "2,000 boxes" in row.what
    assert row.value > 0
    assert row.floor is not None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_start_up_is_measured_beside_an_empty_window(tmp_path, monkeypatch):
    monkeypatch.setattr(startup, "_RUNS", 1)
    monkeypatch.delenv("DISPLAY", raising=False)
    shown, memory = startup.bench_startup(tmp_path)
    assert shown.floor is not None
    assert memory.floor is not None
    assert shown.value > shown.floor > 0
    assert memory.value > memory.floor > 0


def test_the_video_rows_stand_beside_bare_decoding(tmp_path, monkeypatch):
    small = clip.benchmark_clip(tmp_path, width=160, height=96, seconds=2)
    monkeypatch.setattr(video, "benchmark_clip", lambda folder, **_: small)
    monkeypatch.setattr(video, "_STEPS", 20)
    monkeypatch.setattr(video, "_SEEKS", 5)
    rows = list(video.bench_video(tmp_path))
    assert [row.floor is not None for row in rows] == [True, False, True, True, False]
    assert all(row.value >= 0 for row in rows)


def test_the_table_shows_figure_floor_ratio_and_budget():
    rows = [{"what": "thing", "value": 3.0, "unit": "ms", "floor": 2.0, "floor_of": "bare", "budget": "5 ms"}]
    assert table(rows) == ["thing        3.00 ms   floor 2.00 (bare), ratio 1.50   budget 5 ms"]
    assert Row("a", 1, "ms").floor is None
    assert median([0.001, 0.002, 0.003]) == pytest.approx(2)
    assert p95([0.001] * 100) == pytest.approx(1)
