"""PyTorch's two containers, the zip file (from 1.6 on) and the older one, -> the value that was saved.

Both hold a pickle, in which every tensor names a run of numbers by a key, and the runs themselves apart from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.checkpoints import machine
from yolor_studio.yolor.checkpoints.names import Known, find
from yolor_studio.yolor.checkpoints.tensors import Kind, Storage, make_storage
from yolor_studio.yolor.checkpoints.zip_archive import ZipArchive

_MAX_PICKLE = 16 << 20
"""YOLOR-D6 with its optimizer has a pickle of 0.5 MB."""
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_REREAD = 4
"""How often the file's own size may be read in all: tensors that share numbers share few."""


def load(path: Path) -> Any:
    """The value saved in a checkpoint, tensors in it still in the file.

    ModelError, worded to follow the file's name, if it is damaged, refused or no checkpoint; OSError if the file cannot
    be read.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head == b"PK\x03\x04":
        return _load_zip(path)
    return _load_legacy(path)


class _Runs:
    """Reads runs of numbers by key; the last one is kept, because tensors that share a run follow each other."""

    def __init__(self, limit: int, read: Callable[[str, int], bytes]) -> None:
        self._read = read
        self._left = limit
        self._key: str | None = None
        self._data = b""

    def read(self, key: str, length: int) -> bytes:
        """The run of this key; ModelError unless it has `length` bytes."""
        if self._key != key:
            self._data = self._read(key, length)
            self._key = key
            self._left -= len(self._data)
            if self._left < 0:
                raise ModelError("its tensors share their numbers in a way that no checkpoint's do.")
        if len(self._data) != length:
            raise ModelError(f"it is damaged: the numbers {key[:40]} have {len(self._data):,} bytes, not {length:,}.")
        return self._data


def _persistent(read: Callable[[str, int], bytes], storages: dict[str, Storage]) -> Callable[[Any], Any]:
    """What a persistent id stands for: ("storage", its class, key, device, number of elements), or, in the older
    container, ("module", a class, its file, its source text), which is the class. Collects the storages by key."""

    def stored(identity: Any) -> Any:
        if isinstance(identity, tuple) and len(identity) == 6 and identity[5] is None:
            identity = identity[:5]  # The older container has a place for views, which is empty since 0.4.
        match identity:
            case ("storage", Known(kind=Kind() as kind), key, _, count):
                storage = make_storage(key, kind, count, read)
                known = storages.setdefault(storage.key, storage)
                if (known.kind, known.count) != (storage.kind, storage.count):
                    raise ModelError("it is damaged: the same numbers are described in two ways.")
                return known
            case ("module", Known() as named, _, _):
                return named
            case ("storage", *_):
                raise ModelError("it is damaged, or was written by a very old PyTorch: a tensor's numbers are unknown.")
            case _:
                raise ModelError("it is damaged: it describes a tensor's numbers in a way that makes no sense.")

    return stored


# The zip file


def _load_zip(path: Path) -> Any:
    archive = ZipArchive(path)
    root = _root(archive)
    if f"{root}/constants.pkl" in archive.entries or any(name.startswith(f"{root}/code/") for name in archive.entries):
        raise ModelError(
            "it is a TorchScript archive, made to be run by PyTorch alone; export the network to ONNX, or bring the "
            "checkpoint that it was made from."
        )
    order = archive.entries.get(f"{root}/byteorder")
    if order is not None and order.size < 20 and archive.read(order.name).strip() != b"little":
        raise ModelError(
            "its numbers are in the byte order of another kind of computer; save it again on a common one."
        )
    pickle = f"{root}/data.pkl"
    if archive.entries[pickle].size > _MAX_PICKLE:
        raise ModelError(f"its pickle has {archive.entries[pickle].size:,} bytes, more than any checkpoint needs.")

    def run_of(key: str, length: int) -> bytes:
        entry = archive.entries.get(f"{root}/data/{key}")
        if entry is not None and entry.size != length:
            raise ModelError(f"it is damaged: the numbers {key[:40]} have {entry.size:,} bytes, not {length:,}.")
        return archive.read(f"{root}/data/{key}")

    runs = _Runs(_REREAD * archive.bytes, run_of)
    value, _ = machine.run(archive.read(pickle), 0, find=find, stored=_persistent(runs.read, {}))
    return value


def _root(archive: ZipArchive) -> str:
    """The one folder within the archive, which holds data.pkl; PyTorch names it after the file."""
    roots = [name.removesuffix("/data.pkl") for name in archive.entries if name.endswith("/data.pkl")]
    if len(roots) != 1 or "/" in roots[0]:
        raise ModelError("it is a zip archive, but no checkpoint of PyTorch: it holds no data.pkl.")
    return roots[0]


# The older container


def _load_legacy(path: Path) -> Any:
    """Pickles one after the other: a magic number, a version, the computer, the value, the keys; then the runs."""
    size = path.stat().st_size
    with path.open("rb") as file:
        data = file.read(min(size, _MAX_PICKLE))
    places: dict[str, int] = {}

    def run_of(key: str, length: int) -> bytes:
        if key not in places:
            raise ModelError(f"it is damaged: the numbers {key[:40]} are missing.")
        with path.open("rb") as file:
            file.seek(places[key])
            return file.read(length)

    runs = _Runs(_REREAD * size, run_of)
    storages: dict[str, Storage] = {}
    stored = _persistent(runs.read, storages)
    magic, place = machine.run(data, 0, find=find, stored=stored)
    if magic != _LEGACY_MAGIC:
        raise ModelError("it is a pickle, but no checkpoint of PyTorch.")
    version, place = machine.run(data, place, find=find, stored=stored)
    if version != _LEGACY_PROTOCOL:
        raise ModelError("it is a checkpoint of a form that is not known here.")
    computer, place = machine.run(data, place, find=find, stored=stored)
    if not isinstance(computer, dict) or computer.get("little_endian") is not True:
        raise ModelError(
            "its numbers are in the byte order of another kind of computer; save it again on a common one."
        )
    value, place = machine.run(data, place, find=find, stored=stored)
    keys, place = machine.run(data, place, find=find, stored=stored)
    places.update(_legacy_places(path, keys, storages, start=place))
    return value


def _legacy_places(path: Path, keys: Any, storages: Mapping[str, Storage], *, start: int) -> dict[str, int]:
    """Where each run begins: they follow each other in the order of their keys, each after its number of elements."""
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise ModelError("it is damaged: the list of its tensors makes no sense.")
    if sorted(keys) != sorted(storages):
        raise ModelError("it is damaged: the list of its tensors is not the one that its network needs.")
    size = path.stat().st_size
    places: dict[str, int] = {}
    with path.open("rb") as file:
        for key in keys:
            file.seek(start)
            if int.from_bytes(file.read(8), "little") != storages[key].count:
                raise ModelError(f"it is damaged: the numbers {key[:40]} have another length than the network needs.")
            places[key] = start + 8
            start += 8 + storages[key].bytes
            if start > size:
                raise ModelError(
                    f"it was cut short: {start - size:,} bytes of its numbers are missing; copy or download it again."
                )
    return places
