"""How good boxes are: average precision, curves, confusions."""

from yolor_studio.metrics.analysis import Analysis, analyse
from yolor_studio.metrics.ap import evaluate_coco, evaluate_rows
from yolor_studio.metrics.scores import CategoryScore, Scores

__all__ = ["Analysis", "CategoryScore", "Scores", "analyse", "evaluate_coco", "evaluate_rows"]
