"""The `photo` network: an ImageNet encoder, a U-shaped pixel decoder, a distribution over colour.

Input is CIE Lab lightness (N, 1, H, W), float32, 0..100, H and W multiples of 32. Output is one logit per
colour bin at a quarter of the resolution, (N, bins, H/4, W/4). The head and its soft targets follow Zhang et al.,
"Colorful Image Colorization" (ECCV 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.errors import UsageError
from photochrom.train.networks.blocks import upsampled
from photochrom.train.networks.efficientnet import LAYOUTS, Encoder, encoder_input
from photochrom.train.networks.hints import HintSpreader

LIGHT, CHROMA = 50.0, 100.0  # units of L*, counted from the middle, and of ab to one unit of a head for Lab
WIDTHS = (72, 96, 128, 192)  # channels of the decoder at strides 4, 8, 16, 32


class Residual(nn.Module):
    """Two 3x3 convolutions with batch norm, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.layers(x))


class GlobalContext(nn.Module):
    """Self-attention over all places of a small feature map, so that distant parts of one surface agree in colour."""

    def __init__(self, channels: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(1, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(n, 3, self.heads, c // self.heads, h * w).unbind(1)
        weights = torch.softmax(q.transpose(2, 3) @ k * (c // self.heads) ** -0.5, dim=-1)
        mixed = (v @ weights.transpose(2, 3)).reshape(n, c, h, w)
        change: Tensor = self.out(mixed)
        return x + change


class Decoder(nn.Module):
    """From the encoder's features and the lightness to bin logits at stride 4; about 1.9 M parameters.

    channels: of those features, strides 4 to 32. hints: whether it also takes a user's colours (see HintSpreader).
    """

    def __init__(
        self, bins: int, channels: Sequence[int], widths: Sequence[int] = WIDTHS, *, hints: bool = False
    ) -> None:
        super().__init__()
        w4, w8, w16, w32 = widths
        c4, c8, c16, c32 = channels

        def lateral(inputs: int, outputs: int) -> nn.Sequential:
            return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

        self.in32 = lateral(c32, w32)
        self.context32 = GlobalContext(w32)
        self.block32 = Residual(w32)
        self.up32, self.in16 = lateral(w32, w16), lateral(c16, w16)
        self.block16a, self.context16, self.block16b = Residual(w16), GlobalContext(w16), Residual(w16)
        self.up16, self.in8, self.block8 = lateral(w16, w8), lateral(c8, w8), Residual(w8)
        self.up8, self.in4, self.block4 = lateral(w8, w4), lateral(c4, w4), Residual(w4)
        # The lightness itself, 4x4 pixels to a place: the features at stride 4 no longer hold it.
        self.inL = nn.Conv2d(1, w4, 4, stride=4)
        self.head = nn.Conv2d(w4, bins, 1)
        self.hints = HintSpreader(bins, (w4, w8)) if hints else None

    def forward(self, features: list[Tensor], lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        return self.logits(self.head_input(features, lightness, hints))

    def head_input(self, features: list[Tensor], lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """What logits() takes, (N,C,H/4,W/4): the features at stride 4, and with hints what they add."""
        x4, x8 = self.maps(features, lightness)
        return x4 if self.hints is None or hints is None else torch.cat([x4, self.hints.spread(x4, x8, hints)], dim=1)

    def logits(self, head_input: Tensor) -> Tensor:
        """The logits (N,bins,H/4,W/4): linear in head_input, up to a constant."""
        width = self.head.in_channels
        logits: Tensor = self.head(head_input[:, :width])
        if head_input.shape[1] == width or self.hints is None:
            return logits
        change: Tensor = self.hints.say(head_input[:, width:])
        return logits + change

    def maps(self, features: list[Tensor], lightness: Tensor) -> tuple[Tensor, Tensor]:
        """The decoder's feature maps at strides 4 and 8."""
        f4, f8, f16, f32 = features
        x = self.block32(self.context32(F.relu(self.in32(f32))))
        x = F.relu(upsampled(self.up32(x)) + self.in16(f16))
        x = self.block16b(self.context16(self.block16a(x)))
        x8 = self.block8(F.relu(upsampled(self.up16(x)) + self.in8(f8)))
        x4 = self.block4(F.relu(upsampled(self.up8(x8)) + self.in4(f4) + self.inL(lightness / 50 - 1)))
        return x4, x8

    if TYPE_CHECKING:

        def __call__(self, features: list[Tensor], lightness: Tensor, hints: Tensor | None = None) -> Tensor: ...


class PhotoNet(nn.Module):
    """Encoder and decoder in one: lightness (N,1,H,W) 0..100 -> bin logits (N,bins,H/4,W/4).

    encoder: one of LAYOUTS. hints: (N,3,H,W), a and b in ab units and a mask of 0 and 1, for a network that was made
    with them. settings: the arguments that it was made with, under the names of the recipe's keys. Raises UsageError
    for another encoder.
    """

    def __init__(
        self,
        bins: int,
        *,
        encoder: str = "tf_efficientnet_lite2",
        decoder_widths: Sequence[int] = WIDTHS,
        hints: bool = False,
    ) -> None:
        super().__init__()
        if encoder not in LAYOUTS:
            raise UsageError(f"the photo network has no encoder {encoder!r}: choose from {', '.join(LAYOUTS)}")
        self.settings = {"encoder": encoder, "decoder_widths": list(decoder_widths), "hints": hints}
        self.encoder = Encoder(LAYOUTS[encoder])
        self.decoder = Decoder(bins, self.encoder.channels, decoder_widths, hints=hints)

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        return self.decoder(self.encoder(encoder_input(lightness)), lightness, hints)

    def decoder_levels(self) -> dict[str, nn.Module]:
        """As ColorNetwork has them."""
        parts = self.decoder
        return {"1/32": parts.block32, "1/16": parts.block16b, "1/8": parts.block8, "1/4": parts.block4}

    def head_input(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """What logits() takes: see Decoder.head_input()."""
        return self.decoder.head_input(self.encoder(encoder_input(lightness)), lightness, hints)

    def logits(self, head_input: Tensor) -> Tensor:
        """Of head_input(), or of a weighted mean of several."""
        return self.decoder.logits(head_input)

    if TYPE_CHECKING:

        def __call__(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor: ...


class LabOutput(nn.Module):
    """A PhotoNet with a head of three channels, that of lightness in units of L*: what an exported file holds.

    Intensity (N,1,H,W) 0..100 -> (N,3,H/4,W/4): L*, and ab in units of CHROMA.
    """

    def __init__(self, network: PhotoNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, intensity: Tensor) -> Tensor:
        raw = self.network(intensity)
        return torch.cat([LIGHT * (raw[:, :1] + 1), raw[:, 1:]], dim=1)
