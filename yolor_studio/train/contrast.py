"""Vectors of the same thing together, of different things apart: supervised contrast (Khosla et al. 2020)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def supervised_contrast(vectors: Tensor, identities: Tensor, pictures: Tensor, *, temperature: float) -> Tensor:
    """How badly M vectors [M, D], of any length, tell their identities [M] apart; a scalar, 0 without a pair.

    A vector is to find those of its identity in other `pictures` [M]; where it is in none, those beside it in its own
    picture. Vectors of its identity that it is not asked for count neither as right nor as wrong.
    """
    unit = functional.normalize(vectors.float(), dim=1)
    same = identities[:, None] == identities
    elsewhere = same & (pictures[:, None] != pictures)
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    wanted = torch.where(elsewhere.any(1, keepdim=True), elsewhere, same & ~itself)
    counted = wanted | ~same
    asked = wanted.any(1) & (counted & ~wanted).any(1)
    logits = (unit @ unit.T / temperature).masked_fill(~counted, -torch.inf)[asked]
    if not len(logits):
        return vectors.float().sum() * 0.0
    wanted = wanted[asked]
    likelihood = logits.log_softmax(1).masked_fill(~wanted, 0.0)
    return -(likelihood.sum(1) / wanted.sum(1)).mean()
