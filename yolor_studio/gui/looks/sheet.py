"""The style sheet, generated from the table of colours.

Widgets are known by their class and a few words, set with `looks.dress`: `kind` (what it is), `size` ("panel" 24, "bar"
28, "dialog" 32 pixels high; the property is called `extent`, since every widget has a `size`), `ground` and `role` (any
role of the table as background or text), `line` ("top", "bottom", "left", "right": a divider on that side),
`state="error"` for a field.
"""

from __future__ import annotations

from collections.abc import Mapping

from yolor_studio.core.resources import shipped

_GROUNDS = (
    "well", "bg", "chrome", "raised", "field", "hover", "press", "popup", "tint", "oktint", "warntint", "errtint",
)  # fmt: skip
_TEXTS = ("tx", "tx2", "tx3", "dis", "accent", "on-fill", "ok", "warn", "err")
_SIDES = ("top", "bottom", "left", "right")


def build(table: Mapping[str, str], *, theme: str) -> str:
    """The application's style sheet in the colours of `table`, with the small icons of `theme` ("dark" or "light")."""
    sheet = "\n".join((_BUTTONS, _FIELDS, _CHOICES, _TABS, _MENUS, _SCROLLING, _VIEWS, _FRAMES, _property_rules()))
    # Two grounds are another role in each theme.
    grounds = {"card": table["chrome"], "tab": table["raised"]}
    if theme == "light":
        grounds = {"card": table["raised"], "tab": table["hover"]}
    for role, colour in {**table, **grounds}.items():
        sheet = sheet.replace(f"@{role}@", colour)
    icons = shipped("resources", "icons").as_posix()
    return sheet.replace("@icons@", icons).replace("@theme@", theme)


def _property_rules() -> str:
    grounds = (f'*[ground="{role}"] {{ background-color: @{role}@; }}' for role in _GROUNDS)
    texts = (f'*[role="{role}"] {{ color: @{role}@; }}' for role in _TEXTS)
    lines = (f'QFrame[line="{side}"] {{ border: 0; border-{side}: 1px solid @line@; }}' for side in _SIDES)
    return "\n".join((*grounds, *texts, *lines))


_BUTTONS = """
QPushButton {
    min-height: 26px; max-height: 26px; padding: 0 11px; border: 1px solid @line2@; border-radius: 6px;
    background-color: @raised@; color: @tx@; font-weight: 500; outline: 0;
}
QPushButton:hover { background-color: @hover@; }
QPushButton:pressed, QPushButton:open { background-color: @press@; }
QPushButton:disabled { background-color: transparent; border-color: @line@; color: @dis@; }
QPushButton::menu-indicator, QToolButton::menu-indicator { image: none; width: 0; }
QPushButton[extent="panel"] { min-height: 22px; max-height: 22px; padding: 0 9px; font-size: 12px; }
QPushButton[extent="dialog"] { min-height: 30px; max-height: 30px; padding: 0 15px; }
QPushButton[kind="primary"], QPushButton[kind="destroy"] { border-color: transparent; color: @on-fill@; }
QPushButton[kind="primary"] { background-color: @fill@; }
QPushButton[kind="primary"]:hover { background-color: @fill-hover@; }
QPushButton[kind="primary"]:pressed, QPushButton[kind="primary"]:open { background-color: @fill-press@; }
QPushButton[kind="destroy"] { background-color: @errfill@; }
QPushButton[kind="primary"]:disabled, QPushButton[kind="destroy"]:disabled {
    background-color: @raised@; color: @dis@; border-color: @line@;
}
QPushButton[kind="soft"] { background-color: @tint@; border-color: transparent; }
QPushButton[kind="soft"]:hover { border-color: @accent@; }
QPushButton[kind="soft"]:pressed { background-color: @press@; }
QPushButton[kind="soft"]:disabled { background-color: transparent; border-color: @line@; }
QPushButton[kind="danger"] { background-color: transparent; border-color: @err@; color: @err@; }
QPushButton[kind="danger"]:hover { background-color: @errtint@; }
QPushButton[kind="quiet"], QPushButton[kind="link"] {
    background-color: transparent; border-color: transparent; color: @tx2@;
}
QPushButton[kind="quiet"]:hover { background-color: @hover@; color: @tx@; }
QPushButton[kind="quiet"]:pressed { background-color: @press@; }
QPushButton[kind="quiet"]:disabled { color: @dis@; }
QPushButton[kind="link"] { color: @accent@; padding: 0 4px; }
QPushButton[kind="link"]:hover { text-decoration: underline; }
QPushButton[kind="link"]:disabled { color: @dis@; }
QPushButton[kind="split-main"] {
    background-color: @fill@; color: @on-fill@; border-color: transparent;
    border-top-right-radius: 0; border-bottom-right-radius: 0;
}
QPushButton[kind="split-more"] {
    background-color: @fill@; border: 0; border-left: 1px solid @accent@; padding: 0; min-width: 26px; max-width: 26px;
    min-height: 28px; max-height: 28px; border-top-left-radius: 0; border-bottom-left-radius: 0;
}
QPushButton[kind="split-main"]:hover, QPushButton[kind="split-more"]:hover { background-color: @fill-hover@; }
QPushButton[kind="split-main"]:pressed, QPushButton[kind="split-more"]:pressed,
QPushButton[kind="split-more"]:open { background-color: @fill-press@; }
QPushButton[kind="split-main"]:disabled, QPushButton[kind="split-more"]:disabled {
    background-color: @raised@; color: @dis@; border-color: @line@;
}
QToolButton {
    border: 1px solid transparent; border-radius: 5px; background-color: transparent; color: @tx2@; padding: 2px;
    outline: 0;
}
QToolButton:hover { background-color: @hover@; color: @tx@; }
QToolButton:pressed, QToolButton:open { background-color: @press@; }
QToolButton:checked { background-color: @tint@; color: @tx@; }
QToolButton:disabled { background-color: transparent; color: @dis@; }
QToolButton[kind="plain"] { background-color: @raised@; border-color: @line2@; border-radius: 6px; color: @tx@; }
QToolButton[kind="plain"]:hover { background-color: @hover@; }
QToolButton[kind="plain"]:pressed { background-color: @press@; }
QToolButton[kind="plain"]:disabled { background-color: transparent; border-color: @line@; color: @dis@; }
QToolButton[kind="segment"] { padding: 3px 8px; font-size: 13px; border-radius: 5px; }
QToolButton[kind="segment"]:checked { font-weight: 500; }
"""

