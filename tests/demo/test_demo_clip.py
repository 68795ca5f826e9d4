"""Clips on disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from yolor_studio.demo import clip
from yolor_studio.demo.scene import SceneSpec, render_frame


def test_a_clip_has_the_scene_s_frames_and_gives_the_truth(tmp_path: Path) -> None:
    from yolor_studio.media import open_media

    spec = SceneSpec(seed=4, width=192, height=108, frames=8, fps=25.0)
    truths = clip.write_clip(tmp_path / "new folder" / "clip.mp4", spec)
    assert [len(truth) for truth in truths] == [len(render_frame(spec, index)[1]) for index in range(8)]
    with open_media(tmp_path / "new folder" / "clip.mp4") as source:
        assert (source.info.width, source.info.height) == (192, 108)
        difference = source.read(5).astype(int) - render_frame(spec, 5)[0]
        assert np.abs(difference).mean() < 8


def test_an_odd_size_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="even"):
        clip.write_clip(tmp_path / "clip.mp4", SceneSpec(width=97, height=64, frames=2))
    assert list(tmp_path.iterdir()) == []


def test_the_demo_clip_is_rendered_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip, "DEMO_SPEC", SceneSpec(seed=1, width=96, height=64, frames=3))
    path = clip.demo_clip(tmp_path / "demo")
    assert path.name == "street.mp4"
    written = path.stat().st_mtime_ns
    assert clip.demo_clip(tmp_path / "demo") == path
    assert path.stat().st_mtime_ns == written


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, yolor_studio.demo; sys.exit(bool({'cv2', 'av', 'torch'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)
