"""A generator that a discriminator of patches judges, beside its distance from the truth (Isola et al., CVPR 2017)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from photochrom.errors import UsageError
from photochrom.train.losses.bins import Bins
from photochrom.train.losses.losses import discriminator_loss, generator_loss, r1_penalty
from photochrom.train.methods.adversary import Adversary
from photochrom.train.methods.base import Batch
from photochrom.train.methods.regression import Regression
from photochrom.train.networks.patchgan import PatchGAN, discriminator_input
from photochrom.train.recipe.sections import Recipe


class ConditionalGAN(Adversary, Regression):
    """The generator is that of the regression; the first pretrain_epochs it learns alone, on the pixel loss."""

    alternating = True

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        if recipe.loss.adversarial == "none":
            raise UsageError("a GAN needs an adversarial loss: set loss.adversarial to vanilla, lsgan or hinge")
        self.discriminator = PatchGAN(3, recipe.network.width, stabilise=recipe.stabilise)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        rate = self.recipe.optimiser.discriminator_rate
        return [self.optimiser(self.network), self.optimiser(self.discriminator, rate)]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        options, count = self.recipe.loss, len(batch["ab"])
        generator, judge = self.optimizers()
        lightness, scale = batch["lightness"], self.network.scale
        ab = self.predict_ab(lightness)
        pixel = self.pixel(ab, batch)
        total = options.pixel_weight * pixel
        if self.current_epoch < self.recipe.train.pretrain_epochs:
            self.descend(generator, total)
            self.log_train({"pixel": pixel, "loss": total}, count)
            return total.detach()

        fake = discriminator_input(lightness, ab / scale, scale)
        losses = self._judge(judge, discriminator_input(lightness, batch["ab"] / scale, scale), fake.detach())
        self.discriminator.requires_grad_(False)
        losses["generator"] = generator_loss(options.adversarial, self.discriminator(fake).float())
        total = total + options.adversarial_weight * losses["generator"]
        self.descend(generator, total)
        self.discriminator.requires_grad_(True)
        self.log_train({"pixel": pixel, **losses, "loss": total}, count)
        return total.detach()

    def _judge(self, optimiser: Any, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """One step of the discriminator; what it lost on the real and the painted pictures."""
        kind, stabilise = self.recipe.loss.adversarial, self.recipe.stabilise
        scores = self.discriminator(real).float(), self.discriminator(fake).float()
        on_real, on_fake = discriminator_loss(kind, *scores, stabilise.label_smoothing)
        losses, total = {"discriminator_real": on_real, "discriminator_fake": on_fake}, (on_real + on_fake) / 2
        if stabilise.r1 and self.turn(stabilise.r1_every):  # as often as every step, only lazily (Karras 2020)
            losses["r1"] = r1_penalty(self.discriminator, real)
            total = total + stabilise.r1 * stabilise.r1_every * losses["r1"]
        self.descend(optimiser, total, counted=False)
        return losses
