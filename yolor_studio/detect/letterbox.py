"""Fitting a picture into a network's input, and bringing boxes back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PADDING_GREY = 114
"""The grey that the official code fills borders with."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """One fixed input shape for all frames of a media: the picture scaled to fit, centred on grey.

    Rectangular: the longest side becomes `size`, the other only as long as needed, both rounded up to the stride.
    """

    picture_width: int
    picture_height: int
    width: int
    """Of the network's input, a multiple of the stride, like `height`."""
    height: int
    scaled_width: int
    scaled_height: int
    left: int
    top: int

    @classmethod
    def rectangular(cls, picture_width: int, picture_height: int, *, size: int, stride: int) -> Letterbox:
        """The smallest input that holds the picture with its longest side at `size` pixels."""
        ratio = size / max(picture_width, picture_height)
        scaled_width = max(round(picture_width * ratio), 1)
        scaled_height = max(round(picture_height * ratio), 1)
        width, height = (math.ceil(side / stride) * stride for side in (scaled_width, scaled_height))
        left, top = (width - scaled_width) // 2, (height - scaled_height) // 2
        return cls(picture_width, picture_height, width, height, scaled_width, scaled_height, left, top)

    def apply(self, rgb: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
        """Write the picture (uint8 [h, w, 3], the size given at construction) into `out` (uint8 [height, width, 3])."""
        import cv2

        out[: self.top] = PADDING_GREY
        out[self.top + self.scaled_height :] = PADDING_GREY
        middle = out[self.top : self.top + self.scaled_height]
        middle[:, : self.left] = PADDING_GREY
        middle[:, self.left + self.scaled_width :] = PADDING_GREY
        target = middle[:, self.left : self.left + self.scaled_width]
        if rgb.shape[:2] == target.shape[:2]:
            target[:] = rgb
            return
        # Linear interpolation looks at four pixels only, so a much larger picture is halved first: a cheap mean
        # of 2 x 2. Averaging straight to the size asked for costs ten times as much.
        height, width = rgb.shape[:2]
        while min(width / self.scaled_width, height / self.scaled_height) >= 2 and width % 2 == height % 2 == 0:
            width, height = width // 2, height // 2
            rgb = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        target[:] = cv2.resize(rgb, (self.scaled_width, self.scaled_height), interpolation=cv2.INTER_LINEAR)

    def to_picture(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [N, 4] x1, y1, x2, y2 in input pixels -> x, y, w, h in picture pixels, cut to the picture."""
        scale = np.array(
            [self.picture_width / self.scaled_width, self.picture_height / self.scaled_height] * 2, np.float32
        )
        corners = (xyxy - np.array([self.left, self.top] * 2, np.float32)) * scale
        corners[:, 0::2] = corners[:, 0::2].clip(0, self.picture_width)
        corners[:, 1::2] = corners[:, 1::2].clip(0, self.picture_height)
        corners[:, 2:] -= corners[:, :2]
        return corners
