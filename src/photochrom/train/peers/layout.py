"""From a published state dict to ours: other names, weight norms folded away, every shape checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import torch
from torch import nn

from photochrom.errors import ModelError
from photochrom.train.networks.weight_files import StateDict

Names = Sequence[tuple[str, str | Callable[[re.Match[str]], str]]]  # a pattern of published names, and ours

# torch's names of a parametrized weight's parts, and those it had before; longer ones first.
_PARAMETRIZED = (
    ("original0", "weight_g"),
    ("original1", "weight_v"),
    ("0._u", "weight_u"),
    ("0._v", "weight_v"),
    ("original", "weight_orig"),
)


def folded(state: StateDict) -> StateDict:
    """Spectral and weight normalisation multiplied into the weights, as they act when a network is not in training.

    Spectral (Miyato et al., ICLR 2018): weight_orig / (u W v). Weight (Salimans & Kingma, NeurIPS 2016): g v / |v|,
    the norm taken for each output channel. Both the old and the parametrized names of torch are read.
    """
    out = {}
    for key, value in state.items():
        name = key
        for new, old in _PARAMETRIZED:
            name = name.replace(f"parametrizations.weight.{new}", old)
        out[name] = value
    for name in [name for name in out if name.endswith(".weight_orig")]:
        base = name.removesuffix("_orig")
        weight = out.pop(name)
        u, v = out.pop(base + "_u", None), out.pop(base + "_v", None)
        if u is None or v is None:
            raise ModelError(f"the weights have {name} without {base}_u and {base}_v: the file is not complete")
        out[base] = weight / (u @ weight.flatten(1) @ v)
    for name in [name for name in out if name.endswith(".weight_g")]:
        base = name.removesuffix("_g")
        size, direction = out.pop(name), out.pop(base + "_v", None)
        if direction is None:
            raise ModelError(f"the weights have {name} without {base}_v: the file is not complete")
        norm = direction.flatten(1).norm(dim=1).view(-1, *[1] * (direction.dim() - 1))
        out[base] = size * direction / norm
    return out


def renamed(name: str, names: Names) -> str:
    """A name whose beginning is replaced by the first pattern that it matches; else as it is."""
    for pattern, ours in names:
        replaced, count = re.subn(rf"^{pattern}", ours, name)
        if count:
            return replaced
    return name


def fit(network: nn.Module, state: StateDict, rename: Callable[[str], str | None], what: str) -> None:
    """Load a published state dict into `network`.

    rename: their name -> ours, or None for a tensor that isn't needed. what: for the error, "DDColor-tiny".
    Raises ModelError naming the first tensor that is unknown, missing or of another shape.
    """
    target = network.state_dict()
    loaded: StateDict = {}
    for key, value in folded(state).items():
        name = rename(key)
        if name is None:
            continue
        if name not in target:
            raise ModelError(f"these are not the weights of {what}: it has no tensor {key} {tuple(value.shape)}")
        if target[name].shape != value.shape:
            raise ModelError(
                f"these are not the weights of {what}: {key} has shape {tuple(value.shape)}, "
                f"it needs {tuple(target[name].shape)}"
            )
        loaded[name] = value.to(torch.float32) if value.is_floating_point() else value
    missing = next((name for name in target if name not in loaded and not name.endswith("num_batches_tracked")), None)
    if missing is not None:
        raise ModelError(
            f"these are not the weights of {what}: nothing for {missing} {tuple(target[missing].shape)} is there"
        )
    network.load_state_dict({**target, **loaded})
