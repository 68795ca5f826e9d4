"""The confusion matrix: rows the truth, columns the model; a cell is a door to its boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.evaluation.spots import cell_sentence
from yolor_studio.gui.looks.tokens import contrast
from yolor_studio.gui.panels.rows import elided

__all__ = ["ConfusionMatrix"]

LEAST_CELL, MOST_CELL, CELL_HEIGHT = 22, 64, 30
_GAP, _NAMES, _HEADS, _TURNED_HEADS = 2, 92, 22, 76
_STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class ConfusionMatrix(QWidget):
    """The arrow keys go from cell to cell; what is gone to is chosen."""

    chosen = Signal(object)
    """(row, column) of the whole matrix."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Confusions: rows your label, columns the model"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._names: list[str] = []
        self._labelled: set[int] = set()
        self._used: list[int] = []
        self._counts: NDArray[np.int64] = np.zeros((1, 1), np.int64)
        self._cell: tuple[int, int] | None = None
        self._hovered: tuple[int, int] | None = None

    def set_names(self, names: Sequence[str], labelled: Sequence[int]) -> None:
        """The categories, and which of them are labelled: these always have a row and a column, as "nothing" has."""
        self._names, self._labelled = list(names), set(labelled)
        self._counts = np.zeros((len(names) + 1, len(names) + 1), np.int64)
        self._cell = None
        self._choose_used()

    def set_counts(self, counts: NDArray[np.int64]) -> None:
        """[C + 1, C + 1], the last row and column nothing. What counts nothing anywhere has no row: of many classes a
        model takes few for anything. The chosen cell stays."""
        self._counts = counts
        self._choose_used()
        self._describe()

    def _choose_used(self) -> None:
        last = len(self._names)
        counting = set(np.flatnonzero(self._counts.any(0) | self._counts.any(1)).tolist())
        self._used = sorted(self._labelled | counting | set(self._cell or ()) | {last})
        self.updateGeometry()
        self.update()

    @property
    def cell(self) -> tuple[int, int] | None:
        """The chosen cell."""
        return self._cell

    def choose(self, cell: tuple[int, int] | None) -> None:
        """Choose a cell without telling."""
        self._cell = cell
        self._describe()
        self.update()

    def sentence(self, cell: tuple[int, int]) -> str:
        """What a cell counts, in words."""
        row, column = (self._names[n] if n < len(self._names) else None for n in cell)
        return cell_sentence(int(self._counts[cell]), row, column)

    def rect_of(self, cell: tuple[int, int]) -> QRectF:
        """Where a cell lies."""
        at = self._used.index(cell[0]), self._used.index(cell[1])
        width, height = self._cell_size()
        return QRectF(_NAMES + at[1] * width, self._head_height() + at[0] * height, width - _GAP, height - _GAP)

    def sizeHint(self) -> QSize:
        side = max(len(self._used), 2)
        return QSize(_NAMES + side * 46, _TURNED_HEADS + side * CELL_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        side = max(len(self._used), 2)
        return QSize(_NAMES + side * LEAST_CELL, int(self._head_height()) + side * LEAST_CELL)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_names(painter)
        sums = np.maximum(self._counts.sum(1), 1)
        ground = looks.colour("chrome" if looks.is_dark() else "raised")
        for row in self._used:
            for column in self._used:
                if row == column == len(self._names):
                    continue
                self._paint_cell(painter, (row, column), share=float(self._counts[row, column] / sums[row]), on=ground)
        if self._cell is not None and self._cell[0] in self._used and self._cell[1] in self._used:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(looks.colour("accent" if self.hasFocus() else "tx"), 2))
            painter.drawRoundedRect(self.rect_of(self._cell), 3, 3)
        painter.end()

    def _paint_cell(self, painter: QPainter, cell: tuple[int, int], *, share: float, on: QColor) -> None:
        count, rect = int(self._counts[cell]), self.rect_of(cell)
        role = "accent" if cell[0] == cell[1] else "doubt"
        fill = looks.colour("line", 0.45)
        if count:
            fill = looks.colour(role, 0.16 + 0.74 * share**0.7)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(rect, 3, 3)
        if self._hovered == cell and count:
            painter.setPen(QPen(looks.colour("tx2"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setFont(looks.font(looks.SECONDARY if rect.width() >= 34 else looks.CAPTION, tabular=True))
        text = (f"{count:,}" if count < 10_000 else f"{count // 1000:,}k") if count else "·"
        if QFontMetricsF(painter.font()).horizontalAdvance(text) <= rect.width():
            painter.setPen(_ink(_over(fill, on)) if count else looks.colour("tx3"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_names(self, painter: QPainter) -> None:
        width, height = self._cell_size()
        font = looks.font(looks.SECONDARY)
        painter.setFont(font)
        head = self._head_height()
        for place, index in enumerate(self._used):
            name = self._names[index] if index < len(self._names) else self.tr("nothing")
            lit = self._cell or (-1, -1)
            painter.setPen(looks.colour("tx" if lit[0] == index else "tx2"))
            line = QRectF(0, head + place * height, _NAMES - 8, height - _GAP)
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(line, middle, elided(name, font, line.width()))
            painter.setPen(looks.colour("tx" if lit[1] == index else "tx2"))
            left = _NAMES + place * width
            if not self._turned:
                top = QRectF(left, 0, width - _GAP, head - 4)
                painter.drawText(
                    top, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, elided(name, font, top.width())
                )
            else:
                painter.save()
                painter.translate(QPointF(left + (width - _GAP) / 2 - 8, head - 4))
                painter.rotate(-90)
                painter.drawText(QRectF(0, 0, head - 6, 16), middle, elided(name, font, head - 6))
                painter.restore()

    @property
    def _turned(self) -> bool:
        """Whether names stand upright, since they find no room over their columns."""
        names = [self._names[index] for index in self._used if index < len(self._names)]
        metrics = QFontMetricsF(looks.font(looks.SECONDARY))
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0)
        return min(widest, 52) > self._cell_size()[0] - 4

    def _head_height(self) -> float:
        return _TURNED_HEADS if self._turned else _HEADS

    def _cell_size(self) -> tuple[float, float]:
        side = max(len(self._used), 1)
        width = min(max((self.width() - _NAMES) / side, LEAST_CELL), MOST_CELL)
        return float(int(width)), float(min(max(int((self.height() - _TURNED_HEADS) / side), LEAST_CELL), 40))

    # Pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._go(cell)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self._at(event.position())
        if cell != self._hovered:
            self._hovered = cell
            hand = cell is not None and self._counts[cell] > 0
            self.setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hovered = None
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            cell = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.sentence(cell) if cell is not None else "", self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        if self._cell is None:
            self._go((self._used[0], self._used[0]))
            return
        last = len(self._used) - 1
        row = min(max(self._used.index(self._cell[0]) + step[0], 0), last)
        column = min(max(self._used.index(self._cell[1]) + step[1], 0), last)
        self._go((self._used[row], self._used[column]))

    def _at(self, point: QPointF) -> tuple[int, int] | None:
        width, height = self._cell_size()
        column, row = (point.x() - _NAMES) // width, (point.y() - self._head_height()) // height
        if not (0 <= column < len(self._used) and 0 <= row < len(self._used)):
            return None
        cell = self._used[int(row)], self._used[int(column)]
        return None if cell == (len(self._names), len(self._names)) else cell

    def _go(self, cell: tuple[int, int]) -> None:
        if cell != (len(self._names), len(self._names)):
            self.choose(cell)
            self.chosen.emit(cell)

    def _describe(self) -> None:
        self.setAccessibleDescription(self.sentence(self._cell) if self._cell is not None else "")


def _over(colour: QColor, ground: QColor) -> QColor:
    """What the eye sees of a translucent colour on a ground."""
    share = colour.alphaF()
    return QColor(
        *(
            round(top * share + below * (1 - share))
            for top, below in (
                (colour.red(), ground.red()),
                (colour.green(), ground.green()),
                (colour.blue(), ground.blue()),
            )
        )
    )


def _ink(ground: QColor) -> QColor:
    """Black or white, whichever is read better."""
    dark, light = "#0B0C0E", "#FFFFFF"
    return QColor(dark if contrast(dark, ground.name()) >= contrast(light, ground.name()) else light)
