"""export, import, eval, stats: datasets out, datasets in, and how good a model is on one."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from yolor_studio.cli import options
from yolor_studio.cli.output import Output
from yolor_studio.core.errors import UsageError
from yolor_studio.project import Project

if TYPE_CHECKING:
    from yolor_studio.jobs.export import ExportReport


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(export)
    app.command(name="import")(import_dataset)
    app.command(name="eval")(evaluate)
    app.command()(stats)


def export(
    path: options.ProjectPath,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The dataset's folder; must be new or empty.")],
    format: Annotated[str, typer.Option(metavar="F", help="coco.")] = "coco",  # noqa: A002
    include: Annotated[
        str, typer.Option(metavar="WHAT", help="reviewed, all, predictions; several joined by commas.")
    ] = "reviewed",
    min_score: Annotated[
        float | None, typer.Option(metavar="S", help="Predictions from this score on; the project's limit if left out.")
    ] = None,
    split: Annotated[str, typer.Option(metavar="SHARES", help="As in train=0.8,val=0.1,test=0.1.")] = "train=1",
    seed: Annotated[int, typer.Option(metavar="N", help="Of the split.")] = 0,
    every: Annotated[int, typer.Option(metavar="N", help="Every Nth frame of a video.")] = 1,
    images: Annotated[
        str, typer.Option(metavar="HOW", help="jpeg, png, reference (pictures stay in place) or none.")
    ] = "jpeg",
    no_images: Annotated[bool, typer.Option("--no-images", help="Annotations only.")] = False,
    quality: Annotated[int, typer.Option(metavar="Q", help="Of JPEG, 1 to 100.")] = 95,
    blur: Annotated[
        list[str] | None, typer.Option(metavar="CATEGORY", help="Pixelate boxes of this category in the copies.")
    ] = None,
    keyframes_only: Annotated[
        bool, typer.Option("--keyframes-only", help="No frames on which every box is interpolated.")
    ] = False,
    zero_based: Annotated[bool, typer.Option("--zero-based", help="Category ids from 0.")] = False,
    polygons: Annotated[bool, typer.Option("--polygons", help="Each box as a 4-point outline too.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Write a dataset, read it back and check it.

    Example: yolor-studio export street.yolor --format coco --out street-coco --split train=0.8,val=0.2
    """
    from yolor_studio.formats.plan import ExportRequest
    from yolor_studio.jobs.export import export_project

    options.positive(every, "--every")
    options.fraction(min_score, "--min-score")
    output = Output(as_json=as_json)
    with options.open_project(path, read_only=True) as project:
        request = ExportRequest(
            include=frozenset(part.strip() for part in include.split(",") if part.strip()),
            min_score=min_score,
            split=_shares(split),
            seed=seed,
            every=every,
            images=cast(Any, "none" if no_images else images),  # ExportRequest says what it may be
            quality=quality,
            blur=_category_ids(project, blur or []),
            keyframes_only=keyframes_only,
            zero_based=zero_based,
            polygons=polygons,
            format=cast(Any, format),
        )
        report = output.run(functools.partial(export_project, project, request, out))
    output.finish(report.as_json(), [*_written(report), str(out)])


