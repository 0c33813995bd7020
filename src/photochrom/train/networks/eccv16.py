"""The network of Zhang et al., "Colorful Image Colorization" (ECCV 2016): eight blocks, two of them dilated."""

from __future__ import annotations

from torch import Tensor, nn

from photochrom.train.networks.blocks import ColorNetwork

# (channels, convolutions, stride of the last, dilation) of the first seven blocks, in units of width / 64
_BLOCKS = (
    (64, 2, 2, 1), (128, 2, 2, 1), (256, 3, 2, 1), (512, 3, 1, 1), (512, 3, 1, 2), (512, 3, 1, 2), (512, 3, 1, 1),
)  # fmt: skip


class Eccv16(ColorNetwork):
    """Lightness (N,1,H,W) 0..100 -> bin logits (N,bins,H/4,W/4); sides are multiples of 8.

    32.2 M parameters with 313 bins and width 64. Each block ends in batch norm.
    """

    stride, multiple = 4, 8

    def __init__(self, bins: int, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 1
        for channels, count, stride, dilation in _BLOCKS:
            outputs = channels * width // 64
            for i in range(count):
                step = stride if i == count - 1 else 1
                layers += [nn.Conv2d(inputs, outputs, 3, step, dilation, dilation), nn.ReLU(inplace=True)]
                inputs = outputs
            layers.append(nn.BatchNorm2d(outputs))
        half = 256 * width // 64
        layers += [nn.ConvTranspose2d(inputs, half, 4, 2, 1), nn.ReLU(inplace=True)]
        for _ in range(2):
            layers += [nn.Conv2d(half, half, 3, padding=1), nn.ReLU(inplace=True)]
        head = nn.Conv2d(half, bins, 1)
        self.layers = nn.Sequential(*layers, head)
        for layer in self.layers:
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")  # keeps the variance through 20 layers
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        nn.init.normal_(head.weight, std=0.01)

    def decoder_levels(self) -> dict[str, nn.Module]:
        """The blocks after the last halving, and what the head reads."""
        norms = [layer for layer in self.layers if isinstance(layer, nn.BatchNorm2d)]
        return {**{f"1/8, block {i}": norms[i - 1] for i in range(3, 8)}, "1/4, block 8": self.layers[-2]}

    def forward(self, lightness: Tensor) -> Tensor:
        logits: Tensor = self.layers((lightness - 50) / 100)
        return logits
