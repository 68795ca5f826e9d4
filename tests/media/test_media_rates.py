"""Frame rates: constant ones despite rounding and lost frames, varying ones told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from media_clips import make_clip

from yolor_studio.media import probe
from yolor_studio.media.index import NO_PTS
from yolor_studio.media.rates import constant_rate


@pytest.mark.parametrize(
    ("steps", "constant"),
    [
        ([512] * 20, True),
        ([33, 33, 34] * 10, True),
        ([1] * 94 + [3], True),
        ([1, 3] * 10, False),
        ([40] * 10 + [80] * 10, False),
        ([3002] * 10 + [3003] * 10 + [3004] * 9, False),
        ([1, 0, 1, 1], False),
        ([-1] * 20, False),
        ([NO_PTS], True),
        ([], True),
    ],
)
def test_a_rate_is_constant_up_to_rounding_and_a_few_lost_frames(steps: list[int], constant: bool) -> None:
    pts = np.cumsum([0, *steps]) if NO_PTS not in steps else np.full(20, NO_PTS)
    assert constant_rate(np.asarray(pts, np.int64)) is constant


def test_lost_frames_do_not_lower_the_rate(tmp_path: Path) -> None:
    times = [k for k in range(40) if k not in (20, 21)]
    info = probe(make_clip(tmp_path / "gap.mp4", len(times), times=times, fps=10))
    assert (info.constant_rate, info.fps, info.notes) == (True, pytest.approx(10), ())


def test_a_varying_rate_is_told_with_its_mean(tmp_path: Path) -> None:
    times = [0, 1, 3, 4, 6, 7, 9, 10]
    info = probe(make_clip(tmp_path / "vfr.mp4", len(times), times=times, fps=10))
    assert (info.constant_rate, info.fps) == (False, pytest.approx(7))
    assert info.notes == ("The frame rate varies: a frame lasts 100 to 200 ms.",)


def test_rates_of_real_files(shared: Path) -> None:
    codecs = shared / "data" / "videos" / "codecs"
    assert probe(codecs / "bbb_2500ms.ts").fps == pytest.approx(24)
    assert probe(codecs / "sample.avi").fps == pytest.approx(24000 / 1001)
    assert probe(codecs / "weird_aspect.small.mpg").fps == pytest.approx(25)
    assert "a frame lasts 33.36 to 33.38 ms" in " ".join(probe(codecs / "sample_empty_track.mp4").notes)
