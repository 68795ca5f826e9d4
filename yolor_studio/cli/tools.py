"""demo, bench, screenshots, doctor: seeing that the program works here, and how well."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

import typer

from yolor_studio.cli import options
from yolor_studio.cli.output import Output


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(demo)
    app.command()(bench)
    app.command()(screenshots)
    app.command()(doctor)


def demo(
    folder: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where it goes; the user's data folder if left out.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """The main job on a rendered clip: pre-label it, accept, review, export COCO.

    Example: yolor-studio demo --out demo
    """
    from yolor_studio.core.paths import user_folder
    from yolor_studio.jobs.demo import DemoOutcome, run_demo

    output = Output(as_json=as_json)
    outcome: DemoOutcome = output.run(functools.partial(run_demo, folder or user_folder("demo")))
    output.finish(outcome.as_json(), outcome.lines())


def bench(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WHAT...]", help="startup, canvas, video, label, export; all if left out."),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Measure this machine against the budgets, each figure beside its floor of the same run.

    Example: yolor-studio bench video label
    """
    from yolor_studio.cli.bench import run_benchmarks, table

    output = Output(as_json=as_json)
    rows = run_benchmarks(what or None, say=output.say)
    output.finish({"rows": rows}, table(rows))


def screenshots(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the pictures go.")],
    as_json: options.AsJson = False,
) -> None:
    """Picture every screen in both themes, by the app itself, on the demo clip.

    Example: yolor-studio screenshots shots
    """
    from yolor_studio.cli.window import take_screenshots

    paths = take_screenshots(folder)
    Output(as_json=as_json).finish({"screenshots": [str(path) for path in paths]}, [str(path) for path in paths])


def doctor(as_json: options.AsJson = False) -> None:
    """Say what this machine has and lacks.

    Example: yolor-studio doctor
    """
    from yolor_studio.cli.doctor import examine

    findings = examine()
    width = max(len(finding.name) for finding in findings)
    lines = [f"{'ok  ' if finding.good else 'lack'} {finding.name:<{width}}  {finding.text}" for finding in findings]
    data = {"findings": [{"name": f.name, "good": f.good, "text": f.text} for f in findings]}
    Output(as_json=as_json).finish(data, lines)
