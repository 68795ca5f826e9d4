"""The cards of one model: what it is, whether it agrees with its network, what it sees, what it has learned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from yolor_studio.core.amounts import size_text
from yolor_studio.gui import looks
from yolor_studio.gui.evaluation.sizes import is_fixed
from yolor_studio.gui.models.implicit_plot import ImplicitColumn
from yolor_studio.gui.models.texts import small_number
from yolor_studio.gui.widgets import ElidedLabel
from yolor_studio.gui.widgets.cards import Card

if TYPE_CHECKING:
    from yolor_studio.detect.library import ModelEntry
    from yolor_studio.detect.releases import Release
    from yolor_studio.jobs.model_check import CheckReport, Measure
    from yolor_studio.jobs.model_facts import NetworkFacts
    from yolor_studio.yolor.implicit import ImplicitVector

__all__ = ["about_model", "about_release", "implicit_card", "parity_card", "picture_card"]

_WIDEST_PICTURE = 760
_COLUMNS = 3
_LEAST_COLUMN = 360
"""In less the names leave the bars of a vector too little room, in logical pixels."""


class _Pairs(QWidget):
    """Names at the left, values at the right of them; long values wrap and can be copied."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnMinimumWidth(0, 104)
        self._grid.setColumnStretch(1, 1)

    def add(self, name: str, value: str) -> None:
        """Add a row, unless there is nothing to say."""
        if not value:
            return
        row = self._grid.rowCount()
        label, text = QLabel(name), QLabel(value)
        looks.dress(label, role="tx2")
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        looks.set_font(text, looks.BODY, tabular=True)
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(text, row, 1)


def about_model(entry: ModelEntry, facts: NetworkFacts | None, host: QWidget) -> QFrame:
    """What a model is; its network where that is known."""
    card, pairs = Card(host.tr("About")), _Pairs()
    if facts is not None:
        layers = host.tr("{layers} layers, {parameters} parameters, {implicit} of them implicit").format(
            layers=f"{facts.layers:,}", parameters=f"{facts.parameters:,}", implicit=f"{facts.implicit:,}"
        )
        pairs.add(host.tr("Network"), layers)
        pairs.add(
            host.tr("Work"),
            host.tr("{gflops} GFLOPs and {boxes} boxes before filtering for {size} × {size} px").format(
                gflops=f"{facts.gflops:,.2f}", boxes=f"{facts.boxes:,}", size=f"{facts.size:,}"
            ),
        )
    pairs.add(host.tr("Input"), _input(entry, host))
    pairs.add(host.tr("Categories"), f"{len(entry.classes):,}: {', '.join(entry.classes)}")
    pairs.add(host.tr("Licence"), entry.licence or host.tr("not stated"))
    pairs.add(host.tr("File"), str(entry.path))
    pairs.add(host.tr("Fingerprint"), f"sha256 {_short(entry.sha256)}")
    card.lines.addWidget(pairs)
    return card


def _input(entry: ModelEntry, host: QWidget) -> str:
    """How large pictures go in, and how many at once where the model fixes that."""
    text = host.tr("{size} px, fixed") if is_fixed(entry) else host.tr("{size} px, multiples of {stride}")
    if entry.batch:
        text += ", " + (host.tr("one picture a run") if entry.batch == 1 else host.tr("{count} pictures a run"))
    return text.format(size=f"{entry.size:,}", stride=entry.stride, count=entry.batch)


def about_release(release: Release, host: QWidget) -> QFrame:
    """What will be fetched, and from where."""
    card, pairs = Card(host.tr("About")), _Pairs()
    size = "" if release.expected is None else host.tr("about {size}").format(size=size_text(release.expected))
    pairs.add(host.tr("Address"), release.url)
    pairs.add(host.tr("Size"), size if release.size is None else f"{release.size:,} bytes")
    pairs.add(
        host.tr("Fingerprint"),
        f"sha256 {_short(release.sha256)}"
        if release.sha256
        else host.tr("learned at the first download and held to from then on"),
    )
    pairs.add(host.tr("Network"), release.network)
    pairs.add(host.tr("Licence"), release.licence)
    card.lines.addWidget(pairs)
    return card


