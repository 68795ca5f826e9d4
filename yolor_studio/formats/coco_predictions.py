"""Bringing scored COCO records into a project as layers of predictions, one a file."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Box, Predictions
from yolor_studio.core.errors import FormatError
from yolor_studio.formats.advice import counted
from yolor_studio.formats.import_report import ImportReport
from yolor_studio.formats.import_source import Source, fitted
from yolor_studio.project import Project

Found = Mapping[int, Mapping[int, list[tuple[float, int, Box]]]]
"""Media id -> frame -> (score, class index, box)."""


def import_layers(
    project: Project, sources: Sequence[Source], report: ImportReport, cancel: CancelToken | None
) -> None:
    """Write the scored boxes of each file to a layer of its own, the one it had before when it came in before. Raises
    FormatError when no record has a score, and Cancelled."""
    made: list[int] = []
    unscored = 0
    for source in sources:
        found: dict[int, dict[int, list[tuple[float, int, Box]]]] = defaultdict(lambda: defaultdict(list))
        numbers = {key: number for number, key in enumerate(source.categories)}
        for record, place, category in source.placed(report.problems):
            if record.score is None:
                unscored += 1
            elif (box := fitted(record, place.media, report)) is not None:
                found[place.media.id][place.frame].append((record.score, numbers[category.key], box))
        if not found:
            continue
        for place in source.places.values():
            found[place.media.id].setdefault(place.frame, [])  # looked at, nothing found
        made.append(_write_layer(project, source, found, cancel))
        report.predictions += sum(len(rows) for frames in found.values() for rows in frames.values())
    if not made:
        raise FormatError("No record has a score, so there are no predictions to import. Nothing was changed.")
    if unscored:
        report.notices.append(f"{counted(unscored, 'record')} without a score were left out: they are no predictions.")
    report.layers = tuple(made)


def _write_layer(
    project: Project,
    source: Source,
    found: Found,
    cancel: CancelToken | None,
) -> int:
    path = source.file.path
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    names = [category.name for category in source.categories.values()]
    same = [layer.id for layer in project.layers() if layer.model_hash == digest and layer.model == path.stem]
    layer_id = (
        same[-1]
        if same
        else project.start_layer(path.stem, digest, names, min_score=0.0, device="import", settings={"file": path.name})
    )
    project.adopt_class_map(layer_id, names)
    for media_id, frames in found.items():
        if cancel is not None:
            cancel.check()
        project.write_predictions(layer_id, media_id, {frame: _predictions(rows) for frame, rows in frames.items()})
    project.finish_layer(layer_id)
    return layer_id


def _predictions(rows: list[tuple[float, int, Box]]) -> Predictions:
    if not rows:
        return Predictions.empty()
    rows = sorted(rows, key=lambda row: -row[0])
    classes = np.full((len(rows), 3), -1, np.int16)
    scores = np.zeros((len(rows), 3), np.float32)
    classes[:, 0] = [row[1] for row in rows]
    scores[:, 0] = [row[0] for row in rows]
    boxes = np.array([row[2] for row in rows], np.float32)
    return Predictions(boxes, classes, scores, np.full(len(rows), -1, np.int32))
