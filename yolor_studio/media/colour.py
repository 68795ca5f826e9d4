"""From a decoded frame to RGB or BGRA, with the stream's own colour matrix and range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolor_studio.media.fitting import centred, fitted_size
from yolor_studio.media.libav import plane_rows, quiet_av
from yolor_studio.media.stream_format import StreamFormat

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_UNSPECIFIED, _BT709, _BT601, _FULL = 2, 1, 5, 2
_HD_HEIGHT = 720
"""Where a stream does not say, BT.709 is taken from this height on and BT.601 below, as players do."""


class Converter:
    """Turns decoded frames into displayed pictures of one size; keeps swscale's contexts for reuse."""

    def __init__(self, stored: StreamFormat) -> None:
        """`stored` says how the frames are stored and to be turned."""
        self._size = stored.size
        self._orientation = stored.orientation
        self._reformatters = {name: quiet_av().video.reformatter.VideoReformatter() for name in ("rgb24", "bgra")}

    def __call__(self, frame: VideoFrame, *, bgra: bool = False) -> NDArray[np.uint8]:
        """RGB [H, W, 3] or BGRA [H, W, 4] with alpha 255, as displayed. A frame of another size than the first is
        scaled to fit and centred on black."""
        stored = (frame.width, frame.height)
        size = stored if stored == self._size else fitted_size(stored, self._size)
        picture = self._convert(frame, size, "bgra" if bgra else "rgb24")
        if bgra and _has_alpha(frame):
            picture[..., 3] = 255
        if size != self._size:
            picture = centred(picture, self._size)
        return self._orientation.apply(picture)

    def _convert(self, frame: VideoFrame, size: tuple[int, int], name: str) -> NDArray[np.uint8]:
        width, height = size
        matrix = None
        if frame.colorspace == _UNSPECIFIED:
            matrix = _BT709 if frame.height >= _HD_HEIGHT else _BT601
        converted = self._reformatters[name].reformat(
            frame, width=width, height=height, format=name, src_colorspace=matrix, dst_color_range=_FULL
        )
        plane = converted.planes[0]
        rows = plane_rows(plane)
        channels = 4 if name == "bgra" else 3
        return np.ascontiguousarray(rows[:height, : width * channels]).reshape(height, width, channels)


def _has_alpha(frame: VideoFrame) -> bool:
    return any(component.is_alpha for component in frame.format.components)
