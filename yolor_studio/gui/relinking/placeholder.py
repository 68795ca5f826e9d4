"""What stands in place of a picture that is not there, or that is another one than was labelled."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from yolor_studio.core.entities import Media
from yolor_studio.gui import looks
from yolor_studio.gui.relinking.facts import OtherFile
from yolor_studio.gui.widgets import ElidedLabel

__all__ = ["Placeholder"]

_ICON = 24
_WIDE = 480


class Placeholder(QFrame):
    """Covers the canvas while the media in view cannot be shown; says why, and what can be done."""

    find_wanted = Signal()
    find_in_folder_wanted = Signal()
    use_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, canvas: QWidget, *, read_only: bool) -> None:
        super().__init__(canvas)
        self._canvas, self._read_only = canvas, read_only
        self._icon_name = ""
        looks.dress(self, ground="well")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self._icon, self._title, self._text, self._note = QLabel(), QLabel(), QLabel(), QLabel()
        self._place = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._facts = _Facts()
        self.find_button = self._button(self.find_wanted, "soft")
        self.folder_button = self._button(self.find_in_folder_wanted)
        self.use_button = self._button(self.use_wanted)
        self.cancel_button = self._button(self.cancel_wanted)
        self.folder_button.setText(self.tr("Find in folder…"))
        self.use_button.setText(self.tr("Use it anyway"))
        self.cancel_button.setText(self.tr("Cancel"))
        self._build()
        canvas.installEventFilter(self)
        self.hide()
        self.lower()  # what floats over the canvas floats over this too

    def show_missing(self, media: Media, path: str, *, others: int) -> None:
        """Say that a media is not at `path`, and that `others` are missing too."""
        self._say(self.tr("{name} was not found").format(name=media.name), "link-break")
        self._place.set_text(path)
        lines = [self.tr("What you did on it is kept.")]
        if others:
            more = self.tr("{count} other media are missing too.").format(count=f"{others:,}")
            lines.append(self.tr("1 other media is missing too.") if others == 1 else more)
        self._show_texts(lines)
        self.find_button.setText(self.tr("Find…"))
        self._offer(find=True, folder=True, use=False)

    def show_other(self, other: OtherFile, *, in_place: bool) -> None:
        """Compare the file with what was labelled; `in_place`: it lies where the media did."""
        self._say_other(other.media, other.path, in_place=in_place)
        lines = [self.tr("Your boxes are kept and not shown, because they would be on the wrong pictures.")]
        if other.scaled:
            lines.append(self.tr("If you use it, boxes are scaled to the new size."))
        if other.beyond:
            count = self.tr("1 label is") if other.beyond == 1 else f"{other.beyond:,} {self.tr('labels are')}"
            lines.append(self.tr("{count} on frames that it does not have, and would be left out.").format(count=count))
        self._show_texts(lines, facts=other)
        self.find_button.setText(self.tr("Find the original…"))
        self._offer(find=True, folder=not in_place, use=other.usable)

    def show_looking(self, media: Media, path: Path, *, in_place: bool) -> None:
        """Another file is at `path`, and is being looked at."""
        self._say_other(media, path, in_place=in_place)
        self._show_texts([self.tr("Your boxes are kept and not shown, because they would be on the wrong pictures.")])
        self.find_button.setText(self.tr("Find the original…"))
        self._offer(find=True, folder=False, use=False)

    def show_busy(self, text: str) -> None:
        """A search or a count is under way: say how far it is, and let it be stopped. Empty: it has ended."""
        self._note.setText(text)
        self._note.setVisible(bool(text))
        self.cancel_button.setVisible(bool(text))
        for button in (self.find_button, self.folder_button, self.use_button):
            button.setEnabled(not text)

    def texts(self) -> str:
        """All that is said, for tests and screen readers."""
        labels = (self._title, self._place, self._facts.before, self._facts.now, self._text, self._note)
        shown = [label for label in labels if not label.isHidden() and not self._facts_hidden(label)]
        return "\n".join(label.whole_text() if isinstance(label, ElidedLabel) else label.text() for label in shown)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._canvas.rect())
        return False

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icon()

    def _build(self) -> None:
        card = QFrame()
        looks.dress(card, kind="card")
        card.setMaximumWidth(_WIDE)
        column = QVBoxLayout(card)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(6)
        looks.set_font(self._title, looks.TITLE, looks.SEMIBOLD)
        looks.set_font(self._place, looks.SECONDARY)
        looks.set_font(self._text, looks.BODY)
        looks.set_font(self._note, looks.SECONDARY, tabular=True)
        looks.dress(self._place, role="tx3")
        looks.dress(self._text, role="tx2")
        looks.dress(self._note, role="tx2")
        self._place.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for label in (self._icon, self._title, self._text, self._note):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for label in (self._title, self._text):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        for button in (self.find_button, self.folder_button, self.use_button, self.cancel_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        for widget in (self._icon, self._title, self._place, self._facts, self._text, self._note):
            column.addWidget(widget)
        column.addSpacing(8)
        column.addLayout(buttons)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(card, 100)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addStretch(1)
        layout.addLayout(row)
        layout.addStretch(1)
        self.show_busy("")

    def _button(self, signal: SignalInstance, kind: str = "") -> QPushButton:
        button = QPushButton()
        if kind:
            looks.dress(button, kind=kind)
        button.clicked.connect(lambda _checked=False: signal.emit())
        return button

    def _say(self, title: str, icon: str) -> None:
        self._title.setText(title)
        self.setAccessibleName(title)
        self._icon_name = icon
        self._draw_icon()

    def _say_other(self, media: Media, path: Path, *, in_place: bool) -> None:
        if in_place:
            title = self.tr("{name} has changed since it was added").format(name=media.name)
        elif path.name == media.name:
            title = self.tr("This {name} is not the one that was added").format(name=media.name)
        else:
            title = self.tr("{file} is not the {name} that was added").format(file=path.name, name=media.name)
        self._say(title, "warning")
        self._place.set_text(str(path))

    def _draw_icon(self) -> None:
        if self._icon_name:
            self._icon.setPixmap(looks.pixmap(self._icon_name, "warn", _ICON, ratio=self.devicePixelRatioF()))

    def _show_texts(self, lines: list[str], facts: OtherFile | None = None) -> None:
        if self._read_only:
            lines.append(self.tr("This project is open for reading only, so nothing can be changed here."))
        self._text.setText(" ".join(lines))
        self._place.setVisible(bool(self._place.whole_text()))
        self._facts.setVisible(facts is not None)
        if facts is not None:
            self._facts.show_facts(facts)
        self.setAccessibleDescription(self.texts())
        self.setGeometry(self._canvas.rect())
        self.show()

    def _offer(self, *, find: bool, folder: bool, use: bool) -> None:
        for button, wanted in ((self.find_button, find), (self.folder_button, folder), (self.use_button, use)):
            button.setVisible(wanted and not self._read_only)

    def _facts_hidden(self, label: QLabel) -> bool:
        return self._facts.isHidden() and label in (self._facts.before, self._facts.now)


class _Facts(QWidget):
    """Before and now, one below the other."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 6, 0, 6)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        self.before, self.now = QLabel(), QLabel()
        for row, (word, label) in enumerate(((self.tr("Before"), self.before), (self.tr("Now"), self.now))):
            name = QLabel(word)
            looks.dress(name, role="tx3")
            looks.set_font(name, looks.BODY)
            looks.set_font(label, looks.BODY, tabular=True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label, row, 1)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 5)

    def show_facts(self, other: OtherFile) -> None:
        """Show both."""
        self.before.setText(other.before)
        self.now.setText(other.now)
