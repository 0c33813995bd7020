"""One network asked at two sizes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class TwoScales(nn.Module):
    """A network with a distribution, asked at full and at half size: the mean of its log-probabilities.

    At half size it sees more of the scene at once and tints less, at full size it sees what is small. Lightness
    (N,1,H,W) 0..100 -> (N,Q,H/s,W/s) for a network of stride s; H and W are multiples of twice what the network needs.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, lightness: Tensor) -> Tensor:
        fine = torch.log_softmax(self.network(lightness), dim=1)
        coarse = torch.log_softmax(self.network(F.avg_pool2d(lightness, 2)), dim=1)
        return (fine + F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)) / 2
