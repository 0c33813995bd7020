"""What several networks share: their common attributes, the encoder's input, convolutions with a norm, resizing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ColorNetwork(nn.Module):
    """A recipe's network: lightness (N,1,H,W) 0..100 -> (N,2,H,W), ab in units of `scale`, or logits of bins (N,Q,h,w).

    The output has one place for `stride` pixels of the input, whose sides are multiples of `multiple`.
    """

    stride: int
    multiple: int
    scale: float = 1.0

    def decoder_levels(self) -> dict[str, nn.Module]:
        """The modules whose outputs (N,C,h,w) are the levels on the way to colour, coarse to fine, by their names."""
        raise NotImplementedError

    if TYPE_CHECKING:

        def __call__(self, lightness: Tensor) -> Tensor: ...


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


def resized(x: Tensor, size: Sequence[int]) -> Tensor:
    """(N,C,H,W) at another size (height, width), bilinear."""
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


def upsampled(x: Tensor, factor: float = 2.0) -> Tensor:
    """(N,C,H,W) enlarged, bilinear. With a convolution after it, it avoids the checkerboard of a transposed one."""
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


class Up(nn.Module):
    """One level of a U-Net's decoder: upsample, concatenate the encoder's features of that level, two convolutions."""

    def __init__(self, inputs: int, skip: int, outputs: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv_norm(inputs + skip, outputs), conv_norm(outputs, outputs), nn.Dropout2d(dropout)
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        out: Tensor = self.layers(torch.cat([upsampled(x), skip], dim=1))
        return out


def initialise(network: nn.Module, spread: float = 0.02) -> None:
    """Initialise as pix2pix and CycleGAN do, in place: weights N(0, spread), norms N(1, spread), biases 0."""
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.normal_(layer.weight, 0.0, spread)
        elif isinstance(layer, (nn.BatchNorm2d, nn.InstanceNorm2d)) and layer.weight is not None:
            nn.init.normal_(layer.weight, 1.0, spread)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
