"""Pixels: images with EXIF orientation, sequences and frame-exact video."""
