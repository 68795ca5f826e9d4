"""The card of curves: precision over recall, or everything over the score limit, and the limit that is set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from yolor_studio.core.palette import colour_of
from yolor_studio.gui import looks
from yolor_studio.gui.widgets import ElidedLabel, Segmented
from yolor_studio.gui.widgets.cards import Card
from yolor_studio.gui.widgets.plot import Marker, Plot, Series
from yolor_studio.metrics.analysis import Analysis
from yolor_studio.metrics.curves import GRID

__all__ = ["CurvesCard"]

MOST_FAINT = 12
"""Categories whose curves are drawn beside the chosen one's; of more only the chosen one's."""


class CurvesCard(Card):
    """Draws one category's curves, or those of all boxes, and asks for another limit."""

    limit_moved = Signal(float)
    limit_wanted = Signal()
    """A person wants the limit that is set in the project."""
    best_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Precision and recall"), self.tr("at an overlap of 0.50"), parent)
        self._analysis: Analysis | None = None
        self._colours: tuple[int, ...] = ()
        self._category: int | None = None
        self._limit = 0.5
        self.kinds = Segmented(self.tr("Curves"))
        self.kinds.add("recall", self.tr("Over recall"))
        self.kinds.add("score", self.tr("Over score"))
        self.kinds.chosen.connect(lambda _kind: self._draw())
        self.head.addWidget(self.kinds)
        self.over_recall = Plot(
            self.tr("Precision over recall"), x_label=self.tr("recall"), y_label=self.tr("precision")
        )
        self.over_score = Plot(
            self.tr("Precision, recall and F1 over the score limit"),
            x_label=self.tr("score limit"),
            y_label=self.tr("precision, recall and F1"),
        )
        self.over_score.picked.connect(self.limit_moved)
        self.lines.addWidget(self.over_recall, 1)
        self.lines.addWidget(self.over_score, 1)
        self.about, self.counts = ElidedLabel(), ElidedLabel()
        looks.set_font(self.about, looks.SECONDARY, looks.MEDIUM, tabular=True)
        looks.set_font(self.counts, looks.SECONDARY, tabular=True)
        looks.dress(self.counts, role="tx2")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.about)
        words.addWidget(self.counts)
        self.best = QPushButton(self.tr("Best limit"))
        self.best.setToolTip(self.tr("Set the limit with the best balance of precision and recall (F1)"))
        looks.dress(self.best, kind="quiet", size="panel")
        self.best.clicked.connect(self.best_wanted)
        self.use = QPushButton(self.tr("Use as score limit"))
        looks.dress(self.use, kind="soft", size="panel")
        self.use.clicked.connect(self.limit_wanted)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addLayout(words, 1)
        foot.addWidget(self.best)
        foot.addWidget(self.use)
        self.lines.addLayout(foot)

    def set_analysis(self, analysis: Analysis, colours: tuple[int, ...]) -> None:
        """Whose curves."""
        self._analysis, self._colours = analysis, colours

    def show_limit(self, limit: float, category: int | None) -> None:
        """Draw the curves of a category (None: of all boxes) with this limit marked."""
        self._limit, self._category = limit, category
        self._draw()

    def _draw(self) -> None:
        analysis = self._analysis
        if analysis is None:
            return
        over_score = self.kinds.choice() == "score"
        self.over_recall.setHidden(over_score)
        self.over_score.setHidden(not over_score)
        here = analysis.overall if self._category is None else analysis.curves[self._category]
        name = self.tr("all boxes") if self._category is None else analysis.categories[self._category][1]
        colour = "accent" if self._category is None else colour_of(self._colours[self._category])
        point = here.at(self._limit)
        precision, recall = point.precision, point.recall
        faint = []
        if sum(curve.boxes > 0 for curve in analysis.curves) <= MOST_FAINT:
            faint = [
                Series("", GRID, _reached(curve.precision_over_recall()), colour_of(tint), faint=True)
                for curve, tint in zip(analysis.curves, self._colours, strict=True)
                if curve.boxes and curve is not here
            ]
        self.over_recall.set_series(
            [*faint, Series(name, GRID, _reached(here.precision_over_recall()), colour, 2.5)],
            empty=self.tr("Nothing to measure by"),
        )
        marked = precision is not None and recall is not None
        self.over_recall.set_marker(
            Marker(recall or 0, precision or 0, self.tr("score {limit}").format(limit=f"{self._limit:.2f}"))
            if marked
            else None
        )
        curves = here.over_score()
        self.over_score.set_series(
            [
                Series(self.tr("precision"), GRID, curves["precision"], "tx3"),
                Series(self.tr("recall"), GRID, curves["recall"], "review"),
                Series("F1", GRID, curves["f1"], colour, 2.5),
            ]
        )
        self.over_score.set_limit(self._limit)
        self.about.set_text(
            self.tr("Score limit {limit}: F1 {f1}").format(limit=f"{self._limit:.2f}", f1=f"{point.f1 * 100:.1f}")
        )
        self.counts.set_text(
            self.tr("{right} right, {wrong} wrong, {missed} missed").format(
                right=f"{point.right:,}",
                wrong=f"{point.wrong:,}",
                missed=f"{point.boxes - point.right:,}",
            )
        )


def _reached(precision: NDArray[np.float64]) -> NDArray[np.float64]:
    """Beyond the largest recall there is no curve."""
    return np.where(precision > 0, precision, np.nan)
