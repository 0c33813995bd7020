"""Two domains without pairs: two generators, two discriminators, and a cycle loss (Zhu et al., ICCV 2017)."""

from __future__ import annotations

from typing import Any, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import UsageError
from photochrom.train.losses.bins import Bins
from photochrom.train.losses.losses import generator_loss
from photochrom.train.methods.adversary import discriminator_losses, patch_discriminator
from photochrom.train.methods.base import ColorMethod, Optimisers, fitting
from photochrom.train.methods.batch import Batch
from photochrom.train.networks import ColorNetwork
from photochrom.train.networks.cyclegan import CHROMA, GreyToColor, ResNetGenerator, as_color, as_grey
from photochrom.train.networks.old_names import accept_old_names
from photochrom.train.networks.patchgan import PatchGAN
from photochrom.train.recipe.sections import Recipe

POOL = 50  # earlier generated pictures that a discriminator may be shown again (Shrivastava et al. 2017)
DOMAINS = ("color", "grey")


class Pool:
    """Earlier generated pictures, for which half of the new ones are exchanged once it is full."""

    def __init__(self, size: int = POOL) -> None:
        self.size = size
        self.pictures: list[Tensor] = []

    def exchange(self, fresh: Tensor) -> Tensor:
        """(N,C,H,W) -> as many, some of them older. Draws from torch's CPU generator."""
        shown = []
        for picture in fresh.detach():
            if len(self.pictures) < self.size:
                self.pictures.append(picture)
                shown.append(picture)
            elif torch.rand(()) < 0.5:
                place = int(torch.randint(self.size, ()))
                shown.append(self.pictures[place].to(picture))
                self.pictures[place] = picture
            else:
                shown.append(picture)
        return torch.stack(shown)


class CycleGAN(ColorMethod):
    """Translates between pictures without colour and pictures in colour, both as scaled Lab (N,3,H,W).

    The grey domain is the lightness of data.other, or that of the same batch, shifted by one picture so that there are
    no pairs. As both domains are scaled Lab, either generator can take a picture of its target domain, which it
    should leave as it is (the identity loss). Exported is the generator from grey to colour.
    """

    alternating = True

    network: ColorNetwork

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        options = recipe.network
        if options.kind != "cyclegan":
            raise UsageError(f"method = cyclegan needs network.kind = cyclegan, got {options.kind!r}: set it")
        self.to_color, self.to_grey = (
            ResNetGenerator(options.width, options.blocks, options.dropout) for _ in range(2)
        )
        self.network = fitting(recipe, GreyToColor(self.to_color))
        # Instance norms, so that pictures of one batch don't affect each other.
        self.discriminators = nn.ModuleDict({name: patch_discriminator(recipe, norm="instance") for name in DOMAINS})
        self.pools = {name: Pool() for name in DOMAINS}
        accept_old_names(self, "judges.", "discriminators.")

    def predict_ab(self, lightness: Tensor) -> Tensor:
        return self.network(lightness).float() * CHROMA

    def configure_optimizers(self) -> Optimisers:
        generators = nn.ModuleList([self.to_color, self.to_grey])
        rate = self.recipe.optimiser.discriminator_rate
        return [self.optimiser(generators), self.optimiser(self.discriminators, rate)]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        options = self.recipe.loss
        for_generators, for_discriminators = self.wrapped_optimisers()
        color = as_color(batch["true_lightness"], batch["ab"])
        grey = as_grey(batch["other_lightness"] if "other_lightness" in batch else batch["lightness"].roll(1, 0))
        real = {"color": color, "grey": grey}
        fake = {"color": self.to_color(grey), "grey": self.to_grey(color)}

        self.discriminators.requires_grad_(False)
        adversarial = [generator_loss(options.adversarial, self._scores(name, fake[name])) for name in DOMAINS]
        cycle = F.l1_loss(self.to_grey(fake["color"]).float(), grey)
        cycle = cycle + F.l1_loss(self.to_color(fake["grey"]).float(), color)
        losses = {"generator": adversarial[0] + adversarial[1], "cycle": cycle}
        total = options.adversarial_weight * losses["generator"] + options.cycle_weight * cycle
        if options.identity_weight:
            same = F.l1_loss(self.to_color(color).float(), color) + F.l1_loss(self.to_grey(grey).float(), grey)
            losses["identity"] = same
            total = total + options.cycle_weight * options.identity_weight * same
        self.descend(for_generators, total)
        self.discriminators.requires_grad_(True)

        losses |= self._train_discriminators(for_discriminators, real, fake)
        self.log_train({**losses, "loss": total}, len(color))
        return total.detach()

    def _scores(self, name: str, pictures: Tensor) -> Tensor:
        scores: Tensor = self.discriminators[name](pictures)
        return scores.float()

    def _train_discriminators(
        self, optimiser: LightningOptimizer, real: dict[str, Tensor], fake: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """One step of both discriminators; their mean losses by name."""
        on_real, on_fake, penalties = [], [], []
        for name in DOMAINS:
            discriminator = cast(PatchGAN, self.discriminators[name])
            shown = self.pools[name].exchange(fake[name].float())
            losses = discriminator_losses(discriminator, real[name], shown, self.recipe, self.global_step)
            on_real.append(losses[0])
            on_fake.append(losses[1])
            if losses[2] is not None:
                penalties.append(losses[2])
        means = {"discriminator_real": torch.stack(on_real).mean(), "discriminator_fake": torch.stack(on_fake).mean()}
        total = means["discriminator_real"] + means["discriminator_fake"]  # over both, half of each one's losses
        if penalties:
            means["r1"] = torch.stack(penalties).mean()
            total = total + 2 * self.recipe.stabilise.r1 * self.recipe.stabilise.r1_every * means["r1"]
        self.descend(optimiser, total, counted=False)
        return means

    def validation_loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The cycle loss from colour to grey and back, which needs no pairs."""
        color = as_color(batch["true_lightness"], batch["ab"])
        back: Tensor = self.to_color(self.to_grey(color))
        return F.l1_loss(back.float(), color), self.predict_ab(batch["lightness"])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["pools"] = {name: [p.cpu() for p in pool.pictures] for name, pool in self.pools.items()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        for name, pictures in checkpoint.get("pools", {}).items():
            self.pools[name].pictures = list(pictures)
