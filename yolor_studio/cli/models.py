"""models: the list of networks that can be run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from yolor_studio.cli import options
from yolor_studio.cli.output import Output
from yolor_studio.detect import library

app = typer.Typer(help="List, add and remove models.", no_args_is_help=True, rich_markup_mode=None)


def _as_json(entry: library.ModelEntry) -> dict[str, Any]:
    return {**asdict(entry), "path": str(entry.path), "classes": list(entry.classes)}


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
    entry = library.find_model(model)
    lines = [
        f"{entry.name}, input {entry.size} px (multiples of {entry.stride}), licence: {entry.licence or 'not stated'}",
        f"{len(entry.classes)} classes: {', '.join(entry.classes)}",
        str(entry.path),
    ]
    Output(as_json=as_json).finish(_as_json(entry), lines)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Darknet .weights, .safetensors or .onnx.")],
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
def remove(
    model: Annotated[str, typer.Argument(metavar="M", help="A model's name.")], as_json: options.AsJson = False
) -> None:
    """Remove a model that was added.

    Example: yolor-studio models remove yolov4-tiny
    """
    library.remove_model(model)
    Output(as_json=as_json).finish({"removed": model}, [f"{model} removed."])
