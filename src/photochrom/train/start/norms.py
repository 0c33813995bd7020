"""Batch norms given back to a network that came out of an export, which had folded them into its convolutions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def measure_norms(network: nn.Module, batches: Sequence[Tensor]) -> None:
    """Give each nn.BatchNorm2d the statistics of its inputs, and leave the network's answers as they are.

    The norms of a network that was read from an export are the identity and a bias: mean 0, variance 1. As soon as
    such a norm trains, it divides by the deviation of its batch, so that the first step would begin with another
    network. Here mean and variance are measured for each channel, and scale and shift changed by as much, so that in
    evaluation mode, in which the network is left, the outputs stay the same.

    batches: inputs of the network, all of one size.
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


def statistics(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """A norm's running mean and variance, (C,) each, to be read or changed in place."""
    assert norm.running_mean is not None and norm.running_var is not None  # None without track_running_stats
    return norm.running_mean, norm.running_var


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and mean square of each channel of (N,C,H,W), as float64: (C,) each."""
    flat = x.double().transpose(0, 1).flatten(1)
    return flat.mean(1), flat.square().mean(1)


def _restate(norm: nn.BatchNorm2d, mean: Tensor, square: Tensor) -> None:
    """Set mean and mean square of a norm's inputs, and change its scale and shift so that it does what it did."""
    running_mean, running_var = statistics(norm)
    scale = norm.weight.double() / torch.sqrt(running_var.double() + norm.eps)
    shift = norm.bias.double() - running_mean.double() * scale
    variance = (square - mean**2).clamp(min=0)
    running_mean.copy_(mean)
    running_var.copy_(variance)
    norm.weight.copy_(scale * torch.sqrt(variance + norm.eps))
    norm.bias.copy_(shift + mean * scale)
