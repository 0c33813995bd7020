"""A distribution over colour bins for each place (Zhang et al., "Colorful Image Colorization", ECCV 2016)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from photochrom.errors import UsageError
from photochrom.network.spec import NetworkSpec
from photochrom.train.losses.bins import Bins, nearest_bins_loss, smoothed
from photochrom.train.methods.base import Exportable, Optimisers, fitting
from photochrom.train.methods.batch import Batch
from photochrom.train.methods.binned import BinnedMethod
from photochrom.train.networks import ColorNetwork, build_network
from photochrom.train.recipe.sections import Recipe


class Distribution(BinnedMethod):
    """Soft encoding over the nearest bins, rare colours weighing more, read out by the annealed mean."""

    network: ColorNetwork

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        if recipe.network.kind != "eccv16":
            raise UsageError(f"network.kind = {recipe.network.kind!r} gives no distribution: choose eccv16")
        self.network = fitting(recipe, build_network(recipe.network, len(self.centres)))

    def prior(self, bins: Bins) -> NDArray[np.float32]:
        return smoothed(bins, self.recipe.loss.sigma)

    def predict_ab(self, lightness: Tensor) -> Tensor:
        return self.mean_ab(self.network(lightness), lightness.shape[2:])

    def exportable(self) -> Exportable:
        spec = NetworkSpec(
            stride=self.network.stride,
            multiple=self.network.multiple,
            work_size=self.recipe.data.size,
            centres=self.bins.pairs,
            temperature=self.recipe.network.temperature,
        )
        return Exportable(self.network, spec)

    def configure_optimizers(self) -> Optimisers:
        return self.optimiser(self.network)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss = self._loss(self.network(batch["lightness"]).float(), batch)
        self.log_train({"distribution": loss, "loss": loss}, len(batch["ab"]))
        return loss

    def validation_loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        logits = self.network(batch["lightness"]).float()
        return self._loss(logits, batch), self.mean_ab(logits, batch["lightness"].shape[2:])

    def _loss(self, logits: Tensor, batch: Batch) -> Tensor:
        options = self.recipe.loss
        with torch.autocast(logits.device.type, enabled=False):
            ab = F.avg_pool2d(batch["ab"], self.network.stride)
            loss = nearest_bins_loss(logits, ab, self.centres, self.bin_weights, options.sigma, options.neighbours)
        return loss * options.distribution_weight
