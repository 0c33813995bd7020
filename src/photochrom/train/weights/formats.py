"""Files of weights as packages carry them, to state dicts that are safe to read; nothing in them is executed."""

from __future__ import annotations

import io
import json
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.errors import ModelError

Arrays = dict[str, NDArray[np.float32]]

_KERAS_EPSILON, _TORCH_EPSILON = 1e-3, 1e-5
_STD = np.array([0.229, 0.224, 0.225], np.float32)  # of ImageNet's RGB, 0..1, as torchvision divides by it


def from_pickle(path: Path) -> dict[str, Tensor]:
    """The state dict in a plain pickle of tensors. Raises ModelError for one that holds anything else."""
    try:
        state = _Tensors(io.BytesIO(path.read_bytes())).load()
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise ModelError(f"{path} can't be read as weights ({error}): fetch it again") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ModelError(f"{path} holds no state dict: fetch it again")
    return {str(name): value.contiguous() for name, value in state.items()}


def from_tfjs(folder: Path) -> dict[str, Tensor]:
    """Keras's ResNet-50 in a TF.js model's folder, with torchvision's names. Raises ModelError.

    Those weights take BGR 0..255 minus its mean, have biases in the convolutions and another epsilon in the batch
    norms; all of it is folded into the kernels and the statistics, so that the result takes what torchvision's takes.
    """
    return {name: torch.from_numpy(value) for name, value in keras_resnet50(read_shards(folder)).items()}


class _Tensors(pickle.Unpickler):
    """Makes tensors and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        known = {
            "collections.OrderedDict": OrderedDict,
            "torch._utils._rebuild_tensor_v2": torch._utils._rebuild_tensor_v2,
            "torch.storage._load_from_bytes": _storage,
        }
        if f"{module}.{name}" not in known:
            raise pickle.UnpicklingError(f"it wants {module}.{name}, which isn't a tensor")
        return known[f"{module}.{name}"]


def _storage(data: bytes) -> Any:
    return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)


def read_shards(folder: Path) -> Arrays:
    """The float32 tensors of a TF.js model, by name."""
    found: Arrays = {}
    try:
        for group in json.loads((folder / "model.json").read_text())["weightsManifest"]:
            data = np.frombuffer(b"".join((folder / path).read_bytes() for path in group["paths"]), "<f4")
            start = 0
            for weight in group["weights"]:
                size = int(np.prod(weight["shape"]))
                found[weight["name"]] = data[start : start + size].reshape(weight["shape"])
                start += size
            if start != data.size:
                raise ValueError(f"the manifest names {start} numbers, the shards hold {data.size}")
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{folder} can't be read as weights ({error}): fetch it again") from error
    return found


def keras_resnet50(keras: Arrays) -> Arrays:
    """torchvision's resnet50: the convolutions and batch norms, without the classifier."""
    state: Arrays = {}

    def put(convolution: str, norm: str, theirs: str, their_norm: str) -> None:
        kernel = keras[f"{theirs}/kernel"].transpose(3, 2, 0, 1)
        if convolution == "conv1":
            kernel = kernel[:, ::-1] * (255 * _STD)[:, None, None]  # to RGB, in units of its standard deviations
        state[f"{convolution}.weight"] = np.ascontiguousarray(kernel)
        state[f"{norm}.weight"] = keras[f"{their_norm}/gamma"].copy()
        state[f"{norm}.bias"] = keras[f"{their_norm}/beta"].copy()
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
