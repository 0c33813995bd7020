"""What several networks share: the encoder's input, a convolution with its norm, going up one level."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def grey_srgb(lightness: Tensor) -> Tensor:
    """CIE L* (N,1,H,W) 0..100 -> the grey sRGB value 0..1 of the same lightness."""
    f = (lightness + 16) / 116
    y = torch.where(lightness > 8, f.clamp(min=0) ** 3, lightness / 903.2963)
    return torch.where(y > 0.0031308, 1.055 * y.clamp(min=1e-6) ** (1 / 2.4) - 0.055, 12.92 * y)


def conv_norm(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """A convolution, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def twice(x: Tensor) -> Tensor:
    """Twice the size, bilinear: what comes before a convolution in place of a transposed one, which leaves checks."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class Up(nn.Module):
    """One level up: twice the size, beside the encoder's features of that level, two convolutions."""

    def __init__(self, inputs: int, skip: int, outputs: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv_norm(inputs + skip, outputs), conv_norm(outputs, outputs), nn.Dropout2d(dropout)
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self.layers(torch.cat([twice(x), skip], dim=1))


def initialise(network: nn.Module, spread: float = 0.02) -> nn.Module:
    """Weights from N(0, spread), as pix2pix and CycleGAN begin; norms from N(1, spread); biases 0. In place."""
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.normal_(layer.weight, 0.0, spread)
        elif isinstance(layer, (nn.BatchNorm2d, nn.InstanceNorm2d)) and layer.weight is not None:
            nn.init.normal_(layer.weight, 1.0, spread)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return network
