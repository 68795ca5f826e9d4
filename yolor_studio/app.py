"""The desktop program: puts the application together, shows the window and opens what was named."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QLibraryInfo, QTimer
from PySide6.QtWidgets import QApplication

from yolor_studio import __version__
from yolor_studio.core.paths import user_folder
from yolor_studio.gui import looks
from yolor_studio.gui.main_window import MainWindow
from yolor_studio.gui.settings import Settings
from yolor_studio.gui.studio import Studio
from yolor_studio.jobs.bench.row import Row

__all__ = ["bench_canvas", "build_window", "guard_process", "make_application", "run", "screenshots"]

COLLECT_EVERY = 2000
"""Milliseconds between two runs of the cyclic garbage collector."""
LISTEN_EVERY = 200
"""Milliseconds in which Python looks after signals such as Ctrl-C while Qt waits."""

_log = logging.getLogger(__name__)


def run(paths: Sequence[Path] = (), *, demo: bool = False) -> int:
    """Show the window on what was named (media, or a project), or on the demo; returns the exit code."""
    app = make_application()
    window = build_window(app)
    guard_process(window)
    window.show()
    if demo:
        QTimer.singleShot(0, window.start_demo)
    elif paths:
        # After the first paint: the window is there before anything is read.
        QTimer.singleShot(0, lambda: window.studio.open_paths([Path(path).absolute() for path in paths]))
    return app.exec()


def screenshots(folder: Path) -> list[Path]:
    """Picture every screen in both themes into `folder`, without a display; returns the files."""
    from yolor_studio.gui.screenshots import take

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = make_application()
    return take(folder, lambda: build_window(app))


def bench_canvas() -> Iterator[Row]:
    """Measure the canvas on a 4K picture beside a bare widget that paints the same picture, then the whole window."""
    from yolor_studio.gui.canvas.bench import measure
    from yolor_studio.gui.screenshots import other_home
    from yolor_studio.gui.window_bench import measure_window

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    budgets = {1000: "6 ms", 5000: "12 ms", 10_000: "16 ms"}
    for row in measure():
        boxes = row["boxes"]
        for what, name in (("pointer move", "hover_ms"), ("drag", "drag_ms"), ("next frame", "frame_ms")):
            budget = budgets.get(boxes, "") if name != "frame_ms" else ""
            yield Row(f"{what}, {boxes:,} boxes", row[name], "ms", row["floor_ms"], "bare widget", budget)
    clips = user_folder("bench")
    with other_home() as home:
        yield from measure_window(build_window(make_application()), home, clips)


def make_application() -> QApplication:
    """The application, made safe for threads and for what else is installed; the one that exists in tests."""
    _keep_to_our_plugins()
    sys.setswitchinterval(0.001)
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("YOLOR Studio")
    app.setOrganizationName("YOLOR Studio")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("yolor-studio")
    return app


def build_window(app: QApplication) -> MainWindow:
    """The window with its studio, dressed, not shown yet."""
    settings = Settings.load()
    looks.apply(app, looks.Theme(settings.theme))
    studio = Studio(settings)
    window = MainWindow(studio)
    studio.setParent(window)
    return window


def guard_process(window: MainWindow) -> None:
    """Let an exception in a slot, a collected cycle or a signal of the system never end the process at a bad moment."""
    _collect_on_this_thread(window)
    _tell_exceptions(window.studio)
    _quit_on_signals(window)


def _keep_to_our_plugins() -> None:
    """The full OpenCV wheel, where somebody has it, points Qt to its own Qt 5 plugins when it is imported."""
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        if "cv2" in os.environ.get(name, ""):
            del os.environ[name]
    os.environ.setdefault("QT_PLUGIN_PATH", QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))


def _collect_on_this_thread(window: MainWindow) -> None:
    """Collecting on a worker's thread would destroy Qt objects there, which crashes."""
    gc.disable()
    timer = QTimer(window)
    timer.timeout.connect(lambda: gc.collect(1))
    timer.start(COLLECT_EVERY)


def _tell_exceptions(studio: Studio) -> None:
    """An exception in a slot is logged and told; the window goes on."""

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        _log.error("%s", "".join(traceback.format_exception(kind, error, trace)))
        with contextlib.suppress(RuntimeError):  # the studio may be gone while the program ends
            studio.tell(
                f"Something went wrong ({kind.__name__}: {error}). Finished edits are stored; the log has details.",
                "err",
            )

    sys.excepthook = tell


def _quit_on_signals(window: MainWindow) -> None:
    """Ctrl-C and a polite kill close the window, which stores everything."""

    def quit_soon(_number: int, _frame: object) -> None:
        window.close()

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(ValueError):  # not on the main thread, in tests
            signal.signal(number, quit_soon)
    timer = QTimer(window)
    timer.timeout.connect(lambda: None)
    timer.start(LISTEN_EVERY)
