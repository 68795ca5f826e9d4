"""Measuring this machine against the budgets, each figure beside the floor of the same run."""
