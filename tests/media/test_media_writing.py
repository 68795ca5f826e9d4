"""Writing pictures and clips."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from media_clips import make_clip, numbered
from PIL import Image

from yolor_studio.core.errors import MediaError
from yolor_studio.media import encode_mp4, open_media, probe, save_jpeg, save_png, thumbnail


@pytest.fixture
def rgb() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (24, 32, 3), np.uint8)


def test_png_is_the_very_pixels(tmp_path: Path, rgb: np.ndarray) -> None:
    path = tmp_path / "Bild 東京.png"
    save_png(path, rgb)
    with open_media(path) as source:
        assert np.array_equal(source.read(0), rgb)
    save_png(path, rgb[::-1, :, :])
    assert np.array_equal(np.asarray(Image.open(path)), rgb[::-1])
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_jpeg_quality_and_no_metadata(tmp_path: Path, rgb: np.ndarray) -> None:
    smooth = np.repeat(np.repeat(rgb[:3, :4], 8, 0), 8, 1)
    save_jpeg(tmp_path / "a.jpg", smooth)
    save_jpeg(tmp_path / "b.jpg", smooth, quality=30)
    assert (tmp_path / "a.jpg").stat().st_size > (tmp_path / "b.jpg").stat().st_size
    image = Image.open(tmp_path / "a.jpg")
    assert np.abs(np.asarray(image)[::8, ::8].astype(int) - smooth[::8, ::8]).mean() < 25
    assert not image.getexif()


def test_writing_where_one_cannot(tmp_path: Path, rgb: np.ndarray) -> None:
    with pytest.raises(MediaError, match=r"cannot be written: No such file or directory"):
        save_png(tmp_path / "no" / "a.png", rgb)
    (tmp_path / "a.png").mkdir()
    with pytest.raises(MediaError, match="cannot be written"):
        save_png(tmp_path / "a.png", rgb)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    with pytest.raises(MediaError, match="cannot be written"):
        encode_mp4(tmp_path / "no" / "a.mp4", numbered(2), fps=25)


def test_thumbnail(rgb: np.ndarray) -> None:
    assert thumbnail(rgb, 16).shape == (12, 16, 3)
    assert thumbnail(rgb, 100) is rgb
    assert thumbnail(np.zeros((3000, 1, 3), np.uint8), 30).shape == (30, 1, 3)


def test_a_clip_is_the_same_bytes_every_time(tmp_path: Path) -> None:
    first, second = (make_clip(tmp_path / name, 30) for name in ("a.mp4", "b.mp4"))
    assert first.read_bytes() == second.read_bytes()
    assert {p.name for p in tmp_path.iterdir()} == {"a.mp4", "b.mp4"}


@pytest.mark.parametrize("fps", [Fraction(30_000, 1001), Fraction(24_000, 1001), Fraction(25), 12.5, 29.97, 1])
def test_rates_are_exact(tmp_path: Path, fps: Fraction | float) -> None:
    info = probe(make_clip(tmp_path / "a.mp4", 31, fps=fps))
    assert info.fps == pytest.approx(float(fps), rel=1e-9)
    assert info.constant_rate
    assert info.notes == ()


def test_a_failed_clip_leaves_nothing(tmp_path: Path) -> None:
    def breaking():
        yield from numbered(3)
        raise RuntimeError("the renderer broke")

    (tmp_path / "a.mp4").write_bytes(b"before")
    with pytest.raises(RuntimeError):
        encode_mp4(tmp_path / "a.mp4", breaking(), fps=25)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.mp4", b"before")]
    with pytest.raises(ValueError, match="even sides"):
        encode_mp4(tmp_path / "b.mp4", [np.zeros((3, 4, 3), np.uint8)], fps=25)
    with pytest.raises(ValueError, match="at least one"):
        encode_mp4(tmp_path / "b.mp4", [], fps=25)
    with pytest.raises(ValueError, match="differ in size"):
        encode_mp4(tmp_path / "b.mp4", [np.zeros((s, 16, 3), np.uint8) for s in (16, 18)], fps=25)


def test_importing_loads_no_heavy_library() -> None:
    check = (
        "import sys, yolor_studio.media as m; [getattr(m, name) for name in m.__all__];"
        "print({'av', 'cv2', 'PIL', 'PySide6', 'torch'} & set(sys.modules) or 'none')"
    )
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "none"
