"""Looking into JPEG and PNG files without decoding them."""

from __future__ import annotations

from pathlib import Path

_TAIL = 1 << 16
_START_OF_SCAN, _RESTART_INTERVAL, _END_OF_IMAGE = 0xDA, 0xDD, b"\xff\xd9"
_OUT_OF_PLACE = frozenset({*range(0xC0), *range(0xD0, 0xDA), _RESTART_INTERVAL, 0xFF})
"""What follows 0xFF in no header of ours: no markers, markers without a length, and restarts (see below)."""


def is_plain_jpeg(data: memoryview) -> bool:
    """Whether a JPEG's header segments follow each other without gaps, its pixels without restarts, to a proper end.

    About the others, and where it has to find the next restart, libjpeg complains on stderr from inside OpenCV."""
    at, size = 2, len(data)
    if bytes(data[:2]) != b"\xff\xd8":
        return False
    while at + 4 <= size and data[at] == 0xFF and data[at + 1] not in _OUT_OF_PLACE:
        if data[at + 1] == _START_OF_SCAN:
            return _END_OF_IMAGE in bytes(data[max(at, size - _TAIL) :])
        at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return False


def png_has_orientation(path: Path) -> bool:
    """Whether a PNG carries EXIF or XMP, in which an orientation may stand."""
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind == b"eXIf" or (kind == b"iTXt" and file.read(17) == b"XML:com.adobe.xmp"):
                return True
            if kind == b"IEND":
                return False
            file.seek(length + 4 - (17 if kind == b"iTXt" else 0), 1)
    return False
