"""The models page: what can be run, what can be downloaded, what each is and whether it agrees with its origin."""

from yolor_studio.gui.models.page import ModelsPage

__all__ = ["ModelsPage"]
