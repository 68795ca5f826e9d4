"""The boxes behind a figure: one ground truth box, one detection, or both, on one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from yolor_studio.core.boxes import iou_matrix
from yolor_studio.core.entities import Box
from yolor_studio.jobs.evaluation import Evaluation
from yolor_studio.metrics.confusion import Pairing

__all__ = ["Spot", "cell_sentence", "spots_of"]


@dataclass(frozen=True, slots=True)
class Spot:
    """Something to look at."""

    picture: int
    """Numbered from 1."""
    name: str
    """Of the picture."""
    true_box: Box | None
    found_box: Box | None
    true_category: int | None
    """A place in the evaluation's categories, from 0."""
    found_category: int | None
    score: float | None
    overlap: float | None

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Those that there are."""
        return tuple(box for box in (self.true_box, self.found_box) if box is not None)


def spots_of(evaluation: Evaluation, pairing: Pairing, cell: tuple[int, int], *, most: int) -> tuple[list[Spot], int]:
    """The boxes counted in one cell of the matrix, at most `most` of them, and how many there are: the surest
    detections first, then the largest boxes."""
    analysis, pairs = evaluation.analysis, pairing.cell(*cell)
    true_rows, found_rows = pairing.truth[pairs], pairing.found[pairs]
    areas = analysis.truth[true_rows, 4] * analysis.truth[true_rows, 5] if len(analysis.truth) else np.zeros(len(pairs))
    scores = (
        np.where(found_rows >= 0, analysis.found[found_rows, 6], -1.0) if len(analysis.found) else -np.ones(len(pairs))
    )
    order = np.lexsort((-areas, -scores))[:most]
    spots = [
        _spot(evaluation, cell, int(true_row), int(found_row))
        for true_row, found_row in zip(true_rows[order], found_rows[order], strict=True)
    ]
    return spots, len(pairs)


def _spot(evaluation: Evaluation, cell: tuple[int, int], true_row: int, found_row: int) -> Spot:
    """Of the rows one may be -1: nothing."""
    analysis = evaluation.analysis
    true = analysis.truth[true_row] if true_row >= 0 else None
    found = analysis.found[found_row] if found_row >= 0 else None
    row = true if true is not None else found
    assert row is not None
    picture = int(row[0])
    return Spot(
        picture,
        evaluation.truth.names[picture - 1],
        Box(*true[2:6].tolist()) if true is not None else None,
        Box(*found[2:6].tolist()) if found is not None else None,
        cell[0] if true is not None else None,
        cell[1] if found is not None else None,
        float(found[6]) if found is not None else None,
        float(iou_matrix(true[2:6], found[2:6])[0, 0]) if true is not None and found is not None else None,
    )


def cell_sentence(count: int, row: str | None, column: str | None) -> str:
    """What a cell of the matrix counts: "32 suv taken for car"; None stands for nothing."""
    number = f"{count:,}"
    if row is None:
        return _tr("{count} {name} where there is none").format(count=number, name=column)
    if column is None:
        return _tr("{count} {name} missed").format(count=number, name=row)
    if row == column:
        return _tr("{count} {name} found").format(count=number, name=row)
    return _tr("{count} {row} taken for {column}").format(count=number, row=row, column=column)


def _tr(text: str) -> str:
    return QCoreApplication.translate("evaluation", text)
