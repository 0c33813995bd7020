"""A teacher: a network whose distributions another one learns, beside or in place of true colours.

Hinton et al., "Distilling the Knowledge in a Neural Network" (2015). What a model says by asking at several sizes and
taking the mean, a network that is asked once can learn to say.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import UsageError
from photochrom.network.models import find_model
from photochrom.train.losses.bins import Bins
from photochrom.train.networks.multiscale import MultiScale, exported_scale_weights


class Teacher:
    """An exported photo model in torch, asked at all of its sizes. No module, so that no checkpoint keeps it."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval().requires_grad_(False)

    @classmethod
    def read(cls, model: str, bins: Bins, size: int, *, smoothed: bool) -> Teacher:
        """A model that ships, by its name, or an .onnx file.

        bins, size: of what learns from it. smoothed: with the smoothing that the file has; a network that will have
        one of its own learns what comes before it. Raises UnknownModelError, ModelError, and UsageError where the model
        has other bins or doesn't take squares of `size` px.
        """
        from photochrom.train.start.from_onnx import photo_from_onnx

        network, spec = photo_from_onnx(find_model(model).file)
        if spec.centres != bins.pairs:
            raise UsageError(
                f"loss.teacher = {model} has other colour bins than the network that is to learn from it: begin with "
                "the same model, --start"
            )
        if size % spec.multiple:
            raise UsageError(
                f"data.size = {size} can't be used with loss.teacher = {model}: it takes multiples of {spec.multiple}"
            )
        smoothing = float(spec.details.get("smoothing", 0.0)) if smoothed else 0.0
        return cls(MultiScale(network, exported_scale_weights(spec.details), smoothing))

    @torch.no_grad()
    def logits(self, lightness: Tensor) -> Tensor:
        """Lightness (N,1,H,W) 0..100 -> logits (N,Q,H/4,W/4), float32."""
        logits: Tensor = self._network.to(lightness.device)(lightness)
        return logits.float()


def distillation_loss(logits: Tensor, taught: Tensor) -> Tensor:
    """Mean over all places of the Kullback-Leibler divergence of a teacher's distribution and ours, in nats.

    Logits (N,Q,h,w) of both. It is least, 0, where both are the same.
    """
    ours, theirs = torch.log_softmax(logits, dim=1), torch.log_softmax(taught, dim=1)
    return F.kl_div(ours, theirs, reduction="none", log_target=True).sum(1).mean()
