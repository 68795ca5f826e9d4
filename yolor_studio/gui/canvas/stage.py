"""What is painted and what must be painted again: the base layer, the overlay, and the regions between them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QPainter, QRegion
from PySide6.QtWidgets import QWidget

from yolor_studio.gui.canvas import overlay as overlays
from yolor_studio.gui.canvas.base_layer import BaseLayer, Frame, tag_place
from yolor_studio.gui.canvas.lines import device_rects
from yolor_studio.gui.canvas.model import Scene
from yolor_studio.gui.canvas.overlay import Overlay

_PATCH_UP_TO = 50
"""With more changed boxes than this the whole base layer is painted again."""


class Stage:
    """Paints a widget in two layers, so that a pointer move costs as much as what moved."""

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._base = BaseLayer()
        self._stale = True
        self._overlay = Overlay()
        self._painted = QRegion()

    def renew(self, frame: Frame, overlay: Overlay) -> None:
        """Paint everything again at the next paint event."""
        self._stale = True
        self._overlay = overlay
        self._painted = overlays.region(frame, overlay)
        self._widget.update()

    def set_overlay(self, frame: Frame, overlay: Overlay) -> None:
        """Paint again where the overlay was and where it is now."""
        self._overlay = overlay
        region = overlays.region(frame, overlay)
        self._widget.update(_to_logical(region.united(self._painted), frame.ratio))
        self._painted = region

    def patch(self, frame: Frame, overlay: Overlay, rows: list[int], *, before: Scene | None = None) -> None:
        """Paint again around some boxes: where they are and, given the scene before, where they were. Boxes that the
        overlay moves are left out of the base layer."""
        if self._stale or len(rows) > _PATCH_UP_TO:
            self.renew(frame, overlay)
            return
        lifted = frozenset(overlay.moving)
        for each in (frame,) if before is None else (frame, replace(frame, scene=before)):
            rects = device_rects(each.scene.corners[rows], each.view, each.ratio).tolist()
            reach = round(4 * each.ratio)
            for row, (x1, y1, x2, y2) in zip(rows, rects, strict=True):
                area = QRect(QPoint(x1, y1), QPoint(x2, y2)).adjusted(-reach, -reach, reach, reach)
                for big in (False, True):
                    area = area.united(tag_place(each, row, big=big)[0])
                self._base.patch(frame, lifted, area.intersected(QRect(0, 0, *frame.size)))
                self._widget.update(_to_logical(QRegion(area), frame.ratio))
        self.set_overlay(frame, overlay)

    def paint(self, frame: Frame, region: QRegion) -> None:
        """Answer a paint event."""
        if self._stale or self._base.pixmap.size().toTuple() != frame.size:
            self._base.render(frame, frozenset(self._overlay.moving))
            self._stale = False
        painter = QPainter(self._widget)
        painter.scale(1 / frame.ratio, 1 / frame.ratio)
        for rect in region:  # pyright: ignore[reportGeneralTypeIssues]
            area = _to_device(rect, frame.ratio)
            painter.drawPixmap(area, self._base.pixmap, area)
        overlays.paint(painter, frame, self._overlay)
        painter.end()


def _to_device(rect: QRect, ratio: float) -> QRect:
    """A logical rectangle as device pixels, rounded outwards."""
    left, top = int(rect.left() * ratio), int(rect.top() * ratio)
    right, bottom = -int(-(rect.right() + 1) * ratio // 1), -int(-(rect.bottom() + 1) * ratio // 1)
    return QRect(left, top, right - left, bottom - top)


def _to_logical(region: QRegion, ratio: float) -> QRegion:
    """A region of device pixels as logical ones, rounded outwards with a pixel to spare."""
    if ratio == 1.0:
        return region
    out = QRegion()
    for rect in region:  # pyright: ignore[reportGeneralTypeIssues]
        left, top = int(rect.left() / ratio) - 1, int(rect.top() / ratio) - 1
        out += QRect(left, top, int(rect.width() / ratio) + 3, int(rect.height() / ratio) + 3)
    return out
