"""Still images: orientation, depth, damage and bounds."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yolor_studio.core.errors import MediaError
from yolor_studio.media import open_media, probe

REFUSED = {
    "LICENSE",
    "broken.png",
    "crash-2020-10-test.tif",
    "decompression_bomb.gif",
    "seek_too_large.tif",
    "zero_width.gif",
}
CUT_OFF = {
    "broken_data_stream.png",
    "truncated_end_chunk.png",
    "truncated_image.png",
    "truncated_jpeg.jpg",
    "ultrahdr.jpg",
}


def read(path: Path) -> np.ndarray:
    with open_media(path) as source:
        picture = source.read(0)
        assert picture.shape == (source.info.height, source.info.width, 3)
        assert picture.dtype == np.uint8
        assert picture.flags.c_contiguous
        assert picture.flags.writeable
        bgra = source.read(0, bgra=True)
        assert np.array_equal(bgra[..., 2::-1], picture)
        assert (bgra[..., 3] == 255).all()
    return picture


@pytest.mark.parametrize("kind", ["Landscape", "Portrait"])
def test_every_exif_orientation_looks_the_same(shared: Path, kind: str) -> None:
    folder = shared / "data" / "datasets" / "images-exif-orientation"
    pictures = [read(folder / f"{kind}_{value}.jpg").astype(int) for value in range(9)]
    for value, picture in enumerate(pictures):
        assert picture.shape == pictures[1].shape
        difference = np.abs(picture - pictures[1]).mean()
        assert difference < 8, f"orientation {value} differs by {difference:.1f}"


def test_odd_images_open_or_say_why(shared: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = shared / "data" / "datasets" / "images-odd-pillow"
    refused, cut_off = set(), set()
    for path in sorted(folder.iterdir()):
        try:
            info = probe(path)
        except MediaError as error:
            refused.add(path.name if path.name in str(error) else str(error))
            continue
        assert read(path).shape == (info.height, info.width, 3)
        assert info.fps is None
        if any("cut off" in note for note in info.notes):
            cut_off.add(path.name)
    assert (refused, cut_off) == (REFUSED, CUT_OFF)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("value", range(1, 9))
def test_orientation_in_other_formats(tmp_path: Path, suffix: str, value: int) -> None:
    upright = np.zeros((16, 48, 3), np.uint8)
    upright[:8, :24], upright[8:, :24] = 255, 128
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[value]
    exif = Image.Exif()
    exif[0x0112] = value
    path = tmp_path / f"picture{suffix}"
    options = {".jpg": {"quality": 100}, ".webp": {"lossless": True}}.get(suffix, {})
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif, **options)
    assert np.abs(read(path).astype(int) - upright).max() <= (4 if suffix == ".jpg" else 0)
    assert probe(path).rotation == {1: 0, 2: 0, 3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}[value]


def test_depth_palette_and_alpha(tmp_path: Path) -> None:
    deep = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert np.array_equal(read(tmp_path / "deep.png")[..., 1], (deep >> 8).astype(np.uint8))
    Image.fromarray(deep).save(tmp_path / "deep.tif")
    assert np.array_equal(read(tmp_path / "deep.tif")[..., 2], (deep >> 8).astype(np.uint8))

    Image.new("L", (5, 4), 77).save(tmp_path / "grey.jpg")
    assert (read(tmp_path / "grey.jpg") == 77).all()
    Image.new("RGB", (5, 4), (10, 200, 30)).convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "p.png")
    assert np.abs(read(tmp_path / "p.png")[0, 0].astype(int) - (10, 200, 30)).max() <= 1
    Image.new("RGBA", (5, 4), (10, 200, 30, 0)).save(tmp_path / "clear.png")
    assert read(tmp_path / "clear.png")[0, 0].tolist() == [10, 200, 30], "alpha is dropped, not painted"
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "cmyk.jpg")
    red, green, blue = read(tmp_path / "cmyk.jpg")[8, 8].tolist()
    assert red > 200 > 60 > max(green, blue)


def test_the_first_of_several_pictures(tmp_path: Path) -> None:
    pages = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    for name in ("many.gif", "many.tif", "many.webp"):
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:], lossless=True)
        assert read(tmp_path / name)[4, 4].tolist() == [255, 0, 0]
        assert probe(tmp_path / name).notes == ("The file holds 3 pictures; the first is shown.",)


def test_names_of_any_kind(tmp_path: Path) -> None:
    path = tmp_path / "Straße 東京 🚗 %20?.jpg"
    Image.new("RGB", (8, 6), "white").save(path, "JPEG")
    assert read(path).shape == (6, 8, 3)
    assert probe(path).as_json() | {"path": ""} == {
        "kind": "image",
        "path": "",
        "codec": "jpeg",
        "width": 8,
        "height": 6,
        "frames": 1,
        "constant_rate": True,
        "fps": None,
        "rotation": 0,
        "notes": [],
        "verified": True,
    }


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(30_001, 10), (10, 30_001), (20_001, 20_000), (2**31 - 1, 2**31 - 1)])
def test_bombs_are_refused_by_their_header(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(*size))
    with pytest.raises(MediaError, match=r"too large.*30,000 a side and 400 megapixels|bomb.png is"):
        probe(path)


def test_a_large_picture_within_the_bound_is_told(tmp_path: Path) -> None:
    Image.new("L", (20_500, 12), 9).save(tmp_path / "wide.png")
    info = probe(tmp_path / "wide.png")
    assert (info.width, info.height) == (20_500, 12)
    assert "true pixels" in info.notes[0]


def test_cut_off_pictures_show_what_is_there(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    original = rng.integers(0, 255, (64, 64, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(original).save(buffer, "PNG")
    path = tmp_path / "cut.png"
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) * 2 // 3])
    picture = read(path)
    assert np.array_equal(picture[:32], original[:32])
    assert "cut off" in probe(path).notes[0]


def test_only_frame_0(tmp_path: Path) -> None:
    Image.new("RGB", (8, 6)).save(tmp_path / "a.png")
    with open_media(tmp_path / "a.png") as source:
        assert [index for index, _ in source.frames([0])] == [0]
        assert source.timestamp(0) is None
        with pytest.raises(MediaError, match="one frame, number 0; there is no frame 1"):
            source.read(1)


def test_an_image_without_a_known_suffix_opens_by_its_content(tmp_path: Path) -> None:
    Image.new("RGB", (8, 6)).save(tmp_path / "upload.bin", "PNG")
    assert probe(tmp_path / "upload.bin").codec == "png"
    (tmp_path / "notes.bin").write_text("nothing")
    with pytest.raises(MediaError, match=r"notes\.bin"):
        probe(tmp_path / "notes.bin")
    with pytest.raises(MediaError, match="does not exist"):
        probe(tmp_path / "gone.png")


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_a_file_that_goes_away_between_header_and_pixels(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    Image.new("RGB", (8, 8)).save(path)
    with open_media(path) as source:
        path.unlink()
        with pytest.raises(MediaError, match=f"{name} cannot be read: No such file"):
            source.read(0)
