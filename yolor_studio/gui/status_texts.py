"""What the status line says of the media, the device and the keys that work now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from yolor_studio.core.entities import Media, MediaKind
from yolor_studio.gui.canvas import Tool
from yolor_studio.gui.studio import Studio

if TYPE_CHECKING:
    from yolor_studio.gui.workspace import Workspace

__all__ = ["device_text", "hints", "media_text"]


def tr(text: str) -> str:
    """The text in the person's language; the English text where there is no translation."""
    return QCoreApplication.translate("status", text)


def media_text(media: Media | None) -> str:
    """ "640 × 360 · 23.976 fps · h264 · frame-true"."""
    if media is None:
        return ""
    parts = [f"{media.width:,} × {media.height:,}"]
    if media.kind is MediaKind.VIDEO:
        if media.info.get("constant_rate") is False:
            parts.append(tr("variable rate"))
        elif media.fps:
            parts.append(f"{media.fps:.3f}".rstrip("0").rstrip(".") + " fps")
    codec = media.info.get("codec")
    if codec and media.kind is not MediaKind.SEQUENCE:
        parts.append(str(codec))
    if media.kind is MediaKind.VIDEO:
        parts.append(tr("frame-true") if media.verified else tr("counting frames"))
    return " · ".join(parts)


def device_text(studio: Studio) -> str:
    """ "CPU · 41 frames/s" while a run is under way, else "CPU · ready"; empty while no device was used."""
    device = studio.device
    if not device:
        return ""
    run = studio.run
    if run is not None and run.running:
        rate = run.progress.rate
        return f"{device} · {rate:.0f} {tr('frames/s')}" if rate else device
    return f"{device} · {tr('ready')}"


def hints(workspace: Workspace, studio: Studio) -> list[tuple[str, str]]:
    """The keys that matter most now, as ("A D", "step") pairs."""
    if workspace.link.has_offer:
        return [("Enter", tr("take it")), ("Esc", tr("drop it"))]
    unseen = workspace.link.absent is not None
    if unseen or (studio.session is not None and studio.session.project.read_only):
        return [("A D", tr("step")), ("?", tr("all keys"))]
    if workspace.canvas.tool() is Tool.FOUR_POINTS:
        return [("Esc", tr("drop the points")), ("V", tr("select")), ("?", tr("all keys"))]
    if workspace.canvas.tool() is Tool.BOX:
        return [("1–9", tr("category")), ("V", tr("select")), ("Space", tr("accept and go on")), ("?", tr("all keys"))]
    if studio.selection.object_ids:
        return [("1–9", tr("category")), ("O", tr("occluded")), ("Del", tr("delete")), ("?", tr("all keys"))]
    if studio.selection.prediction_rows:
        return [("Enter", tr("accept")), ("Del", tr("reject")), ("1–9", tr("category")), ("?", tr("all keys"))]
    return [
        ("A D", tr("step")),
        ("Space", tr("accept and go on")),
        ("R", tr("repeat")),
        ("W", tr("draw")),
        ("?", tr("all keys")),
    ]
