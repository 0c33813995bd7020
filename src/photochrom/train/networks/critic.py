"""What judges a coloured picture: distances and discriminators in the features of a frozen ImageNet network.

The perceptual distance follows LPIPS (Zhang et al., CVPR 2018) without learned weights; the discriminators follow
Projected GAN (Sauer et al., NeurIPS 2021): small heads on fixed random mixtures of the features of four scales.
A network that already sees learns to tell real from painted colours within minutes, which is what two cores allow.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from photochrom.train.networks import Encoder


class Critic(nn.Module):
    """eyes: an EfficientNet-lite0 with its ImageNet weights; it stays as it is."""

    def __init__(self, eyes: Encoder, width: int = 64) -> None:
        super().__init__()
        self.eyes = eyes.eval().requires_grad_(False)
        self.mixers = nn.ModuleList(nn.Conv2d(c, width, 1, bias=False).requires_grad_(False) for c in eyes.channels)
        self.heads = nn.ModuleList(
            nn.Sequential(
                spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(width, width, 3, stride=2, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(width, 1, 1)),
            )
            for _ in eyes.channels
        )

    def train(self, mode: bool = True) -> Critic:
        super().train(mode)
        self.eyes.eval()
        return self

    def see(self, rgb: Tensor) -> list[Tensor]:
        """sRGB (N,3,H,W) 0..1 -> features at strides 4, 8, 16, 32."""
        return self.eyes((rgb * 255 - 127) / 128)

    def recognise(self, features: list[Tensor]) -> Tensor:
        """Mean and standard deviation over all places of each channel before the classifier: (N, 2*1280)."""
        seen = self.eyes.recognise(features).float().flatten(2)
        return torch.cat([seen.mean(2), seen.std(2, correction=0)], dim=1)

    def verdicts(self, features: list[Tensor]) -> list[Tensor]:
        """One map of scores for each scale: positive means 'a real picture'."""
        judged = zip(features, self.mixers, self.heads, strict=True)
        return [head(mixer(feature)) for feature, mixer, head in judged]

    def discriminator_losses(self, painted: list[Tensor], real: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Hinge losses of the heads alone: on real pictures and on painted ones."""
        fake = self.verdicts([f.detach() for f in painted])
        true = self.verdicts(real)
        losses = (torch.stack([F.relu(1 - t).mean() for t in true]), torch.stack([F.relu(1 + f).mean() for f in fake]))
        return losses[0].mean(), losses[1].mean()

    def generator_loss(self, painted: list[Tensor]) -> Tensor:
        return -torch.stack([score.mean() for score in self.verdicts(painted)]).mean()


def perceptual_distance(a: list[Tensor], b: list[Tensor]) -> Tensor:
    """Squared distance of the channel-normalised features, summed over channels and scales, averaged over places."""
    return torch.stack(
        [(F.normalize(x, dim=1) - F.normalize(y, dim=1)).square().sum(1).mean() for x, y in zip(a, b, strict=True)]
    ).sum()


def semantic_distance(a: Tensor, b: Tensor) -> Tensor:
    """Mean squared distance of what is recognised in N pictures, (N,C) each, as a share of the variance among `b`.

    What a picture as a whole looks like, wherever it is: places needn't agree, as they do for the perceptual distance.
    """
    variance = b.var(0, correction=0).sum() if len(b) > 1 else b.square().sum()
    return (a - b).square().sum(1).mean() / variance.clamp(min=1e-6)
