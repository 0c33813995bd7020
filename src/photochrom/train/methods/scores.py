"""The scores of every method while it trains: colours of validation pictures against the truth."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

from photochrom.train.lab import lab_to_rgb

SCORES = ("ab_error", "accuracy", "accuracy_area", "ab_mse", "ab_mse_grey", "colorfulness", "colorfulness_truth")
RADIUS, LARGEST = 10.0, 150.0  # ab units


def scores(ab: Tensor, truth: Tensor, lightness: Tensor) -> dict[str, Tensor]:
    """ab and truth (N,2,H,W), ab units, lightness (N,1,H,W) -> means over the batch.

    ab_error: mean distance. accuracy: share of pixels within 10 units; accuracy_area: the area under that curve over
    0..150, as a share (Zhang et al. 2016). ab_mse: on ab/128; ab_mse_grey: of a picture without colour.
    colorfulness: Hasler and Suesstrunk 2003.
    """
    distance = (ab - truth).square().sum(1).sqrt()
    return {
        "ab_error": distance.mean(),
        "accuracy": (distance <= RADIUS).float().mean(),
        "accuracy_area": (1 - distance / LARGEST).clamp(min=0).mean(),
        "ab_mse": ((ab - truth) / 128).square().mean(),
        "ab_mse_grey": (truth / 128).square().mean(),
        "colorfulness": colorfulness(lightness, ab).mean(),
        "colorfulness_truth": colorfulness(lightness, truth).mean(),
    }


def colorfulness(lightness: Tensor, ab: Tensor) -> Tensor:
    """(N,) of Lab maps, on 8-bit sRGB levels."""
    r, g, b = (lab_to_rgb(torch.cat([lightness, ab], dim=1)) * 255).flatten(2).unbind(1)
    rg, yb = r - g, (r + g) / 2 - b
    spread = (rg.var(1, unbiased=False) + yb.var(1, unbiased=False)).sqrt()
    return spread + 0.3 * (rg.mean(1).square() + yb.mean(1).square()).sqrt()


class Diversity(Metric):
    """How far pictures differ: the root mean square distance of each one's mean ab from the mean of all."""

    full_state_update = False

    total: Tensor  # (2,): sum of the mean ab
    squares: Tensor  # sum of their squares
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, zero in (("total", torch.zeros(2)), ("squares", torch.zeros(())), ("count", torch.zeros(()))):
            self.add_state(name, zero, dist_reduce_fx="sum")

    def update(self, ab: Tensor) -> None:
        """(N,2,H,W)"""
        means = ab.float().mean((2, 3))
        self.total += means.sum(0)
        self.squares += means.square().sum()
        self.count += len(means)

    def compute(self) -> Tensor:
        spread = self.squares / self.count - (self.total / self.count).square().sum()
        return spread.clamp(min=0).sqrt()
