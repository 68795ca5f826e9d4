"""Colour matrix, range, depth, alpha, changing sizes and orientation."""

from __future__ import annotations

import numpy as np
import pytest

from yolor_studio.media.colour import Converter
from yolor_studio.media.libav import quiet_av
from yolor_studio.media.orientation import UPRIGHT, Orientation, from_exif, from_matrix
from yolor_studio.media.stream_format import StreamFormat

BT709, UNSPECIFIED, BT601, BT2020 = 1, 2, 6, 9
LIMITED, FULL = 1, 2
WEIGHTS = {BT709: (0.2126, 0.0722), BT601: (0.299, 0.114), BT2020: (0.2627, 0.0593)}  # of red and blue


def flat(yuv: tuple[int, int, int], *, size: tuple[int, int] = (64, 48), fmt: str = "yuv420p", shift: int = 0):
    frame = quiet_av().VideoFrame(*size, fmt)
    for plane, value in zip(frame.planes, yuv, strict=False):
        dtype = np.uint16 if shift else np.uint8
        plane.update(np.full(plane.buffer_size // dtype().itemsize, value << shift, dtype).tobytes())
    return frame


def expected(yuv: tuple[int, int, int], matrix: int, range_: int) -> np.ndarray:
    """RGB by the definition of the matrix (ITU-R BT.601, BT.709, BT.2020)."""
    red, blue = WEIGHTS[matrix]
    offset, luma, chroma = (16, 219, 224) if range_ == LIMITED else (0, 255, 255)
    y, u, v = (yuv[0] - offset) / luma, (yuv[1] - 128) / chroma, (yuv[2] - 128) / chroma
    r, b = y + 2 * (1 - red) * v, y + 2 * (1 - blue) * u
    g = (y - red * r - blue * b) / (1 - red - blue)
    return np.clip(np.array([r, g, b]) * 255, 0, 255)


@pytest.mark.parametrize("matrix", [BT709, BT601, BT2020])
@pytest.mark.parametrize("range_", [LIMITED, FULL])
@pytest.mark.parametrize("yuv", [(235, 128, 128), (81, 90, 240), (145, 54, 34), (41, 240, 110), (120, 100, 160)])
def test_matrix_and_range(matrix: int, range_: int, yuv: tuple[int, int, int]) -> None:
    frame = flat(yuv)
    frame.colorspace, frame.color_range = matrix, range_
    convert = Converter(StreamFormat("x", 64, 48))
    assert np.abs(convert(frame)[20, 20] - expected(yuv, matrix, range_)).max() <= 3
    assert np.array_equal(convert(frame, bgra=True)[20, 20], [*convert(frame)[20, 20][::-1], 255])


def test_unspecified_is_709_from_720_lines_on() -> None:
    yuv = (81, 90, 240)
    for size, matrix in (((1280, 720), BT709), ((720, 576), BT601)):
        frame = flat(yuv, size=size)
        frame.colorspace = UNSPECIFIED
        picture = Converter(StreamFormat("x", *size))(frame)
        assert np.abs(picture[20, 20] - expected(yuv, matrix, LIMITED)).max() <= 3


def test_ten_bits_and_alpha() -> None:
    deep = flat((120, 100, 160), fmt="yuv420p10le", shift=2)
    deep.colorspace = BT601
    assert (
        np.abs(Converter(StreamFormat("x", 64, 48))(deep)[9, 9] - expected((120, 100, 160), BT601, LIMITED)).max() <= 3
    )
    clear = flat((120, 100, 160), fmt="yuva420p")
    clear.colorspace = BT601
    bgra = Converter(StreamFormat("x", 64, 48))(clear, bgra=True)
    assert (bgra[..., 3] == 255).all()
    assert np.abs(bgra[9, 9, 2::-1] - expected((120, 100, 160), BT601, LIMITED)).max() <= 3


def test_the_frame_itself_is_left_alone() -> None:
    frame = flat((120, 100, 160))
    frame.colorspace, frame.color_range = UNSPECIFIED, 0
    convert = Converter(StreamFormat("x", 64, 48))
    first, second = convert(frame), convert(frame)
    assert (frame.colorspace, frame.color_range) == (UNSPECIFIED, 0)
    first[:] = 0
    assert second.any(), "every picture is the caller's own"


def test_another_size_is_fitted_on_black() -> None:
    picture = Converter(StreamFormat("x", 64, 48))(flat((235, 128, 128), size=(128, 48)))
    assert picture.shape == (48, 64, 3)
    assert (picture[:12] == 0).all()
    assert (picture[13:35] > 250).all()
    assert (picture[36:] == 0).all()
    wide = Converter(StreamFormat("x", 64, 48, Orientation(90)))(flat((235, 128, 128), size=(128, 48)), bgra=True)
    assert wide.shape == (64, 48, 4)
    assert (wide[..., 3] == 255).all()


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_orientation_and_its_matrix(degrees: int, mirrored: bool) -> None:
    orientation = Orientation(degrees, mirrored)
    stored = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    shown = orientation.apply(stored)
    assert shown.flags.c_contiguous
    assert orientation.size(3, 2) == (shown.shape[1], shown.shape[0])
    wanted = np.rot90(stored, -degrees // 90)
    assert np.array_equal(shown, wanted[:, ::-1] if mirrored else wanted)
    # The matrix moves the point (x, y) of the stored picture to (a x + c y, b x + d y): so do the pixels' places.
    places = {tuple(stored[y, x]): (x, y) for y in range(2) for x in range(3)}
    corner = {tuple(shown[y, x]): (x, y) for y in range(shown.shape[0]) for x in range(shown.shape[1])}
    right = np.subtract(corner[tuple(stored[0, 1])], corner[tuple(stored[0, 0])])
    down = np.subtract(corner[tuple(stored[1, 0])], corner[tuple(stored[0, 0])])
    assert len(places) == 6
    matrix = [int(value) << 16 for value in (*right, 0, *down, 0, 0, 0, 0)]
    assert from_matrix(matrix) == orientation
    assert from_matrix([value * 2 for value in matrix]) == orientation


def test_matrices_that_make_no_sense() -> None:
    assert from_matrix([0] * 9) is None
    assert from_matrix([-(2**31)] * 9) is None
    assert from_matrix([46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30]) is None, "45 degrees"
    assert from_exif(0) == from_exif(9) == UPRIGHT
