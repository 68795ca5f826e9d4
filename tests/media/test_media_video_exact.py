"""Frame k is the picture with number k, however the clip is made and in whatever order it is read."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from media_clips import make_clip, number_of

from yolor_studio.media import build_index, open_media
from yolor_studio.media.cursor import Cursor

_names = itertools.count()


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=st.integers(1, 60),
    gop=st.integers(1, 30),
    bframes=st.integers(0, 5),
    gaps=st.none() | st.lists(st.integers(1, 9), min_size=60, max_size=60),
    reads=st.lists(st.integers(0, 59), min_size=1, max_size=14),
)
def test_any_order(
    tmp_path: Path, count: int, gop: int, bframes: int, gaps: list[int] | None, reads: list[int]
) -> None:
    times = None if gaps is None else list(itertools.accumulate(gaps[: count - 1], initial=gaps[-1]))
    clip = make_clip(tmp_path / f"{next(_names)}.mp4", count, gop=gop, bframes=bframes, times=times)
    order = [k % count for k in reads]
    verified = build_index(clip)
    provisional = build_index(clip, verify=False)
    assert verified.frames == provisional.frames == count
    assert (verified.pts == provisional.pts).all()
    for blob in (verified.to_bytes(), provisional.to_bytes(), None):
        with open_media(clip, index=blob) as source:
            assert [number_of(source.read(k)) for k in order] == order
            assert [number_of(source.read(k, bgra=True)[..., 2::-1]) for k in order[:3]] == order[:3]
        with open_media(clip, index=blob) as source:
            rising = sorted(set(order))
            assert [(k, number_of(rgb)) for k, rgb in source.frames(rising)] == [(k, k) for k in rising]
    clip.unlink()


def test_timestamps_start_at_zero_and_follow_the_ticks(tmp_path: Path) -> None:
    times = [5, 6, 9, 20]
    clip = make_clip(tmp_path / "vfr.mp4", 4, times=times, fps=10)
    for index in (None, build_index(clip).to_bytes()):
        with open_media(clip, index=index) as source:
            assert [source.timestamp(k) for k in range(4)] == pytest.approx([0.0, 0.1, 0.4, 1.5])
            assert source.info.constant_rate is (index is None)


def test_what_is_known_grows_without_an_index(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 40, gop=10)
    with open_media(clip) as source:
        assert not source.info.verified
        assert [number_of(source.read(k)) for k in (0, 20, 3, 25, 19, 39, 0)] == [0, 20, 3, 25, 19, 39, 0]
        assert source.pts(39) is not None
        with pytest.raises(Exception, match=r"40 frames, 0 to 39; there is no frame 40"):
            source.read(40)
        assert source.info.verified
        with pytest.raises(Exception, match="no frame -1"):
            source.read(-1)


def packets_decoded(cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    numbers: list[int] = []
    decode = cursor._decoding.decode

    def counting(packet: object, number: int) -> object:
        numbers.append(number)
        return decode(packet, number)  # pyright: ignore

    monkeypatch.setattr(cursor._decoding, "decode", counting)
    return numbers


def test_a_seek_decodes_from_the_keyframe_before_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 100, gop=20, bframes=0)
    cursor = Cursor(clip, build_index(clip))
    numbers = packets_decoded(cursor, monkeypatch)
    cursor.frame(73)
    assert numbers[0] == 60
    assert len(numbers) <= 14 + 2
    numbers.clear()
    cursor.frame(75)
    assert len(numbers) <= 2 + 1, "ahead in the same GOP: decode on"
    numbers.clear()
    cursor.frame(99)
    assert numbers[0] == 80, "ahead in a later GOP: from its keyframe"
    cursor.close()


def test_a_step_back_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 60, gop=60)
    cursor = Cursor(clip, build_index(clip))
    numbers = packets_decoded(cursor, monkeypatch)
    cursor.frame(50, keep=True)
    numbers.clear()
    for k in range(49, 30, -1):
        cursor.frame(k, keep=True)
    assert numbers == []
    cursor.close()


def test_a_wrong_check_leads_back_to_the_start_and_is_then_not_believed(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 30, gop=10)
    index = build_index(clip)
    index.checks[:] += 1
    with open_media(clip, index=index.to_bytes()) as source:
        assert [number_of(source.read(k)) for k in (25, 3, 17)] == [25, 3, 17]


def test_an_index_of_another_decoder_is_used_without_its_checks(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 30, gop=10)
    blob = replace(build_index(clip), decoder="other").to_bytes()
    with open_media(clip, index=blob) as source:
        assert [number_of(source.read(k)) for k in (25, 3, 17)] == [25, 3, 17]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotation_is_applied(tmp_path: Path, rotation: int) -> None:
    import numpy as np

    clip = make_clip(tmp_path / "clip.mp4", 6, rotation=rotation)
    with open_media(clip) as source:
        picture = source.read(5)
        assert source.info.rotation == rotation
        assert (source.info.width, source.info.height) == ((128, 32) if rotation % 180 == 0 else (32, 128))
    assert number_of(np.rot90(picture, rotation // 90)) == 5
