"""What methods share whose network gives a distribution over ab bins (Zhang et al., ECCV 2016)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.errors import UsageError
from photochrom.train.losses.bins import Bins, annealed_mean, rebalancing
from photochrom.train.methods.base import ColorMethod
from photochrom.train.networks.blocks import resized
from photochrom.train.recipe.sections import Recipe


class BinnedMethod(ColorMethod):
    """Holds the bins on the method's device, and reads a distribution out by its annealed mean."""

    needs_bins = True

    bins: Bins
    centres: Tensor  # (Q,2), ab units
    bin_weights: Tensor  # (Q,), of each bin in the loss: rare colours weigh more

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        if bins is None:
            raise UsageError("this recipe needs the ab bins of its pictures: make them with photochrom bins")
        weights = rebalancing(self.prior(bins), recipe.loss.rebalance)
        self.register_buffer("centres", torch.as_tensor(bins.centres), persistent=False)
        self.register_buffer("bin_weights", torch.as_tensor(weights), persistent=False)

    def prior(self, bins: Bins) -> NDArray[np.float32]:
        """The prior (Q,) by which bins are weighted."""
        return bins.prior

    def mean_ab(self, logits: Tensor, size: Sequence[int]) -> Tensor:
        """Logits (N,Q,h,w) -> ab (N,2,*size), ab units, float32: the annealed mean, enlarged."""
        with torch.autocast(logits.device.type, enabled=False):
            ab = annealed_mean(logits.float(), self.centres, self.recipe.network.temperature)
            return resized(ab, size)
