"""The right panel: categories, predictions and objects as sections that fold, or as tabs in a small window."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from yolor_studio.gui import looks
from yolor_studio.gui.panels.categories import ROW, CategoriesPanel
from yolor_studio.gui.panels.header import Header
from yolor_studio.gui.panels.objects import ObjectsPanel
from yolor_studio.gui.panels.predictions import PredictionsPanel
from yolor_studio.gui.session import Session

__all__ = ["RightPanel"]

MOST_CATEGORY_ROWS = 8
_NO_LIMIT = 16_777_215
"""Qt's QWIDGETSIZE_MAX."""
_TABS = ("categories", "predictions", "objects")


class RightPanel(QFrame):
    """Holds the three parts and moves them between its two layouts."""

    folded = Signal(str, bool)
    """(section, folded?), to be remembered."""

    def __init__(
        self,
        session: Session,
        categories: CategoriesPanel,
        predictions: PredictionsPanel,
        *,
        objects: ObjectsPanel,
        predicted: ObjectsPanel,
    ) -> None:
        """`predicted` lists only predictions, under the slider of the tab."""
        super().__init__()
        self._session = session
        looks.dress(self, ground="bg")
        self._parts: dict[str, QWidget] = {"categories": categories, "predictions": predictions, "objects": objects}
        self._categories, self._objects, self._predicted = categories, objects, predicted
        self._headers = {
            "categories": Header(self.tr("Categories"), folds=True),
            "predictions": Header(self.tr("Predictions"), folds=True),
            "objects": Header(self.tr("Objects in this frame"), folds=True),
        }
        for button in categories.buttons():
            self._headers["categories"].add_button(button)
        self._is_folded: dict[str, bool] = dict.fromkeys(_TABS, False)
        for name, header in self._headers.items():
            header.folded.connect(lambda folded, name=name: self._fold(name, folded))
        self._tabs = QTabBar()
        self._tabs.setExpanding(False)
        self._tabs.setDrawBase(False)
        self._tabs.setUsesScrollButtons(False)
        looks.set_font(self._tabs, looks.SECONDARY)
        self._tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for text in (self.tr("Categories"), self.tr("Predictions"), self.tr("Objects")):
            self._tabs.addTab(text)
        self._tabs.currentChanged.connect(self._show_tab)
        self._sections = self._build_sections()
        self._tabbed = self._build_tabbed()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._sections)
        self._stack.addWidget(self._tabbed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        categories.counted.connect(self._show_category_count)
        predictions.counted.connect(self._headers["predictions"].set_count)
        self._in_tabs = False
        self._fill_sections()
        self._show_category_count(categories.heading_count())

    def set_tabs(self, tabs: bool) -> None:
        """Show tabs instead of sections."""
        if tabs == self._in_tabs:
            return
        self._in_tabs = tabs
        if tabs:
            self._fill_tabs()
            self._stack.setCurrentWidget(self._tabbed)
            self._tabs.setCurrentIndex(1 if self._session.project.shown_layer() is not None else 0)
            self._show_tab(self._tabs.currentIndex())
        else:
            self._fill_sections()
            self._stack.setCurrentWidget(self._sections)

    def show_object_count(self, count: int) -> None:
        """Say how many objects the frame has."""
        self._headers["objects"].set_count(f"{count:,}")
        self._tabs.setTabText(2, self.tr("Objects {count}").format(count=f"{count:,}") if count else self.tr("Objects"))

    def bring_forward(self, name: str) -> None:
        """Show this part, where only one is shown: "categories", "predictions" or "objects"."""
        self._tabs.setCurrentIndex(_TABS.index(name))

    def set_folded(self, name: str, folded: bool) -> None:
        """Fold a section as it was left."""
        self._headers[name].set_folded(folded)
        self._fold(name, folded)

    def _build_sections(self) -> QWidget:
        sections = QWidget()
        self._section_layout = QVBoxLayout(sections)
        self._section_layout.setContentsMargins(0, 0, 0, 0)
        self._section_layout.setSpacing(0)
        return sections

    def _build_tabbed(self) -> QWidget:
        tabbed = QWidget()
        layout = QVBoxLayout(tabbed)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        top = QFrame()
        looks.dress(top, line="bottom")
        line = QHBoxLayout(top)
        line.setContentsMargins(6, 5, 0, 5)
        line.addWidget(self._tabs)
        line.addStretch(1)
        layout.addWidget(top)
        self._tab_layouts: dict[str, QVBoxLayout] = {}
        self._pages: dict[str, QWidget] = {}
        for name in _TABS:
            page = QWidget()
            self._tab_layouts[name] = QVBoxLayout(page)
            self._tab_layouts[name].setContentsMargins(0, 4, 0, 0)
            self._tab_layouts[name].setSpacing(0)
            self._pages[name] = page
            layout.addWidget(page, 1)
        return tabbed

    def _fill_sections(self) -> None:
        layout = self._section_layout
        self._empty(layout)
        for number, name in enumerate(_TABS):
            if number:
                layout.addWidget(_divider())
            layout.addWidget(self._headers[name])
            layout.addWidget(self._parts[name], 1 if name == "objects" else 0)
            self._headers[name].set_plain(False)
            self._headers[name].show()
            self._parts[name].setVisible(not self._is_folded[name])
        layout.addStretch(0)
        self._limit_categories()

    def _fill_tabs(self) -> None:
        for name in _TABS:
            layout = self._tab_layouts[name]
            self._empty(layout)
            if name != "objects":
                layout.addWidget(self._headers[name])
                self._headers[name].set_plain(True)
                self._headers[name].show()
            else:
                self._headers[name].hide()
            layout.addWidget(self._parts[name], 0 if name == "predictions" else 1)
            self._parts[name].show()
        self._categories.setMinimumHeight(0)
        self._categories.setMaximumHeight(_NO_LIMIT)
        self._tab_layouts["predictions"].addWidget(_divider())
        self._tab_layouts["predictions"].addSpacing(6)
        self._tab_layouts["predictions"].addWidget(self._predicted, 1)

    @staticmethod
    def _empty(layout: QVBoxLayout) -> None:
        while (item := layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None and widget.property("kind") == "divider":
                widget.deleteLater()

    def _show_tab(self, index: int) -> None:
        for number, name in enumerate(_TABS):
            self._pages[name].setVisible(number == index)

    def _fold(self, name: str, folded: bool) -> None:
        self._is_folded[name] = folded
        if not self._in_tabs:
            self._parts[name].setVisible(not folded)
            # Without the list that takes the rest, the headers stay at the top.
            self._section_layout.setStretch(self._section_layout.count() - 1, 1 if self._is_folded["objects"] else 0)
        self.folded.emit(name, folded)

    def _show_category_count(self, text: str) -> None:
        self._headers["categories"].set_count(text)
        self._limit_categories()

    def _limit_categories(self) -> None:
        if not self._in_tabs:
            rows = min(max(len(self._session.categories), 1), MOST_CATEGORY_ROWS)
            self._categories.setFixedHeight(rows * ROW + 8)


def _divider() -> QFrame:
    divider = QFrame()
    divider.setFixedHeight(1)
    looks.dress(divider, kind="divider")
    return divider