def import_dataset(
    path: options.ProjectPath,
    sources: Annotated[list[Path], typer.Argument(metavar="PATH...", help="COCO files, or folders that hold them.")],
    format: Annotated[str, typer.Option(metavar="F", help="auto or coco.")] = "auto",  # noqa: A002
    predictions: Annotated[
        bool, typer.Option("--predictions", help="As a layer of predictions, not as objects.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Bring annotations into a project; what cannot be placed is told.

    Example: yolor-studio import street.yolor street-coco/annotations/instances_train.json
    """
    from yolor_studio.jobs.importing import import_dataset as job

    for source in sources:
        if not source.exists():
            raise UsageError(f"{source} does not exist.")
    output = Output(as_json=as_json)
    with options.opened_or_made(path) as project:
        report = output.run(functools.partial(job, project, sources, format=format, predictions=predictions))
    output.finish(report.as_json(), [*report.lines(), str(path)])


def evaluate(
    path: Annotated[
        Path | None, typer.Argument(metavar="[P]", help="A project: its reviewed frames are the truth.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="COCO.json", help="The truth, where no project is named.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where its pictures lie; found beside it if left out.")
    ] = None,
    model: options.Model = None,
    size: options.Size = None,
    device: options.Device = "auto",
    official: Annotated[
        bool,
        typer.Option(
            "--official",
            help="As YOLOR's test.py, to check its numbers: input shapes by batches of 32 of like aspect, scores over "
            "0.001, several classes a box, IoU 0.65, rounded boxes, 100 detections a picture.",
        ),
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Measure a model on a COCO dataset or a project: AP, by size and category; curves, score limit, confusions.

    Example: yolor-studio eval --data val/annotations.json --images val --model yolor-n
    """
    from yolor_studio.jobs.evaluate import evaluate as dataset_job
    from yolor_studio.jobs.evaluate import evaluate_project

    output = Output(as_json=as_json)
    choices: dict[str, Any] = {"model": model, "size": size, "device": device, "official": official}
    if path is not None:
        if data or images:
            raise UsageError("Name a project, or --data and --images, not both.")
        with options.open_project(path, read_only=True) as project:
            evaluation = output.run(functools.partial(evaluate_project, project, **choices))
    else:
        if data is None:
            raise UsageError("Name a project, or --data COCO.json.")
        for named in (data, images):
            if named is not None and not named.exists():
                raise UsageError(f"{named} does not exist.")
        evaluation = output.run(functools.partial(dataset_job, data, images, **choices))
    output.finish(evaluation.as_json(), evaluation.lines())


def stats(path: options.ProjectPath, as_json: options.AsJson = False) -> None:
    """Say what a project holds.

    Example: yolor-studio stats street.yolor --json
    """
    with options.open_project(path, read_only=True) as project:
        counts = project.counts()
        names = {category.id: category.name for category in project.categories()}
    by_category = {names[category]: count for category, count in sorted(counts.objects_by_category.items())}
    data = {
        "project": str(path),
        "media": counts.media,
        "frames": counts.frames,
        "reviewed": counts.reviewed,
        "objects": sum(by_category.values()),
        "objects_by_category": by_category,
    }
    lines = [
        f"{counts.media:,} media, {counts.frames:,} frames, {counts.reviewed:,} reviewed, {data['objects']:,} objects",
        *(f"{name:<24} {count:>9,}" for name, count in by_category.items()),
    ]
    Output(as_json=as_json).finish(data, lines)


def _written(report: ExportReport) -> list[str]:
    lines = [
        f"{split.name:<10} {split.frames:>9,} frames, {split.empty:,} of them empty, {split.boxes:>10,} boxes"
        for split in report.splits
    ]
    if report.clipped:
        lines.append(f"{report.clipped:,} boxes reached over the border and were cut.")
    if report.left_out:
        lines.append(f"{report.left_out:,} frames between the splits were left out.")
    return [*lines, *report.check.sentences()]


def _category_ids(project: Project, names: Sequence[str]) -> frozenset[int]:
    ids = {category.name: category.id for category in project.categories()}
    for name in names:
        if name not in ids:
            raise UsageError(f"The project has no category {name!r}. It has: {', '.join(ids) or 'none'}.")
    return frozenset(ids[name] for name in names)


def _shares(text: str) -> dict[str, float]:
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        if name.strip() in shares:
            raise UsageError(f"--split names {name.strip()} twice; found {text!r}.")
        try:
            shares[name.strip()] = float(share)
        except ValueError:
            raise UsageError(f"--split wants NAME=SHARE,..., as in train=0.8,val=0.2; found {text!r}.") from None
    return shares
