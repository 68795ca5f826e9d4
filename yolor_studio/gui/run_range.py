"""What a pre-labelling run goes over, as the drop-down beside the button chooses it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EVERY", "RunRange"]

EVERY = (1, 2, 5, 10, 25)


@dataclass(frozen=True, slots=True)
class RunRange:
    """The range of the next run."""

    everything: bool = False
    """All media; otherwise the one in view."""
    every: int = 1
    """Every Nth frame of videos and sequences."""
    only_unreviewed: bool = False
    again: bool = False
    """Also where this model has been; otherwise a run goes on where the last one stopped."""

    def sentence(self) -> str:
        """The range in words, for the tooltip."""
        parts = ["everything" if self.everything else "this media"]
        parts.append("every frame" if self.every == 1 else f"every {_ordinal(self.every)} frame")
        if self.only_unreviewed:
            parts.append("only frames not reviewed")
        if self.again:
            parts.append("again where the model has been")
        return ", ".join(parts)


def _ordinal(number: int) -> str:
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{suffix}"
