"""How good a model is: the page that measures it and shows every box behind every figure."""

from yolor_studio.gui.evaluation.page import EvaluationPage

__all__ = ["EvaluationPage"]
