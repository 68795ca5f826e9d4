"""What a command prints: results on stdout, progress and messages on stderr, one JSON object with --json."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from yolor_studio.cli.curve_text import CurveText, measured_line
from yolor_studio.core.amounts import size_text
from yolor_studio.core.cancel import CancelToken
from yolor_studio.jobs.events import BYTES, CurvePoint, Event, ItemFailed, Job, Notice, Progress, Result, Started

_PIPE_EVERY_S = 10.0
_MOST_FAILURES = 20


class Output:
    """Runs jobs with a bar on a terminal or a line every 10 s in a pipe, and prints what came of them."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.failures: list[ItemFailed] = []
        self.notices: list[str] = []

    def run(self, make_job: Callable[[CancelToken], Job]) -> Any:
        """Drive a job to its end; returns its Result's value. Ctrl-C asks it to stop, which raises Cancelled."""
        value: Any = None
        with _interruptible() as cancel, _progress_display() as show:
            for event in make_job(cancel):
                if isinstance(event, Result):
                    value = event.value
                elif isinstance(event, ItemFailed):
                    self.failures.append(event)
                elif isinstance(event, Notice):
                    self.notices.append(event.text)
                    show(event)
                else:
                    show(event)
        return value

    def say(self, text: str) -> None:
        """A message for people, on stderr."""
        print(text, file=sys.stderr, flush=True)  # noqa: T201

    def finish(self, data: Mapping[str, Any], lines: Sequence[str]) -> None:
        """Print the outcome: `data` as JSON, or `lines` for people; then what failed, on stderr."""
        if self.as_json:
            complete = {**data}
            if self.failures:
                complete["failures"] = [{"what": item.what, "why": item.why} for item in self.failures]
            if self.notices:
                complete["notices"] = self.notices
            sys.stdout.write(_json_line(complete))
        self._list_failures()
        if not self.as_json:
            sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()

    def _list_failures(self) -> None:
        for item in self.failures[:_MOST_FAILURES]:
            self.say(f"  {item.what}: {item.why}")
        if len(self.failures) > _MOST_FAILURES:
            self.say(f"  and {len(self.failures) - _MOST_FAILURES:,} more")


def _json_line(data: Mapping[str, Any]) -> str:
    import orjson

    try:
        return orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY, default=str).decode() + "\n"
    except TypeError:  # a file's name that is no UTF-8: orjson refuses it, JSON can escape it
        return json.dumps(data, default=str) + "\n"


@contextmanager
def _interruptible() -> Iterator[CancelToken]:
    """A token that the first Ctrl-C sets; a second one interrupts at once."""
    cancel = CancelToken()

    def interrupt(_signal: int, _frame: Any) -> None:
        signal.signal(signal.SIGINT, before)
        cancel.cancel()

    try:
        before = signal.signal(signal.SIGINT, interrupt)
    except ValueError:  # not the main thread: a test, or another program's
        yield cancel
        return
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress_display() -> Iterator[Callable[[Event], None]]:
    if sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Callable[[Event], None]]:
    from rich.console import Console, RenderableType
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as RichProgress
    from rich.text import Text

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TextColumn("{task.fields[amount]}"),
        TextColumn("{task.fields[rate]}"),
    )
    curves = CurveText(plain=console.encoding.lower() not in ("utf-8", "utf8"))

    class WithCurves(RichProgress):
        """The bar, and below it the curves of a training."""

        def get_renderables(self) -> Iterator[RenderableType]:
            yield from super().get_renderables()
            if text := curves.text():
                yield Text(text)

    with WithCurves(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None, amount="", rate="")
        unit = ""

        def show(event: Event) -> None:
            nonlocal unit
            if isinstance(event, Started):
                unit = event.unit
                progress.update(task, description=event.title, total=event.total, completed=0, amount="", rate="")
                if event.detail:
                    console.print(f"{event.title}: {event.detail}", highlight=False)
            elif isinstance(event, Progress):
                amount, rate = describe_amount(event, unit), describe_rate(event, unit)
                progress.update(task, completed=event.done, total=event.total, amount=amount, rate=rate)
            elif isinstance(event, CurvePoint):
                curves.take(event)
            elif isinstance(event, Notice):
                console.print(event.text, highlight=False)

        yield show


def _lines() -> Callable[[Event], None]:
    told_at = time.monotonic()
    title = unit = ""

    def show(event: Event) -> None:
        nonlocal told_at, title, unit
        if isinstance(event, Started):
            title, unit = event.title, event.unit
            line = f"{title}: {event.detail}" if event.detail else ""
        elif isinstance(event, Notice):
            line = event.text
        elif isinstance(event, CurvePoint):
            line = measured_line(event)
        elif isinstance(event, Progress) and time.monotonic() - told_at >= _PIPE_EVERY_S:
            told_at = time.monotonic()
            line = f"{title}: {describe_amount(event, unit)}, {describe_rate(event, unit)}".rstrip(", ")
        else:
            return
        if line:
            print(line, file=sys.stderr, flush=True)  # noqa: T201

    return show


def describe_amount(progress: Progress, unit: str = "") -> str:
    """ "1,204 of 5,000", or "12 MB of 24 MB" where the unit is bytes."""
    say = size_text if unit == BYTES else "{:,}".format
    return say(progress.done) if progress.total is None else f"{say(progress.done)} of {say(progress.total)}"


def describe_rate(progress: Progress, unit: str = "") -> str:
    """ "41/s, 0:12 left" in the interface's words; empty while unknown."""
    parts = []
    if progress.rate:
        few = f"{progress.rate:,.0f}/s" if progress.rate >= 10 else f"{progress.rate:.1f}/s"
        parts.append(f"{size_text(progress.rate)}/s" if unit == BYTES else few)
    if progress.eta is not None:
        minutes, seconds = divmod(round(progress.eta), 60)
        parts.append(f"{minutes}:{seconds:02d} left")
    if progress.note:
        parts.append(progress.note)
    return ", ".join(parts)
