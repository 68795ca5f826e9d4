"""train: fine-tuning on what a person corrected."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

import typer

from yolor_studio.cli import options
from yolor_studio.cli.output import Output
from yolor_studio.core.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(train)


def train(
    data: Annotated[
        list[Path] | None, typer.Argument(metavar="DATA...", help="COCO datasets and projects (reviewed frames).")
    ] = None,
    model: options.Model = None,
    name: Annotated[str | None, typer.Option(metavar="NEW", help="The result's name in the list of models.")] = None,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", help="Passes over the data; chosen by its size if left out.")
    ] = None,
    freeze: Annotated[
        str | None, typer.Option(metavar="PART", help="backbone, neck or none; chosen by the data if left out.")
    ] = None,
    implicit_only: Annotated[
        bool, typer.Option("--implicit-only", help="Train implicit knowledge and heads alone.")
    ] = False,
    recipe: Annotated[
        str, typer.Option(metavar="R", help="modern (AdamW) or official (YOLOR's own: SGD and its loss).")
    ] = "modern",
    assign: Annotated[
        str | None, typer.Option(metavar="A", help="simota, ratio or task-aligned; the recipe's own if left out.")
    ] = None,
    val: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Keep this share apart to measure by, and use no val split; 0 for none."),
    ] = None,
    device: options.Device = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped training stands.")] = False,
    discard: Annotated[
        bool, typer.Option("--discard", help="Drop what is kept of a stopped training, and train nothing.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Fine-tune a model on datasets and projects; the result joins the list of models.

    Example: yolor-studio train street.yolor --name yolor-n-street
    """
    from yolor_studio.jobs.train import TrainRequest, discard_stopped
    from yolor_studio.jobs.train import train as job

    if discard and resume:
        raise UsageError("A stopped training goes on with --resume or is dropped with --discard, not both.")
    output = Output(as_json=as_json)
    request = TrainRequest(
        data=tuple(data or ()),
        model=model,
        name=name,
        epochs=None if epochs is None else options.positive(epochs, "--epochs"),
        freeze=freeze,
        implicit_only=implicit_only,
        recipe=recipe,
        assignment=assign,
        hold_out=val,
        device=device,
        resume=resume,
    )
    if discard:
        dropped = discard_stopped(request)
        output.finish({"discarded": dropped}, [f"The stopped training {dropped} was dropped."])
        return
    for path in request.data:
        if not path.exists():
            raise UsageError(f"{path} does not exist.")
    outcome = output.run(functools.partial(job, request))
    output.finish(outcome.as_json(), outcome.lines())
