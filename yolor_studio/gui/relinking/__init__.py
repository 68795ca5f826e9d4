"""Media that are missing or changed: told in place of their picture, and found again."""

from yolor_studio.gui.relinking.relinking import Relinking

__all__ = ["Relinking"]
