"""Which model and device the next run uses."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from yolor_studio.core.errors import StudioError
from yolor_studio.gui import looks
from yolor_studio.gui.studio import Studio

__all__ = ["ModelChip"]


class ModelChip(QWidget):
    """The model's name with a menu of all models, and the device's badge once it is known."""

    add_requested = Signal()
    page_requested = Signal()
    """The page of all models."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._button = QToolButton()
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        looks.set_icon(self._button, "cube", 17)
        self._button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._button.setToolTip(self.tr("Model for pre-labelling"))
        looks.set_font(self._button, looks.BODY, looks.MEDIUM)
        self.menu = QMenu(self._button)
        """All models and devices; in a narrow window it hangs in the Pre-label menu."""
        self.menu.aboutToShow.connect(self._fill)
        self._button.setMenu(self.menu)
        self._device = QLabel()
        self._device.setFixedHeight(18)
        looks.dress(self._device, kind="badge", ground="raised", role="tx2")
        looks.set_font(self._device, looks.CAPTION, looks.MEDIUM)
        self._show_device = True
        more = QToolButton()
        looks.set_icon(more, "caret-down", 12)
        more.setFixedSize(20, 24)
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setToolTip(self._button.toolTip())
        more.setAccessibleName(self._button.toolTip())
        more.setMenu(self.menu)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._button)
        layout.addWidget(self._device, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(more)
        studio.run_changed.connect(self.refresh)
        studio.session_changed.connect(self.refresh)
        self.refresh()

    def set_small(self, small: bool) -> None:
        """In a narrow window the device is left to the status bar."""
        self._show_device = not small
        self.refresh()

    def refresh(self) -> None:
        """Show the model and device of now."""
        self._button.setText(_shown_name(self._studio.model))
        self.menu.setTitle(self.tr("Model: {name}").format(name=_shown_name(self._studio.model)))
        device = self._studio.device
        self._device.setText(device)
        self._device.setVisible(self._show_device and bool(device))

    def _fill(self) -> None:
        self.menu.clear()
        group = QActionGroup(self.menu)
        for entry in self._models():
            action = self.menu.addAction(f"{entry.name}    {len(entry.classes)} categories · {entry.size} px")
            action.setCheckable(True)
            action.setChecked(entry.name == self._studio.model)
            action.triggered.connect(lambda _checked=False, name=entry.name: self._studio.choose_model(name))
            group.addAction(action)
        self.menu.addSeparator()
        self._add_devices()
        self.menu.addSeparator()
        self.menu.addAction(looks.icon("cube"), self.tr("All models…"), self.page_requested.emit)
        self.menu.addAction(looks.icon("plus"), self.tr("Add model…"), self.add_requested.emit)

    def _models(self) -> list:
        from yolor_studio.detect.library import list_models

        try:
            return list_models()
        except StudioError as error:
            self._studio.tell(str(error), "err")
            return []

    def _add_devices(self) -> None:
        group = QActionGroup(self.menu)
        for device, text in (("auto", self.tr("Fastest device")), ("cpu", self.tr("Processor only"))):
            action = self.menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(self._studio.settings.device == device)
            action.triggered.connect(lambda _checked=False, device=device: self._studio.choose_device(device))
            group.addAction(action)


def _shown_name(model: str) -> str:
    """A model's name; of one that is named by its file, the file's stem."""
    return Path(model).stem if "/" in model or "\\" in model else model
