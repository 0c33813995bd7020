"""DDColor: Kang et al., "DDColor: Towards Photo-Realistic Image Colorization via Dual Decoders", ICCV 2023.

A ConvNeXt encoder, a pixel decoder that rebuilds the resolution, and a colour decoder whose 100 queries look at three
of the pixel decoder's scales in turn; each query becomes a map, and a 1x1 convolution makes ab from the maps.
"""

from __future__ import annotations

import math
import re

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.train.networks.pretrained import feature_info
from photochrom.train.peers.blocks import ImageNetScale, Joined, ShuffleUp, conv
from photochrom.train.peers.layout import Names, renamed

_QUERIES, _WIDTH, _HEADS, _LAYERS, _HIDDEN = 100, 256, 8, 9, 2048
_PIXEL = 512  # channels of the pixel decoder; its last block and the maps have half of them


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of (N,C,H,W)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Attention(nn.Module):
    """Multi-head attention, the residual and the norm after it (Vaswani et al., NeurIPS 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(_WIDTH, 3 * _WIDTH)
        self.out = nn.Linear(_WIDTH, _WIDTH)
        self.norm = nn.LayerNorm(_WIDTH)

    def forward(self, x: Tensor, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """All (N,places,256); x is the residual that the result is added to."""
        weights, biases = self.project.weight.chunk(3), self.project.bias.chunk(3)
        q, k, v = (
            torch.unflatten(F.linear(source, weight, bias), -1, (_HEADS, -1)).transpose(1, 2)
            for source, weight, bias in zip((query, key, value), weights, biases, strict=True)
        )
        weight = torch.softmax(q @ k.transpose(2, 3) * (_WIDTH // _HEADS) ** -0.5, dim=-1)
        out: Tensor = self.norm(x + self.out((weight @ v).transpose(1, 2).flatten(2)))
        return out


class ColorLayer(nn.Module):
    """Cross-attention of the queries to a feature map, self-attention, and a feed-forward network."""

    def __init__(self) -> None:
        super().__init__()
        self.cross, self.own = Attention(), Attention()
        self.first, self.second = nn.Linear(_WIDTH, _HIDDEN), nn.Linear(_HIDDEN, _WIDTH)
        self.norm = nn.LayerNorm(_WIDTH)

    def forward(self, x: Tensor, place: Tensor, memory: Tensor, memory_place: Tensor) -> Tensor:
        x = self.cross(x, x + place, memory + memory_place, memory)
        x = self.own(x, x + place, x + place, x)
        out: Tensor = self.norm(x + self.second(F.relu(self.first(x))))
        return out


def places(x: Tensor) -> Tensor:
    """Sine codes of the places of (N,C,H,W), as (1,HW,256): rows in the first half, columns in the second.

    Carion et al., "End-to-End Object Detection with Transformers", ECCV 2020; places run from 0 to 2 pi.
    """
    one = torch.ones_like(x[:1, 0])
    speed = 10000 ** (torch.arange(_WIDTH // 4, dtype=x.dtype, device=x.device) / (_WIDTH // 4))
    codes = []
    for axis in (1, 2):
        count = one.cumsum(axis)
        at = count / (count.amax(axis, keepdim=True) + 1e-6) * (2 * math.pi)
        angle = at[..., None] / speed
        codes.append(torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(3))
    return torch.cat(codes, dim=-1).flatten(1, 2)


class ColorDecoder(nn.Module):
    """Three feature maps and the finest one (N,256,H,W) -> one map for each query (N,100,H,W)."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(_QUERIES, _WIDTH))
        self.query_places = nn.Parameter(torch.randn(_QUERIES, _WIDTH))
        self.levels = nn.Parameter(torch.randn(len(channels), _WIDTH))
        self.inputs = nn.ModuleList(nn.Conv2d(c, _WIDTH, 1) for c in channels)
        self.layers = nn.ModuleList(ColorLayer() for _ in range(_LAYERS))
        self.norm = nn.LayerNorm(_WIDTH)
        self.embed = nn.ModuleList(nn.Linear(_WIDTH, _WIDTH) for _ in range(3))

    def forward(self, features: list[Tensor], finest: Tensor) -> Tensor:
        memory = [
            project(x).flatten(2).transpose(1, 2) + level
            for project, x, level in zip(self.inputs, features, self.levels, strict=True)
        ]
        at = [places(x) for x in features]
        x = self.queries + torch.zeros_like(memory[0][:, :1])  # one set for each picture
        for n, layer in enumerate(self.layers):
            x = layer(x, self.query_places, memory[n % len(memory)], at[n % len(memory)])
        x = self.norm(x)
        for n, layer in enumerate(self.embed):
            x = layer(x if n == 0 else F.relu(x))
        return torch.einsum("nqc,nchw->nqhw", x, finest)


