"""The networks of the recipes, one file to a family; `build_network` picks one by the recipe."""

from __future__ import annotations

from photochrom.errors import UsageError, suggestion
from photochrom.train.networks.blocks import ColorNetwork
from photochrom.train.networks.cifar import CifarCNN
from photochrom.train.networks.eccv16 import Eccv16
from photochrom.train.networks.resnet50 import FrozenUNet, halve_first
from photochrom.train.networks.unet import PlainUNet, TimmUNet
from photochrom.train.recipe.sections import NetworkConfig

__all__ = ["KINDS", "ColorNetwork", "build_network"]

KINDS = ("cifar-cnn", "unet", "unet-timm", "resnet50-frozen", "eccv16")


def build_network(config: NetworkConfig, bins: int = 0) -> ColorNetwork:
    """The network of a recipe: lightness (N,1,H,W) 0..100 -> ab/scale, or logits of so many bins, at 1/stride.

    "cyclegan" and "photo" are built by their methods, which have more than one network or input. Raises UsageError for
    these and for a kind that isn't known.
    """
    if config.kind == "cifar-cnn":
        return CifarCNN(config.width, config.dropout)
    if config.kind == "unet":
        return PlainUNet(config.levels, config.width, config.dropout)
    if config.kind in ("unet-timm", "resnet50-frozen"):
        kind = TimmUNet if config.kind == "unet-timm" else FrozenUNet
        network = kind(
            config.encoder,
            pretrained=config.pretrained,
            weights=config.weights,
            width=config.width,
            dropout=config.dropout,
        )
        if config.caffe_strides:
            halve_first(network.encoder)
        return network
    if config.kind == "eccv16":
        return Eccv16(bins, config.width)
    hint = suggestion(config.kind, KINDS, otherwise=f"choose one of {', '.join(KINDS)}")
    raise UsageError(f"network.kind = {config.kind!r} isn't known or not for this method: {hint}")
