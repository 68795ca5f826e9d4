"""What dropped files and folders are taken for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yolor_studio.core.entities import MediaKind
from yolor_studio.core.errors import MediaError
from yolor_studio.media import discover, fingerprint, open_media, probe
from yolor_studio.media.discovery import natural_key, series_of


def picture(path: Path, size: tuple[int, int] = (8, 6), colour: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, colour).save(path)
    return path


def names(paths: list[Path]) -> list[tuple[str, str]]:
    return [(item.kind.value, item.path.name) for item in discover(paths)]


def test_a_numbered_series_is_one_sequence(tmp_path: Path) -> None:
    for number in (9, 10, 8, 100):
        picture(tmp_path / f"frame {number}.png")
    (tmp_path / "readme.txt").write_text("not a picture")
    (tmp_path / ".hidden.png").write_bytes(b"x")
    [found] = discover([tmp_path])
    assert (found.kind, found.path, found.error) == (MediaKind.SEQUENCE, tmp_path, None)
    assert found.files == ("frame 8.png", "frame 9.png", "frame 10.png", "frame 100.png")


def test_other_folders_are_images_in_natural_order(tmp_path: Path) -> None:
    for name in ("b2.png", "b10.png", "a.png", "sub/x.png", "sub/y.png", "sub/deep/1.png", "sub/deep/2.png"):
        picture(tmp_path / name)
    (tmp_path / "clip.mp4").write_bytes(b"x")
    (tmp_path / ".git").mkdir()
    picture(tmp_path / ".git" / "z.png")
    assert names([tmp_path]) == [
        ("image", "a.png"),
        ("image", "b2.png"),
        ("image", "b10.png"),
        ("video", "clip.mp4"),
        ("image", "x.png"),
        ("image", "y.png"),
        ("sequence", "deep"),
    ]


def test_named_files_that_are_no_media_say_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    found = discover([tmp_path / "notes.txt", tmp_path / "gone.mp4", tmp_path / "empty"])
    assert [item.error for item in found] == [
        "notes.txt is neither an image nor a video by its name.",
        "gone.mp4 does not exist.",
        "empty holds no images or videos.",
    ]


def test_source_code_is_no_transport_stream(tmp_path: Path) -> None:
    (tmp_path / "index.ts").write_text("export const answer = 42;\n")
    (tmp_path / "real.ts").write_bytes((b"G" + bytes(187)) * 3)
    picture(tmp_path / "a.png")
    assert names([tmp_path]) == [("image", "a.png"), ("video", "real.ts")]


@pytest.mark.parametrize(
    ("files", "is_series"),
    [
        (["1.jpg", "2.jpg"], True),
        (["img_0001.JPG", "img_0002.jpg"], True),
        (["cam1_0001_left.png", "cam1_0002_left.png"], True),
        (["1.jpg"], False),
        (["1.jpg", "2.png"], False),
        (["a1.jpg", "b2.jpg"], False),
        (["1.jpg", "01.jpg"], False),
        (["1.jpg", "2.jpg", "cover.jpg"], False),
        (["1.mp4", "2.mp4"], False),
    ],
)
def test_series(files: list[str], is_series: bool) -> None:
    assert bool(series_of(files)) is is_series


def test_natural_key() -> None:
    assert sorted(["a10", "A9", "a1b2", "a1b10", "2", "10", "٣"], key=natural_key)[:2] == ["2", "٣"]
    assert sorted(["a10", "A9", "a1b10", "a1b2"], key=natural_key) == ["a1b2", "a1b10", "A9", "a10"]


def test_a_sequence_behaves_like_a_video(tmp_path: Path) -> None:
    for number in range(5):
        picture(tmp_path / f"{number}.png", colour=number * 10)
    picture(tmp_path / "3.png", (16, 6), colour=30)
    info = probe(tmp_path)
    assert (info.kind, info.width, info.height, info.frames, info.fps) == (MediaKind.SEQUENCE, 8, 6, 5, None)
    assert "1 of 5 pictures have another size" in info.notes[0]
    with open_media(tmp_path, files=["0.png", "2.png", "3.png", "4.png"]) as source:
        assert [int(source.read(k)[3, 4, 0]) for k in (3, 0, 2, 1)] == [40, 0, 30, 20]
        assert [k for k, _ in source.frames([1, 3])] == [1, 3]
        assert source.read(2)[0, 0].tolist() == [0, 0, 0], "another shape stands on black"
        assert source.read(2, bgra=True).shape == (6, 8, 4)
        with pytest.raises(MediaError, match="4 frames, 0 to 3"):
            source.read(4)


def test_a_sequence_tells_of_files_that_went(tmp_path: Path) -> None:
    files = [picture(tmp_path / f"{number}.png").name for number in range(3)]
    (tmp_path / "1.png").write_bytes(b"no picture")
    info = probe(tmp_path)
    assert info.frames == 3
    assert "1 of 3 pictures cannot be read; the first: 1.png" in info.notes[0]
    with open_media(tmp_path, files=files) as source:
        source.read(2)
        with pytest.raises(MediaError, match=r"1\.png"):
            source.read(1)


def test_a_sequence_stays_in_its_folder(tmp_path: Path) -> None:
    picture(tmp_path / "secret.png")
    (tmp_path / "folder").mkdir()
    with pytest.raises(MediaError, match="must lie in its folder"):
        open_media(tmp_path / "folder", files=["../secret.png"])
    with pytest.raises(MediaError, match="no numbered series"):
        open_media(tmp_path / "folder")


def test_fingerprints(tmp_path: Path) -> None:
    big = np.random.default_rng(1).integers(0, 255, 3 << 20, np.uint8).tobytes()
    first, moved, changed, middle = (tmp_path / name for name in ("a.bin", "b.bin", "c.bin", "d.bin"))
    first.write_bytes(big)
    moved.write_bytes(big)
    changed.write_bytes(big[:-1] + b"?")
    middle.write_bytes(big[: 3 << 19] + b"?" + big[(3 << 19) + 1 :])
    assert fingerprint(first) == fingerprint(moved) == fingerprint(middle)
    assert fingerprint(first).size == len(big)
    assert fingerprint(changed) != fingerprint(first)
    (tmp_path / "small").write_bytes(b"abc")
    assert fingerprint(tmp_path / "small").digest.startswith("ba7816bf"), "small files: SHA-256 of all of it"
    with pytest.raises(MediaError, match="cannot be read"):
        fingerprint(tmp_path / "gone")
    folder = tmp_path / "seq"
    picture(folder / "1.png")
    before = fingerprint(folder)
    picture(folder / "2.png")
    assert fingerprint(folder) != before
