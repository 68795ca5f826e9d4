"""Codecs and containers that are hard to seek in, encoded here; and damaged files, which never crash."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from media_clips import make_clip, number_of, numbered

from yolor_studio.core.errors import MediaError
from yolor_studio.media import VideoIndex, build_index, open_media
from yolor_studio.media.libav import quiet_av

X264 = {"preset": "veryfast", "threads": "1", "crf": "10"}
OPEN_GOP = X264 | {"x264-params": "open-gop=1:bframes=3:b-pyramid=normal:scenecut=0"}
X265 = {"preset": "ultrafast", "crf": "10", "x265-params": "open-gop=1:bframes=4:log-level=none:pools=1"}
LATE = {"auto-alt-ref": "1", "lag-in-frames": "16", "cpu-used": "8", "deadline": "realtime", "crf": "10", "b": "1M"}

# Suffix, container, encoder, its options, longest GOP, B-frames.
KINDS: dict[str, tuple[str, str, str, dict[str, str], int, int | None]] = {
    "open GOP in mp4": ("mp4", "mp4", "libx264", OPEN_GOP, 16, None),
    "open GOP in mkv": ("mkv", "matroska", "libx264", OPEN_GOP, 16, None),
    "open GOP in a transport stream": ("ts", "mpegts", "libx264", OPEN_GOP, 16, None),
    "intra refresh": ("ts", "mpegts", "libx264", X264 | {"x264-params": "intra-refresh=1:bframes=0"}, 16, None),
    "interlaced": ("mp4", "mp4", "libx264", X264 | {"x264-params": "interlaced=1"}, 16, 2),
    "B-frames in avi": ("avi", "avi", "libx264", X264, 16, 3),
    "raw H.264": ("h264", "h264", "libx264", X264, 16, 3),
    "open GOP of HEVC": ("mp4", "mp4", "libx265", X265, 16, None),
    "raw HEVC": ("hevc", "hevc", "libx265", X265, 16, None),
    "MPEG-2 program stream": ("mpg", "mpeg", "mpeg2video", {"b": "2M"}, 12, 2),
    "MPEG-2 transport stream": ("ts", "mpegts", "mpeg2video", {"b": "2M"}, 12, 2),
    "MPEG-4 in avi": ("avi", "avi", "mpeg4", {"b": "2M"}, 12, 2),
    "VP8 with hidden frames": ("webm", "webm", "libvpx", LATE, 20, None),
    "VP9 with hidden frames": ("webm", "webm", "libvpx-vp9", LATE, 20, None),
    "motion JPEG": ("avi", "avi", "mjpeg", {}, 1, 0),
    "flash": ("flv", "flv", "libx264", X264, 16, 3),
}
FRAMES = 50


def encode(path: Path, kind: tuple[str, str, str, dict[str, str], int, int | None]) -> None:
    av: Any = quiet_av()
    _, container_name, codec, options, gop, bframes = kind
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    with av.open(str(path), "w", format=container_name) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 32, pixels
        stream.codec_context.gop_size, stream.codec_context.options = gop, options
        if bframes is not None:
            stream.codec_context.max_b_frames = bframes
        for number, picture in enumerate(numbered(FRAMES)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("name", KINDS)
def test_any_frame_of_any_kind(tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    path = tmp_path / f"clip.{kind[0]}"
    try:
        encode(path, kind)
    except quiet_av().codec.codec.UnknownCodecError:
        pytest.skip(f"this build of PyAV has no {kind[2]}")
    verified, quick = build_index(path), build_index(path, verify=False)
    assert verified.frames == quick.frames == FRAMES
    order = random.Random(name).sample(range(FRAMES), 16)
    for blob in (verified.to_bytes(), quick.to_bytes(), None):
        with open_media(path, index=blob) as source:
            assert [number_of(source.read(k)) for k in order] == order
            assert not any("packets" in note or "header" in note for note in source.info.notes)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(300, 8000),
    flips=st.lists(st.tuples(st.integers(0, 8000), st.integers(1, 255)), max_size=12),
    seed=st.integers(0, 99),
)
def test_damage_gives_frames_or_a_sentence(tmp_path: Path, cut: int, flips: list[tuple[int, int]], seed: int) -> None:
    original = tmp_path / "original.mp4"
    if not original.exists():
        make_clip(original, 40, gop=8)
    data = bytearray(original.read_bytes()[: cut + 3000])
    for place, change in flips:
        data[place % len(data)] ^= change
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    try:
        index = VideoIndex.from_bytes(build_index(path).to_bytes())
        with open_media(path) as source:
            shapes = {picture.shape for _, picture in source.frames(range(index.frames))}
            assert len(shapes) == 1
        with open_media(path, index=index.to_bytes()) as source:
            for k in random.Random(seed).choices(range(index.frames), k=5):
                assert source.read(k).shape in shapes
    except MediaError:
        return


def test_a_video_cut_off_in_the_middle_keeps_what_is_there(tmp_path: Path) -> None:
    clip = tmp_path / "clip.ts"
    encode(clip, KINDS["open GOP in a transport stream"])
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) // 2])
    with open_media(clip, index=build_index(clip).to_bytes()) as source:
        assert 10 < source.info.frames < FRAMES
        kept = source.info.frames - 4  # the last ones may be cut in their middle
        assert [number_of(source.read(k)) for k in (kept, 0, kept // 2)] == [kept, 0, kept // 2]


def test_a_playlist_under_a_video_name_opens_nothing_else(tmp_path: Path) -> None:
    make_clip(tmp_path / "secret.mp4", 3)
    for text in (
        "ffconcat version 1.0\nfile secret.mp4\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.mp4\n",
    ):
        (tmp_path / "list.mp4").write_text(text)
        with pytest.raises(MediaError, match=r"list\.mp4 cannot be opened"):
            open_media(tmp_path / "list.mp4")


def test_no_file_stays_open(tmp_path: Path) -> None:
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("needs /proc")
    clip = make_clip(tmp_path / "clip.mp4", 30, gop=10)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clip.read_bytes()[:600])

    def open_clips() -> int:
        links = (link.readlink() for link in descriptors.iterdir() if link.is_symlink())
        return sum(str(target).endswith(".mp4") for target in links)

    index = build_index(clip).to_bytes()
    for blob in (index, None):
        with open_media(clip, index=blob) as source:
            source.read(25)
            source.read(3)
        assert open_clips() == 0
    build_index(clip, verify=False)
    for attempt in (open_media, build_index):
        with pytest.raises(MediaError):
            attempt(broken)
    assert open_clips() == 0


def test_numbers_survive_the_encoder() -> None:
    assert [number_of(picture) for picture in numbered(200)] == list(range(200))
    assert number_of(np.full((32, 128, 3), 128, np.uint8)) == -1
