"""What a model can be measured on: the open project's reviewed frames, or COCO datasets that a person names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yolor_studio.core.cancel import CancelToken
from yolor_studio.gui.evaluation.spots import Spot
from yolor_studio.gui.session import Session
from yolor_studio.jobs.datasets import Dataset
from yolor_studio.jobs.evaluate import evaluate, evaluate_project
from yolor_studio.jobs.evaluation import Evaluation
from yolor_studio.jobs.events import Job
from yolor_studio.project import Project

__all__ = ["ProjectFrames", "Source", "colours_of", "place_of", "start"]


@dataclass(frozen=True, slots=True, eq=False)
class ProjectFrames:
    """The reviewed frames of the open project."""

    project: Project

    @property
    def name(self) -> str:
        """As people know it."""
        return self.project.path.stem


Source = ProjectFrames | Dataset


def start(source: Source, cancel: CancelToken, *, model: str | None, size: int | None, device: str) -> Job:
    """The job that measures a model on this; `size` is the longest input side in pixels, None the model's own."""
    if isinstance(source, ProjectFrames):
        return evaluate_project(source.project, cancel, model=model, size=size, device=device)
    return evaluate(source.data, None, cancel, model=model, size=size, device=device)


def colours_of(source: Source, evaluation: Evaluation, session: Session | None) -> Sequence[int]:
    """Palette indices of an evaluation's categories: the project's where it has the category, else in their order."""
    categories = evaluation.analysis.categories
    if session is None:
        return range(len(categories))
    by_id = {category.id: category.colour for category in session.categories}
    by_name = {category.name.casefold(): category.colour for category in session.categories}
    if isinstance(source, ProjectFrames):
        return [by_id.get(identity, place) for place, (identity, _) in enumerate(categories)]
    return [by_name.get(name.casefold(), place) for place, (_, name) in enumerate(categories)]


def place_of(evaluation: Evaluation, spot: Spot, session: Session | None) -> tuple[int, int] | None:
    """(media id, frame) of the spot's picture in the open project; None where it has none."""
    if session is None:
        return None
    if evaluation.truth.places:
        return evaluation.truth.places[spot.picture - 1]
    file = evaluation.truth.files[spot.picture - 1]
    wanted = None if file is None else _same(file)
    for media in session.media:
        if _same(session.project.media_path(media)) == wanted:
            return media.id, 0
    return None


def _same(path: Path) -> str:
    return str(path.expanduser().resolve())
