"""Training: augmentation, assignment, loss, trainer."""
