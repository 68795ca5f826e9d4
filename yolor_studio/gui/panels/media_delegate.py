"""One media as a row of the list, or as a picture in the narrow rail."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from yolor_studio.core.entities import Media, MediaKind
from yolor_studio.gui import looks
from yolor_studio.gui.panels import rows
from yolor_studio.gui.panels.media_model import MEDIA_ROLE, MediaModel
from yolor_studio.gui.thumbnails import Thumbnails

__all__ = ["RAIL_ROW", "ROW", "MediaDelegate", "paint_thumbnail"]

ROW, RAIL_ROW = 54, 34


def paint_thumbnail(painter: QPainter, rect: QRectF, pixmap: QPixmap | None, *, faint: bool = False) -> None:
    """A picture cropped to fill the rectangle, with round corners; an empty ground while there is none."""
    painter.save()
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    path = QPainterPath()
    path.addRoundedRect(rect, 3, 3)
    painter.setClipPath(path)
    painter.fillRect(rect, looks.colour("raised"))
    if faint:
        painter.setOpacity(0.35)
    if pixmap is not None and not pixmap.isNull():
        scale = max(rect.width() / pixmap.width(), rect.height() / pixmap.height())
        width, height = rect.width() / scale, rect.height() / scale
        source = QRectF((pixmap.width() - width) / 2, (pixmap.height() - height) / 2, width, height)
        painter.drawPixmap(rect, pixmap, source)
    painter.restore()


class MediaDelegate(QStyledItemDelegate):
    """Paints rows from the model's figures and the thumbnails that are there."""

    def __init__(self, model: MediaModel, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._thumbnails = thumbnails
        self.rail = False

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(44, RAIL_ROW) if self.rail else QSize(200, ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        media = index.data(MEDIA_ROLE)
        rect = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        (self._paint_rail if self.rail else self._paint_row)(painter, rect, option, media)
        painter.restore()

    def _paint_rail(self, painter: QPainter, rect: QRectF, option: QStyleOptionViewItem, media: Media) -> None:
        picture = QRectF(rect.x() + 5, rect.y() + 5, 34, 24)
        paint_thumbnail(painter, picture, self._thumbnails.pixmap(media), faint=self._model.lost(media))
        share = self._model.share(media)
        if share > 0:
            painter.fillRect(
                QRectF(picture.x(), picture.bottom() - 2, picture.width() * min(share, 1), 2), looks.colour("review")
            )
        if rows.selected(option):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(looks.colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(picture.adjusted(-2, -2, 2, 2), 5, 5)

    def _paint_row(self, painter: QPainter, rect: QRectF, option: QStyleOptionViewItem, media: Media) -> None:
        rows.ground(
            painter,
            rect.adjusted(6, 1, -6, -1),
            is_selected=rows.selected(option),
            is_hovered=rows.hovered(option),
        )
        missing = self._model.lost(media)
        picture = QRectF(rect.x() + 12, rect.y() + 9, 64, 36)
        paint_thumbnail(painter, picture, self._thumbnails.pixmap(media), faint=missing)
        left, right = picture.right() + 10, rect.right() - 14
        rows.text(painter, QRectF(left, rect.y() + 6, right - left, 17), media.name, role="tx2" if missing else "tx")
        line = QRectF(left, rect.y() + 23, right - left, 16)
        if missing:
            told = self.tr("another file") if self._model.changed(media) else self.tr("not found")
            rows.text(painter, line, told, role="warn", size=looks.SECONDARY)
            return
        self._paint_facts(painter, line, media)
        rows.bar(painter, QRectF(left, rect.y() + 42, right - left, 3), self._model.share(media), "review")

    def _paint_facts(self, painter: QPainter, line: QRectF, media: Media) -> None:
        left = line.x()
        if media.kind is MediaKind.SEQUENCE:
            looks.paint_icon(painter, QRectF(left, line.y() + 1, 13, 13), "stack", looks.colour("tx3"))
            left += 17
        share = self._model.share(media)
        facts = (
            self.tr("picture")
            if media.kind is MediaKind.IMAGE
            else self.tr("{count} frames").format(count=f"{media.frames:,}")
        )
        left += rows.text(
            painter,
            QRectF(left, line.y(), line.right() - left - 44, 16),
            facts,
            role="tx3",
            size=looks.CAPTION,
            tabular=True,
        )
        if media.kind is MediaKind.VIDEO and media.info.get("constant_rate") is False:
            badge = QRectF(left + 6, line.y() + 1, 28, 14)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(looks.colour("raised"))
            painter.drawRoundedRect(badge, 3, 3)
            rows.text(painter, badge, "VFR", role="tx2", size=looks.CAPTION, align=Qt.AlignmentFlag.AlignCenter)
        if share >= 1:
            rows.check_badge(painter, QRectF(line.right() - 13, line.y() + 1, 13, 13))
        elif media.kind is not MediaKind.IMAGE:
            rows.text(
                painter,
                line,
                f"{int(share * 100)} %",
                role="tx2",
                size=looks.CAPTION,
                tabular=True,
                align=rows.RIGHT,
            )
