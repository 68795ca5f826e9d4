"""Pages: screens that stand in place of the workspace, which is kept behind them; Esc goes back to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from yolor_studio.gui import looks
from yolor_studio.gui.widgets import KeyCap, Toast

__all__ = ["Page", "PageStack"]

HEIGHT = 44


class Page(QWidget):
    """A bar with the way back, the title and the page's own controls; the page's content goes below, into `content`."""

    left = Signal()
    """A person wants back."""
    hints_changed = Signal()

    def __init__(self, title: str, *, back: str, parent: QWidget | None = None) -> None:
        """`back` names where Esc goes: the project, or the start page."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        looks.dress(self, ground="bg")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName(title)
        self.content = QVBoxLayout()
        self.content.setContentsMargins(0, 0, 0, 0)
        self.content.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._build_bar(title, back))
        layout.addLayout(self.content, 1)
        self.toast = Toast(self)

    def hints(self) -> Sequence[tuple[str, str]]:
        """The keys that matter here, as ("Esc", "back") pairs for the status line."""
        return [("Esc", self.tr("back"))]

    def cancel(self) -> bool:
        """Esc was pressed: drop what is under way or selected; False when there was nothing, and the page is left."""
        return False

    def stop(self) -> None:
        """End the page's jobs and threads: the project or the window closes."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        here = self.window().focusWidget()
        if event.key() == Qt.Key.Key_Escape:
            if not self.cancel():
                self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(here, QAbstractButton):
            here.click()  # Qt asks for Space outside dialogs; people press what has the ring with Enter
        else:
            super().keyPressEvent(event)

    def _build_bar(self, title: str, back: str) -> QFrame:
        bar = QFrame()
        bar.setFixedHeight(HEIGHT)
        looks.dress(bar, ground="chrome", line="bottom")
        leave = QPushButton(back)
        leave.setIconSize(QSize(16, 16))
        looks.set_icon(leave, "arrow-left", 16)
        looks.dress(leave, kind="quiet")
        leave.setToolTip(self.tr("Back (Esc)"))
        leave.clicked.connect(self.left)
        divider = QFrame()
        divider.setFixedSize(1, 20)
        looks.dress(divider, kind="divider")
        name = QLabel(title)
        looks.set_font(name, looks.PAGE, looks.SEMIBOLD)
        self.bar = QHBoxLayout()
        """The right end of the bar."""
        self.bar.setSpacing(8)
        line = QHBoxLayout(bar)
        line.setContentsMargins(12, 0, 12, 0)
        line.setSpacing(8)
        line.addWidget(leave)
        line.addWidget(KeyCap("Esc"))
        line.addSpacing(6)
        line.addWidget(divider)
        line.addSpacing(6)
        line.addWidget(name)
        line.addStretch(1)
        line.addLayout(self.bar)
        return bar


class PageStack(QStackedWidget):
    """The start page or the workspace, and over it at most one page. Pages are kept until the project changes."""

    changed = Signal()
    """Another page, or none, is in view; or its hints are new."""

    def __init__(self, base: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._base = base
        self._kept: dict[str, Page] = {}
        self.addWidget(base)

    @property
    def page(self) -> Page | None:
        """The page in view."""
        current = self.currentWidget()
        return current if isinstance(current, Page) else None

    def set_base(self, base: QWidget) -> None:
        """Show this widget, drop every page."""
        for page in self._kept.values():
            page.stop()
            self.removeWidget(page)
            page.deleteLater()
        self._kept.clear()
        self._base = base
        if self.indexOf(base) < 0:
            self.addWidget(base)
        self.setCurrentWidget(base)

    def show_page(self, name: str, build: Callable[[], Page]) -> Page:
        """Show the page of this name as it was left; it is built when there is none."""
        page = self._kept.get(name)
        if page is None:
            page = self._kept[name] = build()
            page.left.connect(self.leave)
            page.hints_changed.connect(self.changed)
            self.addWidget(page)
        before = page.focusWidget()  # asked for now: Qt gives the keyboard to the first button of a page that is shown
        self.setCurrentWidget(page)
        (before if before is not None and before.isVisibleTo(page) and before.isEnabled() else page).setFocus()
        self.changed.emit()
        return page

    def leave(self) -> None:
        """Go back to the workspace or the start page."""
        if self.page is not None:
            self.setCurrentWidget(self._base)
            self._base.setFocus()
            self.changed.emit()

    def stop(self) -> None:
        """End the jobs of every page: the window closes."""
        for page in self._kept.values():
            page.stop()
