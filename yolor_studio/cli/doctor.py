"""What this machine has and lacks."""

from __future__ import annotations

import importlib.util
import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from yolor_studio.core.paths import user_folder


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    name: str
    good: bool
    text: str


def examine() -> list[Finding]:
    """Look at Python, the libraries, devices, models, disk and display; nothing is changed."""
    return [_python(), *_packages(), *_devices(), *_models(), _disk(), _window(), _training()]


def _python() -> Finding:
    return Finding("Python", True, f"{platform.python_version()} on {platform.platform()}")


def _packages() -> list[Finding]:
    names = ("PySide6-Essentials", "av", "opencv-python-headless", "numpy", "onnx", "pycocotools", "qtawesome")
    findings = [_package(name) for name in names]
    stray = [name for name in ("opencv-python", "opencv-contrib-python") if _has(name)]
    if stray:
        text = f"{', '.join(stray)} is installed beside the headless wheel; the program works around its Qt plugins"
        findings.append(Finding("stray OpenCV", True, text))
    return findings


def _package(name: str) -> Finding:
    return Finding(name, True, version(name)) if _has(name) else Finding(name, False, f"missing: pip install {name}")


def _has(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _devices() -> list[Finding]:
    from yolor_studio.detect.devices import describe_devices

    return [
        Finding(f"device {name}", missing is None, missing or "can be tried here")
        for name, missing in describe_devices()
    ]


def _models() -> list[Finding]:
    from yolor_studio.detect.library import list_models

    names = [entry.name for entry in list_models()]
    return [Finding("models", bool(names), ", ".join(names) or "none, not even the bundled one")]


def _disk() -> Finding:
    home = user_folder()
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    return Finding("user folder", free > 1 << 30, f"{home}, {free / (1 << 30):.0f} GB free")


def _window() -> Finding:
    from yolor_studio.cli.window import has_display

    shown = has_display()
    return Finding("display", shown, "there is one" if shown else "none: the command line works, the window does not")


def _training() -> Finding:
    there = importlib.util.find_spec("torch") is not None
    return Finding(
        "training", there, "torch is installed" if there else "needs torch: pip install 'yolor-studio[train]'"
    )
