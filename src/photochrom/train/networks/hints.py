"""A user's colours ("hints"), spread to places that are alike in the decoder's features.

Hints were introduced by Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors" (SIGGRAPH
2017); spreading them by similarity goes back to Levin et al., "Colorization using Optimization" (SIGGRAPH 2004).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.train.networks.blocks import upsampled

WIDTH = 32  # channels of the learned descriptor of a place
UNIT = 55.0  # ab units
SHARPNESS = 8.0  # ab units: initial standard deviation of the Gaussian around a hint's colour
POSITION_SCALE = 4.0  # initial distance between places at opposite sides, in units of the descriptor
_HALF = 0.1  # summed similarity at which hints have half of their full effect


class HintSpreader(nn.Module):
    """Adds hints to bin logits: a Gaussian around the mean colour of the hints at places that are alike.

    This is attention: queries are places at stride 8, keys the hints at stride 16, and similarity falls with the
    distance of a learned descriptor of features and position. At stride 4 the place of a hint has exactly its colour.
    Without hints the logits stay exactly as they are. channels: of the decoder's maps at strides 4 and 8.
    """

    def __init__(self, bins: int, channels: tuple[int, int], hidden: int = 64) -> None:
        super().__init__()
        self.mix = nn.Conv2d(sum(channels) + 2, hidden, 1)
        self.describe = nn.Conv2d(hidden, WIDTH, 1)
        self.say = nn.Conv2d(3, bins, 1, bias=False)

    def initialise(self, centres: Tensor) -> None:
        """Set the weights so that a hint favours the bins around its colour. centres: (Q,2) in ab units."""
        with torch.no_grad():
            linear = centres * UNIT / SHARPNESS**2
            constant = centres.square().sum(1, keepdim=True) / (-2 * SHARPNESS**2)
            self.say.weight.copy_(torch.cat([linear, constant], dim=1)[:, :, None, None])

    def forward(self, logits: Tensor, x4: Tensor, x8: Tensor, hints: Tensor) -> Tensor:
        """Logits (N,Q,H/4,W/4), the decoder's maps, and hints (N,3,H,W), a and b in ab units and a mask -> logits."""
        change: Tensor = self.say(self.spread(x4, x8, hints))
        return logits + change

    def spread(self, x4: Tensor, x8: Tensor, hints: Tensor) -> Tensor:
        """The effect of the hints on each place, (N,3,H/4,W/4): a and b in UNITs times a weight, and the weight, 0..1.

        All 0 without hints; `say` makes logits of it, with one matrix for all places.
        """
        exact, mask4 = _mean_color(hints, 4)
        queries = self.describe(F.relu(self.mix(torch.cat([F.avg_pool2d(x4, 2), x8, _position(x8)], dim=1))))
        mask8 = F.avg_pool2d(mask4, 2)
        keys = F.avg_pool2d(queries * mask8, 2) / F.avg_pool2d(mask8, 2).clamp(min=1e-6)
        color, mask16 = _mean_color(hints, 16)
        n, _, h, w = queries.shape
        q, k, values, given = queries.flatten(2), keys.flatten(2), color.flatten(2), mask16.flatten(2)
        distance = q.square().sum(1)[:, :, None] + k.square().sum(1)[:, None] - 2 * q.transpose(1, 2) @ k
        similarity = torch.exp(-distance.clamp(min=0)) * given
        spread = similarity @ torch.cat([values, given], dim=1).transpose(1, 2)
        spread = spread / (similarity.sum(2, keepdim=True) + _HALF)
        wide = upsampled(spread.transpose(1, 2).reshape(n, 3, h, w))
        own = torch.cat([exact, mask4], dim=1)
        return wide * (1 - mask4) + own

    if TYPE_CHECKING:

        def __call__(self, logits: Tensor, x4: Tensor, x8: Tensor, hints: Tensor) -> Tensor: ...


def _mean_color(hints: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Mean ab of the hints in each square, in UNITs, (N,2,H/s,W/s), 0 where there is none; and a mask of 0 and 1."""
    mean, share = F.avg_pool2d(hints[:, :2], stride), F.avg_pool2d(hints[:, 2:], stride)
    return mean / (UNIT * share.clamp(min=1e-6)), (share > 0).to(hints.dtype)


def _position(x: Tensor) -> Tensor:
    """Row and column of each place (N,2,H,W), 0..POSITION_SCALE along the longer side."""
    ones = torch.ones_like(x[:, :1])
    grid = torch.cat([ones.cumsum(2), ones.cumsum(3)], dim=1)
    return POSITION_SCALE * grid / grid.amax(dim=(1, 2, 3), keepdim=True)
