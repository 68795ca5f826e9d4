"""Every real video: the right number of frames, and frame k the k-th picture of a plain sequential decode."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from yolor_studio.core.errors import MediaError
from yolor_studio.media import VideoIndex, build_index, open_media, probe

# Frames that decode, degrees clockwise for display, whether also mirrored, and whether the rate is constant.
GOOD = {
    "codecs/BA_MW_D.264": (100, 0, True),
    "codecs/Cisco_Men_whisper_640x320_CABAC_Bframe_9.264": (9, 0, True),
    "codecs/MOV00006.3gp": (222, 0, False),
    "codecs/Test.ogv": (443, 0, True),
    "codecs/av1_video.mkv": (125, 0, True),
    "codecs/awesome movie.mov": (123, 0, False),
    "codecs/bbb_176x144_128kbps_15fps_h263.3gp": (15, 0, True),
    "codecs/bbb_2500ms.ts": (58, 0, True),
    "codecs/bbb_642x642_768kbps_30fps_vp9.webm": (90, 0, True),
    "codecs/bbb_800x640_768kbps_30fps_avc_pyramid_3b.mp4": (120, 0, True),
    "codecs/bear-vp9-odd-dimensions.webm": (30, 0, True),
    "codecs/big_buck_bunny_432_433.webm": (24, 0, True),
    "codecs/count-video.mp4": (245, 0, False),
    "codecs/edit_list_positive_shift.mp4": (270, 0, True),
    "codecs/file+with+data&streams=works?.mp4": (309, 0, True),
    "codecs/flipping_a_pancake.mkv": (310, 0, True),
    "codecs/h264_10bits.mp4": (30, 0, True),
    "codecs/h265_bframes.mp4": (30, 0, True),
    "codecs/internal_emulator_transformer_output_270_rotated.mp4": (149, 270, True),
    "codecs/nasa_13013.mp4": (325, 0, True),
    "codecs/no_duration.webm": (74, 0, False),
    "codecs/roadtrip-vp92-10bit.webm": (72, 0, True),
    "codecs/sample.3gp": (74, 0, True),
    "codecs/sample.avi": (96, 0, True),
    "codecs/sample.flv": (30, 0, True),
    "codecs/sample_12_5fps_720p_1s.mp4": (13, 0, True),
    "codecs/sample_av1.mp4": (30, 0, True),
    "codecs/sample_edit_list_only_preroll_sync_sample.mp4": (16, 0, True),
    "codecs/sample_empty_track.mp4": (30, 0, False),
    "codecs/sample_fragmented.mp4": (30, 0, True),
    "codecs/sample_fragmented_seekable_multiple_sidx.mp4": (600, 0, True),
    "codecs/sample_no_bframes.mp4": (30, 0, True),
    "codecs/sample_partially_fragmented.mp4": (30, 0, True),
    "codecs/sample_portrait.mp4": (30, 0, True),
    "codecs/sample_rotate_and_reflect.mp4": (30, 90, True),
    "codecs/sample_with_multiple_key_frames.mkv": (30, 0, True),
    "codecs/sample_without_stss.mp4": (30, 0, True),
    "codecs/test.avi": (164, 0, False),
    "codecs/transparent.webm": (150, 0, True),
    "codecs/unordered.mov": (4, 0, True),
    "codecs/video_0.mov": (3, 0, True),
    "codecs/video_90.mov": (3, 90, True),
    "codecs/video_180.mov": (3, 180, True),
    "codecs/video_270.mov": (3, 270, True),
    "codecs/weird_aspect.small.mpg": (36, 0, True),
    "broken/BA_MW_D_IDR_LOST.264": (70, 0, True),
    "broken/Error_I_P.264": (6, 0, True),
    "broken/corrupted.mp4": (49, 0, True),
    "broken/no_timescale.mp4": (170, 0, False),
    "broken/sample-with-large-length.avi": (58, 0, False),
    "broken/sample_mdat_too_long.mp4": (30, 0, True),
    "broken/sample_with_invalid_nalu.mp4": (29, 0, True),
    "scenes/bottle-detection.mp4": (1189, 0, True),
    "scenes/car-detection.mp4": (377, 0, True),
    "scenes/horses.mp4": (120, 0, True),
    "scenes/mot17-04-8frames.mp4": (8, 0, True),
    "scenes/traffic.mp4": (480, 0, True),
}
LONG = {"codecs/long_1080p_videoonly_lowbitrate.mp4": (10883, 0, True)}
MIRRORED = {"codecs/sample_rotate_and_reflect.mp4"}

# No frame at all; a word that the sentence must hold.
BAD = {
    "broken/WrongFile.mp4": "cannot be opened",
    "broken/broken.mp4": "cannot be opened",
    "broken/chunk_out_of_range.mp4": "cannot be opened",
    "broken/cv2-writer-44bytes.mp4": "cannot be opened",
    "broken/empty.flv": "cannot be opened",
    "broken/git-lfs-pointer.avi": "LFS pointer",
    "broken/invalid-bitstream.webm": "51 packets",
    "broken/invalid_userdata.mp4": "not one picture",
    "broken/sample_audio_only.mp4": "no video stream",
    "broken/sample_fragmented_widevine.mp4": "cannot be opened",
    "broken/sample_malformed_free_box.mp4": "cannot be opened",
    "broken/test_case_1185230.mp4": "damaged",
    "broken/zero-bytes.webm": "0 bytes",
    "broken/zero_empty_stsc.mp4": "damaged",
}
SAMPLES = 6


def plain_decode(path: Path, wanted: set[int], *, rotation: int, mirrored: bool) -> tuple[int, dict[int, NDArray]]:
    """How many frames a plain decoding loop gives, and the wanted ones as RGB as they are to be displayed."""
    import av

    pictures: dict[int, NDArray] = {}
    count, first = 0, None
    with av.open(f"file:{path}", metadata_errors="ignore") as container:
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            for frame in frames:
                first = first or (frame.width, frame.height)
                if count in wanted and (frame.width, frame.height) == first:
                    matrix = (1 if frame.height >= 720 else 5) if frame.colorspace == 2 else None
                    rgb = frame.to_ndarray(format="rgb24", src_colorspace=matrix, dst_color_range=2)
                    rgb = np.rot90(rgb, -rotation // 90)
                    pictures[count] = rgb[:, ::-1] if mirrored else rgb
                count += 1
    return count, pictures


@pytest.fixture
def videos(shared: Path) -> Path:
    return shared / "data" / "videos"


def test_tables_cover_every_file(videos: Path) -> None:
    there = {f"{folder}/{p.name}" for folder in ("codecs", "broken", "scenes") for p in (videos / folder).iterdir()}
    assert there == {*GOOD, *LONG, *BAD}


def check_video(path: Path, name: str, expected: tuple[int, int, bool]) -> None:
    frames, rotation, constant = expected
    rng = random.Random(name)
    wanted = [rng.randrange(frames) for _ in range(SAMPLES)] + [frames - 1, 0]
    count, reference = plain_decode(path, set(wanted), rotation=rotation, mirrored=name in MIRRORED)
    index = build_index(path)
    assert (count, index.frames) == (frames, frames)
    with open_media(path, index=VideoIndex.from_bytes(index.to_bytes()).to_bytes()) as source:
        info = source.info
        assert (info.frames, info.rotation, info.constant_rate) == (frames, rotation, constant)
        for k in wanted:
            picture = source.read(k)
            assert picture.shape == (info.height, info.width, 3)
            assert picture.flags.c_contiguous
            if k in reference:
                assert np.array_equal(picture, reference[k]), f"frame {k}"
    with open_media(path) as source:
        rising = sorted(k for k in wanted if k < 150)
        for k, picture in source.frames(dict.fromkeys(rising)):
            assert k not in reference or np.array_equal(picture, reference[k]), f"frame {k} without an index"


@pytest.mark.parametrize("name", GOOD)
def test_video(videos: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    check_video(videos / name, name, GOOD[name])
    assert capfd.readouterr().err == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_long_video(videos: Path, name: str) -> None:
    check_video(videos / name, name, LONG[name])


@pytest.mark.parametrize("name", BAD)
def test_refused(videos: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    for attempt in (probe, open_media, build_index):
        with pytest.raises(MediaError, match=BAD[name]) as caught:
            attempt(videos / name)
        sentence = str(caught.value)
        assert Path(name).name in sentence
        assert sentence.endswith(".")
    assert capfd.readouterr().err == ""


def test_notes_tell_what_is_odd(videos: Path) -> None:
    def notes(name: str) -> str:
        return " ".join(probe(videos / name).notes)

    assert "header says 98 frames, but 96 decode" in notes("codecs/sample.avi")
    assert "8 of 80 packets" in notes("codecs/roadtrip-vp92-10bit.webm")
    assert "2 video streams" in notes("codecs/nasa_13013.mp4")
    assert "mirrored" in notes("codecs/sample_rotate_and_reflect.mp4")
    assert "640 × 480" in notes("broken/Error_I_P.264")
    assert "not square" in notes("codecs/weird_aspect.small.mpg")
    assert "rotation makes no sense" in notes("broken/no_timescale.mp4")
    assert "rate varies" in notes("codecs/count-video.mp4")
    assert notes("codecs/sample_no_bframes.mp4") == ""
