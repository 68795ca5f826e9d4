"""The right side of the export sheet, before and after: exactly what will be written, and what was proved."""

from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from yolor_studio.core.amounts import size_text
from yolor_studio.core.entities import MediaKind
from yolor_studio.formats.check import CheckReport
from yolor_studio.formats.plan import ExportPlan, SplitCount
from yolor_studio.gui import looks
from yolor_studio.gui.dialogs.figures import Figures, clear, heading, note, rule
from yolor_studio.gui.dialogs.split_bar import SPLIT_ROLES
from yolor_studio.gui.panels.icon_label import IconLabel
from yolor_studio.jobs.export import ExportReport

__all__ = ["ExportPreview", "ExportProof", "GoodToKnow"]

MOST_NOTES = 6


class _Side(QFrame):
    """The column on chrome at the right."""

    def __init__(self) -> None:
        super().__init__()
        looks.dress(self, ground="chrome", line="left")
        self.setFixedWidth(300)
        self.lines = QVBoxLayout(self)
        self.lines.setContentsMargins(20, 16, 20, 16)
        self.lines.setSpacing(10)


class ExportPreview(_Side):
    """What will be written, recounted on every change."""

    def show_plan(self, plan: ExportPlan, out: Path) -> None:
        """Show the files, the figures and the warnings of a plan."""
        clear(self.lines)
        self.lines.addWidget(heading(self.tr("What will be written")))
        self.lines.addWidget(self._files(plan, out))
        self.lines.addWidget(rule())
        self.lines.addWidget(self._figures(plan, out))
        warnings = plan.warnings
        if warnings:
            self.lines.addWidget(rule())
        for number, sentence in enumerate(warnings[:MOST_NOTES]):
            grave = number == 0 and bool(plan.clipped or plan.outside or plan.missing or not plan.frames)
            self.lines.addWidget(note(sentence, icon="warning", role="warn") if grave else note(sentence))
        self.lines.addStretch(1)

    def show_problem(self, sentence: str) -> None:
        """Say why nothing can be planned."""
        clear(self.lines)
        self.lines.addWidget(heading(self.tr("What will be written")))
        self.lines.addWidget(note(sentence, icon="warning", role="warn"))
        self.lines.addStretch(1)

    def _files(self, plan: ExportPlan, out: Path) -> Figures:
        files = Figures()
        files.add(out.name, icon="folder")
        files.add("annotations", icon="folder", indent=1)
        written = [split for split in plan.splits if split.frames]
        for split in written:
            files.add(f"instances_{split.name}.json", icon="file-text", indent=2)
        if plan.request.copies:
            files.add("images", self.tr("{count} files").format(count=f"{plan.frames:,}"), icon="folder", indent=1)
            example = _example_name(plan)
            if example:
                files.add(example, icon="image", indent=2)
        return files

    def _figures(self, plan: ExportPlan, out: Path) -> Figures:
        figures = Figures()
        boxes = sum(split.boxes for split in plan.splits)
        predicted = sum(split.predictions for split in plan.splits)
        figures.add(self.tr("Frames"), f"{plan.frames:,}")
        figures.add(self.tr("of these empty"), f"{plan.empty:,}")
        figures.add(self.tr("Boxes"), f"{boxes:,}")
        if predicted:
            figures.add(self.tr("of these predictions"), f"{predicted:,}")
        figures.add(self.tr("Tracks"), f"{plan.tracks:,}")
        figures.add(self.tr("Categories"), f"{len(plan.categories):,}")
        free = _free_bytes(out)
        if free is not None:
            figures.add(self.tr("Free on this disk"), size_text(free))
        return figures


class GoodToKnow(_Side):
    """What was changed on the way."""

    def __init__(self, report: ExportReport) -> None:
        super().__init__()
        self.lines.addWidget(heading(self.tr("Good to know")))
        for sentence in report.warnings[:MOST_NOTES]:
            self.lines.addWidget(note(sentence))
        for what, why in report.failed[:MOST_NOTES]:
            self.lines.addWidget(note(f"{what}: {why}", icon="warning", role="warn"))
        if not report.warnings and not report.failed:
            self.lines.addWidget(note(self.tr("Nothing was changed or left out on the way.")))
        self.lines.addWidget(rule())
        self.lines.addWidget(heading(self.tr("Next")))
        self.lines.addWidget(
            note(
                self.tr("Fine-tune a model on it: yolor-studio train {folder}").format(folder=report.folder),
                icon="graduation-cap",
                role="accent",
            )
        )
        self.lines.addStretch(1)


