"""A distribution over colour bins for each place (Zhang et al., "Colorful Image Colorization", ECCV 2016)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.errors import UsageError
from photochrom.network.spec import NetworkSpec
from photochrom.train.losses.bins import Bins, annealed_mean, nearest_bins_loss, rebalancing, smoothed
from photochrom.train.methods.base import Batch, ColorMethod, Exportable, fitting
from photochrom.train.networks import build_network
from photochrom.train.recipe.sections import Recipe


class Distribution(ColorMethod):
    """Soft encoding over the nearest bins, rare colours weighing more, read out by the annealed mean."""

    needs_bins = True

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        if bins is None:
            raise UsageError("this recipe needs the ab bins of its pictures: make them with photochrom bins")
        if recipe.network.kind != "eccv16":
            raise UsageError(f"network.kind = {recipe.network.kind!r} gives no distribution: choose eccv16")
        self.network = fitting(recipe, build_network(recipe.network, len(bins.centres)))
        weights = rebalancing(smoothed(bins, recipe.loss.sigma), recipe.loss.rebalance)
        self.register_buffer("centres", torch.as_tensor(bins.centres), persistent=False)
        self.register_buffer("bin_weights", torch.as_tensor(weights), persistent=False)

    def predict_ab(self, lightness: Tensor) -> Tensor:
        return self._full_size(self.network(lightness).float(), lightness)

    def exportable(self) -> Exportable:
        spec = NetworkSpec(
            stride=self.network.stride,
            multiple=self.network.multiple,
            work_size=self.recipe.data.size,
            centres=self.bins.pairs,
            temperature=self.recipe.network.temperature,
        )
        return Exportable(self.network, spec)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.optimiser(self.network)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss = self._loss(self.network(batch["lightness"]).float(), batch)
        self.log_train({"distribution": loss, "loss": loss}, len(batch["ab"]))
        return loss

    def validation_loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        logits = self.network(batch["lightness"]).float()
        return self._loss(logits, batch), self._full_size(logits, batch["lightness"])

    def _loss(self, logits: Tensor, batch: Batch) -> Tensor:
        options = self.recipe.loss
        with torch.autocast(logits.device.type, enabled=False):
            ab = F.avg_pool2d(batch["ab"], self.network.stride)
            loss = nearest_bins_loss(logits, ab, self.centres, self.bin_weights, options.sigma, options.neighbours)
        return loss * options.distribution_weight

    def _full_size(self, logits: Tensor, lightness: Tensor) -> Tensor:
        with torch.autocast(logits.device.type, enabled=False):
            ab = annealed_mean(logits, self.centres, self.recipe.network.temperature)
            return F.interpolate(ab, size=lightness.shape[2:], mode="bilinear", align_corners=False)
