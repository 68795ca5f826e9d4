"""A training's curves in the terminal."""

from __future__ import annotations

import pytest

from yolor_studio.cli.curve_text import CurveText, measured_line, sparkline
from yolor_studio.cli.output import Output
from yolor_studio.core.cancel import CancelToken
from yolor_studio.jobs.events import CurvePoint, Job, Progress, Result, Started


@pytest.mark.parametrize(
    ("values", "from_zero", "bars"),
    [
        ([], False, ""),
        ([3.0], False, "▁"),
        ([8.0, 1.0], False, "█▁"),
        ([0.0, 0.5, 1.0], True, "▁▅█"),
        ([0.01, 0.02], True, "▂▂"),
        ([float(n) for n in range(100)], False, "▁▁▂▂▂▃▃▄▄▄▅▅▅▆▆▇▇▇██"),
    ],
)
def test_bars_of_eight_heights(values: list[float], from_zero: bool, bars: str) -> None:
    assert sparkline(values, from_zero=from_zero) == bars
    assert len(sparkline(values, from_zero=from_zero, plain=True)) == len(bars)
    assert sparkline(values, plain=True).isascii()


def test_the_line_tells_the_latest_and_the_best() -> None:
    curves = CurveText()
    assert curves.text() == ""
    curves.take(CurvePoint(0, {"AP": 0.1, "AP50": 0.2}, best=True))
    curves.take(CurvePoint(1, {"loss": 4.0, "box": 1.0}))
    curves.take(CurvePoint(2, {"loss": 2.0, "box": 1.0}))
    assert curves.text() == "loss █▁ 2.00  AP50 █ 0.200"
    curves.take(CurvePoint(2, {"AP": 0.05, "AP50": 0.1}))
    assert curves.text() == "loss █▁ 2.00  AP50 █▅ 0.100, best 0.200"


def test_a_pipe_gets_a_line_for_every_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    def job(_: CancelToken) -> Job:
        yield Started("Training x", 2, "steps", "on cpu")
        yield CurvePoint(0, {"AP": 0.1, "AP50": 0.2}, best=True)
        yield CurvePoint(1, {"loss": 4.0})
        yield Progress(1, 2)
        yield CurvePoint(2, {"AP": 0.05, "AP50": 0.1})
        yield Result(None)

    Output(as_json=False).run(job)
    assert capsys.readouterr().err.splitlines() == [
        "Training x: on cpu",
        "step 0: AP50 0.200, AP 0.100, the best so far",
        "step 2: AP50 0.100, AP 0.050",
    ]
    assert measured_line(CurvePoint(1, {"loss": 4.0})) == ""
