"""The frame index: its bytes, and that damaged ones are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from media_clips import make_clip

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import Cancelled, MediaError
from yolor_studio.media import VideoIndex, build_index, open_media
from yolor_studio.media.index import NO_PTS
from yolor_studio.media.orientation import Orientation
from yolor_studio.media.stream_format import StreamFormat


def index_of(pts: list[int], keys: list[int]) -> VideoIndex:
    frames, places = np.arange(len(pts), dtype=np.int32), np.array(keys, np.int32)
    return VideoIndex(
        verified=True,
        decoder="h264 test",
        time_base=(1, 90_000),
        pts=np.array(pts, np.int64),
        packets=frames,
        checks=frames.astype(np.uint32) * np.uint32(2_654_435_761),
        key_packets=places,
        key_frames=places,
        key_pts=places.astype(np.int64),
        key_dts=np.full(len(keys), NO_PTS, np.int64),
        key_sizes=places.astype(np.int64),
        notes=("Größe ändert sich",),
        format=StreamFormat("h264", 64, 48, Orientation(90, mirrored=True), (25, 1), damaged=True),
    )


def assert_equal(a: VideoIndex, b: VideoIndex) -> None:
    for name in VideoIndex.__slots__:
        left, right = getattr(a, name), getattr(b, name)
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype
            assert np.array_equal(left, right), name
        else:
            assert left == right, name


@settings(deadline=None)
@given(st.lists(st.integers(-(2**62), 2**62) | st.just(NO_PTS), max_size=50), st.sets(st.integers(0, 49)))
def test_bytes_give_the_same_index(pts: list[int], keys: set[int]) -> None:
    index = index_of(pts, sorted(key for key in keys if key < len(pts)))
    assert_equal(VideoIndex.from_bytes(index.to_bytes()), index)


def test_duplicates_number_equal_times() -> None:
    assert index_of([5, 7, 5, 5, 7, 9], [0]).duplicates.tolist() == [0, 0, 1, 2, 1, 0]
    assert index_of([], []).duplicates.tolist() == []


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_refused(blob: bytes) -> None:
    with pytest.raises(MediaError, match="indexed again"):
        VideoIndex.from_bytes(blob)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 255), st.booleans())
def test_a_damaged_index_is_refused(place: int, change: int, cut: bool) -> None:
    blob = bytearray(index_of(list(range(40)), [0, 20]).to_bytes())
    place %= len(blob)
    blob[place] ^= change
    with pytest.raises(MediaError, match="indexed again"):
        VideoIndex.from_bytes(bytes(blob[:place] if cut else blob))


def test_an_index_of_a_newer_version_is_told() -> None:
    blob = bytearray(index_of([0, 1], [0]).to_bytes())
    blob[8] = 9
    with pytest.raises(MediaError, match="format 9, this one reads 1"):
        VideoIndex.from_bytes(bytes(blob))


@pytest.mark.parametrize("keys", [[5, 3], [-1], [40]])
def test_an_index_that_contradicts_itself_is_refused(keys: list[int]) -> None:
    with pytest.raises(MediaError, match="indexed again"):
        VideoIndex.from_bytes(index_of(list(range(40)), keys).to_bytes())


@pytest.mark.parametrize(
    "senseless",
    [StreamFormat("x", 10**6, 10**6), StreamFormat("x", 0, 8), StreamFormat("x", 8, 8, Orientation(45))],
)
def test_an_index_with_a_senseless_format_is_refused(senseless: StreamFormat) -> None:
    with pytest.raises(MediaError, match="indexed again"):
        VideoIndex.from_bytes(replace(index_of([0], [0]), format=senseless).to_bytes())


def test_a_damaged_index_does_not_open_a_video(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 3)
    with pytest.raises(MediaError, match="indexed again"):
        open_media(clip, index=b"garbage")


def test_progress_and_cancel(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 120)
    seen: list[tuple[int, int | None]] = []
    build_index(clip, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(50, 120), (100, 120), (120, 120)]
    token = CancelToken()
    with pytest.raises(Cancelled):
        build_index(clip, cancel=token, progress=lambda *_: token.cancel())
    with pytest.raises(Cancelled):
        build_index(clip, cancel=token, verify=False)


def test_a_file_that_changed_gives_its_own_frames_or_says_so(tmp_path: Path) -> None:
    blob = build_index(make_clip(tmp_path / "a.mp4", 30, gop=10)).to_bytes()
    with open_media(make_clip(tmp_path / "b.mp4", 12), index=blob) as source:
        assert source.read(3).shape == (32, 128, 3)
        with pytest.raises(MediaError, match=r"Frame 25 of b\.mp4 does not decode; the file may have changed"):
            source.read(25)
