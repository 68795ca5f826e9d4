"""The system's file dialogs, asking for what this program opens and writes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from yolor_studio.gui.locating import SUFFIX

__all__ = [
    "class_names",
    "dataset_file",
    "dataset_folder",
    "folder",
    "media_file",
    "media_folder",
    "model",
    "network_description",
    "new_project",
    "project",
    "videos_and_pictures",
]


def _tr(text: str) -> str:
    return QCoreApplication.translate("asking", text)


def videos_and_pictures(parent: QWidget, start: str) -> list[Path]:
    """Videos and pictures to open; empty when the person cancelled."""
    from yolor_studio.media import IMAGE_SUFFIXES, VIDEO_SUFFIXES

    patterns = " ".join(f"*{suffix}" for suffix in sorted({*VIDEO_SUFFIXES, *IMAGE_SUFFIXES}))
    kinds = f"{_tr('Videos and pictures')} ({patterns})"
    names, _ = QFileDialog.getOpenFileNames(parent, _tr("Open videos and pictures"), start, kinds)
    return [Path(name) for name in names]


def folder(parent: QWidget, start: str) -> list[Path]:
    """A folder of videos or pictures; empty when the person cancelled."""
    name = QFileDialog.getExistingDirectory(parent, _tr("Open a folder"), start)
    return [Path(name)] if name else []


def media_file(parent: QWidget, start: str, name: str) -> Path | None:
    """The file of the media `name`; None when the person cancelled."""
    picked, _ = QFileDialog.getOpenFileName(parent, _tr("Find {name}").format(name=name), start)
    return Path(picked) if picked else None


def media_folder(parent: QWidget, start: str, name: str = "") -> Path | None:
    """The folder of the sequence `name`, or without a name one to look for media in; None when the person cancelled."""
    title = _tr("Find {name}").format(name=name) if name else _tr("Look for missing media in a folder")
    picked = QFileDialog.getExistingDirectory(parent, title, start)
    return Path(picked) if picked else None


def project(parent: QWidget, start: str) -> list[Path]:
    """A project to open; empty when the person cancelled."""
    name, _ = QFileDialog.getOpenFileName(parent, _tr("Open a project"), start, f"{_tr('Projects')} (*{SUFFIX})")
    return [Path(name)] if name else []


def new_project(parent: QWidget, start: str) -> Path | None:
    """Where a new project is to lie; None when the person cancelled."""
    name, _ = QFileDialog.getSaveFileName(parent, _tr("New project"), start, f"{_tr('Projects')} (*{SUFFIX})")
    return Path(name).with_suffix(SUFFIX) if name else None


def model(parent: QWidget, start: str) -> Path | None:
    """A model file to add; None when the person cancelled."""
    kinds = f"{_tr('Models')} (*.onnx *.weights *.pt *.pth *.safetensors)"
    name, _ = QFileDialog.getOpenFileName(parent, _tr("Add a model"), start, kinds)
    return Path(name) if name else None


def network_description(parent: QWidget, start: str) -> Path | None:
    """The .cfg that weights belong to; None when the person cancelled."""
    kinds = f"{_tr('Network descriptions')} (*.cfg)"
    name, _ = QFileDialog.getOpenFileName(parent, _tr("Choose the network description"), start, kinds)
    return Path(name) if name else None


def class_names(parent: QWidget, start: str) -> Path | None:
    """A file with one class a line; None when the person cancelled."""
    kinds = f"{_tr('Class names')} (*.names *.txt)"
    name, _ = QFileDialog.getOpenFileName(parent, _tr("Choose the class names"), start, kinds)
    return Path(name) if name else None


def dataset_folder(parent: QWidget, start: str) -> Path | None:
    """The folder of a COCO dataset; None when the person cancelled."""
    name = QFileDialog.getExistingDirectory(parent, _tr("Choose a COCO folder"), start)
    return Path(name) if name else None


def dataset_file(parent: QWidget, start: str) -> Path | None:
    """A COCO annotation file; None when the person cancelled."""
    name, _ = QFileDialog.getOpenFileName(parent, _tr("Choose a COCO file"), start, f"{_tr('Annotations')} (*.json)")
    return Path(name) if name else None
