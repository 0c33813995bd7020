"""The small convolutional encoder and decoder of the first Lab tutorials: lightness in, ab/128 out, no skips."""

from __future__ import annotations

from torch import Tensor, nn

from photochrom.train.networks.blocks import ColorNetwork


class CifarCNN(ColorNetwork):
    """Lightness (N,1,H,W) 0..100 -> ab/128 (N,2,H,W), -1..1; sides are multiples of 8. 3.9 M parameters at width 64.

    Three halvings to 8 x width channels, three doublings. Upsampling is bilinear, where the tutorials repeat pixels.
    """

    scale, stride, multiple = 128.0, 1, 8

    def __init__(self, width: int = 64, dropout: float = 0.0) -> None:
        super().__init__()
        w = width

        def conv(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
            return [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.ReLU(inplace=True)]

        def up() -> nn.Module:
            return nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=False)

        self.encoder = nn.Sequential(
            *conv(1, w, 2), *conv(w, 2 * w), *conv(2 * w, 2 * w, 2), *conv(2 * w, 4 * w), *conv(4 * w, 4 * w, 2)
        )
        self.middle = nn.Sequential(*conv(4 * w, 8 * w), *conv(8 * w, 4 * w), nn.Dropout2d(dropout))
        self.decoder = nn.Sequential(
            *conv(4 * w, 2 * w), up(), *conv(2 * w, w), up(), *conv(w, max(2, w // 2)), up(),
            nn.Conv2d(max(2, w // 2), 2, 3, padding=1), nn.Tanh(),
        )  # fmt: skip

    def decoder_levels(self) -> dict[str, nn.Module]:
        middle, quarter, half = (self.decoder[i] for i in (1, 4, 7))
        return {"1/8": middle, "1/4": quarter, "1/2": half}

    def forward(self, lightness: Tensor) -> Tensor:
        ab: Tensor = self.decoder(self.middle(self.encoder(lightness / 50 - 1)))
        return ab
