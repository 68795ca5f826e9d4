"""The small dialog that asks for one name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from yolor_studio.gui import looks

__all__ = ["ask_name"]


class NameDialog(QDialog):
    """A field with the reason below it why its content cannot be taken, and a button named for what it does."""

    def __init__(
        self, title: str, verb: str, *, text: str, objection: Callable[[str], str], parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._objection = objection
        self.field = QLineEdit(text)
        self.field.setMinimumWidth(260)
        self.field.setAccessibleName(title)
        looks.dress(self.field, size="dialog")
        self.field.selectAll()
        self._why_not = QLabel()
        self._why_not.setWordWrap(True)
        looks.dress(self._why_not, role="err")
        looks.set_font(self._why_not, looks.SECONDARY)
        self.accept_button = QPushButton(verb)
        looks.dress(self.accept_button, kind="primary", size="dialog")
        self.accept_button.setDefault(True)
        cancel = QPushButton(self.tr("Cancel"))
        looks.dress(cancel, size="dialog")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.accept_button)
        heading = QLabel(title)
        looks.set_font(heading, looks.PAGE, looks.SEMIBOLD)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(heading)
        layout.addWidget(self.field)
        layout.addWidget(self._why_not)
        layout.addLayout(buttons)
        cancel.clicked.connect(self.reject)
        self.accept_button.clicked.connect(self.accept)
        self.field.textChanged.connect(self._check)
        self._check()

    def name(self) -> str:
        """What was typed, without spaces around it."""
        return self.field.text().strip()

    def _check(self) -> None:
        why_not = self._objection(self.name()) if self.name() else ""
        self._why_not.setText(why_not)
        self._why_not.setVisible(bool(why_not))
        self.accept_button.setEnabled(bool(self.name()) and not why_not)


def ask_name(
    title: str,
    verb: str,
    *,
    text: str = "",
    objection: Callable[[str], str] = lambda _name: "",
    parent: QWidget | None = None,
) -> str | None:
    """Ask for a name; None when the person cancelled. `objection` says why a name cannot be taken, "" when it can."""
    dialog = NameDialog(title, verb, text=text, objection=objection, parent=parent)
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    name = dialog.name()
    dialog.deleteLater()
    return name if accepted else None
