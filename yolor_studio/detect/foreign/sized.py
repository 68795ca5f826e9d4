"""What is known of a file at one input size: its outputs' shapes, and what it answers to a grey picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import ModelError
from yolor_studio.detect.foreign.signature import MAX_SIDE, Output, Shape, Signature
from yolor_studio.detect.foreign.trial import Trial

_PROBE = (256, 384)
"""Height and width at which files of any size are tried: multiples of all strides there are, and different, so that a
file that takes only squares shows it."""
_USUAL = 640


@dataclass(frozen=True, slots=True)
class SizedFile:
    """A file at one input size."""

    signature: Signature
    height: int
    width: int
    outputs: tuple[Output, ...]
    """With every dimension known but that of the batch."""
    trial: Trial
    free: bool
    """Whether the file runs at a size that nothing in it names."""

    @property
    def table(self) -> tuple[str, int, int] | None:
        """(name, second, third dimension) of the only output of three dimensions, if it holds floats; those beside it
        must be maps of four or five."""
        tables = [output for output in self.outputs if len(output.shape) == 3]
        match [(output.name, output.is_float, output.shape) for output in tables]:
            case [(name, True, (_, int(second), int(third)))]:
                return (name, second, third) if all(len(output.shape) in (4, 5) for output in self.beside) else None
        return None

    @property
    def beside(self) -> tuple[Output, ...]:
        """The outputs that are not of three dimensions."""
        return tuple(output for output in self.outputs if len(output.shape) != 3)

    def answers(self) -> dict[str, NDArray[Any]]:
        """What the file gives for a grey picture; ModelError if it does not run."""
        found = self.trial.run(self.height, self.width)
        if found is None:
            raise ModelError(f"{self.signature.file} cannot be run: {self.trial.why}.")
        return dict(zip((output.name for output in self.outputs), found, strict=True))

    def lie_between_0_and_1(self, output: str, part: Any) -> bool:
        """Whether a part (a slice) of an output holds probabilities; ModelError if the file does not run."""
        values = np.asarray(self.answers()[output], np.float64)[part]
        return bool(((values >= 0) & (values <= 1)).all())


def look(signature: Signature, trial: Trial) -> SizedFile:
    """The file at its own input size; where it leaves the size or an output's shape open, it is run to see. ModelError
    if it does not run."""
    height, width = signature.height, signature.width
    usual = usual_size(signature) or _USUAL
    sizes = [(height or usual, width or usual)]
    if height is None and width is None:
        sizes.insert(0, _PROBE)
    elif height and width and all(None not in output.shape[1:] for output in signature.outputs):
        return SizedFile(signature, height, width, signature.outputs, trial, free=False)
    for high, wide in sizes:
        answer = trial.run(high, wide)
        if answer is not None:
            outputs = tuple(
                replace(output, shape=_merged(output.shape, found.shape))
                for output, found in zip(signature.outputs, answer, strict=True)
            )
            return SizedFile(signature, high, wide, outputs, trial, free=(high, wide) == _PROBE)
    tried = " nor ".join(f"at {wide} x {high}" for high, wide in sizes)
    raise ModelError(f"{signature.file} cannot be run {tried}: {trial.why}")


def usual_size(signature: Signature) -> int | None:
    """The longest input side that the file's metadata names, in pixels."""
    value = signature.value("imgsz")
    sides = [side for side in (value if isinstance(value, list | tuple) else [value]) if isinstance(side, int)]
    return max(sides) if sides and 0 < min(sides) <= max(sides) <= MAX_SIDE else None


def _merged(declared: Shape, found: tuple[int, ...]) -> Shape:
    if len(declared) != len(found):
        return found
    return tuple(there if size is None else size for size, there in zip(declared, found, strict=True))
