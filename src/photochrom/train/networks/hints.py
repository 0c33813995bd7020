"""Colours that a person gave, spread over the places that look alike to the decoder.

What hints are for is Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors" (SIGGRAPH 2017);
that they spread by similarity goes back to Levin et al., "Colorization using Optimization" (SIGGRAPH 2004).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH = 32  # numbers that describe a place
UNIT = 55.0  # ab units
SHARPNESS = 8.0  # ab units: how near to its colour a hint keeps a place, before anything is learned
NEAR = 4.0  # how much places on opposite sides differ, before anything is learned
_ENOUGH = 0.1  # likeness that decides a place by half


class HintSpreader(nn.Module):
    """Adds to bin logits what hints say: a Gaussian around the mean colour of the hints at places that are alike.

    Places of stride 8 ask, hints at places of stride 16 answer; alike means near in a learned description of
    features and position. At stride 4 a hint's own place has its own colour. Without hints the logits stay exactly
    as they are. channels: of the decoder's maps at strides 4 and 8.
    """

    def __init__(self, bins: int, channels: tuple[int, int], hidden: int = 64) -> None:
        super().__init__()
        self.mix = nn.Conv2d(sum(channels) + 2, hidden, 1)
        self.describe = nn.Conv2d(hidden, WIDTH, 1)
        self.say = nn.Conv2d(3, bins, 1, bias=False)

    def begin_with(self, centres: Tensor) -> None:
        """Before anything is learned: a hint speaks for the bins (Q,2) around its colour, and for its surroundings."""
        with torch.no_grad():
            linear = centres * UNIT / SHARPNESS**2
            constant = centres.square().sum(1, keepdim=True) / (-2 * SHARPNESS**2)
            self.say.weight.copy_(torch.cat([linear, constant], dim=1)[:, :, None, None])

    def forward(self, logits: Tensor, x4: Tensor, x8: Tensor, hints: Tensor) -> Tensor:
        """Logits (N,Q,H/4,W/4), the decoder's maps, and hints (N,3,H,W), a and b in ab units and a mask -> logits."""
        return logits + self.say(self.spread(x4, x8, hints))

    def spread(self, x4: Tensor, x8: Tensor, hints: Tensor) -> Tensor:
        """What hints say of each place, (N,3,H/4,W/4): a and b in UNITs times their weight, and it, 0 to 1.

        All 0 without hints; `say` makes logits of it, with one matrix for all places.
        """
        own, given = _colours(hints, 4)
        places = self.describe(F.relu(self.mix(torch.cat([F.avg_pool2d(x4, 2), x8, _position(x8)], dim=1))))
        here = F.avg_pool2d(given, 2)
        keys = F.avg_pool2d(places * here, 2) / F.avg_pool2d(here, 2).clamp(min=1e-6)
        far, there = _colours(hints, 16)
        n, _, h, w = places.shape
        q, k, colours, mask = places.flatten(2), keys.flatten(2), far.flatten(2), there.flatten(2)
        apart = q.square().sum(1)[:, :, None] + k.square().sum(1)[:, None] - 2 * q.transpose(1, 2) @ k
        alike = torch.exp(-apart.clamp(min=0)) * mask
        said = alike @ torch.cat([colours, mask], dim=1).transpose(1, 2)
        said = said / (alike.sum(2, keepdim=True) + _ENOUGH)
        wide = F.interpolate(
            said.transpose(1, 2).reshape(n, 3, h, w), scale_factor=2.0, mode="bilinear", align_corners=False
        )
        exact = torch.cat([own, given], dim=1)
        return wide * (1 - given) + exact


def _colours(hints: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Mean colour in UNITs (N,2,H/s,W/s) of the hints in each square, 0 where none is, and where some are."""
    mean, share = F.avg_pool2d(hints[:, :2], stride), F.avg_pool2d(hints[:, 2:], stride)
    return mean / (UNIT * share.clamp(min=1e-6)), (share > 0).to(hints.dtype)


def _position(x: Tensor) -> Tensor:
    """Row and column of each place (N,2,H,W), 0..NEAR along the longer side."""
    ones = torch.ones_like(x[:, :1])
    grid = torch.cat([ones.cumsum(2), ones.cumsum(3)], dim=1)
    return NEAR * grid / grid.amax(dim=(1, 2, 3), keepdim=True)
