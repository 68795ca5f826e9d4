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


@pytest.fixture
def brightness_model(tmp_path: Path) -> Path:
    """See onnx_models.write_brightness_model."""
    from onnx_models import write_brightness_model

    return write_brightness_model(tmp_path / "brightness.onnx")


@pytest.fixture
def grey_clip(tmp_path: Path) -> Path:
    """A video of 30 frames, 96 x 64, frame k a flat grey of 16 + 7 k."""
    from fractions import Fraction

    import numpy as np

    from yolor_studio.media.encode import encode_mp4

    path = tmp_path / "grey.mp4"
    frames = (np.full((64, 96, 3), 16 + 7 * k, np.uint8) for k in range(30))
    encode_mp4(path, frames, fps=Fraction(25), crf=1)
    return path
