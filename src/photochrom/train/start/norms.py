"""Batch norms given back to a network that came out of an export, which had folded them into its convolutions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def measure_norms(network: nn.Module, batches: Sequence[Tensor]) -> None:
    """Give each nn.BatchNorm2d the means and variances (per channel) of what reaches it, and change nothing else.

    Scale and shift are chosen so that the network, left in evaluation mode, goes on to answer as before. Without this,
    a norm that is the identity would divide, as soon as it learns, by a deviation that it never knew of, and the first
    step would begin with another network. batches: inputs of the network, all of one size.
    """
    network.eval()
    seen: dict[nn.BatchNorm2d, list[tuple[Tensor, Tensor]]] = {
        layer: [] for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)
    }
    hooks = [
        layer.register_forward_pre_hook(lambda layer, given: seen[layer].append(_moments(given[0]))) for layer in seen
    ]
    with torch.no_grad():
        for batch in batches:
            network(batch)
        for hook in hooks:
            hook.remove()
        for layer, moments in seen.items():
            if moments:
                _restate(layer, *(torch.stack(values).mean(0) for values in zip(*moments, strict=True)))


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and mean square of each channel of (N,C,H,W), as float64: (C,) each."""
    flat = x.double().transpose(0, 1).flatten(1)
    return flat.mean(1), flat.square().mean(1)


def _restate(layer: nn.BatchNorm2d, mean: Tensor, square: Tensor) -> None:
    old = torch.sqrt(layer.running_var.double() + layer.eps)
    scale = layer.weight.double() / old
    shift = layer.bias.double() - layer.running_mean.double() * scale
    variance = (square - mean**2).clamp(min=0)
    layer.running_mean.copy_(mean)
    layer.running_var.copy_(variance)
    layer.weight.copy_(scale * torch.sqrt(variance + layer.eps))
    layer.bias.copy_(shift + mean * scale)
