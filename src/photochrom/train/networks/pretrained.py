"""Encoders from timm with one input channel: from the hub, from a local file of weights, or with random ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import timm
import torch
from timm.models import adapt_input_conv
from torch import Tensor, nn

from photochrom.errors import UsageError


def encoder(name: str, *, pretrained: bool, weights: str = "") -> nn.Module:
    """A timm network that gives its features at every stride; the first convolution's kernels are summed over RGB.

    weights: a local state dict (.safetensors or what torch saves, timm's or torchvision's names), instead of the hub.
    Raises UsageError for a name that timm doesn't know and for weights that can't be had or belong to another network.
    """
    hub = pretrained and not weights
    try:
        made = timm.create_model(name, features_only=True, in_chans=1, pretrained=hub)
    except Exception as error:  # the hub's many: no network, no such file, a proxy...
        if not timm.is_model(name):
            raise UsageError(f"timm has no network {name!r}: choose network.encoder from timm.list_models()") from error
        if not hub:
            raise UsageError(f"{name} can't be used as an encoder ({error}): choose another network.encoder") from error
        raise UsageError(
            f"the ImageNet weights of {name} can't be fetched ({type(error).__name__}): get the file by other means "
            "and name it with network.weights, or begin from random weights with network.pretrained=false"
        ) from error
    if pretrained and weights:
        _fill(made, read_state(Path(weights)), weights)
    return made


def read_state(path: Path) -> Mapping[str, Tensor]:
    """A state dict from a .safetensors file or from what torch.save wrote. Raises UsageError."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of three libraries, without a common base
        raise UsageError(f"the weights {path} can't be read ({error}): name a state dict or a .safetensors") from error
    for key in ("state_dict", "model"):  # wrappers that training scripts leave around it
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not all(isinstance(value, Tensor) for value in found.values()):
        raise UsageError(f"the weights {path} are no state dict: name one saved by torch or a .safetensors")
    return found


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
