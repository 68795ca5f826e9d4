"""How the models page says things: jobs, differences, sentences that were made for the command line."""

from __future__ import annotations

import math
import re

from yolor_studio.core.amounts import size_text
from yolor_studio.gui.job_run import JobRun
from yolor_studio.gui.panels.run_control import duration_text
from yolor_studio.jobs.events import BYTES

__all__ = ["TAKEN_FOR_COCO", "for_window", "job_share", "job_text", "short_refusal", "small_number"]

TAKEN_FOR_COCO = "classes are taken for COCO's"
"""In the sentence about a model whose file does not name its classes."""
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_REWORDED = (
    ("give it with --cfg", "choose it below"),
    ("give its .cfg with --cfg", "choose its .cfg below"),
    ("give its description with --cfg", "choose its description below"),
    ("leave --cfg out", "leave the description out"),
    ("give its class names with --names", "choose its class names below"),
    ("give them with --names", "choose them below"),
    ("give --names", "choose their names below"),
    ("leave --names out", "leave the names out"),
    ("remove it and add it again with --names", "choose their names below"),
    ("name another model with --model", "choose another model"),
)
_COMMAND = re.compile(r" with 'yolor-studio [^']*'")


def job_text(run: JobRun, *, short: bool = False) -> str:
    """ "Downloading · 12 MB of 24 MB · 1.5 MB/s · 8 s left", as far as it is known; `short` leaves out the first word
    where the rest speaks for itself."""
    progress = run.progress
    what = run.title.split(" ", 1)[0] if run.title else "Starting"
    if run.unit == BYTES:
        parts = [size_text(progress.done)]
        if progress.total:
            parts = [f"{parts[0]} of {size_text(progress.total)}"]
        if progress.rate:
            parts.append(f"{size_text(progress.rate)}/s")
        if progress.eta is not None and progress.done:
            parts.append(f"{duration_text(progress.eta)} left")
    else:
        parts = [progress.note] if progress.note else []
    return " · ".join(parts if short and len(parts) > 1 else [what, *parts])


def job_share(run: JobRun) -> float:
    """How far the job is, 0 to 1."""
    return run.progress.done / run.progress.total if run.progress.total else 0.0


def small_number(value: float) -> str:
    """ "3 × 10⁻⁴" for what would have many zeros, else two digits."""
    if value == 0:
        return "0"
    power = math.floor(math.log10(abs(value)))
    if -4 < power < 6:
        return f"{value:,.0f}" if power > 0 else f"{value:.2g}"
    return f"{value / 10**power:.0f} × 10{str(power).translate(_SUPERSCRIPT)}"


def for_window(sentence: str) -> str:
    """A sentence without the command line's options."""
    for there, here in _REWORDED:
        sentence = sentence.replace(there, here)
    return _COMMAND.sub("", sentence)


def short_refusal(sentence: str, name: str) -> str:
    """A sentence about a file for the line under the file's name: without that name."""
    return for_window(sentence).removeprefix(f"{name} ")
