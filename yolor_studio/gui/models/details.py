"""The right side of the models page: one model, published model or refused file, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from yolor_studio.core.amounts import size_text
from yolor_studio.gui import looks
from yolor_studio.gui.dialogs.figures import clear, note
from yolor_studio.gui.models import cards
from yolor_studio.gui.models.shelf import Item, Kind, model_key
from yolor_studio.gui.models.texts import TAKEN_FOR_COCO, for_window, job_share, job_text
from yolor_studio.gui.models.work import ModelWork
from yolor_studio.gui.panels.progress_bar import ThinBar
from yolor_studio.gui.start.drop_zone import icon_tile
from yolor_studio.gui.widgets import ElidedLabel

if TYPE_CHECKING:
    from yolor_studio.jobs.model_facts import NetworkFacts

__all__ = ["Details"]

_WIDEST = 1080


class Details(QScrollArea):
    """Shows one item; asks for what a person wants done with it."""

    check_wanted = Signal()
    download_wanted = Signal()
    use_wanted = Signal()
    remove_wanted = Signal()
    removal_confirmed = Signal()
    cfg_wanted = Signal()
    names_wanted = Signal()
    again_wanted = Signal()
    """Add a refused file once more as it is."""
    rebuilt = Signal(bool)
    """Other buttons are there; True when one of those that are gone had the keyboard."""

    def __init__(self, work: ModelWork) -> None:
        super().__init__()
        self._work = work
        self._item: Item | None = None
        self._facts: NetworkFacts | None = None
        self._in_use = ""
        self.confirming = False
        """Whether a person is asked about removing it."""
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QWidget()
        looks.dress(page, ground="bg")
        self._lines = QVBoxLayout(page)
        self._lines.setContentsMargins(28, 20, 28, 24)
        self._lines.setSpacing(16)
        self.setWidget(page)
        self._job_text: ElidedLabel | None = None
        self._job_bar: ThinBar | None = None
        self._keep: QPushButton | None = None
        work.changed.connect(self._follow)

    @property
    def item(self) -> Item | None:
        """What is shown."""
        return self._item

    def show_item(self, item: Item | None, facts: NetworkFacts | None, *, in_use: str) -> None:
        """Show an item; `in_use` is the name of the model that pre-labelling uses."""
        if item is None or self._item is None or item.key != self._item.key:
            self.confirming = False
            self.verticalScrollBar().setValue(0)
        self._item, self._facts, self._in_use = item, facts, in_use
        self._rebuild()

    def buttons(self) -> list[QPushButton]:
        """What can be pressed, from left to right and from the top."""
        return self.findChildren(QPushButton)

    def ask_about_removing(self) -> None:
        """Ask once: a file that is deleted does not come back. Enter and Esc both keep it, Tab goes to the other."""
        self.confirming = True
        self._rebuild()
        QTimer.singleShot(0, self._give_keyboard)  # what is not shown yet gets no ring

    def _give_keyboard(self) -> None:
        if self._keep is not None:
            self._keep.setFocus(Qt.FocusReason.TabFocusReason)

    def drop_question(self) -> bool:
        """Take the question back; whether there was one."""
        was, self.confirming = self.confirming, False
        if was:
            self._rebuild()
        return was

    def _rebuild(self) -> None:
        focused = QApplication.focusWidget()
        had_focus = focused is not None and self.isAncestorOf(focused)
        clear(self._lines)
        self._job_text = self._job_bar = self._keep = None
        if self._item is not None:
            for widget in self._parts(self._item):
                widget.setMaximumWidth(_WIDEST)
                self._lines.addWidget(widget)
        self._lines.addStretch(1)
        self.rebuilt.emit(had_focus)

    def _parts(self, item: Item) -> Iterator[QWidget]:
        yield self._head(item)
        if self._work.key == item.key:
            yield self._job()
        if self.confirming:
            yield self._question(item)
        sentence = item.refusal.sentence if item.refusal is not None else self._work.problems.get(item.key, "")
        if sentence:
            yield self._problem(item, sentence)
        for text in self._work.notices.get(item.key, ()):
            if TAKEN_FOR_COCO not in text:  # it is said with its way out
                yield note(for_window(text))
        if (doubt := self._doubtful_names(item)) is not None:
            yield self._ask_for_names(doubt)
        if item.entry is not None:
            yield cards.about_model(item.entry, self._facts, self)
            if item.report is not None:
                yield cards.parity_card(item.report, self)
            if self._facts is not None and self._facts.vectors:
                facts = self._facts
                yield cards.implicit_card(facts.vectors, item.entry.classes, total=facts.implicit, host=self)
            picture = cards.picture_card(item.report, self) if item.report is not None else None
            if picture is not None:
                yield picture
        elif item.release is not None:
            yield cards.about_release(item.release, self)
            yield note(
                self.tr(
                    "It is fetched when you ask for it, verified before anything in it is read, then converted and "
                    "checked. A .pt file is read as tensors only; no code in it is run."
                ),
                icon="shield-check",
            )

    # Head

    def _head(self, item: Item) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(14)
        icon, role = ("prohibit", "err") if item.refused else ("cube", "accent")
        if item.kind is Kind.RELEASE:
            icon = "download-simple"
        line.addWidget(icon_tile(icon, 44, icon=20, ground="errtint" if item.refused else "tint", role=role))
        words = QVBoxLayout()
        words.setSpacing(1)
        title = QHBoxLayout()
        title.setSpacing(8)
        name = ElidedLabel(item.name)
        looks.set_font(name, looks.TITLE, looks.SEMIBOLD)
        name.setMaximumWidth(name.sizeHint().width() + 4)
        title.addWidget(name, 1)
        for text, ground, colour in self._badges(item):
            badge = QLabel(text)
            looks.dress(badge, kind="badge", ground=ground, role=colour)
            looks.set_font(badge, looks.CAPTION, looks.MEDIUM)
            title.addWidget(badge)
        title.addStretch(1)
        about = ElidedLabel(self._subtitle(item))
        looks.set_font(about, looks.SECONDARY)
        looks.dress(about, role="tx2")
        words.addLayout(title)
        words.addWidget(about)
        line.addLayout(words, 1)
        for button in self._buttons(item):
            line.addWidget(button)
        return holder

    def _badges(self, item: Item) -> Iterator[tuple[str, str, str]]:
        if item.entry is not None and item.name == self._in_use:
            yield self.tr("in use"), "tint", "accent"
        if item.report is not None:
            ok = item.report.ok
            yield (self.tr("checked"), "oktint", "ok") if ok else (self.tr("differs"), "errtint", "err")

    def _subtitle(self, item: Item) -> str:
        if item.entry is None:
            return item.about
        if item.entry.bundled:
            return self.tr("comes with the program")
        made = self.tr("converted to ONNX, its network kept beside it")
        return made if self._facts is not None else self.tr("an ONNX file")

    def _buttons(self, item: Item) -> Iterator[QPushButton]:
        free = not self._work.running
        busy = "" if free else self.tr("Another model is being worked on")
        if item.entry is not None:
            if not item.entry.bundled:
                yield self._button(self.tr("Remove"), self.remove_wanted.emit, enabled=free, hint=busy)
            again = item.report is not None
            text = self.tr("Check again") if again else self.tr("Check")
            hint = self.tr("Hold the ONNX file against its network, and look at a test picture")
            yield self._button(text, self.check_wanted.emit, enabled=free, hint=busy or hint)
            if item.name != self._in_use:
                text = self.tr("Use for pre-labelling")
                yield self._button(text, self.use_wanted.emit, kind="primary")
        elif item.release is not None and self._work.key != item.key:
            left = size_text((item.release.expected or 0) - item.part)
            text = self.tr("Go on, {size} left") if item.part else self.tr("Download {size}")
            text = text.format(size=left)
            yield self._button(text, self.download_wanted.emit, kind="primary", enabled=free, hint=busy)
        elif item.refusal is not None and self._work.key != item.key:
            text = self.tr("Take off the list")
            yield self._button(text, lambda: self._work.dismiss(item.key))

    @staticmethod
    def _button(
        text: str, clicked: Callable[[], object], *, kind: str = "", enabled: bool = True, hint: str = ""
    ) -> QPushButton:
        button = QPushButton(text)
        looks.dress(button, kind=kind)
        button.setEnabled(enabled)
        button.setToolTip(hint)
        button.clicked.connect(lambda _checked=False: clicked())
        return button

    # What is going on

    def _job(self) -> QWidget:
        holder = QFrame()
        looks.dress(holder, kind="card")
        line = QHBoxLayout(holder)
        line.setContentsMargins(16, 10, 12, 10)
        line.setSpacing(16)
        words = QVBoxLayout()
        words.setSpacing(7)
        self._job_text, self._job_bar = ElidedLabel(), ThinBar()
        looks.set_font(self._job_text, looks.BODY, tabular=True)
        words.addWidget(self._job_text)
        words.addWidget(self._job_bar)
        line.addLayout(words, 1)
        line.addWidget(self._button(self.tr("Cancel"), self._work.cancel))
        self._follow()
        return holder

    def _follow(self) -> None:
        run = self._work.run
        if run is not None and self._job_text is not None and self._job_bar is not None:
            self._job_text.set_text(job_text(run))
            self._job_bar.set_share(job_share(run))

    def _question(self, item: Item) -> QWidget:
        text = self.tr("Remove {name}? Its files are deleted from the models folder. Projects keep what it found.")
        self._keep = self._button(self.tr("Keep it"), self.drop_question)
        return self._banner(
            text.format(name=item.name),
            self._keep,
            self._button(self.tr("Remove it"), self.removal_confirmed.emit, kind="danger"),
            ground="warntint",
        )

    def _problem(self, item: Item, sentence: str) -> QWidget:
        buttons = [self._button(self.tr("Dismiss"), lambda: self._work.dismiss(item.key))]
        if item.refusal is not None:
            buttons = [self._button(self.tr("Try again"), self.again_wanted.emit)]
            if "--cfg" in sentence or ".cfg" in sentence:
                buttons.append(self._button(self.tr("Choose its .cfg…"), self.cfg_wanted.emit))
            if "--names" in sentence or "class names" in sentence:
                buttons.append(self._button(self.tr("Choose class names…"), self.names_wanted.emit))
        return self._banner(for_window(sentence), *buttons, ground="errtint")

    def _doubtful_names(self, item: Item) -> str | None:
        """Why a model that was added now may need other class names; None where its own are known."""
        if item.entry is None or model_key(item.name) not in self._work.origins:
            return None
        count = len(item.entry.classes)
        if item.entry.classes == tuple(f"class {index}" for index in range(count)):
            return self.tr("Its categories have no names. A text file with one name a line gives them theirs.")
        if any(TAKEN_FOR_COCO in text for text in self._work.notices.get(item.key, ())):
            text = self.tr(
                "Its file does not name its {count} categories; they are taken for COCO's. If they are others, a text "
                "file with one name a line gives them theirs."
            )
            return text.format(count=count)
        return None

    def _ask_for_names(self, why: str) -> QWidget:
        button = self._button(self.tr("Choose class names…"), self.names_wanted.emit)
        return self._banner(why, button, ground="warntint")

    @staticmethod
    def _banner(text: str, *buttons: QPushButton, ground: str) -> QWidget:
        banner = QFrame()
        looks.dress(banner, kind="banner", ground=ground)
        lines = QVBoxLayout(banner)
        lines.setContentsMargins(14, 12, 14, 12)
        lines.setSpacing(10)
        sentence = QLabel(text)
        sentence.setTextFormat(Qt.TextFormat.PlainText)
        sentence.setWordWrap(True)
        sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        lines.addWidget(sentence)
        if buttons:
            line = QHBoxLayout()
            line.setSpacing(8)
            for button in buttons:
                line.addWidget(button)
            line.addStretch(1)
            lines.addLayout(line)
        return banner
