"""Two domains without pairs: two generators, two discriminators, and a cycle loss (Zhu et al., ICCV 2017).

One domain is colour pictures, the other what data.other_kind says: black-and-white photographs, pictures of another
intensity (infrared, drawings), or colour pictures of another kind.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.domains.table import find_domain
from photochrom.errors import UsageError
from photochrom.network.spec import Input
from photochrom.train.losses.bins import Bins
from photochrom.train.losses.losses import generator_loss
from photochrom.train.methods.adversary import discriminator_losses, patch_discriminator
from photochrom.train.methods.base import ColorMethod, Exportable, Optimisers, fitting
from photochrom.train.methods.batch import Batch
from photochrom.train.methods.scores import colorfulness
from photochrom.train.networks import ColorNetwork
from photochrom.train.networks.cyclegan import (
    CHROMA,
    GreyToColor,
    ResNetGenerator,
    Translator,
    as_color,
    as_grey,
    as_judged,
    as_lab,
)
from photochrom.train.networks.old_names import accept_old_names
from photochrom.train.networks.patchgan import PatchGAN
from photochrom.train.recipe.sections import OtherKind, Recipe

POOL = 50  # earlier generated pictures that a discriminator may be shown again (Shrivastava et al. 2017)
DOMAINS = ("color", "grey")  # the names of the discriminators; "grey" is the other domain, whatever its kind


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
    """Translates between pictures in colour and pictures of another domain, both as scaled Lab (N,3,H,W).

    The other domain is data.other, or the lightness of other pictures of the same data, so that there are no pairs (in
    a recipe's own domain, such as infrared, the inputs of other pictures, whose pairs are never shown together). As
    both are scaled Lab, either generator can take a picture of its target domain, which it should leave as it is (the
    identity loss). Unless the other domain has colours, what goes there has a lightness alone: to come back, colours
    have to be learned. Exported is the generator to colour, or with --reverse the one to the other domain.
    """

    alternating = unpaired = follows_clock = True

    network: ColorNetwork

    def __init__(self, recipe: Recipe, bins: Bins | None = None) -> None:
        super().__init__(recipe, bins)
        options = recipe.network
        if options.kind != "cyclegan":
            raise UsageError(f"method = cyclegan needs network.kind = cyclegan, got {options.kind!r}: set it")
        own = find_domain(recipe.domain).keeps_lightness
        self.kind: OtherKind = recipe.data.other_kind if own else "intensity"
        self.to_color, self.to_grey = (
            ResNetGenerator(options.width, options.blocks, options.dropout, skip=options.skip, colorless=colorless)
            for colorless in (False, self.kind != "color")
        )
        network = GreyToColor if self.kind == "lightness" else Translator
        self.network = fitting(recipe, network(self.to_color))
        # Instance norms, so that pictures of one batch don't affect each other.
        self.discriminators = nn.ModuleDict({name: patch_discriminator(recipe, norm="instance") for name in DOMAINS})
        self.pools = {name: Pool() for name in DOMAINS}
        accept_old_names(self, "judges.", "discriminators.")

    def predict_ab(self, lightness: Tensor) -> Tensor:
        return self.network(lightness)[:, -2:].float() * CHROMA

    def predict_lab(self, lightness: Tensor) -> Tensor:
        if self.kind == "lightness":
            return super().predict_lab(lightness)
        return as_lab(self.to_color(as_grey(lightness)).float())

    def exportable(self) -> Exportable:
        network, spec = super().exportable()
        if self.kind == "lightness":
            return Exportable(network, spec)
        given: Input = "lab" if self.kind == "color" else "intensity"
        return Exportable(network, replace(spec, inputs=(given,), output="lab"))

    def reverse_exportable(self) -> Exportable:
        _, spec = super().exportable()
        return Exportable(Translator(self.to_grey), replace(spec, inputs=("lab",), output="lab"))

    def configure_optimizers(self) -> Optimisers:
        generators = nn.ModuleList([self.to_color, self.to_grey])
        rate = self.recipe.optimiser.discriminator_rate
        return [self.optimiser(generators), self.optimiser(self.discriminators, rate)]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        options = self.recipe.loss
        for_generators, for_discriminators = self.wrapped_optimisers()
        color, grey = as_color(batch["true_lightness"], batch["ab"]), self._other(batch)
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

    def _other(self, batch: Batch) -> Tensor:
        """The batch's pictures of the other domain, scaled Lab (N,3,H,W)."""
        if self.kind == "color":
            return as_color(batch["other_lightness"], batch["other_ab"])
        return as_grey(batch["other_lightness"] if "other_lightness" in batch else batch["lightness"].roll(1, 0))

    def _scores(self, name: str, pictures: Tensor) -> Tensor:
        scores: Tensor = self.discriminators[name](as_judged(pictures))
        return scores.float()

    def _train_discriminators(
        self, optimiser: LightningOptimizer, real: dict[str, Tensor], fake: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """One step of both discriminators; their mean losses by name."""
        on_real, on_fake, penalties = [], [], []
        for name in DOMAINS:
            discriminator = cast(PatchGAN, self.discriminators[name])
            shown = self.pools[name].exchange(fake[name].float())
            both = as_judged(real[name]), as_judged(shown)
            losses = discriminator_losses(discriminator, *both, self.recipe, self.global_step)
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

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Of black-and-white photographs all scores; of another kind, which has no truth, those that need none."""
        if self.kind == "lightness":
            super().validation_step(batch, batch_idx)
            return
        color, other = as_color(batch["true_lightness"], batch["ab"]), self._other(batch)
        ours = as_lab(self.to_color(other).float())
        losses = [
            F.l1_loss(self.to_color(self.to_grey(color)).float(), color),
            F.l1_loss(self.to_grey(self.to_color(other)).float(), other),
        ]
        measured = {
            "loss": torch.stack(losses).sum(),
            "colorfulness": colorfulness(ours[:, :1], ours[:, 1:]).mean(),
            "colorfulness_truth": colorfulness(batch["true_lightness"], batch["ab"]).mean(),
        }
        self.log_validation(measured, ours[:, 1:], batch["ab"].float())

    def preview(self, batch: Batch) -> dict[str, Tensor]:
        """Both ways and back again; of data.other where there is one, as its pictures have no truth."""
        color, other = as_color(batch["true_lightness"], batch["ab"]), self._other(batch)
        ours, theirs = self.to_color(other), self.to_grey(color)
        if not self.recipe.data.other:
            return {**super().preview(batch), "to grey": as_lab(theirs), "and back": as_lab(self.to_color(theirs))}
        shown = {"other": other, "to colour": ours, "and back": self.to_grey(ours)}
        shown |= {"colour": color, "to other": theirs, "and back ": self.to_color(theirs)}
        return {name: as_lab(scaled) for name, scaled in shown.items()}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["pools"] = {name: [p.cpu() for p in pool.pictures] for name, pool in self.pools.items()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        for name, pictures in checkpoint.get("pools", {}).items():
            self.pools[name].pictures = list(pictures)
