"""The lower panel: stepping, playing, the frame strip, and the two review buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup, QIntValidator
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QMenu, QToolButton, QVBoxLayout, QWidget

from yolor_studio.core.entities import Change, FrameState, MediaKind
from yolor_studio.gui import looks
from yolor_studio.gui.bridge import Bridge
from yolor_studio.gui.frames import FramePicture
from yolor_studio.gui.latest import Latest
from yolor_studio.gui.panels.header import icon_button
from yolor_studio.gui.player import SPEEDS, Player
from yolor_studio.gui.session import Session
from yolor_studio.gui.strip_data import StripData, read_strip
from yolor_studio.gui.widgets import FrameStrip, KeyButton

__all__ = ["TransportPanel", "time_text"]

BAR_HEIGHT = 38
STRIP_DELAY = 300
"""Milliseconds between two readings of the strip while a run adds predictions."""


def time_text(seconds: float) -> str:
    """A time in the media: "0:08.508", "1:02:03.250"."""
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 1000:02}.{rest % 1000:03}"
    return f"{hours}:{minutes:02}:{tail}" if hours else f"{minutes}:{tail}"


class TransportPanel(QFrame):
    """Where in the media a person is, and how to go elsewhere."""

    command_requested = Signal(str)
    """A command's id from the table."""
    span_marked = Signal(object)
    """(first, last) frame dragged over on the review row."""

    def __init__(self, session: Session, player: Player, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._player = session, player
        looks.dress(self, ground="bg", line="top")
        self._latest = Latest(bridge, self)
        self._latest.done.connect(self._show_strip)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STRIP_DELAY)
        self._timer.timeout.connect(self._read_strip)
        self._strip_of: int | None = None
        self._strip_frames = 0
        self.strip = FrameStrip()
        self.strip.seek_requested.connect(lambda frame: session.seek(frame))
        self.strip.span_marked.connect(self.span_marked)
        self.strip.set_time_of(self._approximate_time)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._build_bar())
        layout.addWidget(self.strip)
        session.place_changed.connect(self.show_place)
        session.changed.connect(self._on_change)
        player.state_changed.connect(self._show_player)
        self.show_place()
        self._show_player()

    def set_name_width(self, width: int) -> None:
        """Align the strip's name column with the media panel."""
        self._names.setFixedWidth(max(width, 0))
        self._names.setVisible(width > 60)
        self.strip.set_name_width(width if width > 60 else 0)

    def show_picture(self, picture: FramePicture) -> None:
        """Say the time of the picture that is shown."""
        self._time.setText(time_text(picture.time) if picture.time is not None else "")

    def close_figures(self) -> None:
        """Stop reading."""
        self._timer.stop()
        self._latest.close()

    def _build_bar(self) -> QWidget:
        bar = QFrame()
        bar.setFixedHeight(BAR_HEIGHT)
        looks.dress(bar, ground="chrome", line="bottom")
        self._names = self._build_names()
        self._play = icon_button("play-fill", self.tr("Play (S)"), lambda: self.command_requested.emit("frame.play"))
        looks.dress(self._play, kind="plain")
        self._play.setFixedSize(30, 28)
        line = QHBoxLayout()
        line.setSpacing(4)
        for icon, text, command in (
            ("skip-back", self.tr("First frame (Home)"), "frame.first"),
            ("caret-left", self.tr("Previous frame (A)"), "frame.previous"),
        ):
            line.addWidget(icon_button(icon, text, lambda command=command: self.command_requested.emit(command)))
        line.addWidget(self._play)
        for icon, text, command in (
            ("caret-right", self.tr("Next frame (D)"), "frame.next"),
            ("skip-forward", self.tr("Last frame (End)"), "frame.last"),
        ):
            line.addWidget(icon_button(icon, text, lambda command=command: self.command_requested.emit(command)))
        line.addSpacing(8)
        self._build_fields(line)
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(0, 0, 12, 0)
        layout.setSpacing(0)
        layout.addWidget(self._names)
        layout.addStretch(1)
        layout.addLayout(line)
        layout.addStretch(1)
        self._reviewed = KeyButton("", "F")
        self._reviewed.clicked.connect(lambda: self.command_requested.emit("review.toggle"))
        self._next = KeyButton(self.tr("Next to review"), "E")
        looks.set_icon(self._next, "arrow-right", 15)
        self._next.clicked.connect(lambda: self.command_requested.emit("frame.next_open"))
        layout.addWidget(self._reviewed)
        layout.addSpacing(8)
        layout.addWidget(self._next)
        return bar

    def _build_names(self) -> QWidget:
        names = QWidget()
        line = QHBoxLayout(names)
        line.setContentsMargins(12, 0, 12, 0)
        line.setSpacing(6)
        title = QLabel(self.tr("Timeline"))
        looks.set_font(title, looks.HEADING, looks.SEMIBOLD)
        self._total = QLabel()
        looks.dress(self._total, role="tx3")
        looks.set_font(self._total, looks.SECONDARY, tabular=True)
        line.addWidget(title)
        line.addWidget(self._total)
        line.addStretch(1)
        return names

    def _build_fields(self, line: QHBoxLayout) -> None:
        self._field = QLineEdit()
        self._field.setFixedWidth(64)
        self._field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._field.setAccessibleName(self.tr("Frame"))
        self._field.setValidator(QIntValidator(0, 2**31 - 1, self))
        looks.set_font(self._field, looks.BODY, looks.SEMIBOLD, tabular=True)
        looks.dress(self._field, size="panel")
        self._field.returnPressed.connect(self._go_to_field)
        self._of = QLabel()
        self._time = QLabel()
        self._time.setMinimumWidth(62)
        for label in (self._of, self._time):
            looks.dress(label, role="tx2")
            looks.set_font(label, looks.SECONDARY, tabular=True)
        self._speed = QToolButton()
        self._speed.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._speed.setToolTip(self.tr("Speed"))
        self._speed.setMenu(self._build_speeds())
        looks.set_font(self._speed, looks.SECONDARY, tabular=True)
        line.addWidget(self._field)
        line.addSpacing(4)
        line.addWidget(self._of)
        line.addSpacing(8)
        line.addWidget(self._time)
        line.addSpacing(4)
        line.addWidget(self._speed)

    def _build_speeds(self) -> QMenu:
        menu = QMenu(self)
        group = QActionGroup(menu)
        for speed in SPEEDS:
            action = menu.addAction(_speed_text(speed))
            action.setCheckable(True)
            action.setChecked(speed == 1.0)
            action.triggered.connect(lambda _checked=False, speed=speed: self._player.set_speed(speed))
            group.addAction(action)
        return menu

    # Keeping up

    def show_place(self) -> None:
        """Show the frame in view."""
        media = self._session.current
        self.setEnabled(media is not None)
        if media is None:
            self.strip.hide()
            return
        picture = media.kind is MediaKind.IMAGE
        self.strip.setVisible(not picture)
        if picture:
            ids = [item.id for item in self._session.media]
            self._field.setText(str(ids.index(media.id) + 1))
            self._of.setText(self.tr("of {count} media").format(count=f"{len(ids):,}"))
            self._total.setText("")
        else:
            self._field.setText(str(self._session.frame))
            self._of.setText(self.tr("of {count}").format(count=f"{media.frames:,}"))
            self._total.setText(self.tr("{count} frames").format(count=f"{media.frames:,}"))
        self._field.setReadOnly(picture)
        self._time.setVisible(not picture)
        self._speed.setVisible(not picture)
        self._play.setEnabled(not picture)
        if not picture and (self._strip_of, self._strip_frames) != (media.id, media.frames):
            self._strip_of, self._strip_frames = media.id, media.frames
            self.strip.set_frames(media.frames)
            self._read_strip()
        self.strip.set_frame(self._session.frame)
        self._show_state()

    def _show_state(self) -> None:
        reviewed = self._session.state() is FrameState.REVIEWED
        self._reviewed.setText(self.tr("Reviewed") if reviewed else self.tr("Mark reviewed"))
        sign, role = ("check-circle-fill", "ok") if reviewed else ("check-circle", "tx2")
        looks.set_icon(self._reviewed, sign, 15, role=role)
        self._reviewed.updateGeometry()
        self._reviewed.setEnabled(not self._session.project.read_only)

    def _show_player(self) -> None:
        playing = self._player.playing
        self._play.setIcon(looks.icon("pause-fill" if playing else "play-fill"))
        self._play.setToolTip(self.tr("Pause (S)") if playing else self.tr("Play (S)"))
        self._speed.setText(_speed_text(self._player.speed))

    def _go_to_field(self) -> None:
        if self._field.text() and not self._field.isReadOnly():
            self._session.seek(int(self._field.text()))
        self.show_place()
        self._field.clearFocus()

    def _on_change(self, change: Change) -> None:
        media = self._session.current
        if media is None or (change.media and media.id not in change.media):
            return
        if change.tables & {"frame_states", "objects", "keyframes", "media"}:
            self.show_place()
            self._read_strip()
        elif change.tables & {"predictions", "layers", "settings", "rejections"} and not self._timer.isActive():
            self._timer.start()

    def _read_strip(self) -> None:
        media, project = self._session.current, self._session.project
        if media is not None and media.kind is not MediaKind.IMAGE:
            self._latest.ask(lambda: read_strip(project, media))

    def _show_strip(self, data: StripData) -> None:
        if data.media_id == self._strip_of and len(data.states) == self._strip_frames:
            self.strip.set_states(data.states)
            self.strip.set_counts(data.counts)
            of = self.tr("{reviewed} of {frames}")
            self.strip.set_notes(of.format(reviewed=f"{data.reviewed:,}", frames=f"{self._strip_frames:,}"), "")

    def _approximate_time(self, frame: int) -> str:
        media = self._session.current
        return time_text(frame / media.fps) if media is not None and media.fps else ""


def _speed_text(speed: float) -> str:
    return f"{speed:g}×"
