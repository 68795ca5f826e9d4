"""Attributes of objects and of keyframes go out with every box and come in again as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.entities import Box, Fingerprint, Keyframe, MediaKind
from yolor_studio.formats.coco import documents, text
from yolor_studio.formats.coco_import import import_into
from yolor_studio.formats.coco_read import read
from yolor_studio.formats.pictures import Written
from yolor_studio.formats.plan import ExportRequest, plan_export
from yolor_studio.project import Project

ATTRIBUTES = st.dictionaries(st.sampled_from(["pose", "Farbe"]), st.sampled_from([1, "rot", None, [True]]))
REQUEST = ExportRequest(include=frozenset({"all"}), images="none")


def _new(path: Path) -> tuple[Project, int]:
    project = Project.create(path)
    with project.edit("Begin") as edit:
        media = edit.add_media(
            MediaKind.VIDEO, path.with_name("clip.mp4"), name="clip.mp4", width=640, height=480, frames=50,
            fps=25.0, fingerprint=Fingerprint(1, "a"), verified=True,
        )  # fmt: skip
    return project, media


def _export(project: Project) -> bytes:
    (document,) = documents(plan_export(project, REQUEST), Written({}, {}))
    return b"".join(text(document))


def _attributes(content: bytes) -> list[dict[str, Any]]:
    """By frame and track."""
    boxes = sorted(json.loads(content)["annotations"], key=lambda one: (one["image_id"], one["track_id"]))
    return [one["attributes"] for one in boxes]


def test_a_keyframe_s_attributes_hold_until_the_next_and_stand_over_the_object_s(tmp_path: Path) -> None:
    project, media = _new(tmp_path / "a.yolor")
    with project:
        with project.edit("Label") as edit:
            car = edit.add_category("car")
            keyframes = [
                Keyframe(0, 3, Box(1, 1, 9, 9), interpolate=True, attributes={"pose": 1, "door": "open"}),
                Keyframe(0, 5, Box(5, 1, 9, 9)),
            ]
            edit.add_track(media, car, keyframes, attributes={"pose": 0, "colour": "red"})
        own = {"occluded": False, "colour": "red"}
        assert _attributes(_export(project)) == [
            {**own, "keyframe": True, "pose": 1, "door": "open"},
            {**own, "keyframe": False, "pose": 1, "door": "open"},
            {**own, "keyframe": True, "pose": 0},
        ]
        table = project.box_table(media, [4, 5])
        assert [json.loads(table.texts[number]) for number in table.attributes] == [{"pose": 1, "door": "open"}, {}]


@settings(deadline=None, max_examples=25, derandomize=True)
@given(
    tracks=st.lists(
        st.tuples(
            ATTRIBUTES,
            st.dictionaries(st.integers(0, 12), st.tuples(ATTRIBUTES, st.booleans(), st.booleans()), min_size=1),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_what_goes_out_comes_in_again(
    tmp_path_factory: pytest.TempPathFactory, tracks: list[tuple[dict[str, Any], dict[int, tuple]]]
) -> None:
    folder = tmp_path_factory.mktemp("p")
    project, media = _new(folder / "a.yolor")
    with project:
        with project.edit("Label") as edit:
            car = edit.add_category("car")
            for own, frames in tracks:
                keyframes = [
                    Keyframe(0, frame, Box(10 + frame, 20, 30, 40), occluded, interpolate, attributes=attributes)
                    for frame, (attributes, occluded, interpolate) in frames.items()
                ]
                edit.add_track(media, car, keyframes, attributes=own)
        first = _export(project)
    (folder / "out.json").write_bytes(first)
    again, _media = _new(folder / "b.yolor")
    with again:
        import_into(again, [read(folder / "out.json")])
        assert _attributes(_export(again)) == _attributes(first)
