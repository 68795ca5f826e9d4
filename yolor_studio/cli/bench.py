"""The benchmarks by name, and their table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from yolor_studio.core.errors import UsageError
from yolor_studio.core.paths import user_folder
from yolor_studio.jobs.bench.row import Row

NAMES = ("startup", "canvas", "video", "label", "export")


def run_benchmarks(names: Sequence[str] | None, *, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Run the named benchmarks, or all; returns their rows. Raises UsageError for an unknown name."""
    wanted = list(names) if names else list(NAMES)
    for name in wanted:
        if name not in NAMES:
            raise UsageError(f"There is no benchmark {name!r}. Choose of {', '.join(NAMES)}.")
    folder = user_folder("bench")
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in wanted:
        say(f"Measuring {name}")
        rows += [{"bench": name, **asdict(row)} for row in _rows(name, folder)]
    return rows


def _rows(name: str, folder: Path) -> Iterator[Row]:
    if name == "startup":
        from yolor_studio.jobs.bench.startup import bench_startup

        return bench_startup(folder)
    if name == "video":
        from yolor_studio.jobs.bench.video import bench_video

        return bench_video(folder)
    if name == "label":
        from yolor_studio.jobs.bench.label import bench_label

        return bench_label(folder)
    if name == "export":
        from yolor_studio.jobs.bench.export import bench_export

        return bench_export(folder)
    from yolor_studio.cli.window import bench_canvas

    return bench_canvas()


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The rows as lines of text in columns."""
    lines = []
    width = max((len(row["what"]) for row in rows), default=0)
    for row in rows:
        line = f"{row['what']:<{width}}  {row['value']:>10,.2f} {row['unit']}"
        if row["floor"] is not None:
            line += f"   floor {row['floor']:,.2f} ({row['floor_of']}), ratio {row['value'] / row['floor']:.2f}"
        if row["budget"]:
            line += f"   budget {row['budget']}"
        lines.append(line)
    return lines
