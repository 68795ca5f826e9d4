"""The one place where the command line opens the window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from yolor_studio.core.errors import UsageError
from yolor_studio.jobs.bench.row import Row


def open_window(arguments: Sequence[str]) -> int:
    """Open the window on the media, folders or project named; `--demo` opens the demo clip. Returns the exit code."""
    demo = "--demo" in arguments
    paths = [Path(argument) for argument in arguments if argument != "--demo"]
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} does not exist.")
    from yolor_studio.app import run

    return run(paths, demo=demo)


def take_screenshots(folder: Path) -> list[Path]:
    """Picture every screen in both themes into `folder`; returns the files."""
    from yolor_studio.app import screenshots

    return screenshots(folder)


def bench_canvas() -> Iterator[Row]:
    """Measure the canvas: paint, hover and drag with thousands of boxes."""
    from yolor_studio.app import bench_canvas as measure

    return measure()
