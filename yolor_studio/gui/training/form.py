"""The choices of a training: a name and a starting point; the rest chooses itself unless a person unfolds it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from yolor_studio.detect.library import ModelEntry
from yolor_studio.gui import looks
from yolor_studio.gui.widgets import ElidedLabel, Segmented

__all__ = ["TrainingForm"]

LABEL_WIDTH = 92
MOST_EPOCHS = 2000


class TrainingForm(QWidget):
    """`changed` tells of every change."""

    changed = Signal()

    def __init__(self, models: Sequence[ModelEntry], chosen: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models = list(models)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(20, 4, 20, 8)
        self._rows.setSpacing(0)
        self.name = QLineEdit()
        looks.dress(self.name, size="dialog")
        self.name.setAccessibleName(self.tr("Name of the new model"))
        self.name.textChanged.connect(self.changed)
        self._add_row(self.tr("Name"), self.name)
        self._add_row(self.tr("Start from"), self._build_start(chosen))
        self._add_row(self.tr("Effort"), self._build_effort())
        self._add_row(self.tr("Details"), self._build_details(), last=True)
        self._rows.addStretch(1)

    @property
    def model(self) -> ModelEntry | None:
        """The starting point."""
        place = self._start.currentIndex()
        return self._models[place] if 0 <= place < len(self._models) else None

    @property
    def epochs(self) -> int | None:
        """None lets the number of pictures choose, as with the following."""
        return self._epochs.value() or None

    @property
    def freeze(self) -> str | None:
        """What stays as it is."""
        return self._freeze.currentData()

    @property
    def implicit_only(self) -> bool:
        """Whether only implicit knowledge learns."""
        return self._implicit.isChecked()

    @property
    def recipe(self) -> str:
        """ "modern" or "official"."""
        return str(self._recipe.choice())

    @property
    def hold_out(self) -> float | None:
        """The share that is kept apart."""
        value = self._apart.value()
        return None if value < 0 else value / 100

    @property
    def device(self) -> str:
        """ "auto", "cpu" or "cuda"."""
        return str(self._device.currentData())

    def show_effort(self, effort: str, why: str, knows: str) -> None:
        """Say what the choices mean: the passes and the time, why so, and what the starting point knows."""
        self._effort.setText(effort)
        self._why.setText(why)
        self._knows.setText(knows)

    def height_for(self, width: int) -> int:
        """The height in which all of it is seen at this width, in logical pixels."""
        return max(self._rows.totalHeightForWidth(width), self._rows.totalMinimumSize().height())

    def unfold(self, unfolded: bool = True) -> None:
        """Show or hide the details."""
        self._details.setVisible(unfolded)
        self._summary.setVisible(not unfolded)
        self._summary.set_text(self._chosen())
        self._change.setText(self.tr("Fold") if unfolded else self.tr("Change"))

    def _chosen(self) -> str:
        """The details in short: what a person chose."""
        parts = [
            (self.epochs is not None, self.tr("{count} passes").format(count=f"{self._epochs.value():,}")),
            (self.hold_out is not None, self.tr("{share} kept apart").format(share=self._apart.text())),
            (self.freeze is not None, self.tr("as it is: {part}").format(part=self._freeze.currentText())),
            (self.recipe != "modern", self.tr("YOLOR's own recipe")),
            (self.device != "auto", self._device.currentText()),
            (self.implicit_only, self.tr("implicit knowledge alone")),
        ]
        chosen = [text for wanted, text in parts if wanted]
        return ", ".join(chosen) if chosen else self.tr("Everything suits the number of pictures")

    # Rows

    def _add_row(self, name: str, content: QWidget, *, last: bool = False) -> None:
        row = QFrame()
        if not last:
            looks.dress(row, line="bottom")
        label = QLabel(name)
        label.setFixedWidth(LABEL_WIDTH)
        looks.dress(label, role="tx2")
        label.setMinimumHeight(32)
        line = QGridLayout(row)
        line.setContentsMargins(0, 8, 0, 8)
        line.setHorizontalSpacing(12)
        line.setVerticalSpacing(0)
        line.addWidget(label, 0, 0)
        line.addWidget(content, 0, 1, 2, 1)
        line.setRowStretch(1, 1)
        line.setColumnStretch(1, 1)
        self._rows.addWidget(row)

    def _build_start(self, chosen: str) -> QWidget:
        self._start = QComboBox()
        looks.dress(self._start, size="dialog")
        self._start.setAccessibleName(self.tr("Model to start from"))
        for entry in self._models:
            self._start.addItem(looks.icon("cube"), entry.name)
        self._start.setCurrentIndex(max(self._start.findText(chosen), 0))
        self._start.currentIndexChanged.connect(self.changed)
        self._knows = _quiet("")
        return _column(self._start, self._knows)

    def _build_effort(self) -> QWidget:
        self._effort, self._why = QLabel(), _quiet("")
        self._effort.setWordWrap(True)
        self._effort.setMinimumHeight(32)
        return _column(self._effort, self._why)

    def _build_details(self) -> QWidget:
        self._summary = ElidedLabel(self.tr("Everything suits the number of pictures"))
        self._change = QPushButton(self.tr("Change"))
        looks.dress(self._change, kind="link", size="panel")
        self._change.clicked.connect(lambda: self.unfold(self._details.isHidden()))
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._summary, 1)
        line.addStretch()
        line.addWidget(self._change)
        top = QWidget()
        top.setLayout(line)
        top.setMinimumHeight(32)
        self._details = self._build_advanced()
        self._details.hide()
        return _column(top, self._details)

    def _build_advanced(self) -> QWidget:
        self._epochs = QSpinBox()
        self._epochs.setRange(0, MOST_EPOCHS)
        self._epochs.setSpecialValueText(self.tr("auto"))
        self._apart = QSpinBox()
        self._apart.setRange(-1, 90)
        self._apart.setValue(-1)
        self._apart.setSuffix(" %")
        self._apart.setSpecialValueText(self.tr("auto"))
        for spin in (self._epochs, self._apart):
            looks.dress(spin, size="panel")
            spin.setFixedWidth(92)
            spin.valueChanged.connect(self.changed)
        self._freeze = QComboBox()
        for text, value in (
            (self.tr("auto"), None),
            (self.tr("nothing"), "none"),
            (self.tr("the backbone"), "backbone"),
            (self.tr("backbone and neck"), "neck"),
        ):
            self._freeze.addItem(text, value)
        self._device = QComboBox()
        for text, value in (
            (self.tr("the fastest"), "auto"),
            (self.tr("processor"), "cpu"),
            (self.tr("graphics card (CUDA)"), "cuda"),
        ):
            self._device.addItem(text, value)
        for box in (self._freeze, self._device):
            looks.dress(box, size="panel")
            box.currentIndexChanged.connect(self.changed)
        self._implicit = QCheckBox(self.tr("Only implicit knowledge and new categories learn"))
        self._implicit.setToolTip(
            self.tr("The vectors that YOLOR learns apart from the picture; quick, and it changes the model little.")
        )
        self._implicit.toggled.connect(self.changed)
        self._recipe = Segmented(self.tr("Recipe"))
        self._recipe.add("modern", self.tr("Modern"), tooltip=self.tr("AdamW and SimOTA: best with few pictures"))
        self._recipe.add("official", self.tr("YOLOR's own"), tooltip=self.tr("SGD, its own loss and assignment"))
        self._recipe.chosen.connect(self.changed)
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 4, 0, 4)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for row, (text, field) in enumerate(
            (
                (self.tr("Passes over the data"), self._epochs),
                (self.tr("Kept apart to measure"), self._apart),
                (self.tr("Stays as it is"), self._freeze),
                (self.tr("Recipe"), self._recipe),
                (self.tr("Device"), self._device),
            )
        ):
            label = _quiet(text)
            label.setBuddy(field)
            if not field.accessibleName():
                field.setAccessibleName(text)
            grid.addWidget(label, row, 0)
            line = QHBoxLayout()
            line.addWidget(field)
            line.addStretch(1)
            grid.addLayout(line, row, 1)
        grid.addWidget(self._implicit, 5, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        return holder


def _quiet(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    looks.set_font(label, looks.SECONDARY)
    looks.dress(label, role="tx2")
    return label


def _column(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch(1)  # what is left over belongs below, not between the lines
    return holder
