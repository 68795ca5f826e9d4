"""The Pre-label button with its range, which turns into the running job in place."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QObject
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from yolor_studio.core.entities import MediaKind
from yolor_studio.gui import looks
from yolor_studio.gui.run_range import EVERY, RunRange
from yolor_studio.gui.studio import Studio
from yolor_studio.gui.widgets import JobButton
from yolor_studio.jobs.events import Progress

__all__ = ["RunControl", "duration_text", "progress_text"]


def duration_text(seconds: float) -> str:
    """A rough time left: "4 s", "3 min", "1 h 20 min"."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def progress_text(progress: Progress, *, with_rate: bool = True, unit: str = "frames") -> str:
    """ "312 of 480 · 41 frames/s · 4 s left", as far as it is known."""
    parts = [f"{progress.done:,} of {progress.total:,}" if progress.total else f"{progress.done:,}"]
    if progress.rate and with_rate:
        parts.append(f"{progress.rate:.0f} {unit}/s" if progress.rate >= 10 else f"{progress.rate:.1f} {unit}/s")
    if progress.eta is not None and progress.done:
        parts.append(f"{duration_text(progress.eta)} left")
    return " · ".join(parts)


class RunControl(QObject):
    """Binds a JobButton to the studio's pre-labelling run."""

    def __init__(self, studio: Studio, parent: QWidget) -> None:
        super().__init__(parent)
        self._studio = studio
        self.range = RunRange()
        self.button = JobButton(self.tr("Pre-label"), "magic-wand", parent)
        self._menu = QMenu(parent)
        self._menu.aboutToShow.connect(self._fill)
        self.button.set_menu(self._menu)
        self.button.started.connect(self.start)
        self.button.pause_requested.connect(lambda: studio.run and studio.run.pause())
        self.button.resume_requested.connect(lambda: studio.run and studio.run.resume())
        self.button.cancel_requested.connect(lambda: studio.run and studio.run.cancel())
        self.button.action_requested.connect(self.start)
        studio.run_changed.connect(self.show_run)
        self.models: QMenu | None = None
        """Shown in the menu too, where the window has no room for the model beside the button."""
        self._reach_chosen = False
        if studio.session is not None:
            studio.session.place_changed.connect(self.show_run)
            studio.session.place_changed.connect(self._suggest_reach)
        self._suggest_reach()
        self._describe()
        self.show_run()

    def start(self) -> None:
        """Run over the chosen range."""
        session = self._studio.session
        if session is None or session.current is None:
            return
        media_ids = None if self.range.everything else [session.current.id]
        self._studio.prelabel(
            media_ids, every=self.range.every, only_unreviewed=self.range.only_unreviewed, again=self.range.again
        )

    def show_run(self) -> None:
        """Show the run under way, or the button."""
        run = self._studio.run
        session = self._studio.session
        self.button.setEnabled(session is not None and session.current is not None and not session.project.read_only)
        if run is None or (run.outcome is not None and (run.outcome.cancelled or run.outcome.finished)):
            self.button.show_idle()
            return
        progress = run.progress
        if run.outcome is not None:
            share = progress.done / progress.total if progress.total else 0.0
            self.button.show_stopped(
                self.tr("Stopped at {done}").format(done=f"{progress.done:,}"), share=share, action=self.tr("Go on")
            )
        elif run.paused:
            self.button.show_paused(
                self.tr("Paused"),
                done=progress.done,
                total=progress.total,
                detail=progress_text(Progress(progress.done, progress.total)),
            )
        else:
            starting = not run.title
            self.button.show_running(
                run.title or self.tr("Pre-labelling"),
                done=progress.done,
                total=progress.total,
                detail=self.tr("loading the model") if starting else progress_text(progress, unit=run.unit),
                short=self.tr("loading") if starting else progress_text(progress, with_rate=False),
            )

    # The range

    def _suggest_reach(self) -> None:
        """Until a person chooses: a whole video, or all pictures, since one picture is no work for a button."""
        session = self._studio.session
        media = session.current if session is not None else None
        everything = media is not None and media.kind is MediaKind.IMAGE
        if not self._reach_chosen and everything != self.range.everything:
            self.range = dataclasses.replace(self.range, everything=everything)
            self._describe()

    def _choose(self, **fields: object) -> None:
        self._reach_chosen = self._reach_chosen or "everything" in fields
        self.range = dataclasses.replace(self.range, **fields)
        self._describe()

    def _describe(self) -> None:
        self.button.set_text(
            self.tr("Pre-label"), self.tr("Pre-label {range} (Ctrl+P)").format(range=self.range.sentence())
        )

    def _fill(self) -> None:
        menu = self._menu
        menu.clear()
        session = self._studio.session
        frame = menu.addAction(looks.icon("crosshair"), self.tr("Run on this frame now"))
        frame.triggered.connect(self._run_frame)
        frame.setEnabled(session is not None and session.current is not None)
        menu.addSeparator()
        if self.models is not None:
            menu.addMenu(self.models)
            menu.addSeparator()
        self._radio(menu, [(self.tr("This media"), "everything", False), (self.tr("Everything"), "everything", True)])
        menu.addSeparator()
        self._radio(
            menu,
            [
                (self.tr("Every frame") if every == 1 else self.tr("One frame in {n}").format(n=every), "every", every)
                for every in EVERY
            ],
        )
        menu.addSeparator()
        for text, name in (
            (self.tr("Only frames not reviewed"), "only_unreviewed"),
            (self.tr("Again where the model has been"), "again"),
        ):
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(getattr(self.range, name))
            action.toggled.connect(lambda checked, name=name: self._choose(**{name: checked}))

    def _radio(self, menu: QMenu, choices: list[tuple[str, str, object]]) -> None:
        group = QActionGroup(menu)
        for text, name, value in choices:
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(getattr(self.range, name) == value)
            action.triggered.connect(lambda _checked=False, name=name, value=value: self._choose(**{name: value}))
            group.addAction(action)

    def _run_frame(self) -> None:
        session = self._studio.session
        if session is not None and session.current is not None:
            self._studio.prelabel([session.current.id], [session.frame], again=True)
