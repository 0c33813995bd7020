"""Encoders from timm with one input channel: from the hub, from a local file of weights, or with random ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import timm
from timm.models import FeatureInfo, adapt_input_conv
from torch import Tensor, nn

from photochrom.errors import UsageError
from photochrom.train.networks.weight_files import read_weights


def encoder(name: str, *, pretrained: bool, weights: str = "") -> nn.Module:
    """A timm network that gives its features at every stride; the first convolution's kernels are summed over RGB.

    weights: a local state dict (.safetensors or what torch saves, timm's or torchvision's names), instead of the hub.
    Raises UsageError for a name that timm doesn't know and for weights that can't be had or belong to another network.
    """
    from_hub = pretrained and not weights
    try:
        network: nn.Module = timm.create_model(name, features_only=True, in_chans=1, pretrained=from_hub)
    except Exception as error:  # timm, huggingface_hub and urllib raise errors of many kinds
        if not timm.is_model(name):
            raise UsageError(f"timm has no network {name!r}: choose network.encoder from timm.list_models()") from error
        if not from_hub:
            raise UsageError(f"{name} can't be used as an encoder ({error}): choose another network.encoder") from error
        raise no_imagenet_weights(name, error, "network.weights") from error
    if pretrained and weights:
        _fill(network, read_weights(Path(weights), UsageError), weights)
    return network


def no_imagenet_weights(name: str, error: Exception, key: str) -> UsageError:
    """What to raise when timm can't fetch the weights of a network. key: the recipe's for a local file of them."""
    return UsageError(
        f"the ImageNet weights of {name} can't be fetched ({type(error).__name__}): get the file by other means "
        f"and name it with {key}, or use random weights with network.pretrained=false"
    )


def feature_info(encoder: nn.Module) -> tuple[list[int], list[int]]:
    """The channels and the strides of a timm encoder's features, finest first."""
    info = cast(FeatureInfo, encoder.feature_info)
    return list(info.channels()), list(info.reduction())


def _fill(network: nn.Module, source: Mapping[str, Tensor], label: str) -> None:
    """Copy every tensor that the network has; only a classifier may be left over."""
    target = network.state_dict()
    counters = {name for name in target if name.endswith("num_batches_tracked")}  # old files lack them
    missing = sorted(target.keys() - source.keys() - counters)
    if missing:
        raise UsageError(
            f"{label} holds the weights of another network ({len(missing)} tensors are missing, {missing[0]} among "
            "them): name those of network.encoder"
        )
    for name, old in target.items():
        if name in counters:
            continue
        new = source[name]
        if new.ndim == 4 and new.shape[1] == 3 and old.shape[1] == 1:
            new = adapt_input_conv(1, new)
        if new.shape != old.shape:
            shapes = f"{name} has shape {tuple(new.shape)}, the encoder needs {tuple(old.shape)}"
            raise UsageError(f"{label} holds the weights of another network ({shapes}): name those of network.encoder")
        target[name] = new
    network.load_state_dict(target)
