"""Puts `models/` and `resources/` into the wheel, inside the package, where `core.resources.shipped` looks for them."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithShippedFiles(build_py):
    """Copies the shipped folders after the modules; an editable install reads them in place."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for folder in ("models", "resources"):
            target = Path(self.build_lib) / "yolor_studio" / "_shipped" / folder
            shutil.copytree(
                ROOT / folder, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__pycache__")
            )


setup(cmdclass={"build_py": BuildWithShippedFiles})
