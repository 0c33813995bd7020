"""The distribution over colour: ab bins, soft targets, rebalancing, annealed mean (Zhang et al., ECCV 2016)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

STEP = 10.0  # ab units between bin centres
SIGMA = 5.0  # ab units: width of the soft targets
LAMBDA = 0.5  # how much of the uniform distribution is mixed into the prior


def bins_of(ab: NDArray[np.float32], least: float = 1e-6) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Centres (Q,2) of the bins that hold at least a share `least` of the colours (M,2), and their prior (Q,)."""
    cells, counts = np.unique(np.rint(ab / STEP).astype(int), axis=0, return_counts=True)
    keep = counts >= least * len(ab)
    return (cells[keep] * STEP).astype(np.float32), (counts[keep] / counts[keep].sum()).astype(np.float32)


def rebalancing(prior: NDArray[np.float32]) -> NDArray[np.float32]:
    """A weight for each bin, rare colours more; the mean over the data is 1 (their equation 4)."""
    weights = 1 / ((1 - LAMBDA) * prior + LAMBDA / len(prior))
    return (weights / (weights * prior).sum()).astype(np.float32)


def soft_targets(ab: Tensor, centres: Tensor) -> Tensor:
    """(M,2) colours -> (M,Q) Gaussian weights on the bins, each row adding up to 1."""
    distance = (ab**2).sum(1, keepdim=True) - 2 * ab @ centres.T + (centres**2).sum(1)
    return torch.softmax(distance / (-2 * SIGMA**2), dim=1)


def distribution_loss(logits: Tensor, ab: Tensor, centres: Tensor, weights: Tensor) -> Tensor:
    """Rebalanced cross-entropy of logits (N,Q,h,w) against colours (N,2,h,w)."""
    target = soft_targets(ab.permute(0, 2, 3, 1).reshape(-1, 2), centres)
    flat = logits.permute(0, 2, 3, 1).reshape(-1, len(centres))
    weight = weights[target.argmax(1)]
    return -(weight * (target * torch.log_softmax(flat, dim=1)).sum(1)).mean()


def annealed_mean(logits: Tensor, centres: Tensor, temperature: float) -> Tensor:
    """(N,Q,h,w) logits -> (N,2,h,w) ab: the mean of the distribution sharpened by a temperature of 0..1."""
    return torch.einsum("nqhw,qd->ndhw", torch.softmax(logits / temperature, dim=1), centres)
