"""Pictures of another size than the first one's, brought to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def fitted_size(size: tuple[int, int], frame: tuple[int, int]) -> tuple[int, int]:
    """`size` (width, height) scaled to fit into `frame` with its shape kept."""
    scale = min(frame[0] / size[0], frame[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def centred(picture: NDArray[np.uint8], frame: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture [H, W, C] in the middle of a black one of `frame` (width, height); a fourth channel is 255."""
    height, width = picture.shape[:2]
    whole = np.zeros((frame[1], frame[0], picture.shape[2]), np.uint8)
    whole[..., 3:] = 255
    top, left = (frame[1] - height) // 2, (frame[0] - width) // 2
    whole[top : top + height, left : left + width] = picture
    return whole
