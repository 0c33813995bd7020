"""The network of Zhang et al., "Colorful Image Colorization" (ECCV 2016): eight blocks, two of them dilated."""

from __future__ import annotations

from torch import Tensor, nn

# (channels, convolutions, stride of the last, dilation) of the first seven blocks, in units of width / 64
_BLOCKS = (
    (64, 2, 2, 1), (128, 2, 2, 1), (256, 3, 2, 1), (512, 3, 1, 1), (512, 3, 1, 2), (512, 3, 1, 2), (512, 3, 1, 1),
)  # fmt: skip


class Eccv16(nn.Module):
    """Lightness (N,1,H,W) 0..100 -> bin logits (N,bins,H/4,W/4); sides are multiples of 8.

    32.2 M parameters with 313 bins and width 64. Each block ends in batch norm.
    """

    stride, multiple = 4, 8

    def __init__(self, bins: int, width: int = 64) -> None:
        super().__init__()
        blocks, before = [], 1
        for channels, count, stride, dilation in _BLOCKS:
            channels = channels * width // 64
            layers: list[nn.Module] = []
            for i in range(count):
                step = stride if i == count - 1 else 1
                layers += [nn.Conv2d(before, channels, 3, step, dilation, dilation), nn.ReLU(inplace=True)]
                before = channels
            blocks += [*layers, nn.BatchNorm2d(channels)]
        half = 256 * width // 64
        up: list[nn.Module] = [nn.ConvTranspose2d(before, half, 4, 2, 1), nn.ReLU(inplace=True)]
        for _ in range(2):
            up += [nn.Conv2d(half, half, 3, padding=1), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*blocks, *up, nn.Conv2d(half, bins, 1))
        for layer in self.layers:
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):  # 20 layers deep: keep the signal's size
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)
        nn.init.normal_(self.layers[-1].weight, std=0.01)

    def forward(self, lightness: Tensor) -> Tensor:
        return self.layers((lightness - 50) / 100)
