"""From a figure to its frame: shows it in the workspace with its boxes selected."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject

from yolor_studio.core.boxes import iou_matrix
from yolor_studio.core.entities import Box
from yolor_studio.gui.canvas import BoxRef
from yolor_studio.gui.evaluation.spots import Spot
from yolor_studio.gui.session import Session
from yolor_studio.gui.studio import Studio
from yolor_studio.gui.workspace import Workspace

__all__ = ["Reveal", "refs_of"]

SAME = 0.9
"""Boxes that overlap so much are one and the same, moved a little since."""


def refs_of(session: Session, spot: Spot) -> list[BoxRef]:
    """The boxes of the frame in view that a spot means: the object of its true box, else the shown prediction of its
    detection; none where they were changed or removed since."""
    if spot.true_box is not None:
        objects = [(BoxRef("object", item.object.id), item.box) for item in session.boxes()]
        return _nearest(spot.true_box, objects)
    shown = session.shown()
    if spot.found_box is None or shown is None:
        return []
    rows = [
        (BoxRef("prediction", row), Box(*box))
        for row, box in zip(shown.rows.tolist(), shown.boxes.tolist(), strict=True)
    ]
    return _nearest(spot.found_box, rows)


def _nearest(box: Box, among: list[tuple[BoxRef, Box]]) -> list[BoxRef]:
    if not among:
        return []
    overlaps = iou_matrix(box, np.array([other for _, other in among]))[0]
    best = int(overlaps.argmax())
    return [among[best][0]] if overlaps[best] >= SAME else []


class Reveal(QObject):
    """Waits until the frame is on the canvas, selects, and is done."""

    def __init__(self, studio: Studio, workspace: Workspace, place: tuple[int, int], spot: Spot) -> None:
        super().__init__(workspace)
        self._studio, self._workspace, self._place, self._spot = studio, workspace, place, spot
        self._done = False
        workspace.link.picture_shown.connect(self._shown)
        if studio.session is not None:
            studio.session.go(*place)
        self._shown()

    def _shown(self, _picture: object = None) -> None:
        session, workspace = self._studio.session, self._workspace
        if self._done or session is None or workspace.link.shown_place != self._place:
            return
        self._done = True
        refs = refs_of(session, self._spot)
        self._studio.selection.set(refs)
        workspace.canvas.show_box(self._spot.boxes[0])
        if not refs and self._spot.true_box is not None:
            self._studio.tell(self.tr("This box was changed or deleted since the model was measured."))
        elif not refs:
            self._studio.tell(
                self.tr("The model's box is not shown here: pre-label this frame with it, or lower the score limit.")
            )
        self.deleteLater()
