"""What a measurement found: figures, categories, curves, confusions, and the boxes behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.bridge import Bridge
from yolor_studio.gui.evaluation.boxes import BoxList
from yolor_studio.gui.evaluation.crops import Crops
from yolor_studio.gui.evaluation.curves import CurvesCard
from yolor_studio.gui.evaluation.matrix import ConfusionMatrix
from yolor_studio.gui.evaluation.spots import spots_of
from yolor_studio.gui.evaluation.table import CategoryRow, CategoryTable, percent
from yolor_studio.gui.widgets.cards import Card, FigureCard
from yolor_studio.jobs.evaluation import Evaluation
from yolor_studio.metrics.confusion import Pairing

__all__ = ["EvaluationReport"]

MARGIN, GAP = 16, 12
LEAST_ROW, MOST_ROW, CARD_CHROME = 250, 720, 52
"""Heights of the lower cards, in which the matrix is seen whole; and what a card needs round its content."""
MOST_LISTED = 2000
"""Boxes of one cell that are listed; nobody looks at more."""


class EvaluationReport(QScrollArea):
    """Shows one evaluation at a time; the score limit in it is the person's to move."""

    limit_wanted = Signal(float, object)
    """(limit, the category's place or None): wanted as the project's score limit."""
    opened = Signal(object)
    """A Spot."""

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._evaluation: Evaluation | None = None
        self._pairing: Pairing | None = None
        self._crops: Crops | None = None
        self._colours: tuple[int, ...] = ()
        self._limit = 0.5
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.figures = {
            name: FigureCard(title, hint)
            for name, title, hint in (
                (
                    "ap",
                    self.tr("AP"),
                    self.tr(
                        "Average precision over overlaps of 0.50 to 0.95 in percent; of small, medium and large boxes"
                    ),
                ),
                ("ap50", self.tr("AP at overlap 0.50"), self.tr("Average precision where half an overlap is enough")),
                ("ap75", self.tr("AP at overlap 0.75"), self.tr("Average precision where boxes must fit closely")),
                ("precision", self.tr("Precision"), self.tr("Of what the model shows at the limit, what is right")),
                ("recall", self.tr("Recall"), self.tr("Of your boxes, what the model shows at the limit")),
            )
        }
        self.table = CategoryTable()
        self.curves = CurvesCard()
        self.matrix = ConfusionMatrix()
        self.boxes = BoxList()
        self._build()
        self.table.chosen.connect(lambda _category: self._show_limit())
        self.curves.limit_moved.connect(self.set_limit)
        self.curves.best_wanted.connect(self._set_best)
        self.curves.limit_wanted.connect(lambda: self.limit_wanted.emit(self._limit, self.table.category))
        self.matrix.chosen.connect(lambda _cell: self._show_boxes())
        self.boxes.opened.connect(self.opened)

    def close_reading(self) -> None:
        """Stop the thread that reads pictures."""
        if self._crops is not None:
            self._crops.close()
            self._crops.deleteLater()
            self._crops = None

    @property
    def evaluation(self) -> Evaluation | None:
        """What is shown."""
        return self._evaluation

    @property
    def limit(self) -> float:
        """The score limit that is set."""
        return self._limit

    def show_evaluation(self, evaluation: Evaluation, colours: Sequence[int], *, can_use_limit: bool) -> None:
        """Show this one; `colours` are the categories' palette indices."""
        self.close_reading()
        self._evaluation, self._colours = evaluation, tuple(colours)
        analysis, scores = evaluation.analysis, evaluation.scores
        self._crops = Crops(evaluation.truth.read, self._bridge, self)
        names = [name for _, name in analysis.categories]
        self.boxes.set_evaluation(self._crops, names=names, colours=self._colours)
        small, medium, large = (
            percent(share, digits=0) for share in (scores.ap_small, scores.ap_medium, scores.ap_large)
        )
        self.figures["ap"].set_figure(
            percent(scores.ap),
            self.tr("S {small} · M {medium} · L {large}").format(small=small, medium=medium, large=large),
        )
        self.figures["ap50"].set_figure(percent(scores.ap50))
        self.figures["ap75"].set_figure(percent(scores.ap75))
        self.curves.set_analysis(analysis, self._colours)
        self.curves.use.setVisible(can_use_limit)
        self.matrix.set_names(names, [number for number, curve in enumerate(analysis.curves) if curve.boxes])
        self.table.choose(None)
        best = analysis.best
        self._set(best.score if best is not None else 0.5)
        self._choose_worst()

    def set_limit(self, limit: float) -> None:
        """Look at another score limit."""
        if limit != self._limit:
            self._set(limit)

    def _set(self, limit: float) -> None:
        assert self._evaluation is not None
        self._limit = limit
        self._pairing = self._evaluation.analysis.pairing(limit)
        self.matrix.set_counts(self._pairing.matrix)
        needed = self.matrix.minimumSizeHint().height() + CARD_CHROME
        self._grid.setRowMinimumHeight(1, min(max(needed, LEAST_ROW), MOST_ROW))
        self._show_limit()
        self._show_boxes()

    def _set_best(self) -> None:
        if self._evaluation is not None:
            analysis, category = self._evaluation.analysis, self.table.category
            best = analysis.best if category is None else analysis.curves[category].best()
            if best is not None:
                self._set(best.score)

    # What is shown

    def _show_limit(self) -> None:
        evaluation = self._evaluation
        if evaluation is None:
            return
        point = evaluation.analysis.overall.at(self._limit)
        self.figures["precision"].set_figure(
            percent(point.precision),
            self.tr("{right} of {all}").format(right=f"{point.right:,}", all=f"{point.right + point.wrong:,}"),
        )
        self.figures["recall"].set_figure(
            percent(point.recall),
            self.tr("{right} of {all}").format(right=f"{point.right:,}", all=f"{point.boxes:,}"),
        )
        self.table.show_rows(self._rows(evaluation))
        self.curves.show_limit(self._limit, self.table.category)
        category = self.table.category
        name = evaluation.analysis.categories[category][1] if category is not None else ""
        self.curves.use.setText(self.tr("Use for {name}").format(name=name) if name else self.tr("Use as score limit"))

    def _rows(self, evaluation: Evaluation) -> list[CategoryRow]:
        analysis, scores = evaluation.analysis, evaluation.scores
        whole, best = analysis.overall.at(self._limit), analysis.best
        out = [
            CategoryRow(
                None, self.tr("All"), 0, whole.boxes, scores.ap, scores.ap50,
                whole.precision, whole.recall, best.score if best is not None else None,
            )
        ]  # fmt: skip
        for place, (row, curve) in enumerate(zip(scores.per_category, analysis.curves, strict=True)):
            here, own = curve.at(self._limit), curve.best()
            if curve.boxes or here.wrong:
                out.append(
                    CategoryRow(
                        place, row.name, self._colours[place], row.boxes, row.ap, row.ap50,
                        here.precision, here.recall, own.score if own is not None else None,
                    )
                )  # fmt: skip
        return out

    def _choose_worst(self) -> None:
        """The most frequent confusion is looked at first; without any, what is missed or made up most."""
        if self._pairing is None:
            return
        counts = self._pairing.matrix.copy()
        np.fill_diagonal(counts, 0)
        among = counts[:-1, :-1]
        worst = among if among.any() else counts
        if worst.any():
            row, column = np.unravel_index(int(worst.argmax()), worst.shape)
            self.matrix.choose((int(row), int(column)))
        self._show_boxes()

    def _show_boxes(self) -> None:
        cell, evaluation, pairing = self.matrix.cell, self._evaluation, self._pairing
        if evaluation is None or pairing is None:
            return
        if cell is None:
            self.boxes.show_spots([])
            self.boxes_card.set_title(self.tr("Boxes"), self.tr("choose a cell to see them"))
            return
        spots, count = spots_of(evaluation, pairing, cell, most=MOST_LISTED)
        note = self.tr("the first {count}").format(count=f"{MOST_LISTED:,}") if count > MOST_LISTED else ""
        self.boxes.show_spots(spots)
        self.boxes_card.set_title(self.matrix.sentence(cell), note)

    # Layout

    def _build(self) -> None:
        body = QWidget()
        looks.dress(body, ground="bg")
        column = QVBoxLayout(body)
        column.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        column.setSpacing(GAP)
        top = QHBoxLayout()
        top.setSpacing(GAP)
        for card in self.figures.values():
            top.addWidget(card, 1)
        column.addLayout(top)
        grid = QGridLayout()
        grid.setSpacing(GAP)
        categories = Card(self.tr("Categories"), self.tr("precision and recall at the score limit, in percent"))
        categories.lines.setContentsMargins(8, 10, 8, 8)
        categories.head.setContentsMargins(8, 0, 8, 0)
        categories.head.addStrut(self.curves.kinds.sizeHint().height())  # its title stands as high as its neighbour's
        categories.lines.addWidget(self.table, 1)
        confusions = Card(self.tr("Confusions"), self.tr("rows your label, columns the model"))
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.matrix)
        for transparent in (scroll, scroll.viewport(), self.matrix):  # the card's ground shows through
            transparent.setAutoFillBackground(False)
        confusions.lines.addWidget(scroll, 1)
        self.boxes_card = Card(self.tr("Boxes"))
        self.boxes_card.lines.setContentsMargins(8, 10, 8, 8)
        self.boxes_card.head.setContentsMargins(8, 0, 8, 0)
        self.boxes_card.lines.addWidget(self.boxes, 1)
        hint = QLabel(self.tr("Solid is your box, dashed the model's. A click opens the frame."))
        looks.set_font(hint, looks.CAPTION)
        looks.dress(hint, role="tx3")
        hint.setContentsMargins(8, 0, 8, 0)
        self.boxes_card.lines.addWidget(hint)
        grid.addWidget(categories, 0, 0)
        grid.addWidget(self.curves, 0, 1)
        grid.addWidget(confusions, 1, 0)
        grid.addWidget(self.boxes_card, 1, 1)
        for line in (0, 1):
            grid.setColumnStretch(line, 1)
            grid.setRowStretch(line, 1)
            grid.setRowMinimumHeight(line, LEAST_ROW)
        column.addLayout(grid, 1)
        self._grid = grid
        self.setWidget(body)
