"""One colour for each place, learned by its distance from the truth."""

from __future__ import annotations

from torch import Tensor

from photochrom.train.losses.bins import Bins
from photochrom.train.losses.losses import pixel_loss
from photochrom.train.methods.base import ColorMethod, Optimisers, fitting
from photochrom.train.methods.batch import Batch
from photochrom.train.networks import ColorNetwork, build_network
from photochrom.train.recipe.sections import Recipe


class Regression(ColorMethod):
    """cifar-cnn, unet, unet-timm or resnet50-frozen, on ab in units of the network's scale."""

    network: ColorNetwork

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        self.network = fitting(recipe, build_network(recipe.network))

    def predict_ab(self, lightness: Tensor) -> Tensor:
        return self.network(lightness).float() * self.network.scale

    def configure_optimizers(self) -> Optimisers:
        return self.optimiser(self.network)

    def pixel_loss(self, ab: Tensor, batch: Batch) -> Tensor:
        """The recipe's distance of ab (N,2,H,W), ab units, from the truth."""
        return pixel_loss(self.recipe.loss.pixel, ab / self.network.scale, batch["ab"] / self.network.scale)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss = self.pixel_loss(self.predict_ab(batch["lightness"]), batch)
        self.log_train({"pixel": loss, "loss": loss}, len(batch["ab"]))
        return loss

    def validation_loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        ab = self.predict_ab(batch["lightness"])
        return self.pixel_loss(ab, batch), ab
