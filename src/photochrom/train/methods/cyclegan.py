"""Two domains without pairs: two generators, two discriminators, and the way there and back (Zhu et al., ICCV 2017)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import UsageError
from photochrom.network.spec import NetworkSpec
from photochrom.train.losses.bins import Bins
from photochrom.train.losses.losses import discriminator_loss, generator_loss, r1_penalty
from photochrom.train.methods.adversary import Adversary
from photochrom.train.methods.base import Batch, ColorMethod, Exportable, fitting
from photochrom.train.networks.cyclegan import CHROMA, GreyToColor, ResNetGenerator, as_color, as_grey
from photochrom.train.networks.patchgan import PatchGAN
from photochrom.train.recipe.sections import Recipe

POOL = 50  # generated pictures that a discriminator may be shown again (Shrivastava et al. 2017)


class Pool:
    """Earlier pictures: half of those asked for come from here and leave the new one in their place."""

    def __init__(self, size: int = POOL) -> None:
        self.size = size
        self.pictures: list[Tensor] = []

    def exchange(self, fresh: Tensor) -> Tensor:
        """(N,C,H,W) -> as many, some of them older. Draws from torch's CPU generator."""
        shown = []
        for picture in fresh.detach():
            if len(self.pictures) < self.size:
                self.pictures.append(picture)
            elif torch.rand(()) < 0.5:
                place = int(torch.randint(self.size, ()))
                picture, self.pictures[place] = self.pictures[place].to(picture), picture
            shown.append(picture)
        return torch.stack(shown)


class CycleGAN(Adversary, ColorMethod):
    """Domain A is pictures without colour (the lightness of data.other, or of the same pictures, one further), domain B
    pictures in colour. Both as scaled Lab, so that both generators can be asked to leave alone what is in their domain.

    Exports the generator from A to B. Norms are instance norms, so that each picture is by itself.
    """

    alternating = True

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        if recipe.loss.adversarial == "none" or recipe.network.kind != "cyclegan":
            raise UsageError("cyclegan needs network.kind = cyclegan and loss.adversarial = lsgan, vanilla or hinge")
        options = recipe.network
        self.to_color, self.to_grey = (
            ResNetGenerator(options.width, options.blocks, options.dropout) for _ in range(2)
        )
        self.network = fitting(recipe, GreyToColor(self.to_color))
        width, stabilise = recipe.network.width, recipe.stabilise
        self.judges = nn.ModuleDict(
            {name: PatchGAN(3, width, norm="instance", stabilise=stabilise) for name in ("color", "grey")}
        )
        self.pools = {name: Pool() for name in self.judges}

    def predict_ab(self, lightness: Tensor) -> Tensor:
        return self.network(lightness).float() * CHROMA

    def exportable(self) -> Exportable:
        network = self.network
        size = self.recipe.data.size
        spec = NetworkSpec(output="ab", stride=network.stride, multiple=network.multiple, work_size=size, scale=CHROMA)
        return Exportable(network, spec)

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        generators = nn.ModuleList([self.to_color, self.to_grey])
        return [self.optimiser(generators), self.optimiser(self.judges, self.recipe.optimiser.discriminator_rate)]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        options = self.recipe.loss
        generators, judges = self.optimizers()
        color = as_color(batch["true_lightness"], batch["ab"])
        grey = as_grey(batch["other_lightness"] if "other_lightness" in batch else batch["lightness"].roll(1, 0))
        real = {"color": color, "grey": grey}
        fake = {"color": self.to_color(grey), "grey": self.to_grey(color)}

        self.judges.requires_grad_(False)
        adversarial = [generator_loss(options.adversarial, self.judges[name](fake[name]).float()) for name in real]
        cycle = F.l1_loss(self.to_grey(fake["color"]).float(), grey)
        cycle = cycle + F.l1_loss(self.to_color(fake["grey"]).float(), color)
        losses = {"generator": adversarial[0] + adversarial[1], "cycle": cycle}
        total = options.adversarial_weight * losses["generator"] + options.cycle_weight * cycle
        if options.identity_weight:
            same = F.l1_loss(self.to_color(color).float(), color) + F.l1_loss(self.to_grey(grey).float(), grey)
            losses["identity"] = same
            total = total + options.cycle_weight * options.identity_weight * same
        self.descend(generators, total)
        self.judges.requires_grad_(True)

        losses |= self._judge(judges, real, fake)
        self.log_train({**losses, "loss": total}, len(color))
        return total.detach()

    def _judge(self, optimiser: Any, real: dict[str, Tensor], fake: dict[str, Tensor]) -> dict[str, Tensor]:
        """One step of both discriminators; their mean losses on real and on generated pictures."""
        kind, stabilise = self.recipe.loss.adversarial, self.recipe.stabilise
        on_real, on_fake, slopes = [], [], []
        for name, judge in self.judges.items():
            shown = self.pools[name].exchange(fake[name].float())
            scores = judge(real[name]).float(), judge(shown).float()
            costs = discriminator_loss(kind, *scores, stabilise.label_smoothing)
            on_real.append(costs[0])
            on_fake.append(costs[1])
            if stabilise.r1 and self.turn(stabilise.r1_every):
                slopes.append(r1_penalty(judge, real[name]))
        losses = {"discriminator_real": torch.stack(on_real).mean(), "discriminator_fake": torch.stack(on_fake).mean()}
        total = losses["discriminator_real"] + losses["discriminator_fake"]  # of two judges, each by half
        if slopes:
            losses["r1"] = torch.stack(slopes).mean()
            total = total + 2 * stabilise.r1 * stabilise.r1_every * losses["r1"]
        self.descend(optimiser, total, counted=False)
        return losses

    def validation_loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The way from colour to grey and back, which needs no pairs."""
        color = as_color(batch["true_lightness"], batch["ab"])
        back = self.to_color(self.to_grey(color)).float()
        return F.l1_loss(back, color), self.predict_ab(batch["lightness"])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["pools"] = {name: [p.cpu() for p in pool.pictures] for name, pool in self.pools.items()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        for name, pictures in checkpoint.get("pools", {}).items():
            self.pools[name].pictures = list(pictures)
