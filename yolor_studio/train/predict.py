"""What a network sees, for measuring it while it is trained: candidates as the ONNX contract gives them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from yolor_studio.train.assign import Grid
from yolor_studio.train.device import choose_precision, is_out_of_memory
from yolor_studio.train.loss import flatten_heads
from yolor_studio.yolor.contract import CANDIDATES
from yolor_studio.yolor.network import Network


class Seer:
    """Runs a copy of a network with whatever weights it is given."""

    def __init__(self, network: Network) -> None:
        """`network` itself is not used."""
        self._network = copy.deepcopy(network).eval()
        self._device = next(network.parameters()).device
        self._precision = choose_precision(self._device)
        self._anchors = torch.tensor(network.plan.anchors, device=self._device)

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take these weights, such as an EMA's."""
        self._network.load_state_dict(dict(values), strict=False)

    def candidates(
        self, pixels: NDArray[np.uint8], *, min_score: float
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """pixels: [N, H, W, 3], sides multiples of the stride -> per picture boxes [K, 4] x1, y1, x2, y2 in input
        pixels and scores [K, classes], best first, those of at least `min_score`. Where memory does not suffice, in
        halves."""
        try:
            seen = self._seen(pixels, min_score)
        except (RuntimeError, MemoryError) as error:
            if len(pixels) == 1 or not is_out_of_memory(error):
                raise
            for part in np.array_split(pixels, 2):
                yield from self.candidates(part, min_score=min_score)
            return
        yield from seen

    @torch.inference_mode()
    def _seen(
        self, pixels: NDArray[np.uint8], min_score: float
    ) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        images = torch.from_numpy(pixels).to(self._device).permute(0, 3, 1, 2).float().div_(255)
        with torch.autocast(self._device.type, self._precision, enabled=self._precision is not None):
            heads = self._network(images)
        raw = flatten_heads(heads, self._anchors.shape[1])
        grid = Grid.of(self._anchors, self._network.plan.strides, [(map_.shape[2], map_.shape[3]) for map_ in heads])
        seen = []
        for each in raw:
            scores = each[:, 4:5].sigmoid() * each[:, 5:].sigmoid()
            best, rows = scores.amax(1).topk(min(CANDIDATES, len(scores)))
            rows = rows[best >= min_score]
            seen.append((grid.decode(each[rows], rows).cpu().numpy(), scores[rows].cpu().numpy()))
        return seen
