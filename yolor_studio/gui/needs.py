"""Which needs of commands are met, by what is open and in view."""

from __future__ import annotations

from yolor_studio.gui.actions import Needs
from yolor_studio.gui.studio import Studio
from yolor_studio.gui.workspace import Workspace

__all__ = ["met_needs"]


def met_needs(studio: Studio, workspace: Workspace | None, *, on_page: bool) -> frozenset[Needs]:
    """Those that are met now; `on_page`: a page stands in place of the workspace."""
    session = studio.session
    met = {Needs.NOTHING}
    if session is None or workspace is None:
        return frozenset(met)
    met.add(Needs.PROJECT)
    if on_page:
        return frozenset(met)
    met.add(Needs.WORKSPACE)
    if session.current is None:
        return frozenset(met)
    met.add(Needs.MEDIA)
    if not session.project.read_only:
        met.add(Needs.WRITABLE)
    if not session.project.read_only and workspace.link.absent is None:
        met.add(Needs.EDITABLE)
        if studio.selection.refs:
            met.add(Needs.SELECTION)
        if workspace.predictions_shown:
            met.add(Needs.PREDICTIONS)
    return frozenset(met)
