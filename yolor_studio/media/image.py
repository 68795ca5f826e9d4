"""Still images: OpenCV decodes, Pillow where it cannot; EXIF orientation applied."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import MediaKind
from yolor_studio.core.errors import MediaError
from yolor_studio.media.info import MediaInfo
from yolor_studio.media.orientation import Orientation, from_exif
from yolor_studio.media.source import ClosingSource, no_such_frame, rising

MAX_SIDE = 30_000
MAX_PIXELS = 400_000_000
_SHOWN_SCALED = 20_000
_ORIENTATION_TAG = 0x0112


class StillHeader(NamedTuple):
    """What an image's header says, before any pixel is decoded."""

    codec: str
    width: int
    """As displayed."""
    height: int
    orientation: Orientation
    mode: str
    """Pillow's pixel mode."""
    pictures: int


def read_header(path: Path) -> StillHeader:
    """The image's header; raises MediaError when there is none, or when the image is beyond the bound."""
    from PIL import Image, UnidentifiedImageError

    if not path.is_file():
        raise MediaError(f"{path.name} does not exist.")
    if path.stat().st_size == 0:
        raise MediaError(f"{path.name} is empty: it has 0 bytes.")
    Image.MAX_IMAGE_PIXELS = None  # the bound below is ours
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as image:
                width, height = image.size
                check_size(path, width, height)
                orientation = from_exif(_exif_orientation(image))
                pictures = getattr(image, "n_frames", 1)
                codec, mode = (image.format or path.suffix.lstrip(".")).lower(), image.mode
        except UnidentifiedImageError as error:
            raise MediaError(
                f"{path.name} is no image that can be read; it may be damaged or something else."
            ) from error
        except (OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError, OverflowError) as error:
            raise MediaError(f"{path.name} is damaged: {error}.") from error
    return StillHeader(codec, *orientation.size(width, height), orientation, mode, pictures)


def check_size(path: Path, width: int, height: int) -> None:
    """Refuse an image beyond the bound before memory is taken; raises MediaError."""
    if width < 1 or height < 1:
        raise MediaError(f"{path.name} has no pixels: its header says {width} × {height}.")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise MediaError(
            f"{path.name} is too large: its header says {width} × {height} pixels; up to {MAX_SIDE:,} a side and"
            f" {MAX_PIXELS // 1_000_000} megapixels can be opened."
        )


def _exif_orientation(image: object) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)  # pyright: ignore
        return int(value)
    except Exception:
        return 1


def decode_still(path: Path, header: StillHeader) -> NDArray[np.uint8]:
    """RGB [H, W, 3] as displayed."""
    import cv2

    data = np.fromfile(path, np.uint8)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if decoded is None:
        raise MediaError(f"{path.name} is damaged: its pixels cannot be decoded.")
    rgb = np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)
    return header.orientation.apply(rgb)


class ImageSource(ClosingSource):
    """One image file; frame 0 is the picture."""

    def __init__(self, path: Path) -> None:
        """Read the header of `path`; raises MediaError."""
        self._path = path
        self._header = read_header(path)
        self.info = MediaInfo(
            kind=MediaKind.IMAGE,
            path=path,
            codec=self._header.codec,
            width=self._header.width,
            height=self._header.height,
            frames=1,
            constant_rate=True,
            fps=None,
            rotation=self._header.orientation.degrees,
        )

    def read(self, index: int, *, bgra: bool = False) -> NDArray[np.uint8]:
        """The picture as RGB [H, W, 3] or BGRA [H, W, 4]; raises MediaError for another frame than 0."""
        if index != 0:
            raise no_such_frame(self.info, index, 1)
        rgb = decode_still(self._path, self._header)
        return to_bgra(rgb) if bgra else rgb

    def frames(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """(0, RGB) for index 0."""
        for index in rising(indices):
            yield index, self.read(index)

    def timestamp(self, index: int) -> float | None:
        """None: an image has no time."""
        return None

    def pts(self, index: int) -> int | None:
        """None: an image has no time."""
        return None


def to_bgra(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB [H, W, 3] -> BGRA [H, W, 4] with alpha 255."""
    import cv2

    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA), np.uint8)
