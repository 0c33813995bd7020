"""How colour comes from coarse to fine in a network of a recipe: what it would paint after each level of its decoder.

    method = load_method("runs/mine")                  # from photochrom.train.methods: any recipe's
    levels = fit_levels(method, lightness)             # (N,1,H,W) 0..100, 32 pictures or more
    for stage in stages(method, levels, lightness[:1]):
        stage.name, stage.stride, stage.explained, stage.ab      # ab (h,w,2), coarse to fine; the last is its answer

photochrom.network.levels says what a level's colours are; of the models that ship photochrom.explain.stages gives them
without torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from photochrom.color.lab import Float, rgb_to_lab
from photochrom.network.levels import Fit, Level, Stage
from photochrom.pictures.picture import Picture
from photochrom.pictures.squares import center_crop
from photochrom.train.methods import ColorMethod

_BATCH = 8  # pictures at once


class _Decodes(Protocol):
    def decoder_levels(self) -> Mapping[str, nn.Module]: ...


def fit_levels(method: ColorMethod, lightness: Tensor) -> list[Level]:
    """The reading of each level, coarse to fine, by pictures' lightness (N,1,H,W) 0..100: half fit it, half measure it.

    Raises UsageError for fewer than two pictures.
    """
    fits = {name: Fit(name, name) for name in _modules(method)}
    for batch in torch.split(lightness, _BATCH):
        maps, answers = _listened(method, batch)
        for name, fit in fits.items():
            for features, answer in zip(maps[name], answers, strict=True):
                fit.add(features, answer)
    return [fit.level() for fit in fits.values()]


def stages(method: ColorMethod, levels: Sequence[Level], lightness: Tensor) -> list[Stage]:
    """What it would paint of one picture after each level, and last its answer; lightness (1,1,H,W) 0..100."""
    maps, answers = _listened(method, lightness)
    high = lightness.shape[2]
    read = []
    for level in levels:
        features = maps[level.tensor][0]
        read.append(Stage(level.name, round(high / features.shape[1]), level.read(features), level.explained))
    return [*read, Stage("answer", 1, answers[0], 1.0)]


def lightness_of(pictures: Sequence[Picture], size: int) -> Tensor:
    """The lightness of the middle squares of pictures, (N,1,size,size) 0..100, to fit levels by."""
    squares = [rgb_to_lab(center_crop(picture.pixels(size), size).astype("float32") / 255) for picture in pictures]
    return torch.stack([torch.from_numpy(lab[..., 0].copy()) for lab in squares])[:, None]


def _modules(method: ColorMethod) -> Mapping[str, nn.Module]:
    return cast(_Decodes, method.network).decoder_levels()


def _listened(method: ColorMethod, lightness: Tensor) -> tuple[dict[str, list[Float]], list[Float]]:
    """Each level's activations (C,h,w) of each picture, and the colours (H,W,2) that they end in, when evaluating."""
    heard: dict[str, list[Float]] = {}

    def note(name: str, _module: nn.Module, _given: object, output: Tensor) -> None:
        heard[name] = list(output.float().cpu().numpy().copy())  # a later step may work in place

    hooks = [module.register_forward_hook(partial(note, name)) for name, module in _modules(method).items()]
    was_training = method.training
    try:
        method.eval()
        with torch.no_grad():
            ab = method.predict_ab(lightness.to(method.device)).float()
    finally:
        method.train(was_training)
        for hook in hooks:
            hook.remove()
    return heard, list(ab.permute(0, 2, 3, 1).cpu().numpy())
