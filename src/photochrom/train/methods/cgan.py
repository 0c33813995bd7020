"""A regression with a patch discriminator, conditional on the lightness (pix2pix: Isola et al., CVPR 2017)."""

from __future__ import annotations

from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor

from photochrom.train.losses.bins import Bins
from photochrom.train.losses.losses import generator_loss
from photochrom.train.methods.adversary import discriminator_losses, patch_discriminator
from photochrom.train.methods.base import Optimisers
from photochrom.train.methods.batch import Batch
from photochrom.train.methods.regression import Regression
from photochrom.train.networks.patchgan import discriminator_input
from photochrom.train.recipe.sections import Recipe


class ConditionalGAN(Regression):
    """The generator is that of the regression; in the first pretrain_epochs it learns alone, on the pixel loss."""

    alternating = True

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        self.discriminator = patch_discriminator(recipe)

    def configure_optimizers(self) -> Optimisers:
        rate = self.recipe.optimiser.discriminator_rate
        return [self.optimiser(self.network), self.optimiser(self.discriminator, rate)]

    @property
    def phase(self) -> str:
        """The generator alone, or with the discriminator."""
        return "alone" if self.current_epoch < self.recipe.train.pretrain_epochs else "adversarial"

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        options, count = self.recipe.loss, len(batch["ab"])
        for_generator, for_discriminator = self.wrapped_optimisers()
        lightness, scale = batch["lightness"], self.network.scale
        ab = self.predict_ab(lightness)
        pixel = self.pixel_loss(ab, batch)
        total = options.pixel_weight * pixel
        if self.phase == "alone":
            self.descend(for_generator, total)
            self.log_train({"pixel": pixel, "loss": total}, count)
            return total.detach()

        fake = discriminator_input(lightness, ab / scale, scale)
        real = discriminator_input(lightness, batch["ab"] / scale, scale)
        losses = self._train_discriminator(for_discriminator, real, fake.detach())
        self.discriminator.requires_grad_(False)
        losses["generator"] = generator_loss(options.adversarial, self.discriminator(fake).float())
        total = total + options.adversarial_weight * losses["generator"]
        self.descend(for_generator, total)
        self.discriminator.requires_grad_(True)
        self.log_train({"pixel": pixel, **losses, "loss": total}, count)
        return total.detach()

    def _train_discriminator(self, optimiser: LightningOptimizer, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """One step of the discriminator; its losses by name."""
        on_real, on_fake, penalty = discriminator_losses(self.discriminator, real, fake, self.recipe, self.global_step)
        losses, total = {"discriminator_real": on_real, "discriminator_fake": on_fake}, (on_real + on_fake) / 2
        if penalty is not None:
            losses["r1"] = penalty
            total = total + self.recipe.stabilise.r1 * self.recipe.stabilise.r1_every * penalty
        self.descend(optimiser, total, counted=False)
        return losses
