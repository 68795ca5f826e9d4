"""The choices of an export, from top to bottom in the order in which people decide."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from yolor_studio.core.entities import MediaKind
from yolor_studio.formats.plan import ExportPlan, ExportRequest
from yolor_studio.gui import looks
from yolor_studio.gui.dialogs.split_bar import SplitBar
from yolor_studio.gui.export_choice import Planned
from yolor_studio.gui.panels.header import icon_button
from yolor_studio.gui.session import Session
from yolor_studio.gui.widgets import ElidedLabel, Segmented, Toggle

__all__ = ["ExportForm"]

LABEL_WIDTH = 76
NO_SPLIT, TRAIN_VAL, TRAIN_VAL_TEST = "none", "val", "test"


class ExportForm(QWidget):
    """Gives an ExportRequest; `changed` tells of every change of it."""

    changed = Signal()

    def __init__(self, session: Session, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._details = {"zero_based": False, "polygons": False, "keyframes_only": False}
        self._blurred: set[int] = set()
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(20, 4, 20, 8)
        self._rows.setSpacing(0)
        self._add_row(self.tr("Format"), self._build_format())
        what, split = self._build_what(), self._build_split()
        self._add_row(self.tr("What"), what, first=self._reviewed)
        self._add_row(self.tr("Split"), split, first=self._split)
        self._add_row(self.tr("Pictures"), self._build_pictures())
        self._add_row(self.tr("Privacy"), self._build_privacy())
        self._add_row(self.tr("Details"), self._build_details())
        self._add_row(self.tr("Folder"), self._build_folder(folder), last=True)
        self._rows.addStretch(1)
        self._show_enabled()

    @property
    def folder(self) -> Path:
        """Where the dataset is to be written."""
        return Path(self._folder.text().strip()).expanduser()

    def set_folder(self, folder: Path) -> None:
        """Write the dataset there."""
        self._folder.setText(str(folder))

    def choose_all_frames(self) -> None:
        """Write frames with objects that are not reviewed, too."""
        self._all.setChecked(True)

    def request(self) -> ExportRequest:
        """What is chosen. Raises UsageError when it makes no sense."""
        include = {"reviewed"}
        if self._all.isChecked():
            include.add("all")
        if self._with_predictions.isChecked():
            include.add("predictions")
        return ExportRequest(
            include=frozenset(include),
            min_score=self._min_score.value() if self._with_predictions.isChecked() else None,
            split=self._shares(),
            seed=self._seed.value(),
            every=self._every.value() if self._thinned.isChecked() else 1,
            images=self._images.choice(),  # pyright: ignore[reportArgumentType]
            quality=self._quality.value(),
            blur=frozenset(self._blurred) if self._blur.isChecked() else frozenset(),
            zero_based=self._details["zero_based"],
            polygons=self._details["polygons"],
            keyframes_only=self._details["keyframes_only"],
        )

    def show_planned(self, planned: Planned) -> None:
        """Put the figures of a plan beside the choices."""
        text = self.tr("{frames} frames · {boxes} boxes")
        for name, label in self._counts.items():
            frames, boxes = planned.counts[name]
            label.setText(text.format(frames=f"{frames:,}", boxes=f"{boxes:,}"))
        self._show_split(planned.plan)
        if self._blur.isChecked():
            self._blur_note.set_text(
                self.tr("in the copies only · {count} boxes").format(count=f"{planned.plan.blurred:,}")
            )
        else:
            self._blur_note.set_text("")

    # Rows

    def _add_row(self, name: str, content: QWidget, *, first: QWidget | None = None, last: bool = False) -> None:
        """Put a name beside the middle of its content's first line, which is `first` where there are more."""
        row = QFrame()
        if not last:
            looks.dress(row, line="bottom")
        label = QLabel(name)
        label.setFixedWidth(LABEL_WIDTH)
        looks.dress(label, role="tx2")
        line = QGridLayout(row)
        line.setContentsMargins(0, 9, 0, 9)
        line.setHorizontalSpacing(12)
        line.setVerticalSpacing(0)
        line.addWidget(label, 0, 0)
        line.addWidget(content, 0, 1, 2, 1)
        line.setRowStretch(1, 1)
        line.setColumnStretch(1, 1)
        label.setMinimumHeight((first or content).sizeHint().height())
        self._rows.addWidget(row)

    def _build_format(self) -> QWidget:
        label = QLabel(self.tr("COCO, with videos and tracks for readers that know them"))
        label.setMinimumHeight(26)
        return label

    def _build_what(self) -> QWidget:
        holder, grid = QWidget(), QGridLayout()
        holder.setLayout(grid)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        self._reviewed = QRadioButton(self.tr("Reviewed frames"))
        self._all = QRadioButton(self.tr("All frames with objects"))
        group = QButtonGroup(self)
        self._counts: dict[str, QLabel] = {}
        for number, (name, radio, note) in enumerate(
            (("reviewed", self._reviewed, self.tr("finished, empty ones too")), ("all", self._all, ""))
        ):
            group.addButton(radio)
            self._counts[name] = _quiet("", "tx2")
            grid.addWidget(radio, number, 0)
            grid.addWidget(_quiet(note, "tx3"), number, 1)
            grid.addWidget(self._counts[name], number, 3)
        grid.setColumnStretch(2, 1)
        self._reviewed.setChecked(True)
        group.buttonToggled.connect(lambda _button, checked: checked and self.changed.emit())
        line = QHBoxLayout()
        line.setSpacing(8)
        self._with_predictions = QCheckBox(self.tr("Include predictions from score"))
        self._min_score = QDoubleSpinBox()
        self._min_score.setRange(0.05, 1.0)
        self._min_score.setSingleStep(0.05)
        self._min_score.setValue(self._session.project.score_limit())
        self._thinned = QCheckBox(self.tr("One frame in"))
        self._every = QSpinBox()
        self._every.setRange(2, 1000)
        self._every.setValue(5)
        for box, field in ((self._with_predictions, self._min_score), (self._thinned, self._every)):
            looks.dress(field, size="panel")
            field.setFixedWidth(66)
            field.setAccessibleName(box.text())
            line.addWidget(box)
            line.addWidget(field)
            line.addSpacing(16)
            box.toggled.connect(self._choice_changed)
            field.valueChanged.connect(self._choice_changed)
        line.addStretch(1)
        grid.addLayout(line, 2, 0, 1, 4)
        self._with_predictions.setEnabled(self._session.project.shown_layer() is not None)
        return holder

    def _build_split(self) -> QWidget:
        holder, column = QWidget(), QVBoxLayout()
        holder.setLayout(column)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        self._split = Segmented(self.tr("Split"))
        for key, text in (
            (NO_SPLIT, self.tr("No split")),
            (TRAIN_VAL, self.tr("Train, val")),
            (TRAIN_VAL_TEST, self.tr("Train, val, test")),
        ):
            self._split.add(key, text)
        self._split.choose(TRAIN_VAL if len(self._session.media) > 1 else NO_SPLIT)
        self._split.chosen.connect(self._choice_changed)
        self._val, self._test, self._seed = QSpinBox(), QSpinBox(), QSpinBox()
        for field, value, most, name in (
            (self._val, 20, 90, self.tr("Share of val")),
            (self._test, 10, 90, self.tr("Share of test")),
            (self._seed, 0, 999_999, self.tr("Seed")),
        ):
            field.setRange(0 if field is self._seed else 1, most)
            field.setValue(value)
            field.setAccessibleName(name)
            field.setFixedWidth(62)
            looks.dress(field, size="panel")
            field.valueChanged.connect(self._choice_changed)
        self._val.setSuffix(" %")
        self._test.setSuffix(" %")
        self._val_name, self._test_name, self._seed_name = (
            _quiet(self.tr("val"), "tx2"),
            _quiet(self.tr("test"), "tx2"),
            _quiet(self.tr("Seed"), "tx2"),
        )
        self._shuffle = icon_button("shuffle", self.tr("Another seed"), self._another_seed)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._split)
        line.addStretch(1)
        for widget in (
            self._val_name, self._val, self._test_name, self._test, self._seed_name, self._seed, self._shuffle,
        ):  # fmt: skip
            line.addWidget(widget)
        column.addLayout(line)
        self._bar = SplitBar()
        column.addWidget(self._bar)
        return holder

    def _build_pictures(self) -> QWidget:
        holder, line = QWidget(), QHBoxLayout()
        holder.setLayout(line)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self._images = Segmented(self.tr("Pictures"))
        self._images.add("jpeg", "JPEG")
        self._images.add("png", "PNG", tooltip=self.tr("The very pixels of the canvas"))
        refer = self._images.add("reference", self.tr("Refer in place"))
        if any(media.kind is MediaKind.VIDEO for media in self._session.media):
            refer.setEnabled(False)
            refer.setToolTip(self.tr("Frames of a video have no file of their own"))
        self._images.add("none", self.tr("None"))
        self._images.chosen.connect(self._choice_changed)
        self._quality_name = _quiet(self.tr("Quality"), "tx2")
        self._quality = QSpinBox()
        self._quality.setRange(1, 100)
        self._quality.setValue(95)
        self._quality.setFixedWidth(58)
        self._quality.setAccessibleName(self.tr("Quality"))
        looks.dress(self._quality, size="panel")
        self._quality.valueChanged.connect(self._choice_changed)
        line.addWidget(self._images)
        line.addWidget(self._quality_name)
        line.addWidget(self._quality)
        line.addStretch(1)
        return holder

    def _build_privacy(self) -> QWidget:
        holder, line = QWidget(), QHBoxLayout()
        holder.setLayout(line)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self._blur = Toggle(self.tr("Blur boxes"))
        self._blur.toggled.connect(self._choice_changed)
        self._blur_names = QToolButton()
        self._blur_names.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        looks.dress(self._blur_names, kind="plain")
        menu = QMenu(self._blur_names)
        for category in self._session.categories:
            action = menu.addAction(category.name)
            action.setCheckable(True)
            action.toggled.connect(lambda on, category_id=category.id: self._blur_category(category_id, on))
        self._blur_names.setMenu(menu)
        self._blur_note = _elided()
        line.addWidget(self._blur)
        line.addWidget(QLabel(self.tr("Blur boxes of")))
        line.addWidget(self._blur_names)
        line.addWidget(self._blur_note, 1)
        return holder

    def _build_details(self) -> QWidget:
        holder, line = QWidget(), QHBoxLayout()
        holder.setLayout(line)
        line.setContentsMargins(0, 0, 0, 0)
        self._details_text = QLabel()
        change = QPushButton(self.tr("Change"))
        looks.dress(change, kind="link", size="panel")
        menu = QMenu(change)
        for name, text in (
            ("zero_based", self.tr("Category ids from 0")),
            ("polygons", self.tr("Boxes as outlines too")),
            ("keyframes_only", self.tr("No frames between keyframes")),
        ):
            action = menu.addAction(text)
            action.setCheckable(True)
            action.toggled.connect(lambda on, name=name: self._set_detail(name, on))
        change.setMenu(menu)
        line.addWidget(self._details_text)
        line.addStretch(1)
        line.addWidget(change)
        return holder

    def _build_folder(self, folder: Path) -> QWidget:
        holder, line = QWidget(), QHBoxLayout()
        holder.setLayout(line)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self._folder = QLineEdit(str(folder))
        self._folder.setAccessibleName(self.tr("Folder"))
        self._folder.textChanged.connect(self._choice_changed)
        choose = QPushButton(self.tr("Choose"))
        looks.set_icon(choose, "folder-open")
        choose.clicked.connect(self._choose_folder)
        line.addWidget(self._folder, 1)
        line.addWidget(choose)
        return holder

    # Answers

    def _choice_changed(self, *_value: object) -> None:
        self._show_enabled()
        self.changed.emit()

    def _show_enabled(self) -> None:
        split = self._split.choice()
        for widget in (self._val, self._val_name, self._seed, self._seed_name, self._shuffle):
            widget.setVisible(split != NO_SPLIT)
        for widget in (self._test, self._test_name):
            widget.setVisible(split == TRAIN_VAL_TEST)
        self._min_score.setEnabled(self._with_predictions.isChecked())
        self._every.setEnabled(self._thinned.isChecked())
        images = self._images.choice()
        self._quality.setVisible(images == "jpeg")
        self._quality_name.setVisible(images == "jpeg")
        copies = images in ("jpeg", "png")
        self._blur.setEnabled(copies and bool(self._session.categories))
        if not copies:
            self._blur.setChecked(False)
        self._blur_names.setEnabled(self._blur.isChecked())
        names = [category.name for category in self._session.categories if category.id in self._blurred]
        self._blur_names.setText(", ".join(names) or self.tr("Choose categories"))
        self._details_text.setText(
            " · ".join(
                (
                    self.tr("Category ids from 0") if self._details["zero_based"] else self.tr("Category ids from 1"),
                    self.tr("outlines") if self._details["polygons"] else self.tr("no outlines"),
                    self.tr("keyframes only") if self._details["keyframes_only"] else self.tr("every frame"),
                )
            )
        )

    def _show_split(self, plan: ExportPlan) -> None:
        self._bar.setVisible(self._split.choice() != NO_SPLIT)
        self._bar.show_splits([(split.name, split.frames) for split in plan.splits])

    def _shares(self) -> Mapping[str, float]:
        val, test = self._val.value() / 100, self._test.value() / 100
        match self._split.choice():
            case "val":
                return {"train": round(1 - val, 2), "val": val}
            case "test":
                return {"train": max(round(1 - val - test, 2), 0.0), "val": val, "test": test}
            case _:
                return {"train": 1.0}

    def _another_seed(self) -> None:
        self._seed.setValue(random.randrange(1000))

    def _set_detail(self, name: str, on: bool) -> None:
        self._details[name] = on
        self._choice_changed()

    def _blur_category(self, category_id: int, on: bool) -> None:
        (self._blurred.add if on else self._blurred.discard)(category_id)
        self._choice_changed()

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Where the dataset goes"), str(self.folder.parent))
        if chosen:
            self._folder.setText(str(Path(chosen) / self.folder.name))


def _quiet(text: str, role: str) -> QLabel:
    label = QLabel(text)
    looks.set_font(label, looks.SECONDARY, tabular=True)
    looks.dress(label, role=role)
    return label


def _elided() -> ElidedLabel:
    label = ElidedLabel()
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    looks.set_font(label, looks.SECONDARY, tabular=True)
    looks.dress(label, role="tx3")
    return label
