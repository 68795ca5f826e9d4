"""Networks, implicit vectors and check reports as lines for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from yolor_studio.core.amounts import size_text

if TYPE_CHECKING:
    from yolor_studio.detect.releases import Release
    from yolor_studio.jobs.model_check import CheckReport, Measure
    from yolor_studio.jobs.model_facts import NetworkFacts
    from yolor_studio.yolor.implicit import ImplicitVector

_WIDTH = 40
_BLOCKS, _LETTERS = "▁▂▃▄▅▆▇█", "_.-~=+*#"


def network_lines(facts: NetworkFacts) -> Iterator[str]:
    """The network's figures and its implicit vectors, each with a small plot."""
    yield (
        f"Network   {facts.layers:,} layers, {facts.parameters:,} parameters, {facts.gflops:,.2f} GFLOPs and "
        f"{facts.boxes:,} boxes at {facts.size} px"
    )
    if not facts.vectors:
        yield "Implicit  none"
        return
    folded, places = sum(vector.folded for vector in facts.vectors), len(facts.vectors)
    yield (
        f"Implicit  {facts.implicit:,} numbers in {places} place{'s' * (places > 1)}, {folded} of them folded into the "
        "convolutions beside them"
    )
    width = max(len(_place(vector)) for vector in facts.vectors)
    yield f"  {'':<{width}} {'':>5}  {'lowest':>8} {'mean':>8} {'highest':>8}"
    for vector in facts.vectors:
        low, mean, high = min(vector.values), sum(vector.values) / len(vector.values), max(vector.values)
        yield (
            f"  {_place(vector):<{width}} {len(vector.values):>5}  {low:>8.3f} {mean:>8.3f} {high:>8.3f}  "
            + spark(vector.values)
        )
        if not vector.folded:
            yield f"      {vector.reason}"
        yield from _anchor_lines(vector, width)


def _place(vector: ImplicitVector) -> str:
    kind = "" if vector.kind.value == "vector" else f" ({vector.kind.value})"
    return f"{vector.way.value}{kind} {vector.where}"


def _anchor_lines(vector: ImplicitVector, width: int) -> Iterator[str]:
    layout = vector.layout()
    if layout is None:
        return
    for (across, down), row in zip(vector.anchors, layout.tolist(), strict=True):
        name = f"anchor {across:g} x {down:g}"
        yield (
            f"    {name:<{width - 2}}        box {row[0]:.3f} {row[1]:.3f} {row[2]:.3f} {row[3]:.3f}  "
            f"objectness {row[4]:.3f}  classes {spark(row[5:])}"
        )


def spark(values: Sequence[float]) -> str:
    """The values as a line of small bars between the lowest and the highest; where there are many, each bar shows the
    one of its share that lies farthest from their mean."""
    signs = _BLOCKS if _can_say(_BLOCKS) else _LETTERS
    low, high, mean = min(values), max(values), sum(values) / len(values)
    count = min(len(values), _WIDTH)
    bars = []
    for index in range(count):
        share = values[index * len(values) // count : (index + 1) * len(values) // count]
        value = max(share, key=lambda one: abs(one - mean))
        bars.append(
            signs[min(int((value - low) / (high - low) * len(signs)), len(signs) - 1)] if high > low else signs[0]
        )
    return "".join(bars)


def _can_say(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def check_lines(report: CheckReport) -> Iterator[str]:
    """The report of a check; the last line is the test picture's path."""
    width, height = report.size
    yield (
        f"{report.model} on {report.device}: {report.seconds * 1000:,.1f} ms a picture of {width} x {height}, "
        f"checked {report.checked.replace('T', ' ')}"
    )
    yield f"Contract  {report.breach or 'kept'}"
    if report.against:
        across, down = report.compared_at
        yield f"Parity    against {report.against} at {across} x {down}, largest difference:"
    elif not report.breach:
        yield "Parity    not checked: only its ONNX file is there, and no network to hold it against"
    yield from (_measure_line(measure) for measure in report.measures if not measure.of_itself)
    others = [measure for measure in report.measures if measure.of_itself]
    if others:
        yield "Itself    largest difference of scores:"
        yield from map(_measure_line, others)
    found = ", ".join(f"{name} {score:.2f}" for name, score in report.found[:6])
    yield f"Found     {found or 'nothing'} in the test picture"
    yield str(report.picture)


def _measure_line(measure: Measure) -> str:
    value, limit = (f"{_figure(number)} {measure.unit}".rstrip() for number in (measure.value, measure.limit))
    return f"  {measure.title:<24} {value:>12}   limit {limit}" + ("" if measure.ok else "  TOO LARGE")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def release_line(release: Release, *, there: bool) -> str:
    """One published model: name, size, title."""
    size = "" if release.expected is None else size_text(release.expected)
    about = "about " if release.size is None and size else ""
    return f"{release.name:<22} {about + size:>12}  {release.title}" + ("  (in the list)" if there else "")
