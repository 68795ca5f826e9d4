"""The short texts that belong to models are read whole, or refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.files import MAX_TEXT, read_text


def test_a_text_is_read_without_its_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "ü.txt"
    for data, text in ((b"", ""), ("größe\r\n".encode(), "größe\r\n"), ("\ufeffa\ufeff".encode(), "a\ufeff")):
        path.write_bytes(data)
        assert read_text(path, "It") == text


def test_the_bound_is_met_to_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes("ä".encode() * (MAX_TEXT // 2))
    assert len(read_text(path, "It")) == MAX_TEXT // 2
    path.write_bytes(b"a" + "ä".encode() * (MAX_TEXT // 2))  # cut at the bound it would end within a letter
    with pytest.raises(ModelError, match=r"^It is longer than 1 MiB"):
        read_text(path, "It")


def test_no_more_is_taken_into_memory_than_the_bound(tmp_path: Path) -> None:
    path = tmp_path / "sparse.txt"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(ModelError, match="longer than"):
        read_text(path, "It")


@pytest.mark.parametrize("data", [b"gr\xf6\xdfe", b"a\xff", b"\xff\xfea\0", b"\xc3", b"\xed\xa0\x80"])
def test_bytes_that_are_no_utf_8_are_refused_or_replaced(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "odd.txt"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"^It is not UTF-8 text"):
        read_text(path, "It")
    if b"\0" not in data:
        assert "\ufffd" in read_text(path, "It", errors="replace")


@pytest.mark.parametrize("errors", ["strict", "replace"])
def test_zero_bytes_are_no_text(tmp_path: Path, errors: str) -> None:
    path = tmp_path / "binary.txt"
    path.write_bytes(b"[net]\0")
    with pytest.raises(ModelError, match=r"^It is no text"):
        read_text(path, "It", errors="strict" if errors == "strict" else "replace")


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ModelError, match=f"^The list {path.name} cannot be read: "):
            read_text(path, f"The list {path.name}")
