"""The eight ways a stored picture is turned for display: rotated clockwise, then mirrored or not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_FIXED_ONE = 1 << 16
"""A display matrix holds 16.16 fixed-point numbers."""
_TOLERANCE = 0.02


class Orientation(NamedTuple):
    """First rotated by `degrees` (0, 90, 180 or 270) clockwise, then mirrored left to right if `mirrored`."""

    degrees: int = 0
    mirrored: bool = False

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The displayed (width, height) of a stored picture."""
        return (height, width) if self.degrees % 180 else (width, height)

    def apply(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """[H, W, C] as displayed, C-contiguous; the very array where nothing is to be done."""
        if self == UPRIGHT:
            return picture
        import cv2

        if self.degrees == 90:
            picture = np.asarray(cv2.rotate(picture, cv2.ROTATE_90_CLOCKWISE), np.uint8)
        elif self.degrees == 180:
            picture = np.asarray(cv2.rotate(picture, cv2.ROTATE_180), np.uint8)
        elif self.degrees == 270:
            picture = np.asarray(cv2.rotate(picture, cv2.ROTATE_90_COUNTERCLOCKWISE), np.uint8)
        if self.mirrored:
            picture = np.asarray(cv2.flip(picture, 1), np.uint8)
        return picture


UPRIGHT = Orientation()

_BY_EXIF = {
    1: UPRIGHT,
    2: Orientation(0, mirrored=True),
    3: Orientation(180),
    4: Orientation(180, mirrored=True),
    5: Orientation(90, mirrored=True),
    6: Orientation(90),
    7: Orientation(270, mirrored=True),
    8: Orientation(270),
}

# Where the stored right (first pair) and down (second pair) point on the display, y growing downwards.
_BY_AXES = {
    (1, 0, 0, 1): UPRIGHT,
    (0, 1, -1, 0): Orientation(90),
    (-1, 0, 0, -1): Orientation(180),
    (0, -1, 1, 0): Orientation(270),
    (-1, 0, 0, 1): Orientation(0, mirrored=True),
    (0, 1, 1, 0): Orientation(90, mirrored=True),
    (1, 0, 0, -1): Orientation(180, mirrored=True),
    (0, -1, -1, 0): Orientation(270, mirrored=True),
}


def from_exif(value: int) -> Orientation:
    """EXIF's orientation tag, 1 to 8; anything else counts as upright."""
    return _BY_EXIF.get(value, UPRIGHT)


def from_matrix(matrix: Sequence[int]) -> Orientation | None:
    """A container's 3x3 display matrix (16.16 fixed point, row by row) -> the orientation; None when it is none of the
    eight, be it sheared, tilted or nonsense. Uniform scale is ignored."""
    axes = [matrix[i] / _FIXED_ONE for i in (0, 1, 3, 4)]
    scale = math.sqrt(abs(axes[0] * axes[3] - axes[1] * axes[2]))
    if not 1e-3 < scale < 1e3:
        return None
    for exact, orientation in _BY_AXES.items():
        if all(abs(axis / scale - wanted) < _TOLERANCE for axis, wanted in zip(axes, exact, strict=True)):
            return orientation
    return None
