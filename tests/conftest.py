"""Fixtures for all tests: Qt runs offscreen, the user's folders are temporary, shared material is found or skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real videos, weights and datasets beside the checkout; tests that need it skip without it."""
    folder = Path(os.environ.get("YOLOR_STUDIO_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("the shared test material is not beside this checkout")
    return folder


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees or changes the user's models, settings or recent projects."""
    monkeypatch.setenv("YOLOR_STUDIO_HOME", str(tmp_path_factory.mktemp("home")))
