"""Sheets and small dialogs over the workspace."""
