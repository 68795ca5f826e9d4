"""From a decoded frame to RGB or BGRA, with the stream's own colour matrix and range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolor_studio.media.libav import plane_rows, quiet_av
from yolor_studio.media.orientation import Orientation

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_UNSPECIFIED, _BT709, _BT601, _FULL = 2, 1, 5, 2
_HD_HEIGHT = 720
"""Where a stream does not say, BT.709 is taken from this height on and BT.601 below, as players do."""


class Converter:
    """Turns decoded frames into displayed pictures of one size; keeps swscale's contexts for reuse."""

    def __init__(self, width: int, height: int, orientation: Orientation) -> None:
        """`width` and `height` are those of the stored frame, before `orientation`."""
        self._size = (width, height)
        self._orientation = orientation
        self._reformatters = {name: quiet_av().video.reformatter.VideoReformatter() for name in ("rgb24", "bgra")}

    def __call__(self, frame: VideoFrame, *, bgra: bool = False) -> NDArray[np.uint8]:
        """RGB [H, W, 3] or BGRA [H, W, 4] with alpha 255, as displayed. A frame of another size than the first is
        scaled to fit and centred on black."""
        width, height = self._size
        if (frame.width, frame.height) != self._size:
            scale = min(width / frame.width, height / frame.height)
            width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
        picture = self._convert(frame, width, height, "bgra" if bgra else "rgb24")
        if bgra and (has_alpha(frame) or picture.base is None):
            picture[..., 3] = 255
        if (width, height) != self._size:
            picture = self._letterbox(picture)
        return self._orientation.apply(picture)

    def _convert(self, frame: VideoFrame, width: int, height: int, name: str) -> NDArray[np.uint8]:
        matrix = None
        if frame.colorspace == _UNSPECIFIED:
            matrix = _BT709 if frame.height >= _HD_HEIGHT else _BT601
        converted = self._reformatters[name].reformat(
            frame, width=width, height=height, format=name, src_colorspace=matrix, dst_color_range=_FULL, threads=1
        )
        plane = converted.planes[0]
        rows = plane_rows(plane)
        channels = 4 if name == "bgra" else 3
        return np.ascontiguousarray(rows[:height, : width * channels]).reshape(height, width, channels)

    def _letterbox(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        width, height = self._size
        whole = np.zeros((height, width, picture.shape[2]), np.uint8)
        if picture.shape[2] == 4:
            whole[..., 3] = 255
        top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
        whole[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
        return whole


def has_alpha(frame: VideoFrame) -> bool:
    """Whether the frame's pixel format carries an alpha channel."""
    return any(component.is_alpha for component in frame.format.components)
