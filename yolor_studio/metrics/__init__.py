"""How good boxes are: average precision."""
