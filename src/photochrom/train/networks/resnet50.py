"""A frozen ResNet-50 with a decoder to ab: colour from ImageNet features alone."""

from __future__ import annotations

from torch import nn

from photochrom.train.networks.unet import TimmUNet


class FrozenUNet(TimmUNet):
    """TimmUNet whose encoder stays as ImageNet made it, the statistics of its batch norm included; scale 128.

    32.5 M parameters with resnet50, of which the decoder's 9.0 M are learned.
    """

    def __init__(
        self, name: str = "resnet50", *, pretrained: bool, weights: str = "", width: int = 64, dropout: float = 0.0
    ) -> None:
        super().__init__(name, pretrained=pretrained, weights=weights, width=width, dropout=dropout, scale=128.0)
        self.encoder.requires_grad_(False)
        nn.init.normal_(self.head.weight, std=1e-3)  # the first output is grey: no epoch is spent on unlearning noise
        if self.head.bias is not None:
            nn.init.zeros_(self.head.bias)
        self.train()

    def train(self, mode: bool = True) -> FrozenUNet:
        super().train(mode)
        self.encoder.eval()
        return self


def halve_first(encoder: nn.Module) -> None:
    """Move the stride of a ResNet's blocks from the 3x3 convolution to the 1x1 before it, as He et al. (2016) had it.

    Weights that were trained in Caffe or Keras expect it so; torchvision's and timm's expect it in the 3x3. Networks
    without such blocks stay as they are.
    """
    for block in encoder.modules():
        first, second = getattr(block, "conv1", None), getattr(block, "conv2", None)
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.Conv2d) and first.kernel_size == (1, 1):
            first.stride, second.stride = second.stride, first.stride
