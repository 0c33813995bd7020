"""U-Nets from lightness to ab: on an encoder from timm, and the plain one of pix2pix (Isola et al., CVPR 2017)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from photochrom.train.networks.blocks import ColorNetwork, Up, conv_norm, grey_srgb, initialise, upsampled
from photochrom.train.networks.pretrained import encoder, feature_info

_MEAN, _STD = 0.449, 0.226  # of ImageNet's sRGB values, over the three channels


class TimmUNet(ColorNetwork):
    """Lightness (N,1,H,W) 0..100 -> ab/scale (N,2,H,W), -1..1, on any timm network that gives features.

    The decoder upsamples bilinearly before its convolutions. 14.3 M parameters with resnet18 and width 64.
    Sides are multiples of the encoder's largest stride, as a rule 32.
    """

    stride = 1

    def __init__(
        self, name: str = "resnet18", *, pretrained: bool, weights: str = "", width: int = 64, dropout: float = 0.0,
        scale: float = 110.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.scale = scale
        self.encoder = encoder(name, pretrained=pretrained, weights=weights)
        channels, strides = feature_info(self.encoder)
        self.multiple = max(strides)
        self.levels = [round(stride / before) for before, stride in zip([1, *strides], strides, strict=False)]
        ups, inputs = [], channels[-1]
        for i, skip in enumerate(reversed(channels[:-1])):
            outputs = max(width // 2, (4 * width) >> i)
            ups.append(Up(inputs, skip, outputs, dropout if i == 0 else 0.0))
            inputs = outputs
        self.ups = nn.ModuleList(ups)
        self.last = conv_norm(inputs + 1, max(8, width // 2))
        self.head = nn.Conv2d(max(8, width // 2), 2, 1)

    def decoder_levels(self) -> dict[str, nn.Module]:
        strides = [math.prod(self.levels[: len(self.levels) - 1 - i]) for i in range(len(self.ups))]
        ups = {f"1/{stride}": up for stride, up in zip(strides, self.ups, strict=True)}
        return {**ups, "1/1": self.last}

    def forward(self, lightness: Tensor) -> Tensor:
        *skips, x = self.encoder((grey_srgb(lightness) - _MEAN) / _STD)
        for up, skip in zip(self.ups, reversed(skips), strict=True):
            x = up(x, skip)
        for _ in range(self.levels[0] // 2):  # 2 in most networks, 4 in those whose first features are at a quarter
            x = upsampled(x)
        return torch.tanh(self.head(self.last(torch.cat([x, lightness / 50 - 1], dim=1))))


class PlainUNet(ColorNetwork):
    """Lightness (N,1,H,W) 0..100 -> ab/110 (N,2,H,W), -1..1: pix2pix's U-Net, 54.4 M parameters with 8 levels.

    Convolutions of 4x4 with stride 2 down, transposed ones up, batch norm, LeakyReLU 0.2 down and ReLU up; dropout in
    the three levels under the deepest. Sides are multiples of 2**levels.
    """

    scale, stride = 110.0, 1

    def __init__(self, levels: int = 8, width: int = 64, dropout: float = 0.5) -> None:
        super().__init__()
        self.multiple = 2**levels
        widths = [width * min(8, 2**i) for i in range(levels)]
        downs: list[nn.Module] = []
        ups: list[nn.Module] = []
        for i, outputs in enumerate(widths):
            inputs = widths[i - 1] if i else 1
            norm = nn.BatchNorm2d(outputs) if 0 < i < levels - 1 else nn.Identity()
            act = nn.LeakyReLU(0.2) if i else nn.Identity()
            downs.append(
                nn.Sequential(act, nn.Conv2d(inputs, outputs, 4, 2, 1, bias=isinstance(norm, nn.Identity)), norm)
            )
        for i in reversed(range(levels)):
            inputs = widths[i] * (1 if i == levels - 1 else 2)
            layers: list[nn.Module] = [nn.ReLU()]
            if i:
                layers += [
                    nn.ConvTranspose2d(inputs, widths[i - 1], 4, 2, 1, bias=False),
                    nn.BatchNorm2d(widths[i - 1]),
                ]
                if levels - 4 <= i < levels - 1:
                    layers.append(nn.Dropout(dropout))
            else:
                layers += [nn.ConvTranspose2d(inputs, 2, 4, 2, 1), nn.Tanh()]
            ups.append(nn.Sequential(*layers))
        self.downs, self.ups = nn.ModuleList(downs), nn.ModuleList(ups)
        initialise(self)

    def decoder_levels(self) -> dict[str, nn.Module]:
        return {f"1/{self.multiple >> (i + 1)}": up for i, up in enumerate(self.ups[:-1])}

    def forward(self, lightness: Tensor) -> Tensor:
        x = lightness / 50 - 1
        skips: list[Tensor] = []
        for down in self.downs:
            x = down(x)
            skips.append(x)
        ab: Tensor = self.ups[0](skips.pop())
        for up in self.ups[1:]:
            ab = up(torch.cat([ab, skips.pop()], dim=1))
        return ab
