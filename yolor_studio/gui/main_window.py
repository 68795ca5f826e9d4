"""The window: start page or workspace, the menus, the status line, sheets and toasts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPoint, QSettings, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QVBoxLayout, QWidget

from yolor_studio import __version__
from yolor_studio.core.entities import Change
from yolor_studio.core.errors import StudioError
from yolor_studio.core.paths import user_folder
from yolor_studio.gui import looks
from yolor_studio.gui.actions import Command, Needs
from yolor_studio.gui.box_menu import show_box_menu
from yolor_studio.gui.canvas import BoxRef
from yolor_studio.gui.commands import Commands
from yolor_studio.gui.dialogs import asking
from yolor_studio.gui.dialogs.palette import Palette
from yolor_studio.gui.dialogs.sheet import Sheet
from yolor_studio.gui.logo import window_icon
from yolor_studio.gui.menus import ActionSet
from yolor_studio.gui.needs import met_needs
from yolor_studio.gui.pages import Page, PageStack
from yolor_studio.gui.palette_choices import PaletteChoices
from yolor_studio.gui.panels.status_line import StatusLine
from yolor_studio.gui.settings import RecentProject
from yolor_studio.gui.start import StartPage
from yolor_studio.gui.start.drop_zone import dropped_paths
from yolor_studio.gui.status_texts import device_text, hints, media_text
from yolor_studio.gui.studio import Message, Studio
from yolor_studio.gui.widgets import Toast
from yolor_studio.gui.workspace import Workspace

if TYPE_CHECKING:
    from yolor_studio.gui.evaluation import EvaluationPage
    from yolor_studio.gui.evaluation.spots import Spot
    from yolor_studio.gui.models import ModelsPage
    from yolor_studio.gui.training.desk import TrainingDesk
    from yolor_studio.jobs.evaluation import Evaluation

__all__ = ["MainWindow"]

LEAST_WIDTH, LEAST_HEIGHT = 1024, 640


class MainWindow(QMainWindow):
    """Shows the studio's state and turns what a person does into commands."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        self.commands = Commands(studio, self)
        self._workspace: Workspace | None = None
        self._sheet: Sheet | None = None
        self._training: TrainingDesk | None = None
        self.setWindowTitle("YOLOR Studio")
        self.setWindowIcon(window_icon())
        self.setMinimumSize(LEAST_WIDTH, LEAST_HEIGHT)
        self.setAcceptDrops(True)
        self.actions_set = ActionSet(self, self.run_command)
        self._menus = self.actions_set.fill(self.menuBar())
        self.menuBar().setNativeMenuBar(True)
        self._recent_menu = QMenu(self.tr("Open recent"), self)
        self._recent_menu.aboutToShow.connect(self._fill_recent_menu)
        self._menus["File"].insertMenu(self.actions_set.action("file.new"), self._recent_menu)
        self.start = StartPage()
        self.status = StatusLine()
        self._pages = PageStack(self.start)
        self._pages.changed.connect(self._page_changed)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.status)
        self.setCentralWidget(page)
        self._page = page
        self._start_toast = Toast(self.start)
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.timeout.connect(self._refresh_now)
        self._connect()
        self._show_session()
        self._restore_geometry()

    @property
    def workspace(self) -> Workspace:
        """The workspace of the open project; only commands that need a project may ask."""
        assert self._workspace is not None
        return self._workspace

    def run_command(self, entry: Command) -> None:
        """Run a command of the table; what goes wrong in it is told."""
        try:
            entry.run(self.commands)
        except StudioError as error:
            self.studio.tell(str(error), "err")

    def run_by_id(self, command_id: str) -> None:
        """Run a command by its id, if it is enabled."""
        self.actions_set.action(command_id).trigger()

    # Pages

    @property
    def page(self) -> Page | None:
        """The page that stands in place of the workspace."""
        return self._pages.page

    @property
    def training(self) -> TrainingDesk:
        """Fine-tuning in this window."""
        if self._training is None:
            from yolor_studio.gui.training.desk import TrainingDesk

            self._training = TrainingDesk(
                self.studio, self._pages, host=self._page, open_sheet=self.open_sheet, parent=self
            )
            self._training.changed.connect(self._refresh_soon)
            self._training.evaluate_wanted.connect(self.show_evaluation)
        return self._training

    def show_evaluation(self, model: str = "") -> None:
        """The page that measures models; with a model's name, on that one."""
        from yolor_studio.gui.evaluation import EvaluationPage

        def build() -> Page:
            page = EvaluationPage(self.studio, back=self._back_name())
            page.place_wanted.connect(lambda place, spot: self._reveal(page, place, spot))
            page.look_wanted.connect(self._look_at)
            page.shown_wanted.connect(lambda: self.show_evaluation())
            return page

        page = self._pages.show_page("evaluation", build)
        if isinstance(page, EvaluationPage):
            page.refresh(model)

    def _reveal(self, page: EvaluationPage, place: tuple[int, int], spot: Spot) -> None:
        from yolor_studio.gui.evaluation.reveal import Reveal

        self.leave_page()
        Reveal(self.studio, self.workspace, place, spot)
        key = self.actions_set.action("model.evaluate").shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        page.show_way_back(self.workspace.canvas, spot, key=key)

    def _look_at(self, evaluation: Evaluation, spot: Spot, colours: tuple[int, ...]) -> None:
        from yolor_studio.gui.evaluation.look import LookSheet

        self.open_sheet(LookSheet(self._page, spot, evaluation, colours=colours, bridge=self.studio.bridge))

    def leave_page(self) -> None:
        """Go back to the workspace, or to the start page."""
        self._pages.leave()

    def _back_name(self) -> str:
        session = self.studio.session
        return session.project.path.stem if session is not None else self.tr("Start")

    def _page_changed(self) -> None:
        if self._workspace is not None:
            if self.page is None:
                self._workspace.canvas.setFocus()
            else:
                self._workspace.player.pause()
        self._refresh_now()

    # Asking for files

    def ask_for_files(self) -> list[Path]:
        """Videos and pictures that a person picks."""
        return asking.videos_and_pictures(self, self._last_folder())

    def ask_for_folder(self) -> list[Path]:
        """A folder that a person picks."""
        return asking.folder(self, self._last_folder())

    def ask_for_project(self) -> list[Path]:
        """A project that a person picks."""
        return asking.project(self, self._last_folder())

    def ask_for_new_project(self) -> Path | None:
        """Where a new project is to lie."""
        return asking.new_project(self, self._last_folder())

    def _last_folder(self) -> str:
        if self.studio.session is not None:
            return str(self.studio.session.project.path.parent)
        recent = self.studio.settings.recent
        return str(Path(recent[0].path).parent) if recent else str(Path.home())

    # Sheets

    def show_export(self) -> None:
        """The export sheet."""
        from yolor_studio.gui.dialogs.export_sheet import ExportSheet

        if self.studio.session is not None:
            self.open_sheet(ExportSheet(self._page, self.studio))

    def show_palette(self) -> None:
        """All commands, media and categories."""
        hint = self.tr("commands, media, frames (#204), categories")
        choices = PaletteChoices(self, self._met_needs())
        self.open_sheet(Palette(self._page, choices.all, hint=hint, placeholder=self.tr("Find a command")))

    def pick_category(self) -> None:
        """A category by its first letters."""
        if self.studio.session is not None:
            choices = PaletteChoices(self, self._met_needs())
            self.open_sheet(
                Palette(self._page, choices.categories, hint="", placeholder=self.tr("Category of the box"))
            )

    def show_keys(self) -> None:
        """All keys."""
        from yolor_studio.gui.dialogs.keys import KeysSheet

        self.open_sheet(KeysSheet(self._page))

    def show_command_line(self) -> None:
        """How to do the same without the window."""
        from yolor_studio.gui.dialogs.about import CommandLineSheet

        self.open_sheet(CommandLineSheet(self._page))

    def show_about(self) -> None:
        """What this is."""
        from yolor_studio.gui.dialogs.about import AboutSheet

        self.open_sheet(AboutSheet(self._page))

    def open_sheet(self, sheet: Sheet) -> None:
        """Show a sheet; no command runs while it is open."""
        if self._sheet is not None:
            self._sheet.close_sheet()
        self._sheet = sheet
        sheet.closed.connect(lambda: self._sheet_closed(sheet))
        self.actions_set.set_blocked(True)
        sheet.open()

    @property
    def toast(self) -> Toast:
        """Where messages appear: over the page, the canvas or the start page."""
        if self.page is not None:
            return self.page.toast
        return self._start_toast if self._workspace is None else self._workspace.toast

    @property
    def sheet(self) -> Sheet | None:
        """The sheet that is open."""
        return self._sheet

    def _sheet_closed(self, sheet: Sheet) -> None:
        if self._sheet is sheet:
            self._sheet = None
            self.actions_set.set_blocked(False)
            self._refresh_now()
        sheet.deleteLater()

    # Demo and models

    def start_demo(self) -> None:
        """Make the demo clip, open it and pre-label it."""
        from yolor_studio.gui.demo_job import start_demo

        start_demo(self.studio)

    def show_models(self) -> ModelsPage:
        """The page of models."""
        from yolor_studio.gui.models import ModelsPage

        page = self._pages.show_page("models", lambda: ModelsPage(self.studio, back=self._back_name()))
        assert isinstance(page, ModelsPage)
        page.refresh()
        return page

    def add_model(self) -> None:
        """Ask for a model file, and add it on the page of models."""
        path = asking.model(self, self._last_folder())
        if path is not None:
            self.show_models().add(path)

    # Looks

    def set_theme(self, theme: Literal["system", "dark", "light"]) -> None:
        """Use a theme from now on."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            looks.apply(app, looks.Theme(theme))
        self.studio.settings.theme = theme
        self.studio.settings.save()
        self._refresh_now()

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.actions_set.set_checked("view.full_screen", self.isFullScreen())

    # Qt's events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.studio.open_paths(dropped_paths(event.mimeData()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._workspace is not None and self._workspace.cancel():
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        _window_settings().setValue("geometry", self.saveGeometry())
        if self._sheet is not None:
            self._sheet.stop()
        self._pages.stop()
        if self._training is not None:
            self._training.stop()
        self.studio.stop_model_work()
        self.studio.close_project()
        event.accept()

    def _restore_geometry(self) -> None:
        stored = _window_settings().value("geometry")
        if stored is None or not self.restoreGeometry(stored):
            screen = QApplication.primaryScreen().availableGeometry()
            self.resize(min(1440, screen.width()), min(900, screen.height()))

    # Keeping up

    def _connect(self) -> None:
        studio, start = self.studio, self.start
        studio.session_changed.connect(self._show_session)
        studio.told.connect(self._show_message)
        studio.noticed.connect(self.status.say)
        studio.run_changed.connect(self._refresh_soon)
        studio.task_changed.connect(self._show_task)
        start.command_requested.connect(self.run_by_id)
        start.drop_zone.dropped.connect(studio.open_paths)
        start.drop_zone.video_wanted.connect(lambda: self.run_by_id("file.open"))
        start.drop_zone.folder_wanted.connect(lambda: self.run_by_id("file.folder"))
        start.drop_zone.project_wanted.connect(lambda: self.run_by_id("file.project"))
        start.demo.start_requested.connect(lambda: self.run_by_id("file.demo"))
        start.demo.cancel_requested.connect(lambda: studio.task and studio.task.cancel())
        start.recent.chosen.connect(lambda project: studio.open_paths([Path(project.path)]))
        start.recent.lost.connect(self._look_for)

    def _show_session(self) -> None:
        if self._workspace is not None:
            old, self._workspace = self._workspace, None
            self._pages.set_base(self.start)
            old.close_reading()
            self._pages.removeWidget(old)
            old.setParent(None)  # at once: nothing that the window sends may reach it any more
            old.deleteLater()
        session, editor = self.studio.session, self.studio.editor
        if session is not None and editor is not None:
            workspace = Workspace(self.studio, session, editor)
            workspace.command_requested.connect(self.run_by_id)
            workspace.category_chosen.connect(self.commands.use_category)
            workspace.menu_requested.connect(self._show_box_menu)
            workspace.state_changed.connect(self._refresh_soon)
            workspace.canvas.view_changed.connect(self._show_zoom)
            session.changed.connect(self._on_change)
            for command_id in ("file.open", "file.folder", "file.project", "file.close"):
                workspace.top_bar.project_menu.addAction(self.actions_set.action(command_id))
            self._workspace = workspace
            self._pages.set_base(workspace)
            workspace.canvas.setFocus()
            self.setWindowTitle(f"{session.project.path.stem} – YOLOR Studio")
        else:
            self.start.show_recent(self.studio.settings.recent)
            self.setWindowTitle("YOLOR Studio")
        self._refresh_now()

    def _on_change(self, change: Change) -> None:
        if change.edit is not None or "frame_states" in change.tables:
            self.status.set_saved(self.tr("Saved"))

    def _refresh_soon(self) -> None:
        """Enable commands at once, because the next key may come before the event loop does; say the rest soon."""
        self.actions_set.set_met(self._met_needs())
        if not self._refresh.isActive():
            self._refresh.start(0)

    def _refresh_now(self) -> None:
        """Enable commands and say in the status line what is so now."""
        studio, workspace = self.studio, self._workspace
        self.actions_set.set_met(self._met_needs())
        for theme in ("system", "dark", "light"):
            self.actions_set.set_checked(f"view.theme_{theme}", studio.settings.theme == theme)
        training = self._training.status() if self._training is not None else ""
        self.status.set_device(training or device_text(studio))
        if self.page is not None:
            self._refresh_page(self.page)
            return
        if workspace is None or studio.session is None:
            self.status.set_saved(self.tr("Nothing is uploaded. No account."), icon="lock-simple", role="tx2")
            self.status.set_media("")
            self.status.set_zoom(__version__)
            self.status.set_hints(())
            return
        tool = workspace.canvas.tool()
        for command_id, value in (
            ("tool.select", "select"), ("tool.box", "box"), ("tool.points", "four points"), ("tool.pan", "pan"),
        ):  # fmt: skip
            self.actions_set.set_checked(command_id, tool.value == value)
        for panel in ("left", "right", "bottom"):
            self.actions_set.set_checked(f"view.{panel}", workspace.is_open(panel))
        if studio.session.project.read_only:
            self.status.set_saved(self.tr("Read only"), icon="lock-simple", role="warn")
        else:
            self.status.set_saved(self.tr("Saved"))
        self.status.set_media(media_text(studio.session.current))
        self.status.set_hints(hints(workspace, studio))
        self._show_zoom()

    def _refresh_page(self, page: Page) -> None:
        self.status.set_media("")
        self.status.set_zoom(__version__)
        self.status.set_hints(page.hints())

    def _met_needs(self) -> frozenset[Needs]:
        return met_needs(self.studio, self._workspace, on_page=self.page is not None)

    def _show_zoom(self) -> None:
        if self._workspace is not None and self.studio.session is not None:
            has_picture = self.studio.session.current is not None and self._workspace.link.absent is None
            self.status.set_zoom(f"{round(self._workspace.canvas.zoom() * 100)} %" if has_picture else "")

    def _show_task(self) -> None:
        task = self.studio.task
        self.start.demo.show_run(task if task is not None and self.studio.session is None else None)
        if task is not None and task.progress.total and self.studio.session is not None:
            self.status.set_saved(
                f"{task.title} {task.progress.done:,} of {task.progress.total:,}", icon="gauge", role="accent"
            )
        elif task is None:
            self._refresh_soon()

    def _show_message(self, message: Message) -> None:
        action, text = message.action, message.action_text
        if message.details:
            text, action = self.tr("Show"), lambda: self._show_details(message)
        self.toast.say(message.text, message.kind, action=text, on_action=action)

    def _show_details(self, message: Message) -> None:
        from yolor_studio.gui.dialogs.failures import FailuresSheet

        self.open_sheet(FailuresSheet(self._page, message.text, message.details))

    def _look_for(self, project: RecentProject) -> None:
        found = self.ask_for_project()
        if found:
            self.studio.settings.forget(project.path)
            self.studio.open_paths(found)

    def _fill_recent_menu(self) -> None:
        self._recent_menu.clear()
        for project in self.studio.settings.recent:
            path = Path(project.path)
            action = self._recent_menu.addAction(path.stem)
            action.setToolTip(project.path)
            action.setEnabled(path.exists())
            action.triggered.connect(lambda _checked=False, path=path: self.studio.open_paths([path]))

    def _show_box_menu(self, ref: BoxRef | None, at: QPoint) -> None:
        show_box_menu(self, self.actions_set, ref, at)


def _window_settings() -> QSettings:
    return QSettings(str(user_folder("window.ini")), QSettings.Format.IniFormat)
