"""Zip archives that are broken, bombs or made by something else, and those that are fine but rare."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from checkpoint_files import save_zip
from checkpoint_kit import VALUE, read, refused


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"N" * (30 << 20))
    refused(tmp_path / "a.pt", "nothing of it was unpacked")


def test_a_bomb_that_lies_about_its_size_is_noticed(tmp_path: Path):
    """The directory says 100 bytes, the content has 30 million."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"N" * (30 << 20))
    data = bytearray(file.getvalue())
    struct.pack_into("<I", data, data.rfind(b"PK\x01\x02") + 24, 100)
    (tmp_path / "a.pt").write_bytes(data)
    refused(tmp_path / "a.pt", "does not match its checksum")


def test_entries_that_overlap_are_refused(tmp_path: Path):
    path = save_zip(tmp_path / "a.pt", VALUE, extra={"data/big": bytes(50_000)})
    data = bytearray(path.read_bytes())
    central = data[data.find(b"PK\x01\x02") : data.rfind(b"PK\x05\x06")]
    big = central[central.rfind(b"PK\x01\x02") :]
    copies = b"".join(big.replace(b"data/big", b"data/%03d" % index) for index in range(100))
    end = bytearray(data[data.rfind(b"PK\x05\x06") :])
    count, length = struct.unpack_from("<HI", end, 10)
    struct.pack_into("<HHI", end, 8, count + 100, count + 100, length + len(copies))
    path.write_bytes(data[: data.rfind(b"PK\x05\x06")] + copies + end)
    refused(path, "claims to hold")


def test_a_directory_that_claims_too_much_is_refused(tmp_path: Path):
    path = save_zip(tmp_path / "a.pt", VALUE)
    whole = path.read_bytes()
    end = whole.rfind(b"PK\x05\x06")
    for form, place, value in (
        ("<H", 10, 65_000),
        ("<I", 12, 1 << 31),
        ("<I", 16, 1 << 31),
        ("<H", 4, 3),
        ("<I", 16, 1),
    ):
        data = bytearray(whole)
        struct.pack_into(form, data, end + place, value)
        path.write_bytes(data)
        refused(path, "archive")
    path.write_bytes(
        whole[:end] + struct.pack("<4sLQL", b"PK\x06\x07", 0, 1 << 60, 1) + whole[end:].replace(b"\0", b"\xff")
    )
    refused(path, "archive")


def test_64_bit_directories_are_read(tmp_path: Path):
    path = save_zip(tmp_path / "a.pt", VALUE)
    data = path.read_bytes()
    end = data.rfind(b"PK\x05\x06")
    _, _, _, _, count, length, start, _ = struct.unpack("<4s4H2LH", data[end : end + 22])
    wide = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    short = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(data[:end] + wide + locator + short)
    read(path)
    with zipfile.ZipFile(path, "w") as archive, zipfile.ZipFile(io.BytesIO(data)) as old:
        for entry in old.infolist():
            with archive.open(entry.filename, "w", force_zip64=True) as file:
                file.write(old.read(entry))
    read(path)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "..\\x", "C:\\x", "C:x", "//host/x", "a\x1bb"])
def test_names_that_lead_elsewhere_are_refused_and_nothing_is_written(tmp_path: Path, name: str):
    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    path = save_zip(folder / "a.pt", VALUE)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    refused(path, "archive")
    assert sorted(item.name for item in tmp_path.rglob("*")) == ["a.pt", "deep", "er"]


def test_archives_of_others_are_told(tmp_path: Path):
    cases: list[tuple[dict[str, bytes], str]] = [
        ({"a.txt": b"x"}, "holds no data.pkl"),
        ({"a/data.pkl": b"N.", "b/data.pkl": b"N."}, "holds no data.pkl"),
        ({"a/b/data.pkl": b"N."}, "holds no data.pkl"),
        ({"a/data.pkl": b"N.", "a/constants.pkl": b"N."}, "TorchScript"),
        ({"a/data.pkl": b"N.", "a/code/__torch__.py": b""}, "TorchScript"),
        ({"a/data.pkl": b"N.", "a/byteorder": b"big"}, "byte order"),
    ]
    for files, told in cases:
        with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        refused(tmp_path / "a.pt", told)


def test_encrypted_and_oddly_packed_archives_are_told(tmp_path: Path):
    whole = save_zip(tmp_path / "a.pt", VALUE).read_bytes()
    first = whole.find(b"PK\x01\x02")
    for place, value, told in ((8, 1, "encrypted"), (10, 12, "packed by method 12")):
        data = bytearray(whole)
        struct.pack_into("<H", data, first + place, value)
        (tmp_path / "a.pt").write_bytes(data)
        refused(tmp_path / "a.pt", told)


def test_a_checksum_that_was_not_computed_is_no_damage(tmp_path: Path):
    """PyTorch can be told to leave checksums out; it writes 0."""
    data = bytearray(save_zip(tmp_path / "a.pt", VALUE).read_bytes())
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        struct.pack_into("<I", data, place + 16, 0)
        place = data.find(b"PK\x01\x02", place + 4)
    (tmp_path / "a.pt").write_bytes(data)
    read(tmp_path / "a.pt")


def test_two_files_of_one_name_are_refused(tmp_path: Path):
    path = save_zip(tmp_path / "a.pt", VALUE)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("archive/data.pkl", b"N.")
    refused(path, "two files of the same name")