def parity_card(report: CheckReport, host: QWidget) -> QFrame:
    """The figures of a check with their limits."""
    against = [measure for measure in report.measures if not measure.of_itself]
    itself = [measure for measure in report.measures if measure.of_itself]
    note = host.tr("only its ONNX file is there, and no network to hold it against")
    if report.against:
        note = host.tr("the ONNX file against {network}, {width} × {height} px, largest difference").format(
            network=report.against, width=report.compared_at[0], height=report.compared_at[1]
        )
    card = Card(host.tr("Parity"), note)
    if report.breach:
        sentence = QLabel(report.breach)
        sentence.setWordWrap(True)
        looks.dress(sentence, role="err")
        card.lines.addWidget(sentence)
        return card
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(10)
    figures = [_figure(measure, host) for measure in against]
    figures += [QWidget() for _ in range(-len(figures) % _COLUMNS)]
    figures += [*(_figure(measure, host) for measure in itself), _time(report, host)]
    for number, figure in enumerate(figures):
        grid.addWidget(figure, number // _COLUMNS, number % _COLUMNS)
    for column in range(_COLUMNS):
        grid.setColumnStretch(column, 1)
    card.lines.addLayout(grid)
    return card


def _figure(measure: Measure, host: QWidget) -> QWidget:
    value = f"{small_number(measure.value)} {measure.unit}".rstrip()
    limit = f"{small_number(measure.limit)} {measure.unit}".rstrip()
    words = host.tr("limit {limit}") if measure.ok else host.tr("over the limit of {limit}")
    return _large(measure.title, value, words.format(limit=limit), role="" if measure.ok else "err")


def _time(report: CheckReport, host: QWidget) -> QWidget:
    width, height = report.size
    milliseconds = f"{report.seconds * 1000:,.1f} ms" if report.seconds < 0.1 else f"{report.seconds * 1000:,.0f} ms"
    about = host.tr("{device}, {width} × {height} px").format(device=report.device, width=width, height=height)
    return _large(host.tr("Time a picture"), milliseconds, about, role="")


def _large(title: str, figure: str, note: str, *, role: str) -> QWidget:
    holder = QWidget()
    holder.setAccessibleName(f"{title}: {figure}, {note}")
    lines = QVBoxLayout(holder)
    lines.setContentsMargins(0, 0, 0, 0)
    lines.setSpacing(1)
    name, value, below = ElidedLabel(title), QLabel(figure), ElidedLabel(note)
    looks.set_font(name, looks.SECONDARY)
    looks.dress(name, role="tx2")
    looks.set_font(value, 20, looks.SEMIBOLD, tabular=True)
    if role:
        looks.dress(value, role=role)
    looks.set_font(below, looks.CAPTION)
    looks.dress(below, role=role or "tx3")
    for label in (name, value, below):
        lines.addWidget(label)
    return holder


def picture_card(report: CheckReport, host: QWidget) -> QFrame | None:
    """What the model sees in a rendered street; None where the picture is gone."""
    pixmap = QPixmap(str(report.picture))
    if pixmap.isNull():
        return None
    found = ", ".join(f"{name} {score:.2f}" for name, score in report.found) or host.tr("nothing")
    card = Card(host.tr("Test picture"), host.tr("a street rendered here; found: {found}").format(found=found))
    picture = _Picture(pixmap, report.picture)
    picture.setAccessibleName(host.tr("Test picture with boxes: {found}").format(found=found))
    card.lines.addWidget(picture)
    return card


class _Picture(QWidget):
    """A picture as wide as there is room, up to a limit."""

    def __init__(self, pixmap: QPixmap, path: Path) -> None:
        super().__init__()
        self._pixmap = pixmap
        self.setToolTip(str(path))
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(min(width, _WIDEST_PICTURE) * self._pixmap.height() / self._pixmap.width())

    def sizeHint(self) -> QSize:
        return QSize(_WIDEST_PICTURE, self.heightForWidth(_WIDEST_PICTURE))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 90)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        width = min(self.width(), _WIDEST_PICTURE)
        place = QRectF(0, 0, width, self.heightForWidth(width))
        painter.drawPixmap(place, self._pixmap, QRectF(self._pixmap.rect()))
        painter.end()


class _Columns(QWidget):
    """Side by side where each has room, else one below the other."""

    def __init__(self) -> None:
        super().__init__()
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(24)

    def add(self, column: QWidget) -> None:
        """Add a column to the right of the others."""
        self._line.addWidget(column, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= _LEAST_COLUMN * self._line.count()
        self._line.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)


def implicit_card(vectors: tuple[ImplicitVector, ...], names: tuple[str, ...], *, total: int, host: QWidget) -> QFrame:
    """The learned implicit vectors, one column for those that add and one for those that multiply."""
    kept = [vector for vector in vectors if not vector.folded]
    fate = (
        host.tr("folded into the convolutions beside them")
        if not kept
        else host.tr("{count} of {all} stay in the model").format(count=len(kept), all=len(vectors))
    )
    card = Card(
        host.tr("Implicit knowledge"),
        host.tr("{count} learned numbers that do not depend on the picture, one bar a channel; {fate}").format(
            count=f"{total:,}", fate=fate
        ),
    )
    columns = _Columns()
    groups = (
        (host.tr("Added"), ("add",), "accent"),
        (host.tr("Multiplied"), ("multiply", "multiply by the sigmoid"), "ok"),
        (host.tr("Set beside"), ("concatenate",), "warn"),
    )
    for title, ways, role in groups:
        group = [vector for vector in vectors if vector.way.value in ways and vector.values]
        if group:
            columns.add(ImplicitColumn(title, group, names, role=role))
    card.lines.addWidget(columns)
    for vector in kept:
        reason = QLabel(f"{vector.way.value} {vector.where}: {vector.reason}")
        reason.setWordWrap(True)
        looks.set_font(reason, looks.SECONDARY)
        looks.dress(reason, role="tx2")
        card.lines.addWidget(reason)
    return card


def _short(sha256: str) -> str:
    return f"{sha256[:4]} {sha256[4:8]} … {sha256[-4:]}"
