"""Process start to window shown, and memory when empty, beside an empty Qt window."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from yolor_studio.core.errors import StudioError
from yolor_studio.jobs.bench.row import Row, median

_RUNS = 5
# The child says when its first paint is done, measured from the birth of its process, and what memory it then has.
_REPORT = """
import json, os, sys, time
def report():
    ticks = os.sysconf("SC_CLK_TCK")
    born = int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19]) / ticks
    seconds = time.clock_gettime(time.CLOCK_BOOTTIME) - born
    kib = sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("Pss:"))
    print(json.dumps([seconds, kib / 1024]), flush=True)
    os._exit(0)
"""
_OURS = (
    _REPORT
    + """
from yolor_studio.app import build_window, make_application
application = make_application()
window = build_window(application)
window.show()
application.processEvents()
report()
"""
)
_BARE = (
    _REPORT
    + """
from PySide6.QtWidgets import QApplication, QWidget
application = QApplication([])
window = QWidget()
window.show()
application.processEvents()
report()
"""
)


def bench_startup(folder: Path) -> Iterator[Row]:
    """Rows of this program's window and, as the floor, of an empty one; Linux only."""
    if sys.platform != "linux":
        raise StudioError("The start-up benchmark reads /proc and runs on Linux only.")
    ours, bare = _measure(_OURS, folder), _measure(_BARE, folder)
    yield Row(
        "process start to window shown",
        median([seconds for seconds, _ in ours]),
        "ms",
        median([seconds for seconds, _ in bare]),
        "empty Qt window",
        "1 s",
    )
    yield Row(
        "memory when empty",
        min(mib for _, mib in ours),
        "MB (PSS)",
        min(mib for _, mib in bare),
        "empty Qt window",
        "150 MB",
    )


def _measure(script: str, folder: Path) -> list[tuple[float, float]]:
    environment = {**os.environ, "YOLOR_STUDIO_HOME": str(folder / "home")}
    if not environment.get("DISPLAY") and not environment.get("WAYLAND_DISPLAY"):
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    results = []
    for _ in range(_RUNS):
        done = subprocess.run(
            [sys.executable, "-P", "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            raise StudioError(f"The window did not start: {done.stderr.strip()[-500:]}")
        results.append(tuple(json.loads(done.stdout.splitlines()[-1])))
    return results
