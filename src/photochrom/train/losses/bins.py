"""The distribution over colour: ab bins, soft targets, rebalancing, annealed mean (Zhang et al., ECCV 2016)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.atomic import atomic_write
from photochrom.errors import UsageError

STEP = 10.0  # ab units between bin centres
SIGMA = 5.0  # ab units: width of the soft targets
UNIFORM = 0.5  # lambda of the paper: how much of the uniform distribution is mixed into the prior
_REACH = 12  # cells on each side of grey: the ab of sRGB lie within -108..99
_SIDE = 2 * _REACH + 1
_CENTRES = (np.stack(np.divmod(np.arange(_SIDE**2), _SIDE), axis=1) - _REACH).astype(np.float32) * np.float32(STEP)


@dataclass(frozen=True)
class Bins:
    """Colour bins of a distribution: centres (Q,2) in ab units and prior (Q,), the share of each in the data."""

    centres: NDArray[np.float32]
    prior: NDArray[np.float32]

    @property
    def pairs(self) -> tuple[tuple[float, float], ...]:
        """The centres as plain numbers, as a file's metadata has them."""
        return pairs_of(self.centres)

    def save(self, path: Path) -> None:
        """Write them as .npz."""
        with atomic_write(path, overwrite=True) as stream:
            np.savez(stream, centres=self.centres, prior=self.prior)

    @classmethod
    def load(cls, path: Path) -> Bins:
        """Raises UsageError for a file that isn't ours."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                return cls(stored["centres"].astype(np.float32), stored["prior"].astype(np.float32))
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(f"{path} holds no bins ({error}): make it with photochrom bins") from error


def pairs_of(centres: NDArray[np.float32]) -> tuple[tuple[float, float], ...]:
    """Bin centres (Q,2) as NetworkSpec holds them."""
    return tuple((float(a), float(b)) for a, b in centres)


# Lowest and highest b of the published in-gamut bins, for each a: the corners of every cell of 10x10 that some sRGB
# colour falls into, 309 of them, and four more at the rim: (40,90), (100,-90), (100,-10), (100,0).
_GAMUT = {
    -90: (50, 90), -80: (20, 90), -70: (0, 90), -60: (-20, 90), -50: (-30, 100), -40: (-40, 100), -30: (-50, 100),
    -20: (-50, 100), -10: (-60, 100), 0: (-70, 100), 10: (-80, 90), 20: (-80, 90), 30: (-90, 90), 40: (-100, 90),
    50: (-100, 80), 60: (-110, 80), 70: (-110, 80), 80: (-110, 70), 90: (-110, 70), 100: (-90, 0),
}  # fmt: skip


def gamut_bins(ab: NDArray[np.float32]) -> Bins:
    """The 313 bins of Zhang et al., with the prior of the colours (M,2); bins that no colour falls into have 0."""
    inside = np.array([a in _GAMUT and _GAMUT[a][0] <= b <= _GAMUT[a][1] for a, b in _CENTRES.astype(int).tolist()])
    counts = _counts(ab)[inside]
    return Bins(_CENTRES[inside], (counts / counts.sum()).astype(np.float32))


def bins_of(ab: NDArray[np.float32], least: float = 1e-6) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Centres (Q,2) of the bins that hold at least a share `least` of the colours (M,2), and their prior (Q,)."""
    counts = _counts(ab)
    keep = (counts > 0) & (counts >= least * len(ab))
    return _CENTRES[keep], (counts[keep] / counts[keep].sum()).astype(np.float32)


def _counts(ab: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many of the colours (M,2) lie in each cell of _CENTRES."""
    cells = np.rint(ab / STEP).astype(np.int64) + _REACH
    return np.bincount(cells[:, 0] * _SIDE + cells[:, 1], minlength=_SIDE**2)


def smoothed(bins: Bins, sigma: float = SIGMA) -> NDArray[np.float32]:
    """The prior (Q,) blurred by a Gaussian of `sigma` ab units, so that a rare bin gets a share of its neighbours'."""
    distance = np.square(bins.centres[:, None] - bins.centres[None]).sum(-1)
    kernel = np.exp(distance / (-2 * sigma**2))
    prior: NDArray[np.floating] = (kernel / kernel.sum(1, keepdims=True)).T @ bins.prior
    return np.asarray(prior / prior.sum(), np.float32)


def rebalancing(prior: NDArray[np.float32], uniform: float = UNIFORM) -> NDArray[np.float32]:
    """A weight for each bin, rare colours more; the mean over the data is 1 (their equation 4).

    uniform: lambda, how much of the uniform distribution is mixed into the prior; 1 weighs all bins alike.
    """
    weights = 1 / ((1 - uniform) * prior + uniform / len(prior))
    return np.asarray(weights / (weights * prior).sum(), np.float32)


def soft_targets(ab: Tensor, centres: Tensor, sigma: float = SIGMA) -> Tensor:
    """(M,2) colours -> (M,Q) Gaussian weights on all bins, each row adding up to 1."""
    return torch.softmax(_squares(ab, centres) / (-2 * sigma**2), dim=1)


def soft_encode(ab: Tensor, centres: Tensor, sigma: float = SIGMA, neighbours: int = 5) -> tuple[Tensor, Tensor]:
    """(M,2) colours -> the indices of the nearest bins (M,K), nearest first, and their Gaussian weights (M,K)."""
    nearest, index = _squares(ab, centres).topk(min(neighbours, len(centres)), dim=1, largest=False)
    return index, torch.softmax(nearest / (-2 * sigma**2), dim=1)


def _squares(ab: Tensor, centres: Tensor) -> Tensor:
    return (ab**2).sum(1, keepdim=True) - 2 * ab @ centres.T + (centres**2).sum(1)


def distribution_loss(logits: Tensor, ab: Tensor, centres: Tensor, weights: Tensor, sigma: float = SIGMA) -> Tensor:
    """Rebalanced cross-entropy of logits (N,Q,h,w) against colours (N,2,h,w), softly encoded over all bins."""
    target = soft_targets(_rows(ab), centres, sigma)
    weight = weights[target.argmax(1)]
    return -(weight * (target * torch.log_softmax(_rows(logits), dim=1)).sum(1)).mean()


def nearest_bins_loss(
    logits: Tensor, ab: Tensor, centres: Tensor, weights: Tensor, sigma: float = SIGMA, neighbours: int = 5
) -> Tensor:
    """The same with the soft encoding of the paper: over the nearest bins alone (section 2.2, equations 2 and 3)."""
    index, share = soft_encode(_rows(ab), centres, sigma, neighbours)
    likelihood = torch.log_softmax(_rows(logits), dim=1).gather(1, index)
    return -(weights[index[:, 0]] * (share * likelihood).sum(1)).mean()


def _rows(maps: Tensor) -> Tensor:
    """(N,C,h,w) -> (N*h*w,C)"""
    return maps.permute(0, 2, 3, 1).flatten(0, 2)


def annealed_mean(logits: Tensor, centres: Tensor, temperature: float) -> Tensor:
    """(N,Q,h,w) logits -> (N,2,h,w) ab: the mean of the distribution sharpened by a temperature of 0..1."""
    return torch.einsum("nqhw,qd->ndhw", torch.softmax(logits / temperature, dim=1), centres)
