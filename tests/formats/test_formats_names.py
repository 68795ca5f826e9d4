"""Exported names are safe on every file system and never collide."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.entities import Fingerprint, Media, MediaKind
from yolor_studio.formats.names import clip_names, frame_file, safe_name, unique_names


def _media(identity: int, name: str, kind: MediaKind = MediaKind.VIDEO) -> Media:
    return Media(identity, kind, f"x/{name}", name, 10, 10, 5, 25.0, Fingerprint(1, "a"), verified=True)


@settings(deadline=None)
@given(st.lists(st.text(max_size=200), max_size=12))
def test_any_names_become_safe_and_unique(names: list[str]) -> None:
    made = unique_names(names)
    assert len({name.casefold() for name in made}) == len(names)
    for name in made:
        assert not set(name) & set('<>:"/\\|?*\0')
        assert name not in ("", ".", "..")
        assert not name.startswith(".")
        assert len(name.encode()) <= 130


def test_reserved_and_odd_names() -> None:
    assert safe_name("CON") == "_CON"
    assert safe_name("../..") == "_"
    assert safe_name("...") == "unnamed"
    assert safe_name("a:b?.c ") == "a_b_.c"
    assert safe_name("strasse 北京") == "strasse 北京"


def test_clips_of_the_same_stem_stay_apart_and_sequences_keep_their_dots() -> None:
    media = [_media(3, "A.mp4"), _media(4, "a.mov"), _media(7, "run.v2", MediaKind.SEQUENCE), _media(9, ".mp4")]
    assert clip_names(media) == {3: "A", 4: "a_2", 7: "run.v2", 9: "mp4"}
    assert frame_file("A", 204, ".jpg") == "A/A_000204.jpg"
