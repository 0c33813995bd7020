"""One network asked at two sizes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class TwoScales(nn.Module):
    """A network with a distribution, asked at full and at half size: the mean of its log-probabilities.

    At half size it sees more of the scene at once and tints less, at full size it sees what is small. Lightness
    (N,1,H,W) 0..100 -> (N,Q,H/s,W/s) for a network of stride s; H and W are multiples of twice what the network needs.
    hints, (N,3,H,W) as PhotoNet takes them, are given at both sizes: a point of one pixel stays a point.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        small = F.avg_pool2d(lightness, 2)
        fine = torch.log_softmax(self.network(lightness, *_given(hints)), dim=1)
        coarse = torch.log_softmax(self.network(small, *_given(None if hints is None else _halved(hints))), dim=1)
        return (fine + F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)) / 2


def _given(hints: Tensor | None) -> tuple[Tensor, ...]:
    return () if hints is None else (hints,)


def _halved(hints: Tensor) -> Tensor:
    """Colours averaged over the pixels of each square of four that have one."""
    ab, mask = F.avg_pool2d(hints[:, :2], 2), F.avg_pool2d(hints[:, 2:], 2)
    return torch.cat([ab / mask.clamp(min=0.25), (mask > 0).to(mask.dtype)], dim=1)
