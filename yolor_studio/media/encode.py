"""Encoding pictures to an mp4 of our own: deterministic, with exact times."""

from __future__ import annotations

import os
from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import MediaError
from yolor_studio.media.libav import quiet_av


def encode_mp4(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    *,
    fps: Fraction | float,
    crf: int = 20,
    gop: int = 50,
    bframes: int = 2,
    preset: str = "veryfast",
    times: Iterable[int] | None = None,
    rotation: int = 0,
) -> None:
    """Write RGB [H, W, 3] frames of one size as H.264 (yuv420p, bt709) into an mp4, the same bytes every time.

    `fps` may be any fraction; `gop` is the longest distance of keyframes, `bframes` the B-frames in a row. With
    `times`, frame i is shown at tick times[i] of length 1/fps instead of tick i: a variable rate. `rotation` is written
    as the degrees clockwise (a multiple of 90) by which a player turns the picture. The file appears when it is whole.
    Raises MediaError when it cannot be written, ValueError when there is no frame or a side is odd."""
    av = quiet_av()
    rate = Fraction(fps).limit_denominator(1_001_000)
    pictures = iter(frames)
    first = next(pictures, None)
    if first is None:
        raise ValueError("A video needs at least one frame")
    height, width = first.shape[:2]
    if width % 2 or height % 2:
        raise ValueError(f"A yuv420p video needs even sides, not {width} x {height}")
    ticks = iter(range(1 << 60) if times is None else times)
    partial = path.with_name(f".{path.name}.part")
    try:
        with av.open(f"file:{partial}", "w", format="mp4", options={"fflags": "+bitexact"}) as container:
            stream = container.add_stream("libx264", rate=rate)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            context = stream.codec_context
            context.time_base = 1 / rate
            context.gop_size, context.max_b_frames, context.thread_count = gop, bframes, 1
            context.flags |= av.codec.context.Flags.bitexact
            context.options = {"crf": str(crf), "preset": preset, "sc_threshold": "0", "threads": "1"}
            context.colorspace = context.color_primaries = context.color_trc = 1  # bt709
            context.color_range = 1  # limited
            if rotation:
                stream.set_display_rotation(-rotation)
            reformatter = av.video.reformatter.VideoReformatter()
            for picture in chain([first], pictures):
                if picture.shape != first.shape:
                    raise ValueError(f"Frames differ in size: {first.shape} and {picture.shape}")
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                frame = reformatter.reformat(
                    frame, format="yuv420p", dst_colorspace=1, src_color_range=2, dst_color_range=1, threads=1
                )
                frame.pts, frame.time_base = next(ticks), 1 / rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        os.replace(partial, path)
    except (OSError, av.FFmpegError) as error:
        raise MediaError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)
