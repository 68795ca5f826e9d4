"""What came of measuring a model: figures for scripts, a table for a terminal, and all that a window shows of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from yolor_studio.jobs.ground_truth import GroundTruth
from yolor_studio.metrics import Analysis, Scores

__all__ = ["Evaluation"]

_MOST_IN_MATRIX = 12
_MOST_CONFUSIONS = 12
_PLOT_ROWS, _PLOT_STEP = 8, 2
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_NAME, _COLUMN = 24, 8


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How good a model is on a dataset."""

    model: str
    device: str
    size: int
    """The longest input side in pixels."""
    scores: Scores
    matched: dict[str, str]
    """Category -> the model's class that stands for it."""
    without_class: tuple[str, ...]
    """Categories that the model has no class for; with boxes in the dataset they score 0."""
    failed: int
    """Pictures that could not be read and did not count."""
    truth: GroundTruth
    analysis: Analysis

    def as_json(self) -> dict[str, Any]:
        """What `yolor-studio eval --json` prints; the guide says what each key means."""
        scores, best = self.scores.as_json(), self.analysis.best
        rows = scores.pop("per_category")
        for row, curve in zip(rows, self.analysis.curves, strict=True):
            here, own = curve.at(best.score) if best is not None else None, curve.best()
            row["precision"] = here.precision if here is not None else None
            row["recall"] = here.recall if here is not None else None
            row["threshold"] = own.as_json() if own is not None else None
        return {
            "model": self.model,
            "device": self.device,
            "size": self.size,
            **scores,
            "threshold": best.as_json() if best is not None else None,
            "per_category": rows,
            "confusion": self.analysis.confusion_json(),
            "curves": self.analysis.curves_json(),
            "matched": self.matched,
            "without_class": list(self.without_class),
            "failed": self.failed,
        }

    def lines(self) -> list[str]:
        """The tables and the plot that a person reads."""
        scores = self.scores
        head = f"{self.model} at {self.size} px on {self.device}: {scores.images:,} pictures, {scores.boxes:,} boxes"
        totals = (
            ("AP", scores.ap),
            ("AP50", scores.ap50),
            ("AP75", scores.ap75),
            ("APs", scores.ap_small),
            ("APm", scores.ap_medium),
            ("APl", scores.ap_large),
        )
        lines = [head, "   ".join(f"{name} {_figure(value).strip()}" for name, value in totals), self._caps()]
        lines += ["", *self._table(), "", *self._choice()]
        if self.analysis.best is not None:
            lines += ["", *self._plot(), "", *self._confusions()]
        return lines

    def _caps(self) -> str:
        scores = self.scores
        text = f"Up to {scores.max_dets:,} detections of a picture and category count"
        if scores.max_dets > 100 and scores.ap is not None and _figure(scores.at_100[0]) != _figure(scores.ap):
            text += f"; with the usual 100: AP {_figure(scores.at_100[0]).strip()}"
        return text + "."

    def _table(self) -> list[str]:
        best = self.analysis.best
        heads = ("boxes", "AP", "AP50", "AP75", "prec.", "recall", "limit")
        rows = [f"{'category':<{_NAME}} " + " ".join(f"{head:>{_COLUMN}}" for head in heads)]
        for row, curve in zip(self.scores.per_category, self.analysis.curves, strict=True):
            if not row.boxes:
                continue
            here, own = curve.at(best.score) if best is not None else None, curve.best()
            figures = (
                row.ap, row.ap50, row.ap75, here and here.precision, here and here.recall, own and own.score,
            )  # fmt: skip
            cells = " ".join(f"{_figure(value):>{_COLUMN}}" for value in figures)
            rows.append(f"{row.name[:_NAME]:<{_NAME}} {row.boxes:>{_COLUMN},} {cells}")
        return rows

    def _choice(self) -> list[str]:
        best = self.analysis.best
        if best is None or best.precision is None or best.recall is None:
            return ["Nothing right was found at an overlap of 0.5, so there is no score limit to choose."]
        counts = f"{best.right:,} right, {best.wrong:,} wrong, {best.boxes - best.right:,} missed"
        shares = f"precision {best.precision:.2f}, recall {best.recall:.2f}"
        return [
            f"Score limit {best.score:.2f} is best (F1 {best.f1:.2f}): {shares}; {counts}.",
            "prec. and recall above are at this limit; the last column is each category's own best one.",
        ]

    def _plot(self) -> list[str]:
        heights = self.analysis.overall.precision_over_recall()[::_PLOT_STEP] * _PLOT_ROWS
        lines = ["Precision over recall, all boxes, overlap 0.5"]
        for row in range(_PLOT_ROWS - 1, -1, -1):
            levels = np.clip(np.round((heights - row) * 8), 0, 8).astype(int)
            label = {_PLOT_ROWS - 1: "1.0", _PLOT_ROWS // 2 - 1: "0.5", 0: "0.0"}.get(row, "")
            lines.append(f"{label:>4} |" + "".join(_EIGHTHS[level] for level in levels).rstrip())
        width = len(heights)
        return [
            *lines,
            "     +" + "-" * width,
            "      0" + f"{'0.5':>{width // 2}}" + f"{'1':>{width - width // 2 - 1}}",
        ]

    def _confusions(self) -> list[str]:
        best = self.analysis.best
        pairing = self.analysis.pairing(best.score if best is not None else 0.5)
        matrix, shown = pairing.matrix, pairing.involved
        names = [name for _, name in self.analysis.categories] + ["nothing"]
        if len(shown) > _MOST_IN_MATRIX:
            return self._worst(matrix, names)
        lines = ["Confusions at this limit: rows are the truth, columns the model"]
        lines.append(" " * 12 + " ".join(f"{names[column][:_COLUMN]:>{_COLUMN}}" for column in shown))
        for row in shown:
            cells = " ".join(f"{_count(matrix[row, column]):>{_COLUMN}}" for column in shown)
            lines.append(f"{names[row][:12]:<12}" + cells)
        return lines

    @staticmethod
    def _worst(matrix: np.ndarray, names: list[str]) -> list[str]:
        off = matrix.copy()
        np.fill_diagonal(off, 0)
        order = np.argsort(-off, axis=None, kind="stable")[:_MOST_CONFUSIONS]
        lines = ["Most frequent confusions at this limit"]
        for row, column in zip(*np.unravel_index(order, off.shape), strict=True):
            if off[row, column]:
                taken = f"{names[row]} taken for {names[column]}"
                if column == len(names) - 1:
                    taken = f"{names[row]} missed"
                elif row == len(names) - 1:
                    taken = f"{names[column]} where there is nothing"
                lines.append(f"{off[row, column]:>8,} {taken}")
        return lines


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _count(value: int) -> str:
    return f"{value:,}" if value else "·"
