"""EfficientNet-lite as an encoder (Tan & Le, ICML 2019; the "lite" variant has no squeeze-and-excitation).

The photo network encodes with lite2, its critic with lite0. Layers come in the order of timm's, so that ImageNet
weights can be copied one by one.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from photochrom.train.networks.blocks import grey_srgb

Layout = tuple[tuple[int, int, int, int, int], ...]  # of a stage: repeats, kernel, stride, expansion, output channels

LITE2_STAGES: Layout = (  # width 1.1, depth 1.2
    (1, 3, 1, 1, 16),
    (3, 3, 2, 6, 24),
    (3, 5, 2, 6, 48),
    (4, 3, 2, 6, 88),
    (4, 5, 1, 6, 120),
    (5, 5, 2, 6, 208),
    (1, 3, 1, 6, 352),
)
LITE0_STAGES: Layout = (  # width and depth 1
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
LAYOUTS = {"tf_efficientnet_lite0": LITE0_STAGES, "tf_efficientnet_lite2": LITE2_STAGES}  # timm's names
HEAD_WIDTH = 1280  # channels of the last layer before the classifier
_FEATURE_STAGES = (1, 2, 4, 6)  # the stages whose outputs are the features at strides 4, 8, 16, 32


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: at stride 2 on even sizes the odd pixel goes right and below."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        total = kernel - stride
        self.pad = None if stride == 1 else [total // 2, total - total // 2] * 2

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(F.pad(input, self.pad) if self.pad else input)


def conv_unit(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, *, act: bool = True
) -> list[nn.Module]:
    """A convolution, batch norm, and with `act` a ReLU6."""
    layers: list[nn.Module] = [
        SameConv(inputs, outputs, kernel, stride, groups),
        nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01),
    ]
    return [*layers, nn.ReLU6()] if act else layers


class InvertedResidual(nn.Module):
    """MobileNetV2's block: 1x1 expand, depthwise kxk, 1x1 project; added to its input where shapes agree."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        layers = conv_unit(inputs, wide, 1) if expansion > 1 else []
        layers += conv_unit(wide, wide, kernel, stride, wide)
        layers += conv_unit(wide, outputs, 1, act=False)
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return x + out if self.residual else out


class Encoder(nn.Module):
    """EfficientNet-lite without its classifier; (N,3,H,W) in (x*255-127)/128 -> features at strides 4, 8, 16, 32.

    channels: of each of the features. head: build the last layer before the classifier too, which embedding() needs.
    """

    def __init__(self, layout: Layout = LITE2_STAGES, *, head: bool = False) -> None:
        super().__init__()
        self.channels = tuple(layout[stage][4] for stage in _FEATURE_STAGES)
        self.stem = nn.Sequential(*conv_unit(3, 32, 3, 2))
        stages, width = [], 32
        for repeats, kernel, stride, expansion, outputs in layout:
            blocks = []
            for i in range(repeats):
                blocks.append(InvertedResidual(width, outputs, kernel, stride if i == 0 else 1, expansion))
                width = outputs
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        if head:
            self.head = nn.Sequential(*conv_unit(width, HEAD_WIDTH, 1))

    def embedding(self, features: list[Tensor]) -> Tensor:
        """The map (N,1280,H/32,W/32) before the classifier's pooling, of the features that forward() gave."""
        embedding: Tensor = self.head(features[-1])
        return embedding

    def forward(self, x: Tensor) -> list[Tensor]:
        x, features = self.stem(x), []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in _FEATURE_STAGES:
                features.append(x)
        return features

    if TYPE_CHECKING:

        def __call__(self, x: Tensor) -> list[Tensor]: ...


def encoder_input(lightness: Tensor) -> Tensor:
    """Lightness (N,1,H,W) 0..100 -> the grey sRGB picture in the encoder's scale, (N,3,H,W)."""
    return ((grey_srgb(lightness) * 255 - 127) / 128).expand(-1, 3, -1, -1)


def fold_norms(encoder: Encoder) -> None:
    """Fold the batch norms, with the statistics that they have, into the convolutions before them, in place.

    The features stay the same, and a training step takes half the time. The weights become channels-last, which is
    faster for depthwise convolutions. ImageNet's statistics are better than those of small batches of grey pictures,
    so nothing is lost by no longer updating them.
    """
    encoder.eval()
    for parent in list(encoder.modules()):
        if isinstance(parent, nn.Sequential):
            for i, (layer, after) in enumerate(itertools.pairwise(parent)):
                if isinstance(layer, SameConv) and isinstance(after, nn.BatchNorm2d):
                    parent[i], parent[i + 1] = fuse_conv_bn_eval(layer, after), nn.Identity()
    encoder.to(memory_format=torch.channels_last)