class DDColor(nn.Module):
    """Lightness (N,1,H,W) 0..100, sides multiples of 32 -> ab (N,2,H,W) in Lab units. encoder: a ConvNeXt of timm."""

    def __init__(self, encoder: str) -> None:
        super().__init__()
        self.scale = ImageNetScale()
        self.encoder = timm.create_model(encoder, pretrained=False, features_only=True)
        c4, c8, c16, c32 = feature_info(self.encoder)[0]
        self.norms = nn.ModuleList(ChannelNorm(c, eps=1e-6) for c in (c4, c8, c16, c32))
        half = _PIXEL // 2
        self.joins = nn.ModuleList([Joined(c32, c16, _PIXEL), Joined(_PIXEL, c8, _PIXEL), Joined(_PIXEL, c4, half)])
        self.convs = nn.ModuleList([conv(_PIXEL + c16, _PIXEL), conv(_PIXEL + c8, _PIXEL), conv(half + c4, half)])
        self.finest = ShuffleUp(half, half, scale=4, norm=False)
        self.colors = ColorDecoder((_PIXEL, _PIXEL, half))
        self.refine = nn.Conv2d(_QUERIES + 3, 2, 1)

    def forward(self, lightness: Tensor) -> Tensor:
        grey = self.scale.grey(lightness)
        f4, f8, f16, x = (norm(f) for norm, f in zip(self.norms, self.encoder(grey), strict=True))
        features = []
        for join, block, skip in zip(self.joins, self.convs, (f16, f8, f4), strict=True):
            x = block(join(x, skip))
            features.append(x)
        maps = self.colors(features, self.finest(x))
        ab: Tensor = self.refine(torch.cat([maps, grey], dim=1))
        return ab


_NAMES: Names = [
    (r"encoder\.arch\.downsample_layers\.0\.(\d)\.", r"encoder.stem_\1."),
    (r"encoder\.arch\.downsample_layers\.(\d)\.(\d)\.", r"encoder.stages_\1.downsample.\2."),
    (r"encoder\.arch\.stages\.(\d)\.(\d+)\.dwconv\.", r"encoder.stages_\1.blocks.\2.conv_dw."),
    (r"encoder\.arch\.stages\.(\d)\.(\d+)\.pwconv(\d)\.", r"encoder.stages_\1.blocks.\2.mlp.fc\3."),
    (r"encoder\.arch\.stages\.(\d)\.(\d+)\.", r"encoder.stages_\1.blocks.\2."),
    (r"encoder\.arch\.norm(\d)\.", r"norms.\1."),
    (r"decoder\.layers\.(\d)\.shuf\.conv\.0\.", r"joins.\1.shuffle.conv."),
    (r"decoder\.layers\.(\d)\.shuf\.conv\.1\.", r"joins.\1.shuffle.norm."),
    (r"decoder\.layers\.(\d)\.bn\.", r"joins.\1.norm."),
    (r"decoder\.layers\.(\d)\.conv\.", r"convs.\1."),
    (r"decoder\.last_shuf\.conv\.0\.", "finest.conv."),
    (r"decoder\.color_decoder\.query_feat\.weight", "colors.queries"),
    (r"decoder\.color_decoder\.query_embed\.weight", "colors.query_places"),
    (r"decoder\.color_decoder\.level_embed\.weight", "colors.levels"),
    (r"decoder\.color_decoder\.input_proj\.(\d)\.", r"colors.inputs.\1."),
    (r"decoder\.color_decoder\.decoder_norm\.", "colors.norm."),
    (r"decoder\.color_decoder\.color_embed\.layers\.(\d)\.", r"colors.embed.\1."),
    (
        r"decoder\.color_decoder\.transformer_cross_attention_layers\.(\d)\.(multihead_attn\.)?",
        r"colors.layers.\1.cross.",
    ),
    (r"decoder\.color_decoder\.transformer_self_attention_layers\.(\d)\.(self_attn\.)?", r"colors.layers.\1.own."),
    (r"decoder\.color_decoder\.transformer_ffn_layers\.(\d)\.linear1\.", r"colors.layers.\1.first."),
    (r"decoder\.color_decoder\.transformer_ffn_layers\.(\d)\.linear2\.", r"colors.layers.\1.second."),
    (r"decoder\.color_decoder\.transformer_ffn_layers\.(\d)\.", r"colors.layers.\1."),
    (r"refine_net\.0\.0\.", "refine."),
]
_UNUSED = re.compile(r"encoder\.arch\.(norm|head\w*)\.|mean$|std$")  # of classifying, and constants


def rename(key: str) -> str | None:
    """A published name -> ours; None for a tensor that is not needed."""
    if _UNUSED.match(key):
        return None
    return renamed(key, _NAMES).replace("in_proj_", "project.").replace("out_proj.", "out.")
