"""Bringing COCO files into a project: objects from datasets, a layer of predictions from scored records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.entities import Box
from yolor_studio.core.errors import FormatError, ProjectError
from yolor_studio.formats.advice import counted, listed
from yolor_studio.formats.coco_predictions import import_layers
from yolor_studio.formats.coco_read import CategoryRecord, CocoFile
from yolor_studio.formats.import_report import ImportReport
from yolor_studio.formats.import_source import Source, fitted
from yolor_studio.formats.matching import Matcher, Place
from yolor_studio.formats.tracks import Sighting, Track, build_tracks
from yolor_studio.project import EditBuilder, Project, plain_name

__all__ = ["ImportReport", "import_into"]

_CHECK_EVERY = 1000


def import_into(
    project: Project,
    files: Sequence[CocoFile],
    *,
    predictions: bool = False,
    cancel: CancelToken | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Add the files' boxes to the project in one edit, or with `predictions` their scored boxes to a layer a file.
    Lists of results take their pictures and categories from the dataset among `files`.

    Raises FormatError when the files name none of the project's media, and Cancelled; nothing was changed then.
    """
    datasets = _datasets(files)
    matcher = Matcher(project)
    report = ImportReport(files=len(files))
    sources = [
        Source(file, dataset, matcher=matcher, report=report) for file, dataset in zip(files, datasets, strict=True)
    ]
    for file in files:
        report.problems.extend(file.problems)
    if not report.placed:
        first = f" The first: {report.problems.listed[0][1]}." if report.problems.listed else ""
        raise FormatError(
            f"None of the {report.images:,} pictures belongs to a media of this project, so nothing was changed. "
            f"Add the pictures or videos first.{first}"
        )
    if predictions:
        import_layers(project, sources, report, cancel)
    else:
        _import_objects(project, sources, report, cancel=cancel, progress=progress)
    report.notices += _told(sources, report)
    return report


def _datasets(files: Sequence[CocoFile]) -> list[CocoFile]:
    """For each file the one that has its pictures and categories: itself, or for results the dataset beside them."""
    datasets = [file for file in files if not file.results]
    results = [file for file in files if file.results]
    if results and len(datasets) != 1:
        raise FormatError(
            f"{results[0].path.name} names pictures and categories by number only. Name the one dataset file that it "
            f"belongs to as well; {len(datasets)} were named. Nothing was changed."
        )
    return [datasets[0] if file.results else file for file in files]


def _import_objects(
    project: Project,
    sources: Sequence[Source],
    report: ImportReport,
    *,
    cancel: CancelToken | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    known = _Known(project)
    with project.bulk_edit(f"Import {listed([source.file.path.name for source in sources])}", actor="import") as edit:
        categories = _Categories(project, edit)
        for source in sources:
            if not source.file.results:
                categories.add(source.categories.values(), source.shift)
        sightings: list[Sighting] = []
        scored = 0
        for source in sources:
            for record, place, category in source.placed(report.problems):
                if record.score is not None:
                    scored += 1
                    continue
                box = fitted(record, place.media, report)
                category_id = categories.id_of(category)
                if box is None or known.has(place, category_id, box):
                    report.already_there += box is not None
                    continue
                sightings.append(Sighting(record, place, category_id, box))
        tracks = build_tracks(sightings)
        total = len(sightings)
        for number, track in enumerate(tracks):
            if number % _CHECK_EVERY == 0 and cancel is not None:
                cancel.check()
            _add(edit, track)
            report.objects += 1
            report.boxes += track.boxes
            if progress is not None:
                progress(report.boxes, total)
        report.categories_added = tuple(categories.added)
    if scored:
        report.notices.append(
            f"{counted(scored, 'record')} with a score were left out: they are predictions. "
            "Import them as predictions to see them as a layer."
        )


def _add(edit: EditBuilder, track: Track) -> None:
    def add(track_id: int | None) -> None:
        edit.add_track(
            track.media_id,
            track.category_id,
            track.keyframes,
            ignore=track.ignore,
            attributes=track.attributes,
            track_id=track_id,
        )

    try:
        add(track.wanted_id)
    except ProjectError:
        if track.wanted_id is None:
            raise
        add(None)  # the id is taken, so it gets a new one


class _Known:
    """The boxes that the project has already, so that the same file twice adds nothing."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._boxes: dict[int, set[tuple[int, int, tuple[float, ...]]]] = {}

    def has(self, place: Place, category_id: int, box: Box) -> bool:
        """Whether an object of this category has this very box there."""
        media_id = place.media.id
        if media_id not in self._boxes:
            self._boxes[media_id] = self._read(media_id)
        return (place.frame, category_id, _rounded(box)) in self._boxes[media_id]

    def _read(self, media_id: int) -> set[tuple[int, int, tuple[float, ...]]]:
        table = self._project.box_table(media_id)
        categories = {thing.id: thing.category_id for thing in self._project.objects(media_id)}
        return {
            (frame, categories[thing], _rounded(box))
            for frame, thing, box in zip(
                table.frames.tolist(), table.objects.tolist(), table.boxes.tolist(), strict=True
            )
        }


def _rounded(box: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(side, 6) for side in box)


class _Categories:
    """A file's categories in the project: of the very name, or of one that differs in case and spaces only, or else
    added with the file's id where that is free."""

    def __init__(self, project: Project, edit: EditBuilder) -> None:
        self._edit = edit
        there = project.categories()
        self._alike = {plain_name(category.name): category.id for category in reversed(there)}
        self._ids = {category.name: category.id for category in there}
        self.added: list[str] = []

    def add(self, categories: Iterable[CategoryRecord], shift: int) -> None:
        """Find or add each."""
        for category in categories:
            if category.name not in self._ids:
                alike = self._alike.get(plain_name(category.name))
                self._ids[category.name] = self._new(category, shift) if alike is None else alike

    def _new(self, category: CategoryRecord, shift: int) -> int:
        name, above = category.name, category.supercategory
        self.added.append(name)
        wanted = None if category.id is None or category.id + shift < 1 else category.id + shift
        try:
            return self._edit.add_category(name, supercategory=above, id=wanted)
        except ProjectError:
            return self._edit.add_category(name, supercategory=above)  # the id is taken

    def id_of(self, category: CategoryRecord) -> int:
        """The project's id."""
        return self._ids[category.name]


def _told(sources: Sequence[Source], report: ImportReport) -> Iterator[str]:
    other_size = [name for source in sources if not source.file.results for name in source.other_size]
    if other_size:
        yield (
            f"{counted(len(other_size), 'picture')} of another size than the file says, the first {other_size[0]}: "
            "its boxes were taken as pixels of the picture as it is."
        )
    outlines = sum(source.file.outlines for source in sources)
    if outlines:
        yield f"{counted(outlines, 'record')} had outlines or key points; only the boxes came in."
    if report.clipped:
        yield f"{counted(report.clipped, 'box', 'boxes')} reached over the border and were clipped."
    if report.already_there:
        yield f"{counted(report.already_there, 'box', 'boxes')} were in the project already."
    unplaced = report.images - report.placed
    if unplaced:
        yield f"{counted(unplaced, 'picture')} of the files belong to no media of the project."
