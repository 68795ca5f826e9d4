"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from yolor_studio.core.files import write_whole


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_replaced_whole(tmp_path: Path, durable: bool):
    path = tmp_path / "ü.bin"
    path.write_bytes(b"old and longer")
    write_whole(path, b"new", durable=durable)
    assert path.read_bytes() == b"new"
    assert [found.name for found in tmp_path.iterdir()] == ["ü.bin"]


def test_it_may_be_read_by_those_who_may_read_other_new_files(tmp_path: Path):
    other = tmp_path / "other"
    other.touch()
    write_whole(tmp_path / "file", b"")
    assert (tmp_path / "file").stat().st_mode == other.stat().st_mode


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_when_it_fails_the_old_file_stays_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def refuse(*names: object) -> None:
        raise error

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(type(error)):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]
