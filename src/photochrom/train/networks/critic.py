"""Distances and discriminators in the features of a frozen ImageNet network.

The perceptual distance follows LPIPS (Zhang et al., CVPR 2018) without learned weights; the discriminators follow
Projected GAN (Sauer et al., NeurIPS 2021): small heads on fixed random mixtures of the features of four scales. On
pretrained features they learn to tell real from generated colours within minutes, which is what two cores allow.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from photochrom.train.networks.efficientnet import Encoder


class Critic(nn.Module):
    """backbone: an EfficientNet-lite0 with its ImageNet weights, which stays as it is. width: channels of the heads."""

    def __init__(self, backbone: Encoder, width: int = 64) -> None:
        super().__init__()
        self.backbone = backbone.eval().requires_grad_(False)
        self.mixers = nn.ModuleList(
            nn.Conv2d(channels, width, 1, bias=False).requires_grad_(False) for channels in backbone.channels
        )
        self.heads = nn.ModuleList(
            nn.Sequential(
                spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(width, width, 3, stride=2, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(width, 1, 1)),
            )
            for _ in backbone.channels
        )

    def train(self, mode: bool = True) -> Critic:
        super().train(mode)
        self.backbone.eval()
        return self

    def features(self, rgb: Tensor) -> list[Tensor]:
        """sRGB (N,3,H,W) 0..1 -> features at strides 4, 8, 16, 32."""
        return self.backbone((rgb * 255 - 127) / 128)

    def embedding(self, features: list[Tensor]) -> Tensor:
        """Mean and standard deviation over all places of the map before the classifier: (N, 2*1280)."""
        channels = self.backbone.embedding(features).float().flatten(2)
        return torch.cat([channels.mean(2), channels.std(2, correction=0)], dim=1)

    def scores(self, features: list[Tensor]) -> list[Tensor]:
        """One map of logits (N,1,h,w) for each scale: positive means real."""
        parts = zip(features, self.mixers, self.heads, strict=True)
        return [head(mixer(feature)) for feature, mixer, head in parts]

    def discriminator_losses(self, fake: list[Tensor], real: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Hinge losses of the heads, of the features of real pictures and of generated ones."""
        on_fake = self.scores([feature.detach() for feature in fake])
        on_real = self.scores(real)
        return (
            torch.stack([F.relu(1 - score).mean() for score in on_real]).mean(),
            torch.stack([F.relu(1 + score).mean() for score in on_fake]).mean(),
        )

    def generator_loss(self, fake: list[Tensor]) -> Tensor:
        """Hinge loss of a generator, of the features of its pictures."""
        return -torch.stack([score.mean() for score in self.scores(fake)]).mean()


def perceptual_distance(a: list[Tensor], b: list[Tensor]) -> Tensor:
    """Squared distance of the channel-normalised features, summed over channels and scales, averaged over places."""
    return torch.stack(
        [(F.normalize(x, dim=1) - F.normalize(y, dim=1)).square().sum(1).mean() for x, y in zip(a, b, strict=True)]
    ).sum()


def semantic_distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean squared distance of the embeddings of N pictures, (N,C) each, as a share of the variance among `b`.

    Embeddings say what a picture shows as a whole; places needn't agree, as they do for the perceptual distance.
    """
    variance = b.var(0, correction=0).sum() if len(b) > 1 else b.square().sum()
    return (a - b).square().sum(1).mean() / variance.clamp(min=1e-6)
