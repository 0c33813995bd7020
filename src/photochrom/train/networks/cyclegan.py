"""CycleGAN's generator (Zhu et al., ICCV 2017, after Johnson et al. 2016), and its use for colourising."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from photochrom.train.networks.blocks import ColorNetwork, initialise

LIGHT, CHROMA = 50.0, 110.0  # Lab as the generators take it: L / 50 - 1, ab / 110
JUDGED = 40.0  # ab units that are 1 to a discriminator: few colours lie beyond, and at ab / 110 it hardly sees any


class _Residual(nn.Module):
    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_unit(channels, channels, 3, pad=1), nn.Dropout(dropout), *_unit(channels, channels, 3, pad=1, act=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.layers(x)
        return x + change


def _unit(inputs: int, outputs: int, kernel: int, stride: int = 1, *, pad: int, act: bool = True) -> list[nn.Module]:
    layers: list[nn.Module] = [
        nn.ReflectionPad2d(pad), nn.Conv2d(inputs, outputs, kernel, stride), nn.InstanceNorm2d(outputs)
    ]  # fmt: skip
    return [*layers, nn.ReLU(inplace=True)] if act else layers


class ResNetGenerator(nn.Module):
    """Scaled Lab (N,3,H,W), -1..1 -> the same of the other domain; sides are multiples of 4. 11.4 M with 9 blocks.

    Upsamples bilinearly before a convolution, where the paper's transposed convolutions leave a checkerboard.
    skip: what it learns is added to its input, so that it begins as the identity: a short run keeps what the picture
    shows. Without, as in the paper, it has to learn that first.
    colorless: its pictures have a lightness alone, as those of the other domain do. With colours, however faint, it
    could hand on what is needed for the way back, and nobody would have to learn to colour.
    """

    def __init__(
        self, width: int = 64, blocks: int = 9, dropout: float = 0.0, *, skip: bool = False, colorless: bool = False
    ) -> None:
        super().__init__()
        self.skip, self.colorless = skip, colorless
        w = width
        layers = [*_unit(3, w, 7, pad=3), *_unit(w, 2 * w, 3, 2, pad=1), *_unit(2 * w, 4 * w, 3, 2, pad=1)]
        layers += [_Residual(4 * w, dropout) for _ in range(blocks)]
        for inputs in (4 * w, 2 * w):
            layers.append(nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=False))
            layers += _unit(inputs, inputs // 2, 3, pad=1)
        last = nn.Conv2d(w, 3, 7)
        self.layers = nn.Sequential(*layers, nn.ReflectionPad2d(3), last, nn.Tanh())
        initialise(self)
        if skip:
            nn.init.zeros_(last.weight)

    def decoder_levels(self) -> dict[str, nn.Module]:
        """The first, the middle and the last residual block, and each doubling."""
        blocks = [layer for layer in self.layers if isinstance(layer, _Residual)]
        chosen = sorted({1, (len(blocks) + 1) // 2, len(blocks)}) if blocks else []
        after = [layer for layer in self.layers if isinstance(layer, nn.ReLU)][-2:]
        return {**{f"1/4, block {i}": blocks[i - 1] for i in chosen}, "1/2": after[0], "1/1": after[1]}

    def forward(self, lab: Tensor) -> Tensor:
        translated: Tensor = self.layers(lab)
        if self.skip:
            translated = lab + translated
        if self.colorless:
            translated = torch.cat([translated[:, :1], torch.zeros_like(translated[:, 1:])], dim=1)
        return translated


class GreyToColor(ColorNetwork):
    """A generator as a colouriser: lightness (N,1,H,W) 0..100 -> ab/110 (N,2,H,W); its own lightness is dropped."""

    scale, stride, multiple = CHROMA, 1, 4

    def __init__(self, generator: ResNetGenerator) -> None:
        super().__init__()
        self.generator = generator

    def decoder_levels(self) -> dict[str, nn.Module]:
        return self.generator.decoder_levels()

    def forward(self, lightness: Tensor) -> Tensor:
        lab: Tensor = self.generator(as_grey(lightness))
        return lab[:, 1:]


class Translator(ColorNetwork):
    """A generator between any two domains: intensity (N,1,H,W) 0..100, or Lab (N,3,H,W), -> L* and ab/110 (N,3,H,W)."""

    scale, stride, multiple = CHROMA, 1, 4

    def __init__(self, generator: ResNetGenerator) -> None:
        super().__init__()
        self.generator = generator

    def decoder_levels(self) -> dict[str, nn.Module]:
        return self.generator.decoder_levels()

    def forward(self, picture: Tensor) -> Tensor:
        given = as_grey(picture) if picture.shape[1] == 1 else as_color(picture[:, :1], picture[:, 1:])
        lab: Tensor = self.generator(given)
        return torch.cat([((lab[:, :1] + 1) * LIGHT).clamp(0, 2 * LIGHT), lab[:, 1:]], dim=1)


def as_grey(lightness: Tensor) -> Tensor:
    """Lightness (N,1,H,W) 0..100 -> scaled Lab (N,3,H,W) without colour."""
    light = lightness / LIGHT - 1
    return torch.cat([light, torch.zeros_like(light), torch.zeros_like(light)], dim=1)


def as_color(lightness: Tensor, ab: Tensor) -> Tensor:
    """Lightness (N,1,H,W) 0..100 and ab (N,2,H,W) -> scaled Lab (N,3,H,W)."""
    return torch.cat([lightness / LIGHT - 1, ab / CHROMA], dim=1)


def as_judged(scaled: Tensor) -> Tensor:
    """Scaled Lab (N,3,H,W) as a discriminator takes it: L / 50 - 1, ab / 40."""
    return torch.cat([scaled[:, :1], scaled[:, 1:] * (CHROMA / JUDGED)], dim=1)


def as_lab(scaled: Tensor) -> Tensor:
    """The way back: scaled Lab (N,3,H,W), -1..1 -> L* 0..100 and ab units."""
    return torch.cat([(scaled[:, :1] + 1) * LIGHT, scaled[:, 1:] * CHROMA], dim=1)
