"""The filters that the wavelets of YOLOR's paper line keep among a network's arrays: no weights, always the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from yolor_studio.core.errors import ModelError
from yolor_studio.yolor.checkpoints.tensors import Tensor

_HAAR = {
    "h0_col": (0.5**0.5, 0.5**0.5),
    "h0_row": (0.5**0.5, 0.5**0.5),
    "h1_col": (0.5**0.5, -(0.5**0.5)),
    "h1_row": (0.5**0.5, -(0.5**0.5)),
}
_HALF_PRECISION = 1e-3


def is_filter(key: str) -> bool:
    """Whether an array of this name is a wavelet's filter."""
    return key.rsplit(".", 1)[-1] in _HAAR


def check_filters(arrays: Mapping[str, Tensor]) -> None:
    """Raise ModelError unless all filters among the arrays are Haar's, which are the wavelets that are built here."""
    for key, tensor in arrays.items():
        if not is_filter(key):
            continue
        haar = _HAAR[key.rsplit(".", 1)[-1]]
        if tensor.count != len(haar) or not np.allclose(tensor.array().ravel(), haar, atol=_HALF_PRECISION):
            raise ModelError(f"{key[:80]} is not the filter of Haar's wavelets, and others are not supported.")
