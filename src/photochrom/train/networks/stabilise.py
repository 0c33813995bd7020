"""Layers against a discriminator that wins and a generator whose pictures are all alike; options of any GAN recipe."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations


class MinibatchDiscrimination(nn.Module):
    """Salimans et al. 2016, section 3.2: how near each picture of the batch is to the others, as `kernels` more maps.

    (N,C,h,w) -> (N,C+kernels,h,w). It compares the mean features of pictures; each extra map is constant, 0..1: the
    paper's sum over the others is a mean here, so that it says the same whatever the batch; 0 for a batch of one.
    """

    def __init__(self, channels: int, kernels: int = 16, dimensions: int = 8) -> None:
        super().__init__()
        self.extra = kernels
        self.project = nn.Linear(channels, kernels * dimensions, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        n, _, height, width = features.shape
        rows = self.project(features.mean((2, 3))).view(n, self.extra, -1)
        distance = (rows[:, None] - rows[None]).abs().sum(3)
        same = torch.eye(n, device=features.device, dtype=features.dtype)[..., None]
        near = ((-distance).exp() * (1 - same)).sum(1) / max(1, n - 1)
        return torch.cat([features, near[..., None, None].expand(-1, -1, height, width)], dim=1)


class MinibatchStdDev(nn.Module):
    """Karras et al. 2018, section 3: the batch's mean standard deviation as one more map; (N,C,h,w) -> (N,C+1,h,w)."""

    extra = 1

    def forward(self, features: Tensor) -> Tensor:
        n, _, height, width = features.shape
        spread = (features.var(dim=0, unbiased=False) + 1e-8).sqrt().mean()
        return torch.cat([features, spread.expand(n, 1, height, width)], dim=1)


def minibatch_layer(
    kind: Literal["none", "discrimination", "stddev"], channels: int
) -> MinibatchDiscrimination | MinibatchStdDev | None:
    """The layer for stabilise.minibatch."""
    if kind == "discrimination":
        return MinibatchDiscrimination(channels)
    return MinibatchStdDev() if kind == "stddev" else None


def add_spectral_norm(network: nn.Module) -> None:
    """Hold the largest singular value of every convolution and linear layer at 1 (Miyato et al. 2018); in place."""
    for layer in list(network.modules()):
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            parametrizations.spectral_norm(layer)
