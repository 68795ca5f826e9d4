"""All commands as one application."""

from __future__ import annotations

from typing import Annotated

import typer

from yolor_studio import __version__
from yolor_studio.cli import datasets, labelling, media, models, relinking, tools, training

app = typer.Typer(
    name="yolor-studio",
    help="Turn video into a detection dataset. Without a command: `yolor-studio [PATH...]` opens the window.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"yolor-studio {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Turn video into a detection dataset.

    `yolor-studio [PATH...]` opens the window on videos, pictures, folders or a project; `--demo` on the demo clip.
    `--debug` with any command shows where an error came from.
    """


for _group in (labelling, relinking, datasets, media, training, tools):
    _group.register(app)
app.add_typer(models.app, name="models")
