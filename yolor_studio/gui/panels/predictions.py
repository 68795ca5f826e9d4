"""The predictions: the score limit over its histogram, and accepting or rejecting what is shown."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from yolor_studio.core.entities import Change, MediaKind
from yolor_studio.gui import looks
from yolor_studio.gui.session import Session
from yolor_studio.gui.widgets.empty_state import EmptyState
from yolor_studio.gui.widgets.histogram_slider import HistogramSlider
from yolor_studio.gui.widgets.key_button import KeyButton

__all__ = ["PredictionsPanel"]

TRACK_INSET = 6
"""The slider's track is shorter than the widget by half a handle on each side; the rest lines up with the track."""
HISTOGRAM_DELAY = 400
"""Milliseconds between two counts of the scores while a run adds predictions."""


class PredictionsPanel(QWidget):
    """What the shown layer says, from which score on, and what to do with it."""

    accept_requested = Signal()
    reject_requested = Signal()
    run_requested = Signal()
    counted = Signal(str)
    """ "2 of 6 shown", for the heading."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._category_id: int | None = None
        """The category that the slider is about; None is all of them."""
        self._stack = QStackedLayout(self)
        self._empty = EmptyState("magic-wand", self.tr("No predictions yet"))
        self._empty.acted.connect(self.run_requested)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._build())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(HISTOGRAM_DELAY)
        self._timer.timeout.connect(self._count_scores)
        session.changed.connect(self._on_change)
        session.place_changed.connect(self._on_place)
        self._histogram_of: int | None = None
        self._show_layer()
        self._show_limit()

    def heading_count(self) -> str:
        """How many of this frame's predictions are shown, for the heading."""
        return self._heading

    def show_counts(self, shown: int) -> None:
        """Say how many predictions of the frame are shown."""
        stored = self._stored()
        self._heading = (
            self.tr("{shown} of {stored} shown").format(shown=f"{shown:,}", stored=f"{stored:,}")
            if stored is not None
            else ""
        )
        self.accept_button.setEnabled(shown > 0 and not self._session.project.read_only)
        self.reject_button.setEnabled(shown > 0 and not self._session.project.read_only)
        self.counted.emit(self._heading)

    def hidden(self, shown: int) -> int:
        """How many predictions of the frame are stored and not among those `shown`."""
        return max((self._stored() or 0) - shown, 0)

    def _build(self) -> QWidget:
        content = QWidget()
        self.slider = HistogramSlider(self.tr("Score at least"))
        self.slider.score_changed.connect(self._slide)
        self._limit, at_least = QLabel(), QLabel(self.tr("Score at least"))
        looks.set_font(self._limit, looks.SECONDARY, looks.SEMIBOLD, tabular=True)
        looks.set_font(at_least, looks.SECONDARY)
        looks.dress(at_least, role="tx2")
        self._scope = QToolButton()
        self._scope.setToolTip(self.tr("A limit for one category"))
        self._scope.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        looks.set_font(self._scope, looks.SECONDARY)
        self._scope_menu = QMenu(self._scope)
        self._scope_menu.aboutToShow.connect(self._fill_scopes)
        self._scope.setMenu(self._scope_menu)
        words = QHBoxLayout()
        words.setContentsMargins(TRACK_INSET, 0, 0, 0)  # the tool button's own padding is the inset on the right
        words.setSpacing(6)
        words.addWidget(at_least)
        words.addWidget(self._limit)
        words.addStretch(1)
        words.addWidget(self._scope)
        self.accept_button = KeyButton(self.tr("Accept visible"), self.tr("Space"))
        looks.dress(self.accept_button, kind="soft")
        self.accept_button.setToolTip(
            self.tr("Turns the predictions shown into objects and goes to the next frame to review")
        )
        self.accept_button.clicked.connect(self.accept_requested)
        self.reject_button = QPushButton(self.tr("Reject"))
        self.reject_button.setToolTip(self.tr("Rejects the selected predictions, or all that are shown"))
        self.reject_button.clicked.connect(self.reject_requested)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(TRACK_INSET, 0, TRACK_INSET, 0)
        buttons.setSpacing(8)
        buttons.addWidget(self.accept_button, 1)
        buttons.addWidget(self.reject_button)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12 - TRACK_INSET, 0, 12 - TRACK_INSET, 12)
        layout.setSpacing(4)
        layout.addWidget(self.slider)
        layout.addLayout(words)
        layout.addSpacing(2)
        layout.addLayout(buttons)
        self._heading = ""
        return content

    def _stored(self) -> int | None:
        """How many predictions the frame has above the limit of keeping; None when no run has visited it."""
        media, layer = self._session.current, self._session.project.shown_layer()
        if media is None or layer is None:
            return None
        stored = self._session.project.predictions(layer.id, media.id, self._session.frame)
        return len(stored) if stored is not None else None

    # The limit

    def _slide(self, score: float) -> None:
        self._show_text(score)
        if not self._session.project.read_only:
            self._session.set_limit(score, self._category_id)

    def _show_limit(self) -> None:
        limits = self._session.project.category_score_limits()
        if self._category_id is not None and self._session.category(self._category_id) is None:
            self._category_id = None
        general = self._session.project.score_limit()
        limit = limits.get(self._category_id, general) if self._category_id is not None else general
        if not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.set_score(limit)
            self.slider.blockSignals(False)
            self.slider.update()
            self._show_text(limit)
        category = self._session.category(self._category_id) if self._category_id is not None else None
        if category is not None:
            text = category.name
        else:
            text = self.tr("{count} with their own").format(count=len(limits)) if limits else self.tr("all categories")
        self._scope.setText(text)

    def _show_text(self, score: float) -> None:
        self._limit.setText(f"{score:.2f}")

    def _fill_scopes(self) -> None:
        self._scope_menu.clear()
        limits = self._session.project.category_score_limits()
        group = QActionGroup(self._scope_menu)
        for category in (None, *self._session.categories):
            category_id = category.id if category is not None else None
            text = category.name if category is not None else self.tr("All categories")
            if category_id in limits:
                text = f"{text}  {limits[category_id]:.2f}"
            action = self._scope_menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(category_id == self._category_id)
            action.triggered.connect(lambda _checked=False, category_id=category_id: self._set_scope(category_id))
            group.addAction(action)
        if limits:
            self._scope_menu.addSeparator()
            self._scope_menu.addAction(self.tr("One limit for all"), self._drop_own_limits)

    def _set_scope(self, category_id: int | None) -> None:
        self._category_id = category_id
        self._show_limit()

    def _drop_own_limits(self) -> None:
        self._category_id = None
        for category_id in self._session.project.category_score_limits():
            self._session.project.set_category_score_limit(category_id, None)

    # The histogram

    def _on_change(self, change: Change) -> None:
        if "layers" in change.tables:
            self._show_layer()
        if change.tables & {"layers", "settings", "categories"}:
            self._show_limit()
        if change.tables & {"predictions", "class_maps"} and not self._timer.isActive():
            self._timer.start()

    def _on_place(self) -> None:
        media = self._session.current
        if media is not None and media.id != self._histogram_of and media.kind is not MediaKind.IMAGE:
            self._count_scores()

    def _show_layer(self) -> None:
        if not self._timer.isActive():
            self._count_scores()

    def _show_page(self, *, seen: bool, any_layer: bool) -> None:
        reason = self.tr("The model has not seen this media.") if any_layer else self.tr("Let YOLOR draw the boxes.")
        self._empty.set_texts(self.tr("No predictions yet"), reason=reason, action=self.tr("Pre-label"))
        self._stack.setCurrentIndex(1 if seen else 0)

    def _count_scores(self) -> None:
        layer, media = self._session.project.shown_layer(), self._session.current
        # Pictures are counted together: one picture's few scores are no histogram.
        media_id = media.id if media is not None and media.kind is not MediaKind.IMAGE else None
        self._histogram_of = media_id
        if layer is None:
            self._show_page(seen=False, any_layer=False)
            return
        seen = media_id is None or len(self._session.project.visited_frames(layer.id, media_id)) > 0
        self._show_page(seen=seen, any_layer=True)
        self.slider.set_counts(self._session.project.score_histogram(layer.id, media_id))
