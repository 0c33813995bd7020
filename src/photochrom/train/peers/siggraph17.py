"""SIGGRAPH17: Zhang, Zhu et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors", SIGGRAPH 2017.

Ten blocks in the shape of a U, the middle ones dilated. The user's hints are inputs as well; here there are none.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.train.peers.layout import Names, renamed


def _block(channels: int, inputs: int, convs: int, *, dilation: int = 1, norm: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = []
    for n in range(convs):
        layers += [nn.Conv2d(inputs if n == 0 else channels, channels, 3, padding=dilation, dilation=dilation)]
        layers += [nn.ReLU()]
    return nn.Sequential(*layers, *([nn.BatchNorm2d(channels)] if norm else []))


class Siggraph17(nn.Module):
    """Lightness (N,1,H,W) 0..100, sides multiples of 8 -> ab / 110 (N,2,H,W), -1..1."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            [_block(64, 4, 2), _block(128, 64, 2), _block(256, 128, 3), _block(512, 256, 3)]
        )  # 1/1, 1/2, 1/4, 1/8
        self.middle = nn.Sequential(
            _block(512, 512, 3, dilation=2), _block(512, 512, 3, dilation=2), _block(512, 512, 3)
        )
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(i, o, 4, stride=2, padding=1) for i, o in ((512, 256), (256, 128), (128, 128))
        )
        self.skip = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in ((256, 256), (128, 128), (64, 128)))
        self.blocks = nn.ModuleList([_block(256, 256, 2), _block(128, 128, 1), nn.Conv2d(128, 128, 3, padding=1)])
        self.head = nn.Conv2d(128, 2, 1)

    def forward(self, lightness: Tensor) -> Tensor:
        nothing = torch.zeros_like(lightness)  # hints a and b, and where they are
        x = torch.cat([(lightness - 50) / 100, nothing, nothing, nothing], dim=1)
        features = []
        for n, block in enumerate(self.down):
            x = block(x if n == 0 else x[:, :, ::2, ::2])
            features.append(x)
        x = self.middle(x)
        for up, skip, block, feature in zip(self.up, self.skip, self.blocks, features[2::-1], strict=True):
            x = block(F.relu(up(x) + skip(feature)))
        return torch.tanh(self.head(F.leaky_relu(x, 0.2)))


_NAMES: Names = [
    (r"model([1-4])\.", lambda m: f"down.{int(m[1]) - 1}."),
    (r"model([5-7])\.", lambda m: f"middle.{int(m[1]) - 5}."),
    (r"model(8|9|10)up\.0\.", lambda m: f"up.{int(m[1]) - 8}."),
    (r"model\dshort(8|9|10)\.0\.", lambda m: f"skip.{int(m[1]) - 8}."),
    (
        r"model([89])\.(\d)\.",
        lambda m: f"blocks.{int(m[1]) - 8}.{int(m[2]) - 1}.",
    ),  # theirs counts a ReLU at the beginning
    (r"model10\.1\.", "blocks.2."),
    (r"model_out\.0\.", "head."),
]


def rename(key: str) -> str | None:
    """A published name -> ours; None for the head that only training uses."""
    return None if key.startswith("model_class.") else renamed(key, _NAMES)
