"""What the lists' delegates draw: grounds, swatches, texts and bars of one row."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from yolor_studio.core.palette import colour_of, is_striped
from yolor_studio.gui import looks

__all__ = ["bar", "check_badge", "elided", "ground", "hovered", "selected", "swatch", "text"]

ROW_RADIUS = 5.0
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def selected(option: QStyleOptionViewItem) -> bool:
    """Whether the row is selected."""
    return bool(option.state & QStyle.StateFlag.State_Selected)  # pyright: ignore[reportAttributeAccessIssue]


def hovered(option: QStyleOptionViewItem) -> bool:
    """Whether the pointer is over the row."""
    return bool(option.state & QStyle.StateFlag.State_MouseOver)  # pyright: ignore[reportAttributeAccessIssue]


def ground(painter: QPainter, rect: QRectF, *, is_selected: bool, is_hovered: bool) -> None:
    """The rounded ground of a row, where it has one."""
    role = "tint" if is_selected else "hover" if is_hovered else ""
    if role:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(looks.colour(role))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawRoundedRect(rect, ROW_RADIUS, ROW_RADIUS)


def swatch(painter: QPainter, rect: QRectF, colour: int, *, dashed: bool = False, faint: bool = False) -> None:
    """A category's square: full for objects, a dashed outline for predictions; striped when the colour repeats."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if faint:
        painter.setOpacity(0.45)
    fill = QColor(colour_of(colour))
    if dashed:
        pen = QPen(fill, 1.4)
        pen.setDashPattern([1.8, 1.4])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
    else:
        painter.setPen(QPen(QColor(0, 0, 0, 71), 1))
        painter.setBrush(fill)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    if is_striped(colour) and not dashed:
        painter.setPen(QPen(QColor(0, 0, 0, 130), 1.2))
        painter.drawLine(rect.bottomLeft(), rect.topRight())
    painter.restore()


def elided(content: str, font: QFont, width: float, *, cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> str:
    """The text cut to this width, in the middle as suits names."""
    return QFontMetricsF(font).elidedText(content, cut, width)


def text(
    painter: QPainter,
    rect: QRectF,
    content: str,
    *,
    role: str = "tx",
    size: float = looks.LIST,
    weight: int = looks.REGULAR,
    tabular: bool = False,
    align: Qt.AlignmentFlag = _LEFT,
    cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
) -> float:
    """Draw one line of text, cut to the rectangle; the width it took."""
    font = looks.font(size, weight, tabular=tabular)
    content = elided(content, font, rect.width(), cut=cut)
    painter.setFont(font)
    painter.setPen(looks.colour(role))
    painter.drawText(rect, align, content)
    return QFontMetricsF(font).horizontalAdvance(content)


def bar(painter: QPainter, rect: QRectF, share: float, role: str) -> None:
    """A thin bar filled to `share` (0 to 1)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    radius = rect.height() / 2
    painter.setBrush(looks.colour("press"))
    painter.drawRoundedRect(rect, radius, radius)
    if share > 0:
        painter.setBrush(looks.colour(role))
        painter.drawRoundedRect(
            QRectF(rect.x(), rect.y(), max(rect.width() * min(share, 1), 2), rect.height()), radius, radius
        )
    painter.restore()


def check_badge(painter: QPainter, rect: QRectF) -> None:
    """The filled check of something that is finished."""
    looks.paint_icon(painter, rect, "check-circle-fill", looks.colour("ok"))
