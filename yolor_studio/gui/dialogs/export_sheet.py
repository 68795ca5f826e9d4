"""The export sheet: choices, then progress in place, then the proof."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from yolor_studio.core.errors import StudioError
from yolor_studio.formats.snapshot import Snapshot, take_snapshot
from yolor_studio.gui import looks
from yolor_studio.gui.dialogs.about import sheet_head
from yolor_studio.gui.dialogs.export_form import ExportForm
from yolor_studio.gui.dialogs.export_pages import ExportPreview, ExportProof, GoodToKnow
from yolor_studio.gui.dialogs.figures import clear
from yolor_studio.gui.dialogs.sheet import Sheet
from yolor_studio.gui.export_choice import Planned, as_command, default_folder, plan_with_alternatives
from yolor_studio.gui.job_run import JobRun, Outcome
from yolor_studio.gui.latest import Latest
from yolor_studio.gui.panels.icon_label import IconLabel
from yolor_studio.gui.panels.progress_bar import ThinBar
from yolor_studio.gui.panels.run_control import progress_text
from yolor_studio.gui.studio import Studio
from yolor_studio.gui.widgets import ElidedLabel
from yolor_studio.jobs.export import ExportReport, export_project

__all__ = ["ExportSheet"]

WIDTH = 940
RECOUNT_DELAY = 60
"""Milliseconds after a change until the plan is counted anew."""


class ExportSheet(Sheet):
    """Lives while it is open; takes one snapshot of the project and plans from it on every change."""

    def __init__(self, host: QWidget, studio: Studio) -> None:
        super().__init__(host, width=WIDTH)
        assert studio.session is not None
        self._studio, self._session = studio, studio.session
        self._project = studio.session.project
        self._snapshot: Snapshot | None = None
        self._planned: Planned | None = None
        self._run: JobRun | None = None
        self.report: ExportReport | None = None
        """What was written, once it is."""
        self._latest = Latest(studio.bridge, self)
        self._latest.done.connect(self._take_plan)
        self._latest.failed.connect(self._take_problem)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(RECOUNT_DELAY)
        self._timer.timeout.connect(self._recount)
        folder = default_folder(self._project.path, studio.settings.export_folder)
        self.form = ExportForm(self._session, folder)
        self.form.changed.connect(self._timer.start)
        self._preview = ExportPreview()
        self.content.addWidget(sheet_head(self, self.tr("Export dataset"), self._project.path.stem))
        self._body = QHBoxLayout()
        self._body.setSpacing(0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.form)
        scroll.setMinimumHeight(min(self.form.sizeHint().height() + 8, 540))
        self._body.addWidget(scroll, 1)
        self._body.addWidget(self._preview)
        self.content.addLayout(self._body, 1)
        self.content.addWidget(self._build_footer())
        self._recount()

    # The footer: choosing, running, done

    def _build_footer(self) -> QWidget:
        footer = QFrame()
        looks.dress(footer, line="top")
        self._footer = QStackedWidget()
        self._footer.addWidget(self._build_choosing())
        self._footer.addWidget(self._build_running())
        self._footer.addWidget(self._build_done())
        layout = QHBoxLayout(footer)
        layout.setContentsMargins(20, 12, 20, 12)
        layout.addWidget(self._footer)
        return footer

    def _build_choosing(self) -> QWidget:
        page = QWidget()
        line = QHBoxLayout(page)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self._sign = IconLabel("shield-check", "ok", 17)
        self._promise = ElidedLabel()
        command = QPushButton(self.tr("Copy as command"))
        looks.set_icon(command, "terminal-window")
        looks.dress(command, kind="quiet", size="dialog")
        command.clicked.connect(self.copy_command)
        cancel = QPushButton(self.tr("Cancel"))
        looks.dress(cancel, size="dialog")
        cancel.clicked.connect(self.close_sheet)
        self.export_button = QPushButton(self.tr("Export"))
        looks.dress(self.export_button, kind="primary", size="dialog")
        self.export_button.setDefault(True)
        self.export_button.setEnabled(False)
        self.export_button.clicked.connect(self.start)
        line.addWidget(self._sign)
        line.addWidget(self._promise, 1)
        for button in (command, cancel, self.export_button):
            line.addWidget(button)
        self._say("shield-check", "ok", self.tr("Every export is read back and checked before it is called done."))
        return page

    def _build_running(self) -> QWidget:
        page = QWidget()
        line = QHBoxLayout(page)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(16)
        words = QVBoxLayout()
        words.setSpacing(6)
        self._progress = QLabel()
        looks.set_font(self._progress, looks.BODY, tabular=True)
        self._bar = ThinBar()
        words.addWidget(self._progress)
        words.addWidget(self._bar)
        stop = QPushButton(self.tr("Cancel"))
        looks.dress(stop, size="dialog")
        stop.clicked.connect(lambda: self._run and self._run.cancel())
        line.addLayout(words, 1)
        line.addWidget(stop)
        return page

    def _build_done(self) -> QWidget:
        page = QWidget()
        line = QHBoxLayout(page)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        copy = QPushButton(self.tr("Copy report"))
        looks.set_icon(copy, "clipboard")
        looks.dress(copy, kind="quiet", size="dialog")
        copy.clicked.connect(self._copy_report)
        folder = QPushButton(self.tr("Open folder"))
        looks.set_icon(folder, "folder-open")
        looks.dress(folder, size="dialog")
        folder.clicked.connect(self._open_folder)
        done = QPushButton(self.tr("Done"))
        done.setDefault(True)
        looks.dress(done, kind="primary", size="dialog")
        done.clicked.connect(self.close_sheet)
        line.addWidget(copy)
        line.addStretch(1)
        line.addWidget(folder)
        line.addWidget(done)
        return page

    def _say(self, icon: str, role: str, text: str) -> None:
        self._sign.set_icon(icon, role)
        self._promise.set_text(text)

    # Planning

    def _recount(self) -> None:
        try:
            request = self.form.request()
        except StudioError as error:
            self._take_problem(str(error))
            return
        project = self._project

        def work() -> tuple[Snapshot, Planned]:
            snapshot = self._snapshot or take_snapshot(project)
            return snapshot, plan_with_alternatives(project, request, snapshot)

        self._latest.ask(work)

    def _take_plan(self, answer: tuple[Snapshot, Planned]) -> None:
        self._snapshot, self._planned = answer
        plan, out = self._planned.plan, self.form.folder
        self._preview.show_plan(plan, out)
        self.form.show_planned(self._planned)
        taken = out.exists() and (not out.is_dir() or any(out.iterdir()))
        if taken:
            self._say("warning", "warn", self.tr("{name} is not empty. Choose another folder.").format(name=out.name))
        else:
            self._say("shield-check", "ok", self.tr("Every export is read back and checked before it is called done."))
        self.export_button.setEnabled(plan.frames > 0 and not taken)
        text = self.tr("Export 1 frame") if plan.frames == 1 else self.tr("Export {count} frames")
        self.export_button.setText(text.format(count=f"{plan.frames:,}"))

    def _take_problem(self, sentence: str) -> None:
        self._planned = None
        self._preview.show_problem(sentence)
        self.export_button.setEnabled(False)

    # Running

    def start(self) -> None:
        """Write the dataset as it is planned."""
        if self._planned is None or self._run is not None:
            return
        request, out, snapshot, project = self._planned.plan.request, self.form.folder, self._snapshot, self._project
        self.closable = False
        self.panel.setFocus()  # what has the keyboard now is about to be disabled or hidden; Esc has to work on
        self.form.setEnabled(False)
        self._footer.setCurrentIndex(1)
        self._progress.setText(self.tr("Starting"))
        self._run = JobRun(
            lambda cancel: export_project(project, request, out, cancel, snapshot=snapshot), self._studio.bridge, self
        )
        self._run.changed.connect(self._show_progress)
        self._run.ended.connect(self._ended)

    def close_sheet(self) -> None:
        """Stop a run under way, and close."""
        if self._run is not None and self._run.running:
            self._run.cancel()
            return
        self._latest.close()
        super().close_sheet()

    def copy_command(self) -> None:
        """Put the same export, as a command line, on the clipboard."""
        try:
            request = self.form.request()
        except StudioError as error:
            self._take_problem(str(error))
            return
        categories = {category.id: category for category in self._session.categories}
        QGuiApplication.clipboard().setText(
            as_command(self._project.path, request, self.form.folder, categories=categories)
        )
        self._say("check-circle-fill", "ok", self.tr("The command is on the clipboard."))

    def stop(self) -> None:
        """Stop and wait: the window closes."""
        if self._run is not None and self._run.running:
            self._run.cancel()
            self._run.wait(10)
            self._studio.bridge.drain()
        self.close_sheet()

    def _show_progress(self) -> None:
        if self._run is not None:
            progress = self._run.progress
            what = progress.note or self.tr("Writing")
            self._progress.setText(f"{what} · {progress_text(progress, unit=self._run.unit)}")
            self._bar.set_share(progress.done / progress.total if progress.total else 0.0)

    def _ended(self, outcome: Outcome) -> None:
        self._run = None
        self.closable = True
        self.panel.setFocus()
        self.form.setEnabled(True)
        self._footer.setCurrentIndex(0)
        if outcome.cancelled:
            self._say("info", "tx2", self.tr("Stopped. Nothing was written."))
        elif outcome.error is not None:
            self._say("warning-circle-fill", "err", str(outcome.error))
        elif isinstance(outcome.value, ExportReport):
            self._show_done(outcome.value)

    def _show_done(self, report: ExportReport) -> None:
        self.report = report
        self._studio.settings.export_folder = str(report.folder.parent)
        self._studio.settings.save()
        clear(self._body)
        for page, stretch in ((ExportProof(report), 1), (GoodToKnow(report), 0)):
            self._body.addWidget(page, stretch)
            page.show()  # a layout leaves out what is not shown yet, and the sheet is measured now
        self._footer.setCurrentIndex(2)
        self.place()

    def _open_folder(self) -> None:
        if self.report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.report.folder)))

    def _copy_report(self) -> None:
        if self.report is not None:
            lines = [f"{self.report.folder}", *self.report.check.sentences(), *self.report.warnings]
            QGuiApplication.clipboard().setText("\n".join(lines))
