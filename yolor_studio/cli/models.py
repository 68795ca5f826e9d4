"""models: the list of networks that can be run."""

from __future__ import annotations

import functools
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from yolor_studio.cli import options
from yolor_studio.cli.output import Output
from yolor_studio.detect import library

app = typer.Typer(
    help="List, show, add, check, download and remove models; list published networks.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def _as_json(entry: library.ModelEntry) -> dict[str, Any]:
    return {**asdict(entry), "path": str(entry.path), "classes": list(entry.classes)}


def _more_tasks(entry: library.ModelEntry) -> list[str]:
    tasks = ["tags of the picture"] if entry.tags else []
    tasks += [f"a vector of {entry.embedding} numbers per box"] if entry.embedding else []
    return [f"Beside boxes it gives {' and '.join(tasks)}"] if tasks else []


@app.command(name="list")
def list_models(as_json: options.AsJson = False) -> None:
    """List the models that can be named with --model.

    Example: yolor-studio models list
    """
    entries = library.list_models()
    lines = [
        f"{entry.name:<32} {len(entry.classes):>3} classes {entry.size:>5} px  "
        + ("bundled" if entry.bundled else str(entry.path))
        for entry in entries
    ]
    Output(as_json=as_json).finish({"models": [_as_json(entry) for entry in entries]}, lines)


@app.command()
def show(
    model: Annotated[str, typer.Argument(metavar="M", help="A model's name or path.")], as_json: options.AsJson = False
) -> None:
    """Say what a model is.

    Example: yolor-studio models show yolor-n
    """
    from yolor_studio.cli.model_text import network_lines
    from yolor_studio.jobs.model_facts import network_facts

    entry = library.find_model(model)
    facts = network_facts(entry)
    sizes = "fixed" if entry.stride in (1, entry.size) else f"multiples of {entry.stride}"
    lines = [
        f"{entry.name}, input {entry.size} px ({sizes}), licence: {entry.licence or 'not stated'}",
        f"{len(entry.classes)} classes: {', '.join(entry.classes)}",
        *_more_tasks(entry),
        *([] if facts is None else network_lines(facts)),
        str(entry.path),
    ]
    data = {**_as_json(entry), "network": None if facts is None else facts.as_json()}
    Output(as_json=as_json).finish(data, lines)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Darknet .weights, PyTorch .pt, .safetensors or .onnx.")],
    cfg: Annotated[
        Path | None, typer.Option(metavar="C", help="The network description that the weights belong to.")
    ] = None,
    names: Annotated[Path | None, typer.Option(metavar="N", help="The classes, one a line.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Convert a model and add it to the list; its name is the file's stem.

    Example: yolor-studio models add yolov4-tiny.weights --cfg yolov4-tiny.cfg --names coco.names
    """
    entry = library.add_model(file, cfg=cfg, names=names)
    output = Output(as_json=as_json)
    for notice in entry.notices:
        output.say(notice)
    lines = [f"{entry.name} added: {len(entry.classes)} classes, input {entry.size} px.", str(entry.path)]
    output.finish(_as_json(entry), lines)


@app.command()
def check(
    model: Annotated[str, typer.Argument(metavar="M", help="A model's name or path.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="PNG", help="The test picture; in the user's data folder if left out."),
    ] = None,
    device: options.Device = "auto",
    size: options.Size = None,
    as_json: options.AsJson = False,
) -> None:
    """Hold a model's ONNX file against its network, and draw what it finds in a test picture.

    Example: yolor-studio models check yolor-n -o found.png
    """
    from yolor_studio.cli.model_text import check_lines
    from yolor_studio.jobs.model_check import CheckReport, check_model

    output = Output(as_json=as_json)
    job = functools.partial(check_model, library.find_model(model), out=out, device=device, size=size)
    report: CheckReport = output.run(job)
    output.finish(report.as_json(), list(check_lines(report)))
    _end_badly_unless(report.ok)


@app.command()
def download(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A published model; without a name they are listed.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Fetch a published model, convert it, add it to the list and check it. Again goes on where it was stopped.

    Example: yolor-studio models download yolov4-tiny
    """
    from yolor_studio.cli.model_text import check_lines, release_line
    from yolor_studio.detect.releases import RELEASES, find_release
    from yolor_studio.jobs import model_adding

    output = Output(as_json=as_json)
    if name is None:
        there = {entry.name.casefold() for entry in library.list_models()}
        lines = [release_line(release, there=release.name.casefold() in there) for release in RELEASES]
        output.finish({"releases": [asdict(release) for release in RELEASES]}, lines)
        return
    added: model_adding.AddedModel = output.run(functools.partial(model_adding.download, find_release(name)))
    entry, report = added.entry, added.report
    data = {**_as_json(entry), "check": None if report is None else report.as_json()}
    lines = [f"{entry.name} is in the list: {len(entry.classes)} classes, input {entry.size} px.", str(entry.path)]
    output.finish(data, lines if report is None else [*lines, *check_lines(report)])
    _end_badly_unless(report is None or report.ok)


@app.command(name="zoo")
def list_zoo(as_json: options.AsJson = False) -> None:
    """List every published network that can be built, with what it counts.

    Example: yolor-studio models zoo
    """
    from yolor_studio.cli.zoo_text import table_lines
    from yolor_studio.yolor import zoo

    entries = zoo.table()
    Output(as_json=as_json).finish({"networks": [asdict(entry) for entry in entries]}, list(table_lines(entries)))


def _end_badly_unless(good: bool) -> None:
    if not good:
        raise typer.Exit(1)


@app.command()
def remove(
    model: Annotated[str, typer.Argument(metavar="M", help="A model's name.")], as_json: options.AsJson = False
) -> None:
    """Remove a model that was added.

    Example: yolor-studio models remove yolov4-tiny
    """
    library.remove_model(model)
    Output(as_json=as_json).finish({"removed": model}, [f"{model} removed."])