_FIELDS = """
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit, QTextEdit, QKeySequenceEdit {
    min-height: 26px; padding: 0 8px; border: 1px solid @line2@; border-radius: 6px; background-color: @field@;
    color: @tx@; selection-background-color: @fill@; selection-color: @on-fill@; placeholder-text-color: @tx3@;
}
QLineEdit[extent="panel"], QAbstractSpinBox[extent="panel"], QComboBox[extent="panel"] { min-height: 22px; }
QLineEdit[extent="dialog"], QAbstractSpinBox[extent="dialog"], QComboBox[extent="dialog"] { min-height: 30px; }
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover, QPlainTextEdit:hover { border-color: @tx3@; }
QLineEdit:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus, QTextEdit:focus { border-color: @accent@; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {
    color: @dis@; border-color: @line@; background-color: transparent;
}
QLineEdit[state="error"], QAbstractSpinBox[state="error"] { border-color: @err@; }
QAbstractSpinBox { padding: 0 20px 0 0; }
QAbstractSpinBox QLineEdit { border: 0; padding: 0 0 0 7px; background-color: transparent; min-height: 0; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    subcontrol-origin: border; width: 18px; border: 0; background-color: transparent;
}
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-arrow { image: url("@icons@/caret-up-@theme@.svg"); width: 9px; height: 9px; }
QAbstractSpinBox::down-arrow { image: url("@icons@/caret-down-@theme@.svg"); width: 9px; height: 9px; }
QComboBox { padding-right: 24px; }
QComboBox:on { border-color: @accent@; }
QComboBox::drop-down { subcontrol-origin: padding; subcontrol-position: center right; width: 24px; border: 0; }
QComboBox::down-arrow { image: url("@icons@/caret-down-@theme@.svg"); width: 11px; height: 11px; }
QComboBox QAbstractItemView {
    background-color: @popup@; border: 1px solid @line2@; padding: 4px; outline: 0;
    selection-background-color: @fill@; selection-color: @on-fill@;
}
QComboBox QAbstractItemView::item { min-height: 26px; padding: 0 6px; border-radius: 5px; }
"""

_CHOICES = """
QCheckBox, QRadioButton { spacing: 8px; color: @tx@; outline: 0; }
QCheckBox:disabled, QRadioButton:disabled { color: @dis@; }
QCheckBox::indicator, QGroupBox::indicator, QAbstractItemView::indicator {
    width: 14px; height: 14px; border: 1px solid @tx3@; border-radius: 4px; background-color: @field@;
}
QRadioButton::indicator {
    width: 14px; height: 14px; border: 1px solid @tx3@; border-radius: 8px; background-color: @field@;
}
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: @tx@; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked {
    background-color: @fill@; border-color: @fill@; image: url("@icons@/check-white.svg");
}
QCheckBox::indicator:indeterminate {
    background-color: @fill@; border-color: @fill@; image: url("@icons@/dash-white.svg");
}
QRadioButton::indicator:checked {
    background-color: @fill@; border-color: @fill@; image: url("@icons@/dot-white.svg");
}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {
    border-color: @line2@; background-color: transparent;
}
QCheckBox::indicator:checked:disabled, QRadioButton::indicator:checked:disabled { background-color: @dis@; }
QSlider { min-height: 20px; background-color: transparent; }
QSlider::groove:horizontal { height: 3px; border-radius: 1px; background-color: @line2@; }
QSlider::sub-page:horizontal { height: 3px; border-radius: 1px; background-color: @accent@; }
QSlider::handle:horizontal {
    width: 13px; height: 13px; margin: -6px 0; border: 1px solid @line2@; border-radius: 7px; background-color: #FFFFFF;
}
QSlider::handle:horizontal:hover { border-color: @accent@; }
QProgressBar {
    min-height: 4px; max-height: 4px; border: 0; border-radius: 2px; background-color: @press@; color: transparent;
}
QProgressBar::chunk { border-radius: 2px; background-color: @accent@; }
QProgressBar[kind="review"]::chunk { background-color: @review@; }
"""

