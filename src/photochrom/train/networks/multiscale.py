"""One network asked at several sizes, its answer smoothed: what an exported file holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.train.networks.smoothing import smooth, trust_of
from photochrom.train.recipe.sections import NetworkConfig

STRIDE = 4  # of the photo network's output
SCALES = {"two_scales": 0.5, "larger_scale": 1.5}  # what a recipe's network calls them; 1 is always there


def votes_of(options: NetworkConfig) -> dict[float, float]:
    """At which sizes of its input a network is asked, and how much each answer counts."""
    asked = (1.0, *(scale for name, scale in SCALES.items() if getattr(options, name)))
    return {scale: options.half_vote if scale == SCALES["two_scales"] else 1.0 for scale in asked}


def votes_in(meta: Mapping[str, Any]) -> dict[float, float]:
    """The same of an exported file; files older than the votes count all their answers alike."""
    scales = meta.get("scales", [1.0])
    return dict(zip(scales, meta.get("votes", [1.0] * len(scales)), strict=True))


class Parted(Protocol):
    """A network whose logits are one linear map of each place's parts, as PhotoNet's are."""

    def parts(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor: ...
    def logits(self, parts: Tensor) -> Tensor: ...


class Asked(nn.Module):
    """A network with a distribution, asked at several sizes of its input: the mean of its log-probabilities, smoothed.

    Up to a constant at each place, which a softmax takes away: so it is the mean of its logits, and these are a linear
    map of the network's parts, which are fewer: the parts' mean is smoothed, and the logits are made once.
    At half size it sees more of the scene at once and tints less; larger than it is, what is small counts for more.
    votes: for each scale, 1 first, then 0.5, 1.5 or both, how much it counts, above 0. smoothing: the reach of
    smooth(), 0 for none. Lightness (N,1,H,W) 0..100 -> (N,Q,H/4,W/4); with more than one scale, H and W are multiples
    of twice what the network needs.
    hints, (N,3,H,W) as PhotoNet takes them, are given at all sizes: a point of one pixel stays a point.
    """

    network: Parted

    def __init__(self, network: Parted, votes: Mapping[float, float], smoothing: float = 0.0) -> None:
        super().__init__()
        self.network = network
        self.shares = {scale: vote / sum(votes.values()) for scale, vote in votes.items()}
        self.smoothing = smoothing

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        mean = None
        for scale, share in self.shares.items():
            says = self.network.parts(
                _lightness_at(lightness, scale), None if hints is None else _hints_at(hints, scale)
            )
            mean = says * share if mean is None else mean + _to(says, size=mean.shape[2:]) * share
        if self.smoothing:
            trust = None if hints is None else trust_of(hints, STRIDE)
            mean = smooth(mean, F.avg_pool2d(lightness, STRIDE), self.smoothing, trust)
        return self.network.logits(mean)


def _lightness_at(lightness: Tensor, scale: float) -> Tensor:
    if scale == 1:
        return lightness
    return F.avg_pool2d(lightness, 2) if scale == 0.5 else _to(lightness, scale_factor=scale)


def _hints_at(hints: Tensor, scale: float) -> Tensor:
    """Where it shrinks: colours averaged over the pixels of each square of four that have one."""
    if scale == 1:
        return hints
    if scale > 1:
        return F.interpolate(hints, scale_factor=scale, mode="nearest")
    ab, mask = F.avg_pool2d(hints[:, :2], 2), F.avg_pool2d(hints[:, 2:], 2)
    return torch.cat([ab / mask.clamp(min=0.25), (mask > 0).to(mask.dtype)], dim=1)


def _to(x: Tensor, **size: Any) -> Tensor:
    return F.interpolate(x, **size, mode="bilinear", align_corners=False)