class _Seal(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(44, 44)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(looks.colour("oktint"))
        painter.drawEllipse(self.rect())
        looks.paint_icon(painter, self.rect().toRectF().adjusted(11, 11, -11, -11), "check", looks.colour("ok"))
        painter.end()


class ExportProof(QWidget):
    """Written and verified: the figure that proves it, the table, the checks in words."""

    def __init__(self, report: ExportReport) -> None:
        super().__init__()
        lines = QVBoxLayout(self)
        lines.setContentsMargins(20, 20, 20, 16)
        lines.setSpacing(0)
        lines.addLayout(self._head(report))
        lines.addSpacing(18)
        lines.addWidget(self._table(report.splits))
        lines.addSpacing(20)
        lines.addWidget(heading(self.tr("Checked by reading the files back")))
        lines.addSpacing(8)
        for text, figure in _checks(report.check):
            lines.addWidget(_check_line(text, figure))
        lines.addStretch(1)

    def _head(self, report: ExportReport) -> QHBoxLayout:
        title = QLabel(self.tr("Written and verified"))
        looks.set_font(title, looks.TITLE, looks.SEMIBOLD)
        where = QLabel(
            self.tr("{folder} · {size} · {seconds} s").format(
                folder=report.folder,
                size=size_text(report.bytes),
                seconds=f"{report.seconds:.1f}" if report.seconds < 10 else f"{report.seconds:.0f}",
            )
        )
        looks.set_font(where, looks.SECONDARY)
        looks.dress(where, role="tx2")
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(title)
        words.addWidget(where)
        figure = QLabel("–" if report.check.ap is None else f"{report.check.ap:.3f}")
        looks.set_font(figure, 26, looks.SEMIBOLD, tabular=True)
        about = QLabel(self.tr("AP against itself"))
        looks.set_font(about, looks.SECONDARY)
        looks.dress(about, role="tx2")
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(figure, 0, Qt.AlignmentFlag.AlignRight)
        right.addWidget(about, 0, Qt.AlignmentFlag.AlignRight)
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(_Seal())
        head.addLayout(words, 1)
        head.addLayout(right)
        return head

    def _table(self, splits: tuple[SplitCount, ...]) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(5)
        names = (self.tr("Frames"), self.tr("Empty"), self.tr("Boxes"), self.tr("Tracks"), self.tr("Clips"))
        grid.addWidget(_cell(self.tr("Split"), "tx2"), 0, 0)
        for number, name in enumerate(names, 1):
            grid.addWidget(_cell(name, "tx2"), 0, number, Qt.AlignmentFlag.AlignRight)
        row = 1
        for split in splits:
            grid.addWidget(rule(), row, 0, 1, len(names) + 1)
            grid.addLayout(_split_name(split.name), row + 1, 0)
            figures = (split.frames, split.empty, split.boxes, split.tracks, split.clips)
            for number, figure in enumerate(figures, 1):
                grid.addWidget(_cell(f"{figure:,}"), row + 1, number, Qt.AlignmentFlag.AlignRight)
            row += 2
        if len(splits) > 1:
            grid.addWidget(rule(), row, 0, 1, len(names) + 1)
            grid.addWidget(_cell(self.tr("Together")), row + 1, 0)
            for number, name in enumerate(("frames", "empty", "boxes"), 1):
                total = sum(getattr(split, name) for split in splits)
                grid.addWidget(_cell(f"{total:,}"), row + 1, number, Qt.AlignmentFlag.AlignRight)
        for number in range(1, len(names) + 1):
            grid.setColumnMinimumWidth(number, 76)
        grid.setColumnStretch(0, 1)
        return table


def _example_name(plan: ExportPlan) -> str:
    """What a picture will be called: "clip/clip_000204.jpg"."""
    if not plan.clips:
        return ""
    clip = plan.clips[0]
    suffix = "png" if plan.request.images == "png" else "jpg"
    if clip.media.kind is MediaKind.IMAGE:
        return f"{clip.name}.{suffix}"
    return f"{clip.name}/{clip.name}_{int(plan.frame[clip.start]):06d}.{suffix}"


def _checks(check: CheckReport) -> list[tuple[str, str]]:
    """The checks in words, each with its figure."""
    found = []
    if check.compared:
        found.append(("Every field of every record reads back equal", f"{check.compared:,} records"))
    if check.pictures:
        found.append(("Every picture opens and has the stated size", f"{check.pictures:,} of {check.pictures:,}"))
    found.append(("pycocotools loads every file", f"{check.files:,} of {check.files:,}"))
    if check.ap is not None:
        which = f"{check.evaluated:,} of {check.boxes:,} boxes" if check.sampled else f"{check.evaluated:,} boxes"
        found.append(
            ("Evaluated against itself", f"AP {check.ap:.3f}, {which}, up to {check.max_dets - 1:,} a picture")
        )
    return found


def _check_line(text: str, figure: str) -> QWidget:
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 6, 0, 6)
    line.setSpacing(10)
    value = _cell(figure, "tx2")
    line.addWidget(IconLabel("check-circle-fill", "ok"))
    line.addWidget(QLabel(text))
    line.addStretch(1)
    line.addWidget(value)
    return holder


def _split_name(name: str) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(8)
    swatch = QFrame()
    swatch.setFixedSize(9, 9)
    swatch.setStyleSheet(f"background-color: {looks.value(SPLIT_ROLES.get(name, 'tx3'))}; border-radius: 2px;")
    line.addWidget(swatch)
    line.addWidget(QLabel(name))
    line.addStretch(1)
    return line


def _cell(text: str, role: str = "") -> QLabel:
    label = QLabel(text)
    looks.set_font(label, looks.SECONDARY if role else looks.BODY, tabular=True)
    if role:
        looks.dress(label, role=role)
    return label


def _free_bytes(out: Path) -> int | None:
    folder = out.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
