"""Checkpoints that are broken: cut, changed, with absurd tensors or values that are no numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from checkpoint_files import Name, Obj, Pickle, View, legacy_bytes, main_line, ordered, save_zip
from checkpoint_kit import KEY, VALUE, WEIGHTS, read, refused, text, with_pickle

from yolor_studio.core.errors import ModelError
from yolor_studio.detect.convert import convert

RUN = np.arange(14, dtype=np.float32)


@pytest.mark.parametrize(
    ("view", "told"),
    [
        (View(RUN, (7, 3), (2, 1)), "overlaps itself"),
        (View(RUN, (1 << 20, 1 << 20), (0, 0)), "overlaps itself"),
        (View(RUN, (2, 2), (1, 1)), "overlaps itself"),
        (View(RUN, (7, -2, 1, 1), (2, 1, 1, 1)), r"the shape \[7, -2, 1, 1\]"),
        (View(RUN, (7, 2), (-2, 1)), "with the strides"),
        (View(RUN, (7, 2), (2,)), "with the strides"),
        (View(RUN, (7, 2), (2, 1), offset=-1), "with the strides"),
        (View(RUN, (7, 2), (2, 1), offset=1), "reaches beyond its 14 numbers"),
        (View(RUN, (7, 2), (3, 1)), "reaches beyond its 14 numbers"),
        (View(RUN, (1 << 40,), (1,)), "reaches beyond its 14 numbers"),
        (View(RUN, (1 << 70,), (1,)), r"the shape \[\?\]"),
        (View(RUN, (7, 2.0), (2, 1)), r"the shape \[7, \?\]"),
        (View(RUN, (True, 14), (14, 1)), "the shape"),
        (View(RUN, (1,) * 9, (1,) * 9), "the shape"),
        (View(RUN, ("a" * 100_000,), (1,)), r"the shape \[\?\]"),
        (View(RUN, (7, 2, 1, 1), (2, 1, 1, 1), count=1 << 30), "have 56 bytes, not 4,294,967,296"),
        (View(RUN, (7, 2), (2, 1), count=-14), "makes no sense"),
        (View(RUN, (7, 2), (2, 1), count=1 << 62), "makes no sense"),
        (View(RUN, (7, 2), (2, 1), count=14.0), "makes no sense"),
        (View(RUN, (7, 2), (2, 1), storage="QInt8Storage"), r"asks for torch\.QInt8Storage"),
        (View(RUN, (7, 2), (2, 1), storage="ComplexFloatStorage"), r"asks for torch\.ComplexFloatStorage"),
        (View(RUN, (7, 2, 1, 1), (2, 1, 1, 1), storage="HalfStorage"), "have 56 bytes, not 28"),
        (View(RUN, (7, 2), (2, 1)), r"has the shape \[7, 2\], but its network needs \[7, 2, 1, 1\]"),
        (View(RUN, (0, 2, 1, 1), (2, 1, 1, 1)), r"has the shape \[0, 2, 1, 1\]"),
    ],
)
def test_absurd_tensors_are_told(tmp_path: Path, view: View, told: str):
    state = main_line(WEIGHTS) | {KEY: view}
    refused(save_zip(tmp_path / "a.pt", {"model": ordered(state)}), told)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused_with_the_layers_name(tmp_path: Path, value: float):
    bad = WEIGHTS["layers.1.conv.weight"].copy()
    bad[3, 1] = value
    for data in (bad, bad.astype(np.float16), bad.astype(np.float64)):
        state = main_line(WEIGHTS) | {KEY: data}
        refused(save_zip(tmp_path / "a.pt", {"model": ordered(state)}), f"{KEY} holds values that are not numbers")


def test_numbers_beyond_float32_are_refused(tmp_path: Path):
    state = main_line(WEIGHTS) | {KEY: WEIGHTS["layers.1.conv.weight"].astype(np.float64) * 1e300}
    refused(save_zip(tmp_path / "a.pt", {"model": ordered(state)}), "not numbers")


def test_numbers_described_in_two_ways_are_refused(tmp_path: Path):
    pickle = Pickle().dumps({"a": View(RUN, (2,), (1,)), "b": View(RUN[:7], (2,), (1,))})
    refused(with_pickle(tmp_path / "a.pt", pickle.replace(text("1"), text("0"))), "described in two ways")


def test_what_is_no_tensor_where_arrays_belong_is_told(tmp_path: Path):
    for value in (1.0, None, [1], Obj("models.a.B"), Name("torch", "float32")):
        state = main_line(WEIGHTS) | {KEY: value}
        refused(save_zip(tmp_path / "a.pt", {"model": ordered(state)}), "neither a pickled one nor arrays by name")


@pytest.mark.parametrize("form", ["zip", "packed", "legacy"])
def test_a_file_cut_anywhere_is_told(tmp_path: Path, form: str):
    if form == "legacy":
        whole = legacy_bytes(VALUE)
    else:
        whole = save_zip(tmp_path / "a.pt", VALUE, deflate=form == "packed").read_bytes()
    (tmp_path / "a.pt").write_bytes(whole)
    read(tmp_path / "a.pt")
    for length in [*range(4, 64), *range(64, len(whole), 37), len(whole) - 1]:
        (tmp_path / "a.pt").write_bytes(whole[:length])
        with pytest.raises(ModelError, match=r"^a\.pt cannot be used: .*\.$"):
            read(tmp_path / "a.pt")


def test_older_containers_with_a_wrong_part_are_told(tmp_path: Path):
    cases = [
        (legacy_bytes(VALUE, magic=1234), "no checkpoint of PyTorch"),
        (legacy_bytes(VALUE, little=False), "byte order"),
        (Pickle().dumps(0x1950A86A20F9469CFC6C) + Pickle().dumps(1002), "a form that is not known"),
        (legacy_bytes(VALUE).replace(text("0"), text("Z"), 1), "not the one that its network needs"),
    ]
    for data, told in cases:
        (tmp_path / "a.pt").write_bytes(data)
        refused(tmp_path / "a.pt", told)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<!DOCTYPE html><html>" + b" " * 500, "web page"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 149000000\n",
            "149,000,000 bytes was not fetched",
        ),
        (b"", "0 bytes"),
        (b"\x80\x02", "2 bytes"),
        (bytes(1000), "ModelError|no model|no Darknet|need"),
        (b"PK\x05\x06" + bytes(18), "no model that is known here"),
        (b"\x7fELF" + bytes(range(256)) * 4, "no model that is known here"),
        (b"cposix\nsystem\n(S'true'\ntR.", "no model but a text"),
        (b"\x80\x02" + bytes(100), "its pickle is damaged"),
    ],
)
def test_what_is_no_checkpoint_is_told_when_it_is_added(tmp_path: Path, content: bytes, told: str):
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(ModelError, match=told):
        convert(tmp_path / "a.pt", cfg=None, names=None)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path):
    for path in (tmp_path / "none.pt", tmp_path):
        with pytest.raises(ModelError, match="cannot be read"):
            read(path)
