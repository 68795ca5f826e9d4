"""Small projects to try things on, and what can be seen of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from yolor_studio.core.entities import Box, Fingerprint, MediaKind, Predictions
from yolor_studio.project import EditBuilder, Project

WIDTH, HEIGHT = 640, 480


def add_video(edit: EditBuilder, folder: Path, name: str = "clip", *, frames: int = 100) -> int:
    return edit.add_media(
        MediaKind.VIDEO,
        folder / f"{name}.mp4",
        name=name,
        width=WIDTH,
        height=HEIGHT,
        frames=frames,
        fps=25.0,
        fingerprint=Fingerprint(1, "0" * 64),
        verified=True,
    )


def small_project(folder: Path, *, frames: int = 100) -> tuple[Project, int, int]:
    """A new project with one video and one category: (project, media id, category id)."""
    project = Project.create(folder / "small.yolor")
    with project.edit("Begin") as edit:
        media = add_video(edit, folder, frames=frames)
        category = edit.add_category("car")
    return project, media, category


def predictions(*boxes: tuple[float, float, float, float], classes: Any = 0, scores: Any = 0.9) -> Predictions:
    """One prediction a box, with the given first classes and scores."""
    count = len(boxes)
    top = np.full((count, 3), -1, np.int16)
    top[:, 0] = classes
    marks = np.zeros((count, 3), np.float32)
    marks[:, 0] = scores
    return Predictions(np.array(boxes, np.float32).reshape(-1, 4), top, marks, np.full(count, -1, np.int32))


def grid(count: int) -> list[tuple[float, float, float, float]]:
    """Boxes that do not touch each other."""
    return [(i % 10 * 64.0 + 2, i // 10 * 48.0 + 2, 40.0, 30.0) for i in range(count)]


def add_layer(project: Project, names: tuple[str, ...] = ("car", "dog"), **settings: Any) -> int:
    layer = project.start_layer("model", "hash", names, min_score=0.05, device="cpu", settings=settings)
    project.adopt_class_map(layer, names)
    return layer


def content(project: Project) -> dict[str, Any]:
    """Everything of the project that edits can change."""
    media = project.media()
    things = [thing for one in media for thing in project.objects(one.id)]
    return {
        "media": media,
        "categories": project.categories(),
        "objects": things,
        "keyframes": {thing.id: project.keyframes(thing.id) for thing in things},
        "states": {one.id: project.frame_states(one.id) for one in media},
        "rejections": {one.id: project.rejections(one.id) for one in media},
        "maps": {layer.id: dict(project.class_map(layer.id)) for layer in project.layers()},
        "counts": project.counts(),
    }


BOX = Box(10.0, 20.0, 30.0, 40.0)
