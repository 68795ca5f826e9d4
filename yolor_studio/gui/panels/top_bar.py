"""The bar over everything: the project, the tools, undo, the model, pre-labelling and export."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.canvas import Tool
from yolor_studio.gui.logo import Logo
from yolor_studio.gui.panels.header import icon_button
from yolor_studio.gui.panels.model_chip import ModelChip
from yolor_studio.gui.panels.run_control import RunControl
from yolor_studio.gui.session import Session
from yolor_studio.gui.studio import Studio
from yolor_studio.gui.widgets import Segmented

__all__ = ["TopBar"]

HEIGHT = 44
_TOOLS = (
    (Tool.SELECT, "cursor", "Select", "V"),
    (Tool.BOX, "bounding-box", "Box", "W"),
    (Tool.FOUR_POINTS, "polygon", "Four points", "X"),
    (Tool.PAN, "hand", "Pan", "H"),
)


class TopBar(QFrame):
    """Shows the session's state and asks for commands by their ids."""

    command_requested = Signal(str)
    tool_chosen = Signal(object)
    """A canvas Tool."""

    def __init__(self, studio: Studio, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setFixedHeight(HEIGHT)
        looks.dress(self, ground="chrome", line="bottom")
        self.model = ModelChip(studio)
        self.model.add_requested.connect(lambda: self.command_requested.emit("model.add"))
        self.model.page_requested.connect(lambda: self.command_requested.emit("model.page"))
        self.run = RunControl(studio, self)
        self._tools = Segmented(self.tr("Tools"))
        self._tool_buttons = {
            tool: self._tools.add(tool, "", icon=icon, tooltip=f"{self.tr(name)} ({key})", shortcut=key)
            for tool, icon, name, key in _TOOLS
        }
        self._tools.chosen.connect(self.tool_chosen)
        self._export = QPushButton(self.tr("Export"))
        looks.set_icon(self._export, "export")
        self._export.setToolTip(self.tr("Export a dataset (Ctrl+E)"))
        self._export.clicked.connect(lambda: self.command_requested.emit("file.export"))
        self._undo = self._command("arrow-u-up-left", "edit.undo")
        self._redo = self._command("arrow-u-up-right", "edit.redo")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(8)
        layout.addWidget(self._build_project())
        layout.addWidget(self._divider)
        layout.addWidget(self._tools)
        layout.addSpacing(4)
        layout.addWidget(self._undo)
        layout.addWidget(self._redo)
        layout.addStretch(1)
        layout.addWidget(self._command("magnifying-glass", "help.palette", self.tr("All commands (Ctrl+K)")))
        layout.addSpacing(4)
        layout.addWidget(self.model)
        layout.addSpacing(4)
        layout.addWidget(self.run.button)
        layout.addWidget(self._export)
        self._compact = False
        self.show_tool(Tool.SELECT)
        self.show_history()

    def start_run(self) -> None:
        """Pre-label the chosen range."""
        self.run.start()

    def set_compact(self, compact: bool, *, narrow: bool) -> None:
        """In a small window tool names, the device and the rate go; in a narrow one the model too."""
        self._compact = compact
        self._divider.setVisible(not compact)
        self._project.setMinimumWidth(0 if compact else 216)
        self.model.set_small(compact)
        self.model.setVisible(not narrow)
        self.run.models = self.model.menu if narrow else None
        self.run.button.set_small(compact)
        self.show_tool(self._tool)

    def show_tool(self, tool: Tool) -> None:
        """Mark the tool in use; its name stands beside its key."""
        self._tool = tool
        self._tools.choose(tool)
        for each, _icon, name, _key in _TOOLS:
            named = each is tool and not self._compact
            self._tool_buttons[each].setText(self.tr(name) if named else "")

    def show_history(self) -> None:
        """Enable undo and redo, and say what they would do."""
        project = self._session.project
        for button, name, verb, key in (
            (self._undo, project.undo_name(), self.tr("Undo"), "Ctrl+Z"),
            (self._redo, project.redo_name(), self.tr("Redo"), "Ctrl+Shift+Z"),
        ):
            button.setEnabled(name is not None and not project.read_only)
            button.setToolTip(f"{verb}: {name} ({key})" if name else f"{verb} ({key})")
            button.setAccessibleName(verb)
        looks.dress(self._dot, role="warn" if project.read_only else "ok")
        self._dot.setToolTip(self.tr("Read only") if project.read_only else self.tr("Every edit is saved"))

    def _build_project(self) -> QWidget:
        self._project = QWidget()
        self._project.setMinimumWidth(216)
        name = QLabel(self._session.project.path.stem)
        name.setToolTip(str(self._session.project.path))
        looks.set_font(name, looks.PAGE, looks.SEMIBOLD)
        self._dot = QLabel("●")
        looks.set_font(self._dot, 9)
        more = QToolButton()
        looks.set_icon(more, "caret-down", 12)
        more.setFixedSize(22, 24)
        more.setToolTip(self.tr("Project"))
        more.setAccessibleName(self.tr("Project"))
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.project_menu = QMenu(more)
        more.setMenu(self.project_menu)
        layout = QHBoxLayout(self._project)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(Logo(20))
        layout.addWidget(name)
        layout.addWidget(self._dot)
        layout.addWidget(more)
        layout.addStretch(1)
        self._divider = QFrame()
        self._divider.setFixedSize(1, 20)
        looks.dress(self._divider, kind="divider")
        return self._project

    def _command(self, icon: str, command_id: str, tooltip: str = "") -> QToolButton:
        button = icon_button(icon, tooltip, lambda: self.command_requested.emit(command_id), side=28)
        button.setIconSize(QSize(17, 17))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button
