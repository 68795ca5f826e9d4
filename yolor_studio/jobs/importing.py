"""Importing annotation files into a project, as a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from yolor_studio.core.cancel import CancelToken
from yolor_studio.core.errors import FormatError, UsageError
from yolor_studio.formats.coco_import import ImportReport, import_into
from yolor_studio.formats.coco_read import CocoFile, read
from yolor_studio.formats.picture_files import PictureFiles
from yolor_studio.jobs.adding import add_media
from yolor_studio.jobs.events import ItemFailed, Job, Notice, Progress, Result, Started
from yolor_studio.jobs.rate import RateMeter
from yolor_studio.jobs.runner import run_inside
from yolor_studio.jobs.streaming import streamed
from yolor_studio.project import Project

__all__ = ["ImportReport", "import_dataset"]

FORMATS = ("auto", "coco")
_NO_BOXES = ("captions_", "image_info_", "panoptic_", "person_keypoints_", "stuff_")
"""How COCO calls what it has beside its boxes, which are in instances_*.json."""


def import_dataset(
    project: Project,
    paths: Sequence[Path],
    cancel: CancelToken | None = None,
    *,
    format: str = "auto",  # noqa: A002 - the command line's word
    predictions: bool = False,
) -> Job:
    """Bring annotation files, or the ones in dataset folders, into the project as one undoable edit, or with
    `predictions` as layers; the result is an ImportReport. A project without any media gets the pictures that lie in
    the dataset's own folders first.

    Raises UsageError for an unknown format, FormatError when a file is not what it should be or nothing in it belongs
    to the project, and Cancelled; nothing was changed then.
    """
    if format not in FORMATS:
        raise UsageError(f"There is no import of “{format}”; there is {' and '.join(FORMATS)}.")
    cancel = cancel or CancelToken()
    files = [read(file) for path in paths for file in annotation_files(path)]
    if not project.media():
        yield from _add_pictures(project, files, cancel)
    yield Started("Import", unit="boxes", detail=", ".join(file.path.name for file in files[:3]))
    meter = RateMeter(None)

    def call(tell: Callable[[tuple[int, int]], None]) -> ImportReport:
        return import_into(
            project, files, predictions=predictions, cancel=cancel, progress=lambda done, total: tell((done, total))
        )

    def to_event(report: tuple[int, int]) -> Progress:
        done, total = report
        rate = meter.progress(done).rate
        return Progress(done, total, rate, (total - done) / rate if rate else None)

    try:
        report = yield from streamed(call, to_event)
    except GeneratorExit:
        cancel.cancel()
        raise
    for record, why in report.problems.listed:
        yield ItemFailed(record, why)
    for sentence in report.notices:
        yield Notice(sentence)
    yield Result(report)


def _add_pictures(project: Project, files: Sequence[CocoFile], cancel: CancelToken) -> Job:
    beside = [(file, PictureFiles(file)) for file in files]
    found = (pictures.find(image.file_name) for file, pictures in beside for image in file.images)
    pictures = list(dict.fromkeys(path for path in found if isinstance(path, Path)))
    if pictures:
        added = yield from run_inside(add_media(project, pictures, cancel))
        yield Notice(f"{added.new:,} pictures of the dataset were added to the project.")


def annotation_files(path: Path) -> Iterator[Path]:
    """The annotation files that a named path means: itself, or those of a dataset's folder. Raises FormatError when
    there are none."""
    if not path.is_dir():
        yield path
        return
    for pattern in ("annotations/*.json", "*.json", "*/_annotations.coco.json"):
        found = sorted(path.glob(pattern))
        if found:
            yield from [file for file in found if not file.name.startswith(_NO_BOXES)] or found
            return
    raise FormatError(f"{path} has no annotation file: no .json in it or in its folder “annotations”.")
