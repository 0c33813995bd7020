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

from photochrom.train.networks import LITE0_STAGES, Encoder

_CHANNELS = (24, 40, 112, 320)  # of EfficientNet-lite0 at strides 4, 8, 16, 32


class Critic(nn.Module):
    def __init__(self, weights: str, width: int = 64) -> None:
        super().__init__()
        self.eyes = Encoder(LITE0_STAGES)
        self.eyes.load_imagenet(weights)
        self.eyes.eval().requires_grad_(False)
        self.mixers = nn.ModuleList(nn.Conv2d(c, width, 1, bias=False).requires_grad_(False) for c in _CHANNELS)
        self.heads = nn.ModuleList(
            nn.Sequential(
                spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(width, width, 3, stride=2, padding=1)),
                nn.LeakyReLU(0.2),
                spectral_norm(nn.Conv2d(width, 1, 1)),
            )
            for _ in _CHANNELS
        )

    def see(self, rgb: Tensor) -> list[Tensor]:
        """sRGB (N,3,H,W) 0..1 -> features at strides 4, 8, 16, 32."""
        return self.eyes((rgb * 255 - 127) / 128)

    def verdicts(self, features: list[Tensor]) -> list[Tensor]:
        """One map of scores for each scale: positive means 'a real picture'."""
        judged = zip(features, self.mixers, self.heads, strict=True)
        return [head(mixer(feature)) for feature, mixer, head in judged]

    def discriminator_loss(self, painted: list[Tensor], real: list[Tensor]) -> Tensor:
        """Hinge loss of the heads alone."""
        fake = self.verdicts([f.detach() for f in painted])
        true = self.verdicts(real)
        return torch.stack(
            [F.relu(1 + f).mean() + F.relu(1 - t).mean() for f, t in zip(fake, true, strict=True)]
        ).mean()

    def generator_loss(self, painted: list[Tensor]) -> Tensor:
        return -torch.stack([score.mean() for score in self.verdicts(painted)]).mean()


def perceptual_distance(a: list[Tensor], b: list[Tensor]) -> Tensor:
    """Squared distance of the channel-normalised features, summed over channels and scales, averaged over places."""
    return torch.stack(
        [(F.normalize(x, dim=1) - F.normalize(y, dim=1)).square().sum(1).mean() for x, y in zip(a, b, strict=True)]
    ).sum()
