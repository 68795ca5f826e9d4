"""Matching, curves, the chosen score limit and confusions, by hand and against pycocotools."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from yolor_studio.metrics import Analysis, analyse, evaluate_coco
from yolor_studio.metrics.cocoeval import score
from yolor_studio.metrics.curves import GRID, Curve
from yolor_studio.metrics.matching import match
from yolor_studio.metrics.records import compact

CATEGORIES = ((3, "car"), (9, "bus"))
CAR, BUS = 1, 2
Box = tuple[float, float, float, float]


def truth(*rows: tuple[int, int, Box] | tuple[int, int, Box, int]) -> NDArray[np.float64]:
    return np.array(
        [[row[0], row[1], *row[2], row[2][2] * row[2][3], row[3] if len(row) > 3 else 0] for row in rows], np.float64
    ).reshape(-1, 8)


def found(*rows: tuple[int, int, Box, float]) -> NDArray[np.float64]:
    return np.array([[image, category, *box, score] for image, category, box, score in rows], np.float64).reshape(-1, 7)


A, B, FAR = (0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 10.0, 10.0), (70.0, 70.0, 10.0, 10.0)
NEAR_A = (1.0, 0.0, 10.0, 10.0)
"""Overlaps A by 9/11."""
HALF_A = (0.0, 0.0, 10.0, 5.0)
"""Overlaps A by exactly 0.5."""


def test_the_best_score_takes_the_box_and_a_second_finds_nothing() -> None:
    both = found((1, CAR, A, 0.6), (1, CAR, NEAR_A, 0.9))
    assert match(truth((1, CAR, A)), both).truth.tolist() == [-1, 0]


def test_an_overlap_of_exactly_one_half_counts_and_less_does_not() -> None:
    boxes = truth((1, CAR, A))
    assert match(boxes, found((1, CAR, HALF_A, 0.9))).truth.tolist() == [0]
    assert match(boxes, found((1, CAR, (0, 0, 10, 4.9), 0.9))).truth.tolist() == [-1]


def test_each_takes_the_free_box_that_it_overlaps_most() -> None:
    boxes = truth((1, CAR, A), (1, CAR, (2, 0, 10, 10)))
    detections = found((1, CAR, NEAR_A, 0.5), (1, CAR, (2.1, 0, 10, 10), 0.9), (1, CAR, A, 0.4))
    assert match(boxes, detections).truth.tolist() == [0, 1, -1]


def test_categories_meet_only_where_they_may() -> None:
    boxes, detections = truth((1, CAR, A)), found((1, BUS, A, 0.9), (2, CAR, A, 0.8))
    assert match(boxes, detections).truth.tolist() == [-1, -1]
    assert match(boxes, detections, by_category=False).truth.tolist() == [0, -1]


def test_of_boxes_at_one_place_the_own_category_comes_first() -> None:
    boxes = truth((1, CAR, A), (1, BUS, A))
    detections = found((1, CAR, A, 0.9), (1, BUS, A, 0.8))
    assert match(boxes, detections, by_category=False).truth.tolist() == [0, 1]


def test_detections_on_a_crowd_are_excused_and_it_is_never_missed() -> None:
    boxes = truth((1, CAR, A), (1, CAR, (40, 0, 40, 40), 1))
    inside, inside_too, half_out = (50, 5, 10, 10), (60, 5, 10, 10), (75, 0, 20, 10)
    detections = found(
        (1, CAR, A, 0.9), (1, CAR, inside, 0.8), (1, CAR, inside_too, 0.7), (1, CAR, half_out, 0.6), (1, BUS, inside, 1)
    )
    matched = match(boxes, detections)
    assert matched.truth.tolist() == [0, -1, -1, -1, -1]
    assert matched.excused.tolist() == [False, True, True, False, False]
    analysis = analyse(CATEGORIES, truth=boxes, found=detections)
    assert analysis.pairing(0.5).matrix.tolist() == [[1, 0, 0], [0, 0, 0], [1, 1, 0]]


def test_nothing_to_match_is_no_accident() -> None:
    for boxes, detections in (
        (truth(), found()),
        (truth((1, CAR, A)), found()),
        (truth(), found((1, CAR, A, 0.5))),
    ):
        analysis = analyse(CATEGORIES, truth=boxes, found=detections)
        assert analysis.best is None
        assert analysis.pairing(0.0).matrix.sum() == len(boxes) + len(detections)
        json.dumps([analysis.confusion_json(), analysis.curves_json()])


@pytest.fixture
def street() -> Analysis:
    """Three cars and two buses in two pictures; five detections of which one is doubled and one made up."""
    boxes = truth((1, CAR, A), (1, CAR, B), (2, CAR, A), (2, BUS, B), (2, BUS, FAR))
    return analyse(
        CATEGORIES,
        truth=boxes,
        found=found(
            (1, CAR, A, 0.9),
            (1, BUS, B, 0.8),  # a car taken for a bus
            (2, CAR, NEAR_A, 0.7),
            (2, BUS, B, 0.6),
            (2, CAR, (40, 40, 10, 10), 0.5),  # made up
            (1, CAR, B, 0.3),  # right, but the bus came first
        ),
    )


def test_the_confusion_matrix_by_hand(street: Analysis) -> None:
    assert street.pairing(0.0).matrix.tolist() == [
        [2, 1, 0],  # cars: two found, one taken for a bus
        [0, 1, 1],  # buses: one found, one missed
        [2, 0, 0],  # made up: one car, and one that stands on what was taken for a bus
    ]
    assert street.pairing(0.65).matrix.tolist() == [[2, 1, 0], [0, 0, 2], [0, 0, 0]]


def test_the_matrix_is_shown_for_what_occurs_and_what_is_detected_from_the_limit_on() -> None:
    categories = ((1, "car"), (2, "bus"), (3, "van"), (4, "tram"))
    boxes = truth((1, 1, A), (1, 4, FAR, 1))  # trams are crowds alone: neither missed nor found
    analysis = analyse(categories, truth=boxes, found=found((1, 1, A, 0.9), (1, 2, B, 0.2), (1, 4, FAR, 0.9)))
    assert analysis.pairing(0.5).involved == [0, 4]
    assert analysis.pairing(0.2).involved == [0, 1, 4]
    assert analysis.pairing(0.95).involved == [0, 4], "a category of the truth keeps its row when none of it is found"


def test_a_cell_names_its_boxes(street: Analysis) -> None:
    pairing = street.pairing(0.4)
    (confused,) = pairing.cell(0, 1).tolist()
    assert (pairing.truth[confused], pairing.found[confused]) == (1, 1)
    (missed,) = pairing.cell(1, 2).tolist()
    assert (pairing.truth[missed], pairing.found[missed]) == (4, -1)
    (made_up,) = pairing.cell(2, 0).tolist()
    assert (pairing.truth[made_up], pairing.found[made_up]) == (-1, 4)


def test_the_score_limit_with_the_best_f1_by_hand(street: Analysis) -> None:
    # By category: right are .9, .7, .6 and .3. From 0.3 on: 4 right, 2 wrong, 5 boxes -> F1 8/11; from 0.6: 6/9.
    best = street.best
    assert best is not None
    assert (best.score, best.right, best.wrong, best.boxes) == (0.3, 4, 2, 5)
    assert best.f1 == pytest.approx(8 / 11)
    assert (best.precision, best.recall) == (pytest.approx(4 / 6), pytest.approx(4 / 5))
    assert street.overall.at(0.6).f1 == pytest.approx(6 / 9)
    bus = street.curves[1].best()
    assert bus is not None
    assert (bus.score, bus.right, bus.wrong, bus.boxes) == (0.6, 1, 1, 2)


def test_of_equally_good_limits_the_highest_is_chosen_and_equal_scores_stay_together() -> None:
    curve = Curve(np.array([0.9, 0.8, 0.7]), np.array([1, 1, 2]), 3)
    assert (curve.at(0.9).f1, curve.at(0.7).f1) == (pytest.approx(2 / 4), pytest.approx(4 / 6))
    level = Curve(np.array([0.9, 0.5, 0.4, 0.3]), np.array([1, 1, 1, 2]), 2)
    assert [level.at(score).f1 for score in (0.9, 0.3)] == [pytest.approx(2 / 3)] * 2
    best = level.best()
    assert best is not None
    assert best.score == 0.9
    tied = Curve(np.array([0.9, 0.9]), np.array([1, 1]), 1)
    best = tied.best()
    assert best is not None
    assert (best.right, best.wrong) == (1, 1)


def test_curves_over_the_score_by_hand() -> None:
    curve = Curve(np.array([0.9, 0.5]), np.array([1, 1]), 2)
    over = curve.over_score()
    at = {round(float(score), 2): number for number, score in enumerate(GRID)}
    assert [over["precision"][at[s]] for s in (0.2, 0.7)] == [0.5, 1]
    assert np.isnan(over["precision"][at[0.95]])
    assert curve.as_json()["precision"][at[0.95]] is None
    assert [over["recall"][at[s]] for s in (0.2, 0.7, 0.95)] == [0.5, 0.5, 0]
    assert [over["f1"][at[s]] for s in (0.2, 0.7, 0.95)] == [pytest.approx(0.5), pytest.approx(2 / 3), 0]
    assert set(curve.as_json()) == {"precision_over_recall", "precision", "recall", "f1"}
    assert {len(values) for values in curve.as_json().values()} == {101}


def test_average_precision_is_pycocotools_to_the_last_digit(shared: Path) -> None:
    folder = shared / "data/annotations/cocoapi-bbox100"
    gt = json.loads((folder / "instances_val2014_100.json").read_text())
    results = json.loads((folder / "instances_val2014_fakebbox100_results.json").read_text())
    scores = evaluate_coco(gt, results, max_dets=300)
    rows = compact(gt, results, 300)
    analysis = analyse(rows["categories"], truth=np.array(rows["truth"]), found=np.array(rows["found"]))
    ours = [curve.precision_over_recall().mean() if curve.boxes else None for curve in analysis.curves]
    assert ours == pytest.approx([row.ap50 for row in scores.per_category], abs=1e-12)
    assert scores.at_100[0] == pytest.approx(0.505, abs=5e-4)


_side = st.integers(1, 12)
_rows = st.lists(st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(0, 9), _side, _side), max_size=8)


@settings(max_examples=100, deadline=None)
@given(boxes=_rows, detections=_rows, crowds=st.lists(st.booleans(), min_size=8, max_size=8))
def test_average_precision_is_pycocotools_on_any_boxes(
    boxes: list[tuple[int, ...]], detections: list[tuple[int, ...]], crowds: list[bool]
) -> None:
    gt = truth(*((i, c, (x, x, w, h), int(crowds[n])) for n, (i, c, x, w, h) in enumerate(boxes)))
    dt = found(*((i, c, (x, 0, w, h), ((n * 7) % 5) / 10 + 0.1) for n, (i, c, x, w, h) in enumerate(detections)))
    request = {"images": 2, "categories": CATEGORIES, "truth": gt.tolist(), "found": dt.tolist(), "max_dets": 100}
    with contextlib.redirect_stdout(io.StringIO()):
        scores = score(request)
    analysis = analyse(CATEGORIES, truth=gt, found=dt)
    for row, curve in zip(scores.per_category, analysis.curves, strict=True):
        expected = row.ap50 if row.boxes else None
        assert (curve.precision_over_recall().mean() if curve.boxes else None) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(boxes=_rows, detections=_rows, limit=st.floats(0, 1))
def test_every_box_and_detection_is_in_one_cell(
    boxes: list[tuple[int, ...]], detections: list[tuple[int, ...]], limit: float
) -> None:
    gt = truth(*((i, c, (x, x, w, h)) for i, c, x, w, h in boxes))
    dt = found(*((i, c, (x, 0, w, h), (n + 1) / 10) for n, (i, c, x, w, h) in enumerate(detections)))
    matrix = analyse(CATEGORIES, truth=gt, found=dt).pairing(limit).matrix
    assert matrix[:-1].sum(1).tolist() == [int((gt[:, 1] == n).sum()) for n in (1, 2)]
    counted = dt[(dt[:, 6] >= limit) & (dt[:, 6] >= 0.05)]
    assert matrix[:, :-1].sum(0).tolist() == [int((counted[:, 1] == n).sum()) for n in (1, 2)]
    assert matrix[-1, -1] == 0
