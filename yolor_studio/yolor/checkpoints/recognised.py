"""What a checkpoint was recognised as: the network, and where in the file each of its arrays lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.cfg import Description
from yolor_studio.yolor.checkpoints.tensors import Tensor
from yolor_studio.yolor.plan import build_plan
from yolor_studio.yolor.weights import Weights

PAPER_BN_EPS = 1e-3
"""Added to the variance in batch norm by YOLOR's paper line and YOLOv5."""
_GROWTH = 8
"""How often the file's own size all arrays may take: float32 from bytes is 4 times as large."""
_SLACK = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """A network whose arrays are still in the file."""

    title: str
    """What it is, for people, such as "YOLOR's main line, yolor_p6"."""
    description: Description
    tensors: Mapping[str, Tensor]
    """Our array's name -> the tensor in the file."""
    keys: Mapping[str, str]
    """Our array's name -> its name in the file."""
    bn_eps: float
    names: tuple[str, ...] | None = None
    """The classes, where the file holds them."""
    given: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    """Arrays that the file leaves out, because they have no effect."""

    def check_shapes(self) -> None:
        """Compare with what the network needs; ModelError names the first array that differs."""
        for name, shape in build_plan(self.description).shapes().items():
            key = self.keys[name]
            given = self.given.get(name)
            found = self.tensors[name].shape if name in self.tensors else None if given is None else given.shape
            if found is None:
                raise ModelError(f"it lacks {key}, which its network needs.")
            if found != shape:
                raise ModelError(f"{key} has the shape {list(found)}, but its network needs {list(shape)}.")

    def check_size(self, file_bytes: int) -> None:
        """Raise ModelError if the arrays would take far more memory than the file is large."""
        needed = 4 * sum(tensor.count for tensor in self.tensors.values())
        if needed > _GROWTH * file_bytes + _SLACK:
            raise ModelError("its tensors share their numbers in a way that no checkpoint's do.")

    def weights(self) -> Weights:
        """Read all arrays; ModelError names the one that is damaged."""
        arrays = dict(self.given)
        for name, tensor in self.tensors.items():
            array = tensor.array()
            if not np.isfinite(array).all():
                raise ModelError(f"it is damaged: {self.keys[name]} holds values that are not numbers.")
            arrays[name] = array
        weights = Weights(arrays, self.bn_eps)
        weights.check(build_plan(self.description))
        return weights
