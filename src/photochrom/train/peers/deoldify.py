"""DeOldify (Jason Antic, 2018-2019): a U-Net on a ResNet with self-attention, trained as "NoGAN".

"Artistic" is the deep decoder on ResNet-34 (two convolutions to a level), "stable" the wide one on ResNet-101.
Only the colours of its output are used: they are laid over the true lightness, as DeOldify does with luma.
"""

from __future__ import annotations

import re

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.train.lab import rgb_to_lab
from photochrom.train.networks.pretrained import feature_info
from photochrom.train.peers.blocks import ImageNetScale, Joined, ShuffleUp, conv
from photochrom.train.peers.layout import Names, renamed

_RANGE = 3.0  # the output, a scaled RGB, lies in -3..3


class SelfAttention(nn.Module):
    """Zhang et al., "Self-Attention Generative Adversarial Networks", ICML 2019, over all places of (N,C,H,W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Conv1d(channels, channels // 8, 1, bias=False)
        self.key = nn.Conv1d(channels, channels // 8, 1, bias=False)
        self.value = nn.Conv1d(channels, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(2)
        weights = torch.softmax(self.query(flat).transpose(1, 2) @ self.key(flat), dim=1)
        change: Tensor = (self.value(flat) @ weights).view_as(x)
        return x + self.gamma * change


class _Level(nn.Module):
    """One level of the decoder: enlarge, join, convolve (deep: twice), and attend at one of them."""

    def __init__(self, inputs: int, skip: int, up: int, outputs: int, *, deep: bool, attend: bool) -> None:
        super().__init__()
        self.join = Joined(inputs, skip, up)
        self.convs = nn.Sequential(conv(up + skip, outputs), *([conv(outputs, outputs)] if deep else []))
        self.attention = SelfAttention(outputs) if attend else nn.Identity()

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        out: Tensor = self.attention(self.convs(self.join(x, skip)))
        return out


class DeOldify(nn.Module):
    """Lightness (N,1,H,W) 0..100, sides multiples of 32 -> ab (N,2,H,W) in Lab units.

    encoder: "resnet34" or "resnet101". deep: the artistic decoder; otherwise the wide one.
    """

    def __init__(self, encoder: str, *, deep: bool) -> None:
        super().__init__()
        self.scale = ImageNetScale()
        self.encoder = timm.create_model(encoder, pretrained=False, features_only=True)
        *skips, top = feature_info(self.encoder)[0]
        self.norm = nn.BatchNorm2d(top)
        self.middle = nn.Sequential(conv(top, 2 * top), conv(2 * top, top))
        levels, width = [], top
        for n, skip in enumerate(reversed(skips)):
            last = n == len(skips) - 1
            if deep:
                up = width // 2
                outputs = int((up + skip) // (2 if last else 1) * 1.5)
            else:
                up = outputs = 256 if last else 512
            levels.append(_Level(width, skip, up, outputs, deep=deep, attend=n == len(skips) - 3))
            width = outputs
        self.levels = nn.ModuleList(levels)
        self.finest = ShuffleUp(width, width, norm=False)
        width += 3
        self.cross = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.head = nn.Conv2d(width, 3, 1)

    def forward(self, lightness: Tensor) -> Tensor:
        grey = self.scale.grey(lightness)
        *skips, x = self.encoder(grey)
        x = self.middle(F.relu(self.norm(x)))
        for level, skip in zip(self.levels, reversed(skips), strict=True):
            x = level(x, skip)
        x = torch.cat([self.finest(x), grey], dim=1)
        y = x
        for layer in self.cross:
            y = F.relu(layer(y))
        scaled = (torch.sigmoid(self.head(x + y)) * 2 - 1) * _RANGE
        return rgb_to_lab(self.scale.rgb(scaled))[:, 1:]


_ENCODER = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3", "7": "layer4"}
_CONV = r"(?:conv|conv1|conv2)"
_OF_A_LEVEL: Names = (
    (r"shuf\.conv\.0\.", "join.shuffle.conv."),
    (r"shuf\.conv\.1\.", "join.shuffle.norm."),
    (r"bn\.", "join.norm."),
    (rf"{_CONV}\.3\.", "attention."),
    (r"conv2\.", "convs.1."),
    (r"conv1?\.", "convs.0."),
)
_NAMES: Names = (
    (r"layers\.0\.(\d)\.", lambda m: f"encoder.{_ENCODER.get(m[1], m[1])}."),
    (r"layers\.1\.", "norm."),
    (r"layers\.3\.", "middle."),
    (r"layers\.8\.conv\.0\.", "finest.conv."),
    (r"layers\.10\.layers\.([01])\.0\.", r"cross.\1."),
    (r"layers\.11\.0\.", "head."),
)


def rename(key: str) -> str | None:
    """A published name -> ours. Theirs are the numbered layers of fastai's dynamic U-Net."""
    if match := re.match(r"layers\.([4-7])\.", key):
        return f"levels.{int(match[1]) - 4}." + renamed(key[match.end() :], _OF_A_LEVEL)
    return renamed(key, _NAMES)
