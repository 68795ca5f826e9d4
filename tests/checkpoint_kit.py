"""A small checkpoint of the main line's form, and what is asked of every file that cannot be used."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from checkpoint_files import Pickle, main_line, numpy_array, ordered

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Description, parse_cfg
from yolor_studio.yolor.checkpoints.reading import open_checkpoint
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.reference import random_weights
from yolor_studio.yolor.safetensors_io import SavedNetwork

CFG = """[net]
width=32
height=32
[convolutional]
batch_normalize=1
filters=2
size=3
pad=1
activation=leaky
[convolutional]
filters=7
activation=linear
[yolo]
anchors=8,8
classes=2
"""
DESCRIPTION = parse_cfg(CFG)
WEIGHTS = random_weights(build_plan(DESCRIPTION), seed=0, bn_eps=1e-4)
VALUE = {"epoch": -1, "best_fitness": numpy_array(), "model": ordered(main_line(WEIGHTS))}
KEY = "module_list.1.Conv2d.weight"
SPARE = 4 << 20
"""Memory that reading any file may take beside what depends on its size."""


def read_checkpoint(
    path: Path, *, description: Description | None = None, names: Sequence[str] | None = None
) -> SavedNetwork:
    """The network in a checkpoint, whole; its classes are those in the file where no names are given, else numbers."""
    checkpoint = open_checkpoint(path, description=description)
    return checkpoint.load(names or checkpoint.names or [f"class {index}" for index in range(checkpoint.classes)])


def read(path: Path, *, described: bool = True) -> None:
    """Read a checkpoint to the end, with the description of the small one unless it brings its own."""
    read_checkpoint(path, description=DESCRIPTION if described else None)


def refused(path: Path, told: str | None = None, *, described: bool = True) -> None:
    """The one sentence that is said about a file, and it takes no more than a few times its size to say it."""
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=told) as error:
            read(path, described=described)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * path.stat().st_size + SPARE
    sentence = str(error.value)
    assert sentence.startswith(f"{path.name} cannot be used: ")
    assert sentence.endswith(".")
    assert sentence.isprintable()
    assert len(sentence) < 600


def with_pickle(path: Path, data: bytes, *, legacy: bool = False) -> Path:
    """A checkpoint whose pickle is these bytes."""
    if legacy:
        head = Pickle()
        start = [head.dumps(0x1950A86A20F9469CFC6C), head.dumps(1001), head.dumps({"little_endian": True})]
        path.write_bytes(b"".join(start) + data + head.dumps([]))
        return path
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/version", "3\n")
    return path


def text(value: str) -> bytes:
    """A text's instruction."""
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw
