"""Augmentation of the pictures themselves, input and target alike: mirrored, turned, scaled, in another light."""

from __future__ import annotations

from kornia.augmentation import ColorJitter, ImageSequential, RandomAffine, RandomHorizontalFlip
from torch import nn

from photochrom.train.recipe.sections import AugmentConfig


def augmentation(config: AugmentConfig) -> ImageSequential:
    """The augmentation of sRGB (N,3,H,W) 0..1 that a recipe names, on the device; empty where it names none."""
    steps = _moves(config)
    if config.brightness or config.contrast:
        steps.append(ColorJitter(brightness=config.brightness, contrast=config.contrast, p=1.0))
    return ImageSequential(*steps)


def geometry(config: AugmentConfig) -> ImageSequential:
    """The part of it that moves the picture, for maps (N,C,H,W) of any number of channels."""
    return ImageSequential(*_moves(config))


def _moves(config: AugmentConfig) -> list[nn.Module]:
    steps: list[nn.Module] = []
    if config.flip:
        steps.append(RandomHorizontalFlip(p=0.5))
    if config.rotate or config.scale:
        scale = (1 - config.scale, 1 + config.scale) if config.scale else None
        steps.append(RandomAffine(config.rotate, scale=scale, padding_mode="reflection", p=1.0))
    return steps
