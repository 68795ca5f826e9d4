"""The one place where the command line opens the window."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from yolor_studio.core.errors import StudioError, UsageError
from yolor_studio.jobs.bench.row import Row


def open_window(arguments: Sequence[str]) -> int:
    """Open the window on the media, folders or project named; `--demo` opens the demo clip. Returns the exit code."""
    demo = "--demo" in arguments
    paths = [Path(argument) for argument in arguments if argument != "--demo"]
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} does not exist.")
    if not has_display() and not os.environ.get("QT_QPA_PLATFORM"):
        raise StudioError(
            "There is no display to show the window on. The command line does the same work without one: "
            "`yolor-studio --help`."
        )
    from yolor_studio.app import run

    return run(paths, demo=demo)


def has_display() -> bool:
    """Whether there is a screen to show a window on."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def take_screenshots(folder: Path) -> list[Path]:
    """Picture every screen in both themes into `folder`; returns the files."""
    from yolor_studio.app import screenshots

    return screenshots(folder)


def bench_canvas() -> Iterator[Row]:
    """Measure the canvas: paint, hover and drag with thousands of boxes."""
    from yolor_studio.app import bench_canvas as measure

    return measure()
