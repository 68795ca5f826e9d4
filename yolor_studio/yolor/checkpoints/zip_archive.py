"""The reader of zip files as PyTorch writes them; a size that an archive claims is checked before memory is taken.

Python's own zipfile makes objects for as many entries as a file claims and follows overlapping ones, so that a small
file can take a large amount of memory; this reader knows only what checkpoints need, and never writes a file.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from yolor_studio.core.errors import ModelError

_MAX_ENTRIES = 20_000
_MAX_NAME = 500
_GROWTH = 8
"""How often the file's own size all entries together may take when unpacked: numbers hardly shrink."""
_SLACK = 1 << 20
_END = struct.Struct("<4s4H2LH")
_END_64_PLACE = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x1
_ZIP64_FIELD = 1
_UNKNOWN_32 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """One file within the archive."""

    name: str
    deflated: bool
    packed: int
    """Bytes in the archive."""
    size: int
    """Bytes when unpacked."""
    crc: int
    """0 where PyTorch was told not to compute it."""
    place: int
    """Of its local header in the archive."""


class ZipArchive:
    """An archive's entries by name; nothing of their content is read before it is asked for."""

    def __init__(self, path: Path) -> None:
        """Read and check the directory; ModelError says what is wrong with the archive."""
        self.path = path
        with path.open("rb") as file:
            self.bytes = file.seek(0, 2)
            entries = _directory(file, self.bytes)
        self.entries = {entry.name: entry for entry in entries}
        if len(self.entries) != len(entries):
            raise ModelError("its archive holds two files of the same name.")
        unpacked, packed = (sum(getattr(entry, part) for entry in entries) for part in ("size", "packed"))
        if unpacked > _GROWTH * self.bytes + _SLACK or packed > self.bytes:
            raise ModelError(
                f"its archive of {self.bytes:,} bytes claims to hold {unpacked:,} bytes, which no checkpoint does; "
                "nothing of it was unpacked."
            )

    def read(self, name: str) -> bytes:
        """An entry's content; ModelError if it is missing or damaged."""
        entry = self.entries.get(name)
        if entry is None:
            raise ModelError(f"its archive holds no {name[:80]}; it was cut or made by something else.")
        with self.path.open("rb") as file:
            data = _content(file, entry)
        if len(data) != entry.size or (entry.crc and zlib.crc32(data) != entry.crc):
            raise ModelError(f"it is damaged: {name[:80]} in its archive does not match its checksum.")
        return data


def _directory(file: BinaryIO, size: int) -> list[Entry]:
    count, length, start = _end(file, size)
    if count > _MAX_ENTRIES or length > size or start + length > size or length < count * _CENTRAL.size:
        raise ModelError(f"its archive's directory ({count:,} entries, {length:,} bytes) makes no sense.")
    if length > count * (_CENTRAL.size + 4 * _MAX_NAME):
        raise ModelError("its archive's directory is damaged.")
    file.seek(start)
    data = file.read(length)
    entries: list[Entry] = []
    place = 0
    for _ in range(count):
        entry, place = _central(data, place)
        entries.append(entry)
    return entries


def _end(file: BinaryIO, size: int) -> tuple[int, int, int]:
    """(number of entries, bytes, place) of the directory, from the record at the archive's end."""
    tail_length = min(size, _END.size + 0xFFFF)
    file.seek(size - tail_length)
    tail = file.read(tail_length)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END.size:
        raise ModelError("its archive has no end: the file was cut short; copy or download it again.")
    _, disk, _, _, count, length, start, _ = _END.unpack_from(tail, place)
    if disk not in (0, 0xFFFF):
        raise ModelError("it is only one part of an archive.")
    if count != 0xFFFF and length != _UNKNOWN_32 and start != _UNKNOWN_32:
        return count, length, start
    if place < _END_64_PLACE.size:
        raise ModelError("its archive's directory is damaged.")
    mark, _, where, _ = _END_64_PLACE.unpack_from(tail, place - _END_64_PLACE.size)
    if mark != b"PK\x06\x07" or where + _END_64.size > size:
        raise ModelError("its archive's directory is damaged.")
    file.seek(where)
    record = _END_64.unpack(file.read(_END_64.size))
    if record[0] != b"PK\x06\x06":
        raise ModelError("its archive's directory is damaged.")
    return record[7], record[8], record[9]


def _central(data: bytes, place: int) -> tuple[Entry, int]:
    """The entry that a directory record describes, and where the next record begins."""
    if len(data) - place < _CENTRAL.size:
        raise ModelError("its archive's directory is damaged.")
    fields = _CENTRAL.unpack_from(data, place)
    mark, _, _, flags, method, _, _, crc, packed, size, name_length, extra_length, note_length, *_, where = fields
    name_start = place + _CENTRAL.size
    extra_start = name_start + name_length
    end = extra_start + extra_length + note_length
    if mark != b"PK\x01\x02" or end > len(data):
        raise ModelError("its archive's directory is damaged.")
    name = _checked_name(data[name_start:extra_start])
    if flags & _ENCRYPTED:
        raise ModelError("its archive is encrypted.")
    if method not in (_STORED, _DEFLATED):
        raise ModelError(f"its archive is packed by method {method}, which no checkpoint uses.")
    size, packed, where = _with_zip64([size, packed, where], data[extra_start : extra_start + extra_length])
    if method == _STORED and size != packed:
        raise ModelError("its archive's directory is damaged.")
    return Entry(name, method == _DEFLATED, packed, size, crc, where), end


def _checked_name(raw: bytes) -> str:
    name = raw.decode("utf-8", "replace")
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if len(raw) > _MAX_NAME or not parts:
        raise ModelError("its archive's directory is damaged.")
    if ".." in parts or parts[0] == "/" or PureWindowsPath(name).drive or not name.isprintable():
        raise ModelError(f"its archive holds a file named {name[:80]!r}, as no checkpoint does; nothing was unpacked.")
    return name


def _with_zip64(values: list[int], extra: bytes) -> list[int]:
    """Values that do not fit 32 bits stand, in this order, in the extra field with number 1."""
    wide = [index for index, value in enumerate(values) if value == _UNKNOWN_32]
    while wide and len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        if kind == _ZIP64_FIELD and min(length, len(extra) - 4) >= 8 * len(wide):
            for index, value in zip(wide, struct.unpack_from(f"<{len(wide)}Q", extra, 4), strict=True):
                values[index] = value
            return values
        extra = extra[4 + length :]
    return values


def _content(file: BinaryIO, entry: Entry) -> bytes:
    file.seek(entry.place)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise ModelError(f"it is damaged: {entry.name[:80]} is not where its archive says.")
    *_, name_length, extra_length = _LOCAL.unpack(header)
    file.seek(name_length + extra_length, 1)
    data = file.read(entry.packed)
    if not entry.deflated:
        return data
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        # One byte more than claimed shows that there is more.
        return unpacker.decompress(data, entry.size + 1)
    except zlib.error as error:
        raise ModelError(f"it is damaged: {entry.name[:80]} in its archive cannot be unpacked.") from error
