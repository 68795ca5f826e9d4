"""A renderer of street scenes with exact ground truth."""
