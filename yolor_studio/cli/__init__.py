"""The same jobs without a window; loads Qt only when a window is asked for."""