_TABS = """
QTabWidget::pane { border: 0; }
QTabBar { qproperty-drawBase: 0; background-color: transparent; outline: 0; }
QTabBar::tab {
    min-height: 26px; padding: 0 10px; margin-right: 4px; border-radius: 6px; border: 0;
    background-color: transparent; color: @tx2@;
}
QTabBar::tab:hover { background-color: @hover@; }
QTabBar::tab:selected { background-color: @tab@; color: @tx@; font-weight: 500; }
QTabBar::tab:disabled { color: @dis@; }
"""

_MENUS = """
QMenuBar { background-color: @chrome@; color: @tx2@; padding: 1px 4px; border: 0; }
QMenuBar::item { padding: 4px 8px; border-radius: 5px; background-color: transparent; }
QMenuBar::item:selected { background-color: @hover@; color: @tx@; }
QMenuBar::item:pressed { background-color: @press@; color: @tx@; }
QMenu { background-color: @popup@; border: 1px solid @line2@; padding: 4px; color: @tx@; }
QMenu::item { min-height: 18px; padding: 4px 14px 4px 8px; border-radius: 5px; background-color: transparent; }
QMenu::item:selected { background-color: @fill@; color: @on-fill@; }
QMenu::item:disabled { color: @dis@; background-color: transparent; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background-color: @line@; margin: 5px 0; }
QMenu::indicator { width: 14px; height: 14px; left: 7px; }
QMenu::indicator:checked { image: url("@icons@/check-@theme@.svg"); }
QMenu::indicator:checked:selected { image: url("@icons@/check-white.svg"); }
QMenu::right-arrow { image: url("@icons@/caret-right-@theme@.svg"); width: 10px; height: 10px; padding-right: 8px; }
QToolTip { background-color: @popup@; color: @tx@; border: 1px solid @line2@; padding: 4px 7px; font-size: 12px; }
QStatusBar { background-color: @chrome@; color: @tx2@; border-top: 1px solid @line@; font-size: 12px; }
QStatusBar::item { border: 0; }
QToolBar { background-color: @chrome@; border: 0; border-bottom: 1px solid @line@; spacing: 8px; padding: 0 12px; }
"""

_SCROLLING = """
QScrollBar:vertical { width: 10px; margin: 0; border: 0; background-color: transparent; }
QScrollBar:horizontal { height: 10px; margin: 0; border: 0; background-color: transparent; }
QScrollBar::handle { background-color: @line2@; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover, QScrollBar::handle:pressed { background-color: @tx3@; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background-color: transparent; }
QScrollArea { border: 0; background-color: transparent; }
QAbstractScrollArea::corner { background-color: transparent; border: 0; }
QSplitter::handle { background-color: @line@; }
"""

_VIEWS = """
QAbstractItemView {
    background-color: @bg@; alternate-background-color: @chrome@; border: 0; outline: 0; gridline-color: @line@;
    selection-background-color: @tint@; selection-color: @tx@;
}
QAbstractItemView::item:hover { background-color: @hover@; }
QAbstractItemView::item:selected { background-color: @tint@; color: @tx@; }
QHeaderView { background-color: transparent; border: 0; }
QHeaderView::section {
    background-color: transparent; color: @tx3@; border: 0; border-bottom: 1px solid @line@; padding: 4px 8px;
    font-size: 12px;
}
QTableCornerButton::section { background-color: transparent; border: 0; }
"""

_FRAMES = """
QMainWindow, QDialog, QMessageBox { background-color: @bg@; }
QFrame[kind="divider"] { background-color: @line@; border: 0; }
QFrame[kind="floating"], QFrame[kind="toast"] {
    background-color: @popup@; border: 1px solid @line2@; border-radius: 8px;
}
QFrame[kind="card"], QFrame[ground="card"] { background-color: @card@; border: 1px solid @line@; border-radius: 8px; }
QFrame[kind="sheet"] { background-color: @bg@; border: 1px solid @line2@; border-radius: 10px; }
QFrame[kind="segmented"] { background-color: transparent; border: 1px solid @line@; border-radius: 8px; }
QFrame[kind="job"] { background-color: @raised@; border: 1px solid @line2@; border-radius: 6px; }
QFrame[kind="banner"] { border: 0; border-radius: 6px; }
QLabel[kind="badge"] { border-radius: 3px; padding: 1px 5px; font-size: 11px; }
QLabel { background-color: transparent; }
"""
