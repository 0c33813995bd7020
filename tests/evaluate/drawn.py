"""Pictures and networks drawn by code, for the tests of the evaluation."""

import hashlib
import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from photochrom.train.measure.weight_files import WEIGHTS, File


def picture(seed: int, size: tuple[int, int] = (64, 48)) -> NDArray[np.uint8]:
    """A sky, a meadow and a few blobs of strong colour, (height, width, 3)."""
    rng = np.random.default_rng(seed)
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    ramp = (y / height)[..., None]
    rgb = (1 - ramp) * np.array([120, 170, 230]) + ramp * np.array([70, 140, 50])
    for _ in range(4):
        cy, cx, radius = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(4, 12)
        rgb[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] = rng.uniform(0, 255, 3)
    return np.clip(rgb + rng.normal(0, 6, rgb.shape), 0, 255).astype(np.uint8)


def encoded(array: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    memory = io.BytesIO()
    Image.fromarray(array).save(memory, kind)
    return memory.getvalue()


def write_folder(folder: Path, count: int, start: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for n in range(start, start + count):
        (folder / f"{n:02}.png").write_bytes(encoded(picture(n)))
    return folder


class _TinyInception(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.kernel = torch.nn.Parameter(torch.randn(24, 3, 16, 16, generator=generator) / 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.conv2d(x, self.kernel, stride=16).relu().mean((2, 3))


def write_metric_weights(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Random stand-ins for the networks of LPIPS (AlexNet) and FID, and their digests in place of the real ones."""
    folder.mkdir()
    torch.jit.script(_TinyInception()).save(str(folder / "default_1.pt"))
    rng = np.random.default_rng(0)
    shapes = [(11, 11, 3, 8), (5, 5, 8, 12), (3, 3, 12, 12), (3, 3, 12, 8), (3, 3, 8, 8)]
    net = {
        f"Conv_{i}": {
            "kernel": (rng.normal(size=shape) / np.sqrt(np.prod(shape[:3]))).astype(np.float32),
            "bias": np.zeros(shape[3], np.float32),
        }
        for i, shape in enumerate(shapes)
    }
    heads = {
        f"NetLinLayer_{i}": {"Conv_0": {"kernel": rng.random((1, 1, shape[3], 1)).astype(np.float32) / shape[3]}}
        for i, shape in enumerate(shapes)
    }
    (folder / "alexnet.ckpt").write_bytes(pickle.dumps({"AlexNet_0": net, **heads}))
    here = {
        name: ((File(file, hashlib.sha256((folder / file).read_bytes()).hexdigest()),),)
        for name, file in (("lpips_alex", "alexnet.ckpt"), ("fid", "default_1.pt"))
    }
    absent = ((File("not-there.pth", "00"),),)
    for name in WEIGHTS:
        monkeypatch.setitem(WEIGHTS, name, here.get(name, absent))
    return folder
