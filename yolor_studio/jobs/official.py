"""Measuring as YOLOR's test.py does: the sizes of all pictures first, then each in the shape of its batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yolor_studio.core.cancel import CancelToken
from yolor_studio.jobs.ground_truth import GroundTruth

if TYPE_CHECKING:
    from yolor_studio.detect.detector import Detector
    from yolor_studio.detect.official import TestPy


def official_test(detector: Detector, truth: GroundTruth, cancel: CancelToken) -> TestPy:
    """The runner for the pictures of `truth`; those whose size the file does not say are opened to see it. Raises
    Cancelled."""
    from yolor_studio.detect.official import TestPy

    sizes = []
    for number, size in enumerate(truth.sizes, 1):
        cancel.check()
        if size is None:
            picture = truth.read(number)
            size = (1, 1) if isinstance(picture, str) else (picture.shape[1], picture.shape[0])
        sizes.append(size)
    return TestPy(detector, sizes)
