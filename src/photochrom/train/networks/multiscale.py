"""One network run at several sizes of its input, the answers averaged and smoothed: what an exported file holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.train.networks.blocks import resized, upsampled
from photochrom.train.networks.smoothing import hint_weights, smooth
from photochrom.train.recipe.sections import NetworkConfig

STRIDE = 4  # of the photo network's output
SCALES = {"two_scales": 0.5, "larger_scale": 1.5}  # the recipe's key for each scale but 1, which is always used


def scale_weights(options: NetworkConfig) -> dict[float, float]:
    """The scales at which a recipe's exported network runs, 1 first, and the weight of each one's answer."""
    scales = (1.0, *(scale for key, scale in SCALES.items() if getattr(options, key)))
    return {scale: options.half_vote if scale == SCALES["two_scales"] else 1.0 for scale in scales}


def photo_details(settings: Mapping[str, Any], weights: Mapping[float, float], smoothing: float) -> dict[str, Any]:
    """What an exported file keeps for training: how it is built, its scales and their weights, its smoothing."""
    scales, votes = list(weights), list(weights.values())
    return {"network": dict(settings), "scales": scales, "votes": votes, "smoothing": smoothing}


def exported_scale_weights(details: Mapping[str, Any]) -> dict[float, float]:
    """The same of an exported file's metadata; files without "votes" weigh all scales alike."""
    scales = details.get("scales", [1.0])
    return dict(zip(scales, details.get("votes", [1.0] * len(scales)), strict=True))


class LinearHead(Protocol):
    """A network whose logits are one linear map, the same at each place, of features that have fewer channels."""

    def head_input(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Lightness (N,1,H,W) -> features (N,C,H/4,W/4)."""
        ...

    def logits(self, head_input: Tensor) -> Tensor:
        """Features (N,C,h,w) -> logits (N,Q,h,w)."""
        ...


class MultiScale(nn.Module):
    """The mean of a network's log-probabilities at several sizes of its input, smoothed.

    Averaging logits is enough, since softmax ignores a constant; and the head is linear, so its inputs, which have
    fewer channels, are averaged and smoothed, and it is applied once. At half the size the network sees more of the
    scene at once and colours more faintly; at one and a half times the size small things count for more.

    weights: of each scale, above 0: 1 first, then 0.5, 1.5 or both. smoothing: the reach of smooth(), 0 for none.
    Lightness (N,1,H,W) 0..100 -> (N,Q,H/4,W/4); with more than one scale, H and W are multiples of twice what the
    network needs. hints: (N,3,H,W) as PhotoNet takes them, given at all sizes: a hint of one pixel is kept at each.
    """

    network: LinearHead

    def __init__(self, network: LinearHead, weights: Mapping[float, float], smoothing: float = 0.0) -> None:
        super().__init__()
        self.network = network
        self.weights = {scale: weight / sum(weights.values()) for scale, weight in weights.items()}
        self.smoothing = smoothing

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        (scale, weight), *others = self.weights.items()
        mean = self._head_input(lightness, hints, scale) * weight
        for scale, weight in others:
            mean = mean + resized(self._head_input(lightness, hints, scale), mean.shape[2:]) * weight
        if self.smoothing:
            trust = None if hints is None else hint_weights(hints, STRIDE)
            mean = smooth(mean, F.avg_pool2d(lightness, STRIDE), self.smoothing, trust)
        return self.network.logits(mean)

    def _head_input(self, lightness: Tensor, hints: Tensor | None, scale: float) -> Tensor:
        return self.network.head_input(
            scaled_lightness(lightness, scale), None if hints is None else scaled_hints(hints, scale)
        )


def scaled_lightness(lightness: Tensor, scale: float) -> Tensor:
    """Lightness (N,1,H,W) at 0.5, 1 or 1.5 times its size."""
    if scale == 1:
        return lightness
    return F.avg_pool2d(lightness, 2) if scale == 0.5 else upsampled(lightness, scale)


def scaled_hints(hints: Tensor, scale: float) -> Tensor:
    """Hints (N,3,H,W) at 0.5, 1 or 1.5 times their size; at 0.5 the mean of the hints in each 2x2 pixels."""
    if scale == 1:
        return hints
    if scale > 1:
        return F.interpolate(hints, scale_factor=scale, mode="nearest")
    ab, mask = F.avg_pool2d(hints[:, :2], 2), F.avg_pool2d(hints[:, 2:], 2)
    return torch.cat([ab / mask.clamp(min=0.25), (mask > 0).to(mask.dtype)], dim=1)
