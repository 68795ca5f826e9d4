"""From candidates to one box per thing."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from yolor_studio.core.boxes import iou_matrix, xyxy_to_xywh
from yolor_studio.detect.letterbox import Letterbox
from yolor_studio.detect.suppress import candidates_to_predictions, suppress

LETTERBOX = Letterbox.rectangular(100, 100, size=100, stride=1)


def _candidates(rows):
    """[(box, scores)] -> boxes and scores as the network gives them: best first, padded with score 0."""
    rows = sorted(rows, key=lambda row: -max(row[1]))
    classes = len(rows[0][1])
    boxes = np.zeros((len(rows) + 5, 4), np.float32)
    scores = np.zeros((len(rows) + 5, classes), np.float32)
    for i, (box, score) in enumerate(rows):
        boxes[i], scores[i] = box, score
    return boxes, scores


def _reference(xyxy, threshold):
    overlaps = iou_matrix(xyxy_to_xywh(xyxy), xyxy_to_xywh(xyxy))
    kept = []
    for i in range(len(xyxy)):
        if all(overlaps[i, j] <= threshold for j in kept):
            kept.append(i)
    return kept


coordinate = st.integers(0, 30)


@settings(deadline=None)
@given(
    st.lists(st.tuples(coordinate, coordinate, st.integers(1, 30), st.integers(1, 30)), max_size=40),
    st.sampled_from([0.3, 0.45, 0.65]),
)
def test_greedy_suppression_agrees_with_the_textbook(boxes, threshold):
    xyxy = np.array([(x, y, x + w, y + h) for x, y, w, h in boxes], np.float32).reshape(-1, 4)
    assert suppress(xyxy, threshold).tolist() == _reference(xyxy, threshold)
    assert suppress(xyxy, threshold, most=3).tolist() == _reference(xyxy, threshold)[:3]


def test_two_boxes_of_one_class_are_one_thing_and_of_two_classes_two():
    near = ((10, 10, 50, 50), (12, 10, 56, 50))  # IoU 0.83
    one = candidates_to_predictions(
        *_candidates([(near[0], [0.9, 0.1]), (near[1], [0.8, 0.2])]), LETTERBOX, min_score=0.05
    )
    assert len(one) == 1
    both_classes_one_thing = candidates_to_predictions(
        *_candidates([(near[0], [0.9, 0.1]), (near[1], [0.2, 0.8])]), LETTERBOX, min_score=0.05
    )
    assert both_classes_one_thing.classes[:, 0].tolist() == [0]
    two = candidates_to_predictions(
        *_candidates([((10, 10, 50, 50), [0.9, 0.1]), ((25, 10, 65, 50), [0.2, 0.8])]), LETTERBOX, min_score=0.05
    )
    assert two.classes[:, 0].tolist() == [0, 1]


def test_runner_ups_come_in_order_and_missing_ones_are_minus_one():
    three = candidates_to_predictions(
        *_candidates([((10, 10, 50, 50), [0.2, 0.9, 0.5, 0.1])]), LETTERBOX, min_score=0.05
    )
    assert three.classes.tolist() == [[1, 2, 0]]
    np.testing.assert_allclose(three.scores, [[0.9, 0.5, 0.2]])
    single = candidates_to_predictions(*_candidates([((10, 10, 50, 50), [0.9])]), LETTERBOX, min_score=0.05)
    assert single.classes.tolist() == [[0, -1, -1]]
    assert single.boxes.tolist() == [[10, 10, 40, 40]]


def test_scores_under_the_limit_and_boxes_beside_the_picture_are_left_out():
    rows = [((10, 10, 50, 50), [0.04]), ((-30, 10, -5, 50), [0.9]), ((60, 60, 90, 90), [0.05])]
    kept = candidates_to_predictions(*_candidates(rows), LETTERBOX, min_score=0.05)
    assert kept.boxes.tolist() == [[60, 60, 30, 30]]
    nothing = candidates_to_predictions(
        np.zeros((0, 4), np.float32), np.zeros((0, 3), np.float32), LETTERBOX, min_score=0.05
    )
    assert len(nothing) == 0


def test_rows_fall_by_score_over_more_than_one_step_of_candidates():
    rng = np.random.default_rng(3)
    rows = [((x, y, x + 4, y + 4), [0.1 + 0.8 * float(rng.random())]) for x in range(0, 95, 5) for y in range(0, 95, 5)]
    kept = candidates_to_predictions(*_candidates(rows), LETTERBOX, min_score=0.05)
    assert len(kept) == len(rows) > 256
    assert (np.diff(kept.scores[:, 0]) <= 0).all()
