"""The `photo` network: an ImageNet encoder, a U-shaped pixel decoder, a distribution over colour.

Input is CIE Lab lightness (N, 1, H, W), float32, 0..100, H and W multiples of 32. Output is one logit per
colour bin at a quarter of the resolution, (N, bins, H/4, W/4). The head and its soft targets follow Zhang et al.,
"Colorful Image Colorization" (ECCV 2016); the encoder is EfficientNet-lite2 (Tan & Le 2019, the "lite" variant).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from photochrom.errors import UsageError
from photochrom.train.networks.blocks import grey_srgb
from photochrom.train.networks.hints import HintSpreader

# (repeats, kernel, stride, expansion, output channels) of EfficientNet-lite2 (width 1.1, depth 1.2).
LITE2_STAGES = (
    (1, 3, 1, 1, 16),
    (3, 3, 2, 6, 24),
    (3, 5, 2, 6, 48),
    (4, 3, 2, 6, 88),
    (4, 5, 1, 6, 120),
    (5, 5, 2, 6, 208),
    (1, 3, 1, 6, 352),
)
# The same of EfficientNet-lite0 (width and depth 1), which the critic looks through.
LITE0_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
LAYOUTS = {"tf_efficientnet_lite0": LITE0_STAGES, "tf_efficientnet_lite2": LITE2_STAGES}  # timm's names
WIDTHS = (72, 96, 128, 192)  # channels of the decoder at strides 4, 8, 16, 32
HEAD_WIDTH = 1280  # channels that the classifiers of both sizes see
_STAGE_ENDS = (1, 2, 4, 6)  # the stages whose outputs are those features


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
        return x + self.layers(x) if self.residual else self.layers(x)


class Encoder(nn.Module):
    """EfficientNet-lite without its classifier; (N,3,H,W) in (x*255-127)/128 -> features at strides 4, 8, 16, 32.

    head: with the last layer before the classifier too, see `recognise`.
    """

    def __init__(
        self, layout: tuple[tuple[int, int, int, int, int], ...] = LITE2_STAGES, *, head: bool = False
    ) -> None:
        super().__init__()
        self.channels = tuple(layout[end][4] for end in _STAGE_ENDS)  # of the features
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

    def recognise(self, features: list[Tensor]) -> Tensor:
        """What the classifier would be given of the features' pictures, (N,1280,H/32,W/32)."""
        return self.head(features[-1])

    def forward(self, x: Tensor) -> list[Tensor]:
        x, features = self.stem(x), []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in _STAGE_ENDS:
                features.append(x)
        return features


def fold_norms(encoder: Encoder) -> None:
    """Fold the batch norms, with the statistics that they have, into the convolutions before them, in place.

    The features stay the same, and learning takes half of the time. Laid out channels last, which suits the depthwise
    convolutions. Statistics of small batches of grey pictures would be worse than ImageNet's.
    """
    encoder.eval()
    for parent in list(encoder.modules()):
        if isinstance(parent, nn.Sequential):
            for i, (layer, after) in enumerate(itertools.pairwise(parent)):
                if isinstance(layer, SameConv) and isinstance(after, nn.BatchNorm2d):
                    parent[i], parent[i + 1] = fuse_conv_bn_eval(layer, after), nn.Identity()
    encoder.to(memory_format=torch.channels_last)


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
    """Self-attention over all places of a small feature map: what lets one half of a lawn agree with the other."""

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
        return x + self.out(mixed)


class Decoder(nn.Module):
    """From the encoder's features and the lightness to bin logits at stride 4; about 1.9 M parameters.

    channels: of those features, strides 4 to 32. hints: whether it also takes colours that a person gave (Zhang et al.,
    SIGGRAPH 2017); without them it is automatic.
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
        # The lightness itself, four by four pixels to a place: the stride-4 features have lost it.
        self.inL = nn.Conv2d(1, w4, 4, stride=4)
        self.head = nn.Conv2d(w4, bins, 1)
        self.hints = HintSpreader(bins, (w4, w8)) if hints else None

    def forward(self, features: list[Tensor], lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        return self.logits(self.parts(features, lightness, hints))

    def paint(self, features: list[Tensor], lightness: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The logits without hints, and the maps at strides 4 and 8 that tell hints where to spread."""
        x4, x8 = self._maps(features, lightness)
        return self.head(x4), x4, x8

    def parts(self, features: list[Tensor], lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """What logits() makes the logits of, with one matrix for all places: fewer channels, (N,C,H/4,W/4)."""
        x4, x8 = self._maps(features, lightness)
        return x4 if self.hints is None or hints is None else torch.cat([x4, self.hints.spread(x4, x8, hints)], dim=1)

    def logits(self, parts: Tensor) -> Tensor:
        """The logits (N,bins,H/4,W/4): the logits of a mean of parts are the mean of their logits."""
        seen = self.head.in_channels
        logits = self.head(parts[:, :seen])
        return logits if parts.shape[1] == seen or self.hints is None else logits + self.hints.say(parts[:, seen:])

    def _maps(self, features: list[Tensor], lightness: Tensor) -> tuple[Tensor, Tensor]:
        f4, f8, f16, f32 = features

        def up(x: Tensor) -> Tensor:
            return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)

        x = self.block32(self.context32(F.relu(self.in32(f32))))
        x = F.relu(up(self.up32(x)) + self.in16(f16))
        x = self.block16b(self.context16(self.block16a(x)))
        x8 = self.block8(F.relu(up(self.up16(x)) + self.in8(f8)))
        x4 = self.block4(F.relu(up(self.up8(x8)) + self.in4(f4) + self.inL(lightness / 50 - 1)))
        return x4, x8


def encoder_input(lightness: Tensor) -> Tensor:
    """Lightness (N,1,H,W) 0..100 -> the grey sRGB picture in the encoder's scale, (N,3,H,W)."""
    return ((grey_srgb(lightness) * 255 - 127) / 128).expand(-1, 3, -1, -1)


class PhotoNet(nn.Module):
    """Encoder and decoder in one: lightness (N,1,H,W) 0..100 -> bin logits (N,bins,H/4,W/4).

    encoder: one of LAYOUTS. hints: (N,3,H,W), a and b in ab units and a mask of 0 and 1, for a
    network that was made with them. Raises UsageError for another encoder.
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
        # What tells it from others, under the names that a recipe has for it.
        self.settings = {"encoder": encoder, "decoder_widths": list(decoder_widths), "hints": hints}
        self.encoder = Encoder(LAYOUTS[encoder])
        self.decoder = Decoder(bins, self.encoder.channels, decoder_widths, hints=hints)

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        return self.decoder(self.encoder(encoder_input(lightness)), lightness, hints)

    def parts(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """Like forward(), up to what logits() makes the logits of: see Decoder.parts()."""
        return self.decoder.parts(self.encoder(encoder_input(lightness)), lightness, hints)

    def logits(self, parts: Tensor) -> Tensor:
        """Of parts(), or of a weighted mean of several."""
        return self.decoder.logits(parts)
