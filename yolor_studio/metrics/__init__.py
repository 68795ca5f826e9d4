"""How good boxes are: average precision, curves, confusions."""

from yolor_studio.metrics.analysis import Analysis, analyse
from yolor_studio.metrics.ap import evaluate_coco, evaluate_rows
from yolor_studio.metrics.scores import COCO_MAX_DETS, CategoryScore, Scores

__all__ = ["COCO_MAX_DETS", "Analysis", "CategoryScore", "Scores", "analyse", "evaluate_coco", "evaluate_rows"]
