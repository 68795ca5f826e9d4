"""A box of a picture that is in no project, seen where it was found: the whole picture in a sheet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.bridge import Bridge
from yolor_studio.gui.dialogs.about import sheet_head
from yolor_studio.gui.dialogs.sheet import Sheet
from yolor_studio.gui.evaluation.crops import paint_boxes
from yolor_studio.gui.evaluation.spots import Spot, cell_sentence
from yolor_studio.gui.latest import Latest
from yolor_studio.gui.thumbnails import image_of
from yolor_studio.jobs.evaluation import Evaluation

__all__ = ["LookSheet"]

WIDTH, HEIGHT = 860, 520


class LookSheet(Sheet):
    """Says why the picture cannot be opened in the workspace, and shows it."""

    def __init__(
        self, host: QWidget, spot: Spot, evaluation: Evaluation, *, colours: tuple[int, ...], bridge: Bridge
    ) -> None:
        super().__init__(host, width=WIDTH)
        names = [name for _, name in evaluation.analysis.categories]
        row, column = (names[n] if n is not None else None for n in (spot.true_category, spot.found_category))
        self.content.addWidget(sheet_head(self, cell_sentence(1, row, column), spot.name))
        self.picture = _Picture(spot, colours)
        self.content.addWidget(self.picture, 1)
        line = QHBoxLayout()
        line.setContentsMargins(20, 10, 20, 14)
        note = QLabel(
            self.tr(
                "Solid is the label, dashed the model's box. The picture is no media of an open project, so nothing "
                "can be corrected here."
            )
        )
        looks.set_font(note, looks.SECONDARY)
        looks.dress(note, role="tx2")
        line.addWidget(note, 1)
        self.content.addLayout(line)
        self._latest = Latest(bridge, self)
        self._latest.done.connect(self.picture.show_picture)
        self._latest.ask(lambda: evaluation.truth.read(spot.picture))

    def close_sheet(self) -> None:
        """Read no more, and close."""
        self._latest.close()
        super().close_sheet()


class _Picture(QWidget):
    def __init__(self, spot: Spot, colours: tuple[int, ...]) -> None:
        super().__init__()
        self._spot, self._colours = spot, colours
        self._image: QImage | None = None
        self._why = ""
        self.setMinimumHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(spot.name)

    @property
    def shown(self) -> bool:
        """Whether the picture has come."""
        return self._image is not None

    def show_picture(self, picture: NDArray[np.uint8] | str) -> None:
        if isinstance(picture, str):
            self._why = picture
        else:
            self._image = image_of(picture)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), looks.colour("well"))
        if self._image is None:
            painter.setPen(looks.colour("tx2"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._why)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            region = QRectF(self._image.rect())
            scale = min(self.width() / region.width(), self.height() / region.height(), 4.0)
            into = QRectF(0, 0, region.width() * scale, region.height() * scale)
            into.moveCenter(QRectF(self.rect()).center())
            painter.drawImage(into, self._image)
            paint_boxes(painter, self._spot, region=region, into=into, colours=self._colours, width=2)
        painter.end()
