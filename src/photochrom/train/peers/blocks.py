"""Parts that DeOldify's and DDColor's U-Net decoders have in common, and how their inputs are scaled."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.train.networks.blocks import grey_srgb

_MEAN = (0.485, 0.456, 0.406)  # of ImageNet, sRGB 0..1
_STD = (0.229, 0.224, 0.225)


class ImageNetScale(nn.Module):
    """sRGB 0..1 to zero mean and unit variance of ImageNet, and back."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(1, 3, 1, 1), persistent=False)

    def grey(self, lightness: Tensor) -> Tensor:
        """Lightness (N,1,H,W) 0..100 -> the grey picture (N,3,H,W), scaled."""
        return (grey_srgb(lightness) - self.mean) / self.std

    def rgb(self, scaled: Tensor) -> Tensor:
        """(N,3,H,W) scaled -> sRGB 0..1, clipped."""
        return (scaled * self.std + self.mean).clamp(0, 1)


def conv(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    """Convolution, ReLU, batch norm: in that order."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False), nn.ReLU(), nn.BatchNorm2d(outputs)
    )


class ShuffleUp(nn.Module):
    """Sub-pixel upsampling (Shi et al., CVPR 2016) and a 2x2 mean, which removes its checkerboard.

    (N,inputs,H,W) -> (N,outputs,scale H,scale W). norm: batch norm instead of a bias after the 1x1 convolution.
    """

    def __init__(self, inputs: int, outputs: int, *, scale: int = 2, norm: bool = True) -> None:
        super().__init__()
        channels = outputs * scale**2
        self.conv = nn.Conv2d(inputs, channels, 1, bias=not norm)
        self.norm = nn.BatchNorm2d(channels) if norm else nn.Identity()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        x = F.pixel_shuffle(F.relu(self.norm(self.conv(x))), self.scale)
        return F.avg_pool2d(F.pad(x, (1, 0, 1, 0), mode="replicate"), 2, stride=1)


class Joined(nn.Module):
    """The input of a decoder's convolutions: the coarser map enlarged, beside the encoder's, and a ReLU."""

    def __init__(self, inputs: int, skip: int, up: int) -> None:
        super().__init__()
        self.shuffle = ShuffleUp(inputs, up)
        self.norm = nn.BatchNorm2d(skip)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return F.relu(torch.cat([self.shuffle(x), self.norm(skip)], dim=1))
