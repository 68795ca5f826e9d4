"""Decoding one image file: its header, and its pixels as RGB in the displayed orientation.

OpenCV decodes ordinary JPEG and WebP, at twice Pillow's speed. Everything else goes to Pillow, which knows more kinds
(CMYK, Lab, 16 bit, palettes), tells cut-off files, and does not print to stderr as the C libraries in OpenCV do.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import MediaError
from yolor_studio.media.markers import is_plain_jpeg, png_has_orientation
from yolor_studio.media.orientation import UPRIGHT, Orientation, from_exif

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

MAX_SIDE = 30_000
MAX_PIXELS = 400_000_000
_LARGE_SIDE = 20_000

_ORIENTATION_TAG = 0x0112
_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError, AttributeError)
"""What Pillow's readers are seen to raise on damaged files."""

_pillow_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class StillHeader:
    """What an image's header says, before any pixel is decoded."""

    codec: str
    width: int
    """As displayed."""
    height: int
    orientation: Orientation
    applied_by_pillow: bool
    """Whether Pillow turns the picture itself when it loads it, as it does with TIFF."""
    notes: tuple[str, ...]


def read_header(path: Path) -> StillHeader:
    """The image's header; raises MediaError when it is none, or larger than the bound."""
    if not path.is_file():
        raise MediaError(f"{path.name} does not exist.")
    if path.stat().st_size == 0:
        raise MediaError(f"{path.name} is empty: it has 0 bytes.")
    with _opened(path) as image:
        _check_size(path, *image.size)
        orientation = _orientation(path, image)
        is_tiff = image.format == "TIFF"
        width, height = image.size if is_tiff else orientation.size(*image.size)
        return StillHeader(
            codec=(image.format or path.suffix.lstrip(".")).lower(),
            width=width,
            height=height,
            orientation=orientation,
            applied_by_pillow=is_tiff,
            notes=tuple(_notes(image, orientation)),
        )


def decode_still(path: Path, header: StillHeader) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """RGB [H, W, 3] as displayed, and sentences about what was seen on the way.

    16-bit values are divided by 256; transparency is dropped, so that the stored colours show, as training sees them.
    Of a cut-off picture what decodes is there and the rest blank. Raises MediaError when nothing decodes."""
    rgb, notes = _with_opencv(path, header), ()
    if rgb is None:
        rgb, notes = _with_pillow(path)
    rgb = rgb if header.applied_by_pillow else header.orientation.apply(rgb)
    if rgb.shape[:2] != (header.height, header.width):
        raise MediaError(
            f"{path.name} has changed or is damaged: its header says {header.width} × {header.height},"
            f" its picture is {rgb.shape[1]} × {rgb.shape[0]}."
        )
    return rgb, notes


def _with_opencv(path: Path, header: StillHeader) -> NDArray[np.uint8] | None:
    """RGB as stored; None where Pillow is to do it."""
    if header.codec not in ("jpeg", "mpo", "webp"):
        return None
    try:
        data = np.fromfile(path, np.uint8)
    except OSError:  # gone since its header was read: Pillow's reader tells
        return None
    if header.codec != "webp" and not is_plain_jpeg(data.data):
        return None
    import cv2

    try:
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    return None if decoded is None else np.asarray(decoded, np.uint8)


def _with_pillow(path: Path) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """RGB as stored (TIFF: as displayed) and notes."""
    try:
        with _opened(path) as image:
            image.load()
            return _to_rgb(image)
    except MediaError as whole:
        try:
            with _opened(path, tolerant=True) as image:
                image.load()
                rgb, notes = _to_rgb(image)
        except MediaError:
            raise whole from None
    return rgb, ("The file is damaged or cut off; what decodes of it is shown, the rest is blank.", *notes)


def _to_rgb(image: PillowImage) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
    elif image.mode in ("F", "I"):
        grey = _stretched(np.asarray(image, np.float64))
    else:
        return np.array(image.convert("RGB"), np.uint8), ()
    note = f"Its values ({image.mode}) are stretched from darkest to brightest into 8 bits."
    return np.repeat(grey[:, :, None], 3, axis=2), (note,) if image.mode in ("F", "I") else ()


def _stretched(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = values.min(), values.max()
    scale = 255 / (high - low) if high > low else 0.0
    return np.asarray(np.rint((values - low) * scale), np.uint8)


@contextmanager
def _opened(path: Path, *, tolerant: bool = False) -> Iterator[PillowImage]:
    """The image opened by Pillow, its warnings off and its errors as MediaError; `tolerant` of cut-off files.

    Pillow's switches and Python's warning filters belong to the whole process: one thread at a time."""
    from PIL import Image, ImageFile, UnidentifiedImageError

    with _pillow_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
        # Pillow's bound is looser in bytes and stricter in pixels than ours, which is checked on the header.
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = None, tolerant
        try:
            with Image.open(path) as image:
                yield image
        except UnidentifiedImageError as error:
            raise MediaError(f"{path.name} is not an image that can be read: {_what_it_is(path)}") from error
        except (FileNotFoundError, PermissionError) as error:
            raise MediaError(f"{path.name} cannot be read: {error.strerror}.") from error
        except _DAMAGED as error:
            raise MediaError(f"{path.name} is damaged and no picture can be read from it ({error}).") from error
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


def _check_size(path: Path, width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise MediaError(f"{path.name} has no pixels: its header says {width} × {height}.")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise MediaError(
            f"{path.name} is too large to open: its header says {width:,} × {height:,} pixels; the bound is"
            f" {MAX_SIDE:,} a side and {MAX_PIXELS // 1_000_000} megapixels."
        )


def _orientation(path: Path, image: PillowImage) -> Orientation:
    # Pillow decodes a whole PNG to look for EXIF behind its pixels.
    if image.format == "PNG" and not png_has_orientation(path):
        return UPRIGHT
    try:
        return from_exif(int(image.getexif().get(_ORIENTATION_TAG, 1)))
    except (*_DAMAGED, RuntimeError):
        return UPRIGHT


def _notes(image: PillowImage, orientation: Orientation) -> Iterator[str]:
    try:
        pictures = int(getattr(image, "n_frames", 1))
    except (*_DAMAGED, RuntimeError):
        pictures = 1
    if pictures > 1:
        yield f"The file holds {pictures} pictures; the first is shown."
    if orientation.mirrored:
        yield f"EXIF asks for a mirrored picture, rotated by {orientation.degrees}° clockwise before."
    elif orientation.degrees:
        yield f"The picture is rotated by {orientation.degrees}° clockwise, as its EXIF data ask."
    if max(image.size) > _LARGE_SIDE:
        yield f"It is very large ({image.size[0]:,} × {image.size[1]:,}); boxes are in its true pixels."


def _what_it_is(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer; fetch the file itself."
    if head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        return "it is a web page."
    if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheif"):
        return "it is a HEIC picture; save it as JPEG or PNG."
    return "it is damaged, or something else."
