"""What the frame strip shows of a media, read in one go on a thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.entities import FrameState, Media
from yolor_studio.gui.widgets.strip_columns import NOT_VISITED, Review
from yolor_studio.project import Project

__all__ = ["StripData", "read_strip"]


@dataclass(frozen=True, slots=True, eq=False)
class StripData:
    """states: uint8 [frames] of `Review`; counts: int32 [frames], NOT_VISITED where no run looked."""

    media_id: int
    states: NDArray[np.uint8]
    counts: NDArray[np.int32]
    reviewed: int


def read_strip(project: Project, media: Media) -> StripData:
    """Review states and numbers of boxes (objects, and predictions over the score limit) of every frame."""
    frames = max(media.frames, 1)
    on_frame = project.box_table(media.id).frames
    objects = np.bincount(on_frame[on_frame < frames], minlength=frames).astype(np.int32)
    counts = objects.copy()
    layer = project.shown_layer()
    if layer is None:
        counts[objects == 0] = NOT_VISITED
    else:
        _add_predictions(project, layer.id, media, counts)
    states = np.full(frames, Review.UNTOUCHED, np.uint8)
    reviewed = 0
    for frame, state in project.frame_states(media.id).items():
        if frame >= frames:
            continue
        if state is FrameState.SKIPPED:
            states[frame] = Review.SKIPPED
        else:
            reviewed += 1
            states[frame] = Review.REVIEWED if objects[frame] else Review.EMPTY
    return StripData(media.id, states, counts, reviewed)


def _add_predictions(project: Project, layer_id: int, media: Media, counts: NDArray[np.int32]) -> None:
    limit, visited = project.score_limit(), np.zeros(len(counts), bool)
    for frame, predictions in project.iter_predictions(layer_id, media.id):
        if frame < len(counts):
            visited[frame] = True
            if not counts[frame]:  # where there are objects, most predictions hide under them
                counts[frame] = int(np.count_nonzero(predictions.scores[:, 0] >= limit))
    counts[(counts == 0) & ~visited] = NOT_VISITED
