"""Dataset formats, one module each, splits, and the check after an export."""
