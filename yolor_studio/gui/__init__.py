"""Everything Qt: main window, canvas, panels, dialogs."""
