"""Pictures of every screen in both themes, taken by the program itself on the demo clip."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from yolor_studio.core.errors import StudioError
from yolor_studio.gui.canvas import BoxRef
from yolor_studio.gui.dialogs.export_sheet import ExportSheet
from yolor_studio.gui.evaluation import EvaluationPage
from yolor_studio.gui.main_window import MainWindow
from yolor_studio.jobs.train import TrainRequest, why_not

__all__ = ["SIZES", "other_home", "take"]

SIZES = ((1440, 900), (1280, 720))
PATIENCE = 180.0
"""Seconds that a step may take."""


def take(folder: Path, build: Callable[[], MainWindow]) -> list[Path]:
    """Picture every screen at each size in each theme into `folder`; the files. `build` makes a window that is not
    shown yet. Nothing of the person's settings is read or changed. Raises StudioError when a step gets stuck."""
    folder.mkdir(parents=True, exist_ok=True)
    with other_home():
        photographer = _Photographer(folder, build())
        photographer.run()
    return photographer.taken


class _Photographer:
    def __init__(self, folder: Path, window: MainWindow) -> None:
        self._folder, self._window = folder, window
        self._app = QApplication.instance()
        self.taken: list[Path] = []

    def run(self) -> None:
        window, studio = self._window, self._window.studio
        window.show()
        self._each("start")
        window.start_demo()
        self._until(lambda: studio.run is not None and studio.run.progress.done >= 60)
        self._each("pre-labelling")
        self._until(lambda: studio.run is not None and not studio.running)
        self._correct()
        self._each("workspace")
        self._sheet("export", window.show_export)
        self._export()
        self._evaluate()
        self._sheet("fine-tune", window.training.show_sheet)
        self._train()
        self._models()
        self._sheet("palette", window.show_palette)
        self._sheet("keys", window.show_keys)
        studio.close_project()
        self._settle()
        self._each("start-recent")
        window.close()

    def _correct(self) -> None:
        """Some work, as a person leaves it behind: reviewed frames, accepted boxes, one selected, one lit up."""
        window, session = self._window, self._window.studio.session
        assert session is not None
        session.seek(100)
        for _ in range(24):
            window.run_by_id("review.accept_next")
        session.seek(118)
        self._settle()
        rows = window.workspace.objects.model.rows
        objects = [row.ref for row in rows if row.ref.kind == "object"]
        window.studio.selection.set(objects[:1])
        session.seek(130)
        self._settle()
        predictions = [row for row in window.workspace.objects.model.rows if row.ref.kind == "prediction"]
        if len(predictions) > 1:
            assert window.studio.editor is not None
            accepted = window.studio.editor.accept([row.ref.id for row in predictions[::2]])
            window.studio.selection.set([BoxRef("object", accepted[0])])
            self._settle()
        window.toast.dismiss()
        self._settle()

    def _export(self) -> None:
        window = self._window
        window.show_export()
        sheet = window.sheet
        assert isinstance(sheet, ExportSheet)
        self._until(sheet.export_button.isEnabled)
        sheet.start()
        self._until(lambda: sheet.report is not None)
        self._each("export-done")
        sheet.close_sheet()

    def _models(self) -> None:
        """The bundled model, checked; then one that can be fetched, without fetching it."""
        page = self._window.show_models()
        self._until(lambda: page.details.item is not None)
        page.check()
        self._until(lambda: not page.work.running)
        self._each("models")
        page.select("release:yolov4-tiny")
        self._each("models-download")
        self._window.leave_page()

    def _evaluate(self) -> None:
        window = self._window
        window.show_evaluation()
        page = window.page
        assert isinstance(page, EvaluationPage)
        page.start()
        self._until(lambda: bool(page.results))
        self._each("evaluation")
        window.leave_page()

    def _train(self) -> None:
        """A few steps, where PyTorch is."""
        window, session = self._window, self._window.studio.session
        assert session is not None
        if why_not() is None:
            desk = window.training
            desk.begin(TrainRequest(data=(session.project.path,), name="demo", epochs=6, hold_out=0.25))
            self._until(lambda: desk.training is not None and desk.training.result is not None)
        else:
            window.training.show_page()
        self._each("fine-tuning")
        window.leave_page()

    def _sheet(self, name: str, show: Callable[[], None]) -> None:
        for width, height in SIZES:
            for theme in ("dark", "light"):
                self._window.set_theme(theme)
                self._window.resize(width, height)
                show()
                self._settle(0.5)
                self._shoot(f"{name}-{width}x{height}-{theme}")
                if self._window.sheet is not None:
                    self._window.sheet.close_sheet()

    def _each(self, name: str) -> None:
        for width, height in SIZES:
            for theme in ("dark", "light"):
                self._window.set_theme(theme)
                self._window.resize(width, height)
                self._settle()
                self._shoot(f"{name}-{width}x{height}-{theme}")

    def _shoot(self, name: str) -> None:
        path = self._folder / f"{name}.png"
        if not self._window.grab().save(str(path)):
            raise StudioError(f"{path} could not be written. The pictures before it are kept.")
        self.taken.append(path)

    def _settle(self, seconds: float = 0.35) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._pump()

    def _until(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > end:
                raise StudioError("A screen was not ready in three minutes. The pictures before it are kept.")
            self._pump()
        self._settle()

    def _pump(self) -> None:
        assert self._app is not None
        self._app.processEvents()
        self._app.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        time.sleep(0.005)


@contextmanager
def other_home() -> Iterator[Path]:
    """Settings, recent projects and the demo in a temporary folder, which is given."""
    before = os.environ.get("YOLOR_STUDIO_HOME")
    with tempfile.TemporaryDirectory(prefix="yolor-studio-") as home:
        os.environ["YOLOR_STUDIO_HOME"] = home
        try:
            yield Path(home)
        finally:
            if before is None:
                del os.environ["YOLOR_STUDIO_HOME"]
            else:
                os.environ["YOLOR_STUDIO_HOME"] = before
