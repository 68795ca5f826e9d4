"""The start page: one target for everything, the demo, recent projects and what happens next."""

from yolor_studio.gui.start.page import StartPage

__all__ = ["StartPage"]
