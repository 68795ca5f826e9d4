"""How good boxes are: average precision."""

from yolor_studio.metrics.ap import evaluate_coco, evaluate_rows
from yolor_studio.metrics.scores import CategoryScore, Scores

__all__ = ["CategoryScore", "Scores", "evaluate_coco", "evaluate_rows"]
