"""The discriminator that judges patches of 70x70 pixels (Isola et al., CVPR 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from photochrom.train.networks.blocks import initialise
from photochrom.train.networks.stabilise import add_spectral_norm, minibatch_layer
from photochrom.train.recipe.sections import StabiliseConfig

Norm = Literal["batch", "instance"]


class PatchGAN(nn.Module):
    """Pictures (N,inputs,H,W), -1..1 -> logits (N,1,h,w), one to a patch: positive means real. 2.8 M parameters.

    Convolutions of 4x4, LeakyReLU 0.2, `downs` with stride 2 and two with stride 1. Conditional on the lightness when
    that is one of the inputs. norm: "batch" (pix2pix), "instance" (CycleGAN); spectral norm takes the place of either.
    """

    def __init__(
        self, inputs: int = 3, width: int = 64, downs: int = 3, norm: Norm = "batch",
        stabilise: StabiliseConfig | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        stabilise = stabilise or StabiliseConfig()
        kinds = {"batch": nn.BatchNorm2d, "instance": nn.InstanceNorm2d}
        layers: list[nn.Module] = [nn.Conv2d(inputs, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        before = width
        for i in range(1, downs + 1):
            after = width * min(8, 2**i)
            plain = stabilise.spectral_norm
            layers.append(nn.Conv2d(before, after, 4, 2 if i < downs else 1, 1, bias=plain or norm == "instance"))
            layers += [*([] if plain else [kinds[norm](after)]), nn.LeakyReLU(0.2)]
            before = after
        self.features = nn.Sequential(*layers)
        self.minibatch = minibatch_layer(stabilise.minibatch, before)
        self.last = nn.Conv2d(before + (self.minibatch.extra if self.minibatch else 0), 1, 4, 1, 1)
        initialise(self)
        if stabilise.spectral_norm:
            add_spectral_norm(self)

    def forward(self, pictures: Tensor) -> Tensor:
        features = self.features(pictures)
        logits: Tensor = self.last(self.minibatch(features) if self.minibatch else features)
        return logits

    if TYPE_CHECKING:

        def __call__(self, pictures: Tensor) -> Tensor: ...


def discriminator_input(lightness: Tensor, ab: Tensor, scale: float) -> Tensor:
    """Lightness (N,1,H,W) 0..100 as -1..1, beside ab (N,2,H,W), which is in units of `scale`, as ab/110."""
    return torch.cat([lightness / 50 - 1, ab.to(lightness.dtype) * (scale / 110)], dim=1)
